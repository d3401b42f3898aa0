"""Reading zones: names, dates, codes, long numbers, and everything that is not a zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.errors import MalformedMrz
from inspection_station.documents.mrz import MRZ_CHARACTERS, alphabet, check_digit, inseparable, parse
from inspection_station.documents.mrz_compose import compose
from inspection_station.documents.mrz_dates import possible_birth_years
from inspection_station.documents.mrz_layouts import LAYOUTS
from inspection_station.inspection.document import (
    CharacterDoubt,
    CheckVerdict,
    DocumentFormat,
    MachineReadableZone,
    MrzField,
)

TODAY = date(2026, 7, 1)
FORMATS = tuple(DocumentFormat)
CODES = {
    DocumentFormat.TD1: "I",
    DocumentFormat.TD2: "I",
    DocumentFormat.TD3: "P",
    DocumentFormat.MRV_A: "V",
    DocumentFormat.MRV_B: "V",
}


def passport(**changes: str) -> tuple[str, ...]:
    fields = {
        "document_code": "P",
        "issuing_state": "UTO",
        "primary": "Eriksson",
        "secondary": "Anna Maria",
        "document_number": "L898902C3",
        "nationality": "UTO",
        "date_of_birth": "740812",
        "sex": "F",
        "date_of_expiry": "310415",
        "optional_data": "ZE184226B",
    }
    return compose(DocumentFormat.TD3, **(fields | changes))


def read(**changes: str) -> MachineReadableZone:
    return parse(passport(**changes), today=TODAY)


def with_name(field: str) -> MachineReadableZone:
    lines = passport()
    return parse(("P<UTO" + field.ljust(39, "<"), lines[1]), today=TODAY)


def changed(lines: tuple[str, ...], line: int, column: int, character: str) -> tuple[str, ...]:
    sheet = [list(text) for text in lines]
    sheet[line][column] = character
    return tuple("".join(text) for text in sheet)


def test_a_torn_zone_is_refused_with_its_lengths() -> None:
    with pytest.raises(MalformedMrz) as refusal:
        parse(("A" * 29, "A" * 30, "A" * 30), today=TODAY)
    assert refusal.value.code == "DOC-10"
    assert refusal.value.detail == "3 lines of 29, 30, 30 characters"
    assert refusal.value.lengths == (29, 30, 30)


def test_no_text_at_all_is_refused() -> None:
    with pytest.raises(MalformedMrz) as refusal:
        parse("", today=TODAY)
    assert refusal.value.detail == "no lines"


def test_a_character_outside_the_alphabet_is_named_by_position_and_never_by_value() -> None:
    lines = passport()
    with pytest.raises(MalformedMrz) as refusal:
        parse(changed(lines, 1, 4, "ß"), today=TODAY)
    assert "line 2, position 5" in refusal.value.detail
    assert "ß" not in str(refusal.value)


def test_two_different_zones_in_one_message_are_refused() -> None:
    text = "\n".join(passport() + passport(document_number="X1234567"))
    with pytest.raises(MalformedMrz, match="2 different zones"):
        parse(text, today=TODAY)


def test_an_empty_optional_field_may_leave_its_digit_out() -> None:
    zone = read(optional_data="")
    check = next(c for c in zone.checks if c.field is MrzField.OPTIONAL_DATA)
    assert check.verdict is CheckVerdict.ABSENT
    assert zone.valid


def test_an_empty_optional_field_may_also_print_a_zero() -> None:
    lines = changed(passport(optional_data=""), 1, 42, "0")
    assert parse(lines, today=TODAY).valid  # zero and filler count alike in the composite


def test_a_filled_optional_field_may_not_leave_its_digit_out() -> None:
    zone = parse(changed(passport(), 1, 42, "<"), today=TODAY)
    assert MrzField.OPTIONAL_DATA in zone.failed_fields()


@pytest.mark.parametrize(
    ("printed", "primary", "secondary"),
    [
        ("ERIKSSON", "ERIKSSON", ""),
        ("VAN<DER<MUELLEN<<INGE", "VAN DER MUELLEN", "INGE"),
        ("OCONNOR<<ENYA<SIOBHAN", "OCONNOR", "ENYA SIOBHAN"),
        ("CHEN<<MEI<LING", "CHEN", "MEI LING"),
    ],
)
def test_a_name_is_parted_at_two_fillers(printed: str, primary: str, secondary: str) -> None:
    zone = with_name(printed)
    assert (zone.name.primary, zone.name.secondary) == (primary, secondary)
    assert zone.malformed_fields == ()


@pytest.mark.parametrize(
    "printed", ["", "<ERIKSSON<<ANNA", "ERIKSS0N<<ANNA", "ERIKSSON<<ANNA<<<<<K", "ERIKSSON<<<ANNA"]
)
def test_a_name_field_that_breaks_the_rules_is_malformed_and_the_zone_not_valid(printed: str) -> None:
    zone = with_name(printed)
    assert MrzField.NAME in zone.malformed_fields
    assert not zone.valid


def test_a_name_that_fills_its_field_is_marked_as_possibly_cut_short() -> None:
    assert read(secondary="Anna Maria Wilhelmina Constantia Theodora").name.truncated
    assert not read().name.truncated


@pytest.mark.parametrize(
    ("raw", "year", "month", "day"),
    [
        ("740812", 1974, 8, 12),
        ("260701", 2026, 7, 1),  # born today
        ("260702", 1926, 7, 2),  # tomorrow lies in the future: a hundred years ago
        ("26<<<<", 2026, None, None),
        ("2608<<", 1926, 8, None),
        ("<<0812", None, 8, 12),
        ("<<<<<<", None, None, None),
    ],
)
def test_a_birth_date_never_lies_in_the_future(raw: str, year: int | None, month: int | None, day: int | None) -> None:
    zone = read(date_of_birth=raw)
    found = zone.date_of_birth
    assert (found.year, found.month, found.day) == (year, month, day)
    assert zone.malformed_fields == ()


def test_a_birth_year_of_a_hundred_years_ago_can_be_asked_for() -> None:
    assert possible_birth_years(read(date_of_birth="200101").date_of_birth, TODAY) == (2020, 1920)
    assert possible_birth_years(read(date_of_birth="740812").date_of_birth, TODAY) == (1974,)
    assert possible_birth_years(read(date_of_birth="<<<<<<").date_of_birth, TODAY) == ()


@pytest.mark.parametrize(
    ("raw", "expected"), [("310415", 2031), ("410101", 2041), ("420101", 1942), ("991231", 1999), ("260101", 2026)]
)
def test_an_expiry_lies_at_most_fifteen_years_ahead(raw: str, expected: int) -> None:
    assert read(date_of_expiry=raw).date_of_expiry.year == expected


def test_an_expiry_without_a_day_ends_with_its_month() -> None:
    assert read(date_of_expiry="2802<<").date_of_expiry.latest() == date(2028, 2, 29)


@pytest.mark.parametrize("raw", ["741312", "740832", "750229", "740800", "7408<2", "<4<812"])
def test_a_date_that_cannot_be_is_malformed_though_its_check_digit_is_right(raw: str) -> None:
    zone = read(date_of_birth=raw)
    assert zone.malformed_fields == (MrzField.DATE_OF_BIRTH,)
    assert zone.failed_fields() == ()
    assert not zone.valid


def test_an_unspecified_sex_is_empty_and_well_formed() -> None:
    zone = read(sex="X")
    assert zone.sex == ""
    assert zone.valid


@pytest.mark.parametrize("code", ["D", "GBD", "UNO", "XXA", "RKS", "EUE", "UTO", "TWN"])
def test_special_codes_are_known(code: str) -> None:
    assert read(nationality=code).unknown_codes == ()


def test_a_code_that_no_table_holds_is_named_and_nothing_else_happens() -> None:
    zone = read(issuing_state="QQQ", nationality="QQZ")
    assert zone.unknown_codes == ("QQQ", "QQZ")
    assert zone.valid


def test_a_state_code_with_a_digit_is_malformed() -> None:
    zone = parse(changed(passport(), 0, 4, "0"), today=TODAY)
    assert zone.malformed_fields == (MrzField.ISSUING_STATE,)


def test_a_passport_code_that_is_no_passport_code_is_malformed() -> None:
    zone = parse(changed(passport(), 0, 0, "F"), today=TODAY)
    assert zone.malformed_fields == (MrzField.DOCUMENT_CODE,)


@pytest.mark.parametrize("document_format", [DocumentFormat.TD1, DocumentFormat.TD2])
@pytest.mark.parametrize("rest", ["X", "734", "12345"])
def test_a_long_number_is_complete_and_its_rest_no_longer_optional_data(
    document_format: DocumentFormat, rest: str
) -> None:
    number = "D23145890" + rest
    lines = compose(
        document_format,
        document_code="I",
        issuing_state="UTO",
        primary="STEVENSON",
        secondary="PETER",
        document_number=number,
        nationality="UTO",
        date_of_birth="340712",
        sex="M",
        date_of_expiry="300712",
    )
    zone = parse(lines, today=TODAY)
    assert zone.document_number == number
    assert zone.optional_data == ""
    assert zone.valid


def test_a_filler_for_a_number_check_digit_without_an_overflow_is_wrong() -> None:
    lines = (
        "I<UTOD23145890<<<<<<<<<<<<<<<<",
        "3407127M9507122UTO<<<<<<<<<<<2",
        "STEVENSON<<PETER<JOHN<<<<<<<<<",
    )
    zone = parse(lines, today=TODAY)
    assert MrzField.DOCUMENT_NUMBER in zone.failed_fields()


def test_a_passport_cannot_use_the_overflow() -> None:
    zone = parse(changed(passport(), 1, 9, "<"), today=TODAY)
    assert MrzField.DOCUMENT_NUMBER in zone.failed_fields()


@given(st.text(max_size=400))
def test_any_text_is_a_zone_or_a_refusal(text: str) -> None:
    code, zone = "", None
    try:
        zone = parse(text, today=TODAY)
    except MalformedMrz as refusal:
        code = refusal.code
    assert code in ("DOC-01", "DOC-10", "DOC-11") or (zone is not None and zone.format in FORMATS)


@given(
    st.sampled_from(FORMATS).flatmap(
        lambda f: st.tuples(
            *[
                st.text(MRZ_CHARACTERS, min_size=LAYOUTS[f].line_length, max_size=LAYOUTS[f].line_length)
                for _ in range(LAYOUTS[f].line_count)
            ]
        )
    )
)
def test_any_lines_of_the_right_shape_are_read_to_the_end(lines: tuple[str, ...]) -> None:
    zone = parse(lines, today=TODAY)
    assert zone.lines == lines
    assert zone.checks
    assert not (zone.valid and zone.malformed_fields)


NAMES = st.lists(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12), min_size=1, max_size=3).map(" ".join)
DATES = st.dates(date(1930, 1, 1), TODAY).map(lambda d: d.strftime("%y%m%d"))
EXPIRIES = st.dates(date(2015, 1, 1), date(2040, 12, 31))


@st.composite
def zones(draw: st.DrawFn) -> tuple[DocumentFormat, dict[str, str]]:
    document_format = draw(st.sampled_from(FORMATS))
    longest = 12 if LAYOUTS[document_format].long_numbers else 9
    number = draw(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=longest))
    room = 0 if len(number) > 9 else 7
    return document_format, {
        "document_code": CODES[document_format],
        "issuing_state": draw(st.sampled_from(["UTO", "D", "TWN", "GBN", "XXA"])),
        "primary": draw(NAMES),
        "secondary": draw(st.one_of(st.just(""), NAMES)),
        "document_number": number,
        "nationality": draw(st.sampled_from(["UTO", "D", "JPN"])),
        "date_of_birth": draw(DATES),
        "sex": draw(st.sampled_from(["M", "F", ""])),
        "date_of_expiry": draw(EXPIRIES).strftime("%y%m%d"),
        "optional_data": draw(st.text("0123456789ABCXYZ", max_size=room)),
    }


@given(zones())
def test_what_is_composed_is_read_back(zone_fields: tuple[DocumentFormat, dict[str, str]]) -> None:
    document_format, fields = zone_fields
    zone = parse(compose(document_format, **fields), today=TODAY)
    assert zone.valid
    assert zone.format is document_format
    assert zone.document_number == fields["document_number"]
    assert zone.date_of_birth.raw == fields["date_of_birth"]
    assert zone.optional_data == fields["optional_data"]
    assert zone.sex == fields["sex"]
    printed = f"{fields['primary']} {fields['secondary']}".strip()
    read_back = f"{zone.name.primary} {zone.name.secondary}".strip()
    assert read_back == printed or zone.name.truncated


def _checked_cells(document_format: DocumentFormat) -> list[tuple[int, int]]:
    layout = LAYOUTS[document_format]
    spans = [span for check in layout.checks for span in (*check.covers, check.digit)]
    return sorted({cell for span in spans for cell in span.cells()})


@given(zones(), st.data())
def test_every_single_error_in_a_checked_cell_is_noticed_unless_no_digit_can_see_it(
    zone_fields: tuple[DocumentFormat, dict[str, str]], data: st.DataObject
) -> None:
    document_format, fields = zone_fields
    lines = compose(document_format, **fields)
    line, column = data.draw(st.sampled_from(_checked_cells(document_format)))
    other = data.draw(st.sampled_from(MRZ_CHARACTERS))
    if inseparable(other, lines[line][column]):
        return
    zone = parse(changed(lines, line, column, other), today=TODAY)
    assert not zone.valid


@given(zones())
def test_every_cell_of_a_valid_zone_holds_a_character_of_its_alphabet(
    zone_fields: tuple[DocumentFormat, dict[str, str]],
) -> None:
    document_format, fields = zone_fields
    for line, text in enumerate(compose(document_format, **fields)):
        for column, character in enumerate(text):
            assert character in alphabet(document_format, line, column)


def test_alphabets_are_as_narrow_as_the_field() -> None:
    assert alphabet(DocumentFormat.TD3, 0, 0) == "P"
    assert alphabet(DocumentFormat.TD3, 1, 9) == "0123456789"
    assert alphabet(DocumentFormat.TD3, 1, 20) == "MF<"
    assert alphabet(DocumentFormat.TD3, 1, 13) == "0123456789<"
    assert "<" in alphabet(DocumentFormat.TD1, 0, 14)
    assert "0" not in alphabet(DocumentFormat.MRV_B, 0, 10)
    with pytest.raises(ValueError, match="no cell"):
        alphabet(DocumentFormat.TD1, 3, 0)


def test_a_check_digit_refuses_what_is_not_in_the_zone_s_alphabet() -> None:
    with pytest.raises(ValueError, match="character 1"):
        check_digit("Aa")


def test_the_reader_s_doubts_keep_a_zone_from_being_valid() -> None:
    doubt = CharacterDoubt(1, 1, "8", "8S", 0.6)
    zone = parse(passport(), today=TODAY, doubts=[doubt])
    assert zone.checks_pass
    assert not zone.valid
    assert replace(zone, doubts=()).valid


def test_a_passport_page_cut_off_at_36_columns_is_no_td2_document() -> None:
    whole = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
    zone = parse((whole[0][:36], whole[1][:36]), today=TODAY)
    assert MrzField.DOCUMENT_CODE in zone.malformed_fields
    assert not zone.valid
