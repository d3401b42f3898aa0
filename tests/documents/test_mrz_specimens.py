"""The specimens printed in ICAO Doc 9303 parts 4 to 7, and composing them again."""

from __future__ import annotations

from datetime import date

import pytest

from inspection_station.documents.mrz import parse
from inspection_station.documents.mrz_compose import compose
from inspection_station.inspection.document import CheckVerdict, DocumentFormat, MrzField

TODAY = date(2026, 7, 1)

SPECIMENS = {
    DocumentFormat.TD3: (
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    ),
    DocumentFormat.TD2: (
        "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
        "D231458907UTO7408122F1204159<<<<<<<6",
    ),
    DocumentFormat.TD1: (
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ),
    DocumentFormat.MRV_A: (
        "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
    ),
    DocumentFormat.MRV_B: (
        "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
        "L8988901C4XXX4009078F9612109<<<<<<<<",
    ),
}


@pytest.mark.parametrize("document_format", DocumentFormat)
def test_a_specimen_is_read_with_every_check_digit_correct(document_format: DocumentFormat) -> None:
    zone = parse(SPECIMENS[document_format], today=TODAY)
    assert zone.format is document_format
    assert zone.valid
    assert (zone.name.primary, zone.name.secondary) == ("ERIKSSON", "ANNA MARIA")
    assert not zone.name.truncated
    assert zone.sex == "F"
    assert zone.issuing_state == "UTO"
    assert zone.unknown_codes == ()


@pytest.mark.parametrize("document_format", DocumentFormat)
def test_a_specimen_composed_again_is_the_same(document_format: DocumentFormat) -> None:
    zone = parse(SPECIMENS[document_format], today=TODAY)
    again = compose(
        document_format,
        document_code=zone.document_code,
        issuing_state=zone.issuing_state,
        primary="Eriksson",
        secondary="Anna Maria",
        document_number=zone.document_number,
        nationality=zone.nationality,
        date_of_birth=zone.date_of_birth.raw,
        sex=zone.sex,
        date_of_expiry=zone.date_of_expiry.raw,
        optional_data=zone.optional_data,
        optional_data_2=zone.optional_data_2,
    )
    assert again == zone.lines


def test_the_passport_specimen_field_by_field() -> None:
    zone = parse("\n".join(SPECIMENS[DocumentFormat.TD3]), today=TODAY)
    assert zone.document_number == "L898902C3"
    assert zone.date_of_birth.as_date() == date(1974, 8, 12)
    assert zone.date_of_expiry.as_date() == date(2012, 4, 15)
    assert zone.optional_data == "ZE184226B"
    assert [(c.field, c.verdict) for c in zone.checks] == [
        (MrzField.DOCUMENT_NUMBER, CheckVerdict.CORRECT),
        (MrzField.DATE_OF_BIRTH, CheckVerdict.CORRECT),
        (MrzField.DATE_OF_EXPIRY, CheckVerdict.CORRECT),
        (MrzField.OPTIONAL_DATA, CheckVerdict.CORRECT),
        (MrzField.COMPOSITE, CheckVerdict.CORRECT),
    ]


def test_a_visa_has_no_composite_and_is_not_asked_for_one() -> None:
    zone = parse(SPECIMENS[DocumentFormat.MRV_A], today=TODAY)
    assert MrzField.COMPOSITE not in {check.field for check in zone.checks}
    assert zone.optional_data == "6ZE184226B"


def test_a_long_card_number_runs_over_into_the_optional_data() -> None:
    # Doc 9303 part 11, appendix D.2: number D23145890734.
    lines = ("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<")
    zone = parse(lines, today=TODAY)
    assert zone.document_number == "D23145890734"
    assert zone.optional_data == ""
    assert zone.valid
