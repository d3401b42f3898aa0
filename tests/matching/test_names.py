"""Names agree across spelling, order, truncation and romanisation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.errors import NameNotRomanised
from inspection_station.matching.names import agreement, folded, name_form, name_form_if_romanised
from inspection_station.matching.names_chinese import PINYIN, name_readings, syllable_readings


def _score(one: tuple[str, str], other: tuple[str, str], truncated: bool = False) -> float:
    return agreement(name_form(*one, truncated=truncated), name_form(*other)).score


@pytest.mark.parametrize(
    ("printed", "listed"),
    [
        (("MUELLER", "ANNA"), ("Müller", "Anna")),
        (("MULLER", "ANNA"), ("Müller", "Anna")),
        (("OESTERGAARD", "SOEREN"), ("Østergård", "Søren")),
        (("IVANOV", "IURII"), ("Иванов", "Юрий")),
        (("OCONNOR", "SEAN"), ("O’Connor", "Seán")),
        (("NGUYEN", "VAN BINH"), ("Nguyễn", "Văn Bình")),
        (("SMITH", "JOHN"), ("JOHN", "SMITH")),
        (("LIN", "MEI LING"), ("LIN", "MEILING")),
        (("MOHAMMED", "ALI HASSAN"), ("Muhammad", "Aly Hasan")),
    ],
)
def test_spellings_of_one_name_agree(printed: tuple[str, str], listed: tuple[str, str]) -> None:
    assert _score(printed, listed) > 0.9


@pytest.mark.parametrize(
    ("taiwan", "mainland"),
    [
        (("CHANG", "WEI"), ("ZHANG", "WEI")),
        (("HSIEH", "SHU FEN"), ("XIE", "SHUFEN")),
        (("TSAI", "YING WEN"), ("CAI", "YINGWEN")),
        (("CHIANG", "CHUNG CHENG"), ("JIANG", "ZHONGZHENG")),
        (("HSU", "HSIAO MING"), ("XU", "XIAOMING")),
        (("JHANG", "JYUN"), ("ZHANG", "JUN")),
        (("KUO", "TZU CHI"), ("GUO", "ZIQI")),
    ],
)
def test_taiwans_and_the_mainlands_romanisations_meet(taiwan: tuple[str, str], mainland: tuple[str, str]) -> None:
    assert _score(taiwan, mainland) > 0.93


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("SMITH", "JOHN"), ("SMITH", "JAMES")),
        (("WANG", "XIAOMING"), ("LI", "XIAOLONG")),
        (("CHEN", "YI"), ("ZHENG", "JI")),
        (("GARCIA", "MARIA"), ("LOPEZ", "MARIA")),
    ],
)
def test_names_of_different_people_stay_apart(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert _score(one, other) < 0.7


def test_a_name_cut_off_by_the_zone_agrees_with_the_whole() -> None:
    printed = ("PAPANDROPOULOUS", "JONATHON ALE")
    assert _score(printed, ("Papandropoulous", "Jonathon Alexander"), truncated=True) > 0.95
    assert _score(printed, ("Papandropoulous", "Jonathon Alexander")) < 0.9


def test_a_missing_second_name_weakens_without_separating() -> None:
    assert 0.85 < _score(("GARCIA", "JOSE"), ("García Márquez", "José Luis")) < 1.0
    lone = agreement(name_form("SUHARTO"), name_form("SUHARTO", "BUDI"))
    assert lone.alone
    assert lone.words == 1


def test_a_script_outside_the_standard_is_refused_not_guessed() -> None:
    with pytest.raises(NameNotRomanised):
        name_form("王", "小明")
    assert name_form_if_romanised("王小明") is None
    assert name_form_if_romanised("  ") is None


def test_every_pinyin_syllable_may_be_read_as_itself() -> None:
    assert all(syllable in syllable_readings(syllable) for syllable in PINYIN)
    assert name_readings("SCHWARZENEGGER") == frozenset()


_NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜØÆŁÑÇ' -", max_size=30)


@given(_NAMES, _NAMES)
def test_agreement_is_symmetric_and_lies_between_nothing_and_one(one: str, other: str) -> None:
    left, right = name_form(one), name_form(other)
    assert agreement(left, right).score == pytest.approx(agreement(right, left).score, abs=0.02)
    assert 0.0 <= agreement(left, right).score <= 1.0


@given(_NAMES, _NAMES)
def test_a_name_agrees_with_itself_in_any_order(one: str, other: str) -> None:
    form = name_form(one, other)
    if form.words:
        assert agreement(form, name_form(other, one)).score > 0.99


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=20))
def test_folding_keeps_something_of_every_word_and_is_settled_by_one_pass_of_spelling(word: str) -> None:
    assert folded(word)
    assert len(folded(word)) <= 2 * len(word)
