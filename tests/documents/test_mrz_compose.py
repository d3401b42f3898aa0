"""Composing zones: transliteration, cutting names, and refusing what cannot be printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.errors import NameNotRomanised
from inspection_station.documents.mrz_compose import compose, name_field
from inspection_station.documents.mrz_transliteration import transliterated
from inspection_station.inspection.document import DocumentFormat


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("O'Connor", "OCONNOR"),
        ("D’Arcy-Smith", "DARCY<SMITH"),
        ("Müller", "MUELLER"),
        ("Weiß", "WEISS"),
        ("Åse Ærø", "AASE<AEROE"),
        ("Nguyễn", "NGUYEN"),
        ("Gómez Peña", "GOMEZ<PENA"),
        ("Łukasz", "LUKASZ"),
        ("İnan", "INAN"),
        ("Þór", "THOR"),
        ("Щербаков", "SHCHERBAKOV"),
        ("محمد", "MXHMD"),
        ("St. John", "ST<JOHN"),
        ("Chen, Mei", "CHEN<MEI"),
    ],
)
def test_names_are_transliterated_after_part_3(name: str, printed: str) -> None:
    assert transliterated(name) == printed


@pytest.mark.parametrize("name", ["陳", "Anna2", "Ann@"])
def test_a_name_that_cannot_be_transliterated_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(NameNotRomanised) as refusal:
        transliterated(name)
    assert name not in str(refusal.value)


@pytest.mark.parametrize(
    ("primary", "secondary", "width", "printed"),
    [
        ("Eriksson", "Anna Maria", 39, "ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"),
        # Part 4 §4.2.3: the last primary component to its initial, so that the secondary identifier shows.
        (
            "Bennelong Wooloomooloo Warrandyte Warnambool",
            "Dingo Potoroo",
            39,
            "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<W<<DI",
        ),
        ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang", 39, "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"),
        ("A" * 60, "Bo", 30, "A" * 27 + "<<B"),
        ("A" * 60, "", 30, "A" * 30),
        ("", "Sukarno", 30, "SUKARNO" + "<" * 23),
    ],
)
def test_a_name_too_long_is_cut_so_that_both_identifiers_show(
    primary: str, secondary: str, width: int, printed: str
) -> None:
    assert name_field(primary, secondary, width) == printed


WORDS = st.lists(st.text("ABCXYZ", min_size=2, max_size=30), min_size=1, max_size=25).map(" ".join)


@given(WORDS, WORDS, st.sampled_from([30, 31, 39]))
def test_a_cut_name_field_is_full_and_holds_a_part_of_both(primary: str, secondary: str, width: int) -> None:
    field = name_field(primary, secondary, width)
    assert len(field) == width
    first, _, second = field.rstrip("<").partition("<<")
    assert first
    assert second
    if len(primary) + 2 + len(secondary) > width:
        assert field[-1] != "<"


def test_a_name_of_nothing_but_initials_is_cut_too() -> None:
    assert len(name_field("A", "B " * 40, 39)) == 39
    assert len(name_field("A " * 40, "B", 39)) == 39


def card(**changes: str) -> tuple[str, ...]:
    fields = {
        "document_code": "I",
        "issuing_state": "UTO",
        "primary": "ERIKSSON",
        "secondary": "ANNA",
        "document_number": "D23145890",
        "nationality": "UTO",
        "date_of_birth": "740812",
        "sex": "F",
        "date_of_expiry": "310415",
    }
    return compose(DocumentFormat.TD1, **(fields | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"document_number": ""},
        {"document_number": "D2314589012345678901234567"},
        {"document_number": "ÄÖ"},
        {"sex": "W"},
        {"date_of_birth": "7408"},
        {"date_of_birth": "74O812"},
        {"issuing_state": "U1O"},
        {"issuing_state": "UTOP"},
        {"primary": "", "secondary": ""},
        {"optional_data_2": "ABCDEFGHIJKLM"},
    ],
)
def test_a_field_that_does_not_fit_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        card(**changes)


def test_a_passport_number_has_nine_characters_at_most() -> None:
    with pytest.raises(ValueError, match="at most 9"):
        compose(
            DocumentFormat.TD3,
            document_code="P",
            issuing_state="UTO",
            primary="A",
            secondary="B",
            document_number="1234567890",
            nationality="UTO",
            date_of_birth="740812",
            sex="F",
            date_of_expiry="310415",
        )


def test_blanks_and_hyphens_in_a_number_become_fillers() -> None:
    assert card(document_number="AB 12-34")[0][5:14] == "AB<12<34<"
