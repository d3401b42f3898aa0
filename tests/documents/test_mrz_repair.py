"""Repairs: what a check digit proves is put right, what it cannot prove stays in doubt and never turns green."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.errors import MalformedMrz
from inspection_station.documents.mrz import CHECK_DIGIT_CLASSES, MRZ_CHARACTERS, alphabet, inseparable, parse
from inspection_station.documents.mrz_compose import compose
from inspection_station.documents.mrz_confusions import lookalikes
from inspection_station.documents.mrz_layouts import LAYOUTS
from inspection_station.documents.mrz_repair import repair
from inspection_station.inspection.document import CharacterDoubt, DocumentFormat, MrzField

TODAY = date(2026, 7, 1)
TD3 = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
LONG_TD1 = ("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<")
VISA = (
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
)


def misread(lines: tuple[str, ...], *cells: tuple[int, int, str]) -> tuple[str, ...]:
    sheet = [list(line) for line in lines]
    for line, column, character in cells:
        sheet[line][column] = character
    return tuple("".join(line) for line in sheet)


def test_a_clean_zone_is_left_alone() -> None:
    zone = repair(TD3, today=TODAY)
    assert zone.lines == TD3
    assert zone.valid
    assert zone.repairs == ()


@pytest.mark.parametrize(("column", "read"), [(14, "A"), (15, "O"), (17, "I"), (18, "Z"), (26, "S"), (19, "Z")])
def test_a_letter_in_a_date_or_its_digit_is_repaired_where_the_digit_proves_it(column: int, read: str) -> None:
    zone = repair(misread(TD3, (1, column, read)), today=TODAY)
    assert zone.lines == TD3
    assert zone.valid
    (made,) = zone.repairs
    assert (made.line, made.column, made.read, made.repaired) == (1, column, read, TD3[1][column])


def test_several_letters_in_dates_are_repaired_together() -> None:
    zone = repair(misread(TD3, (1, 15, "O"), (1, 17, "I"), (1, 26, "S"), (1, 43, "O")), today=TODAY)
    assert zone.lines == TD3
    assert zone.valid
    assert {made.proved_by for made in zone.repairs} == {
        MrzField.DATE_OF_BIRTH,
        MrzField.DATE_OF_EXPIRY,
        MrzField.COMPOSITE,
    }


def test_a_visa_s_date_is_proved_by_its_own_digit() -> None:
    zone = repair(misread(VISA, (1, 14, "O")), today=TODAY)
    assert zone.lines == VISA
    assert zone.valid


def test_a_filler_misread_in_the_place_of_a_long_number_s_digit_is_repaired() -> None:
    zone = repair(misread(LONG_TD1, (0, 14, "C")), today=TODAY)
    assert zone.lines == LONG_TD1
    assert zone.document_number == "D23145890734"
    assert zone.valid


def test_a_doubt_that_the_check_digit_settles_is_dropped() -> None:
    doubt = CharacterDoubt(1, 1, "8", "8B", 0.55)
    zone = repair(TD3, today=TODAY, doubts=[doubt])
    assert zone.valid
    assert zone.repairs == ()


def test_a_doubted_character_is_repaired_to_the_candidate_that_fits() -> None:
    lines = misread(TD3, (1, 1, "B"))
    zone = repair(lines, today=TODAY, doubts=[CharacterDoubt(1, 1, "B", "B8", 0.55)])
    assert zone.lines == TD3
    assert zone.valid
    assert zone.repairs[0].proved_by is MrzField.DOCUMENT_NUMBER


def test_a_doubt_inside_a_class_is_never_settled() -> None:
    for read in "8S":
        lines = misread(TD3, (1, 1, read))
        zone = repair(lines, today=TODAY, doubts=[CharacterDoubt(1, 1, read, "8S", 0.55)])
        assert zone.checks_pass
        assert not zone.valid
        assert [(d.line, d.column, d.candidates) for d in zone.doubts] == [(1, 1, "8S" if read == "8" else "S8")]


def test_a_doubt_without_alternatives_is_open_to_every_lookalike() -> None:
    # 8 and S look alike and no check digit can part them: in a number the doubt stays, in a date only 8 can stand.
    zone = repair(TD3, today=TODAY, doubts=[CharacterDoubt(1, 1, "8", "", 0.3)])
    assert [d.candidates for d in zone.doubts] == ["8S"]
    zone = repair(TD3, today=TODAY, doubts=[CharacterDoubt(1, 16, "8", "", 0.3)])
    assert zone.valid


def test_a_doubt_in_the_name_stays() -> None:
    zone = repair(TD3, today=TODAY, doubts=[CharacterDoubt(0, 5, "E", "EF", 0.4)])
    assert [d.confidence for d in zone.doubts] == [0.4]
    assert not zone.valid


def test_a_digit_in_a_name_is_turned_into_its_letter_but_stays_in_doubt() -> None:
    zone = repair(misread(TD3, (0, 11, "0")), today=TODAY)
    assert zone.name.primary == "ERIKSSON"
    assert not zone.valid
    assert [(d.line, d.column, d.read) for d in zone.doubts] == [(0, 11, "0")]


def test_a_wrong_character_that_nothing_pins_down_is_never_turned_green() -> None:
    zone = repair(misread(TD3, (1, 6, "Z")), today=TODAY)  # 2 read as Z in the number, where letters may stand
    assert not zone.valid
    assert (1, 6) in {(d.line, d.column) for d in zone.doubts}


def test_two_doubts_that_compensate_each_other_stay_doubts() -> None:
    lines = misread(TD3, (1, 0, "L"))
    doubts = [CharacterDoubt(1, 0, "L", "LM", 0.5), CharacterDoubt(1, 3, "8", "81", 0.5)]
    zone = repair(lines, today=TODAY, doubts=doubts)
    # L8 98 and M8 91 both give the digit 6: 7·(22-21) + 7·(1-8) is no multiple of ten, so here one reading is left.
    assert zone.valid
    doubts = [CharacterDoubt(1, 0, "L", "LM", 0.5), CharacterDoubt(1, 3, "8", "87", 0.5)]
    zone = repair(lines, today=TODAY, doubts=doubts)
    assert not zone.valid
    assert len(zone.doubts) == 2


def test_too_many_doubts_to_try_stay_doubts() -> None:
    doubts = [CharacterDoubt(1, column, TD3[1][column], "0123456789", 0.1) for column in range(9)]
    zone = repair(TD3, today=TODAY, doubts=doubts)
    assert zone.lines == TD3
    assert len(zone.doubts) == 9


def test_a_doubt_outside_the_zone_is_refused() -> None:
    with pytest.raises(MalformedMrz, match="outside the zone"):
        repair(TD3, today=TODAY, doubts=[CharacterDoubt(5, 0, "A", "AB", 0.5)])


def test_lines_that_are_no_zone_are_refused() -> None:
    with pytest.raises(MalformedMrz, match="1 line of 3"):
        repair(("ABC",), today=TODAY)


def test_the_classes_are_those_no_weight_can_tell_apart() -> None:
    assert {frozenset(c) for c in CHECK_DIGIT_CLASSES} == {
        frozenset(c) for c in ("<0AKU", "8SI", "6GQ", "5FPZ", "1BLV", "2CMW", "3DNX", "4EOY", "7HR", "9JT")
    }
    assert "".join(sorted("".join(CHECK_DIGIT_CLASSES))) == "".join(sorted(MRZ_CHARACTERS))


def test_lookalikes_never_name_the_character_itself() -> None:
    assert all(character not in lookalikes(character) for character in MRZ_CHARACTERS)


@st.composite
def composed(draw: st.DrawFn) -> tuple[DocumentFormat, tuple[str, ...]]:
    document_format = draw(st.sampled_from(tuple(DocumentFormat)))
    code = {"TD3": "P", "MRV-A": "V", "MRV-B": "V"}.get(document_format, "I")
    lines = compose(
        document_format,
        document_code=code,
        issuing_state="UTO",
        primary="ERIKSSON",
        secondary="ANNA MARIA",
        document_number=draw(st.text("0123456789ABCDEFGHKLMPSZ", min_size=6, max_size=9)),
        nationality="UTO",
        date_of_birth=draw(st.dates(date(1940, 1, 1), TODAY)).strftime("%y%m%d"),
        sex=draw(st.sampled_from("MF")),
        date_of_expiry=draw(st.dates(date(2020, 1, 1), date(2040, 1, 1))).strftime("%y%m%d"),
        optional_data=draw(st.sampled_from(["", "A12345"])),
    )
    return document_format, lines


@given(composed(), st.data())
def test_one_misread_character_gives_the_truth_or_no_green(
    case: tuple[DocumentFormat, tuple[str, ...]], data: st.DataObject
) -> None:
    document_format, lines = case
    layout = LAYOUTS[document_format]
    spans = [s for check in layout.checks for s in (*check.covers, check.digit)]
    cells = sorted({cell for span in spans for cell in span.cells()})
    line, column = data.draw(st.sampled_from(cells))
    others = lookalikes(lines[line][column]) or ("X",)
    other = data.draw(st.sampled_from(others))
    zone = repair(misread(lines, (line, column, other)), today=TODAY)
    if zone.valid:
        same = zone.lines == lines
        assert same or inseparable(zone.lines[line][column], lines[line][column])


@given(composed(), st.data())
def test_misread_characters_that_the_reader_doubts_give_the_truth_or_no_green(
    case: tuple[DocumentFormat, tuple[str, ...]], data: st.DataObject
) -> None:
    _, lines = case
    every = [(r, c) for r, text in enumerate(lines) for c in range(len(text))]
    cells = data.draw(st.lists(st.sampled_from(every), unique=True, min_size=1, max_size=4))
    wrong, doubts = lines, []
    for line, column in cells:
        truth = lines[line][column]
        read = data.draw(st.sampled_from((truth, *lookalikes(truth))))
        wrong = misread(wrong, (line, column, read))
        doubts.append(CharacterDoubt(line, column, read, read + truth, 0.5))
    zone = repair(wrong, today=TODAY, doubts=doubts)
    if zone.valid:
        assert zone.lines == lines


@given(
    st.sampled_from(tuple(DocumentFormat)).flatmap(
        lambda f: st.tuples(
            *[
                st.text(MRZ_CHARACTERS, min_size=LAYOUTS[f].line_length, max_size=LAYOUTS[f].line_length)
                for _ in range(LAYOUTS[f].line_count)
            ]
        )
    )
)
def test_any_characters_are_survived(lines: tuple[str, ...]) -> None:
    zone = repair(lines, today=TODAY)
    assert len(zone.lines) == len(lines)
    if zone.valid:
        assert parse(zone.lines, today=TODAY).valid
        assert all(
            character in alphabet(zone.format, line, column)
            for line, text in enumerate(zone.lines)
            for column, character in enumerate(text)
        )
