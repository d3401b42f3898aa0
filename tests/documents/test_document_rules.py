"""Expiry and document classes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.document_rules import (
    Instruction,
    Validity,
    classify,
    expired,
    months_after,
    validity,
)
from inspection_station.documents.mrz import MRZ_CHARACTERS, parse
from inspection_station.documents.mrz_compose import compose
from inspection_station.documents.mrz_layouts import LAYOUTS
from inspection_station.inspection.document import DocumentFormat, MachineReadableZone, MrzDate
from inspection_station.inspection.person_class import ClassEvidence, PersonClass, propose

TODAY = date(2026, 7, 1)


def document(
    document_format: DocumentFormat, code: str, state: str, nationality: str = "", number: str = "E12345678"
) -> MachineReadableZone:
    lines = compose(
        document_format,
        document_code=code,
        issuing_state=state,
        primary="LIN",
        secondary="MEI",
        document_number=number,
        nationality=nationality or state,
        date_of_birth="900101",
        sex="F",
        date_of_expiry="300101",
    )
    return parse(lines, today=TODAY)


@pytest.mark.parametrize(
    ("zone", "key", "instruction"),
    [
        (document(DocumentFormat.TD3, "P", "TWN"), "taiwan_passport", Instruction.ACCEPT),
        (document(DocumentFormat.TD3, "PD", "TWN"), "taiwan_diplomatic_passport", Instruction.ACCEPT),
        (document(DocumentFormat.TD3, "P", "JPN"), "passport", Instruction.ACCEPT),
        (document(DocumentFormat.TD3, "PD", "D"), "diplomatic_passport", Instruction.ACCEPT),
        (document(DocumentFormat.TD3, "P", "CHN"), "mainland_passport", Instruction.WITH_PERMIT),
        (
            document(DocumentFormat.TD3, "P", "CHN", number="K12345678"),
            "hong_kong_macao_passport",
            Instruction.WITH_PERMIT,
        ),
        (document(DocumentFormat.TD3, "P", "UNO", "XXA"), "laissez_passer", Instruction.OFFICER_DECIDES),
        (
            document(DocumentFormat.TD3, "P", "USA", "XXB"),
            "stateless_or_refugee_travel_document",
            Instruction.OFFICER_DECIDES,
        ),
        (document(DocumentFormat.TD1, "I", "TWN", "CHN"), "taiwan_entry_permit", Instruction.WITH_PASSPORT),
        (document(DocumentFormat.TD1, "AR", "TWN", "JPN"), "taiwan_residence_certificate", Instruction.WITH_PASSPORT),
        (
            document(DocumentFormat.TD1, "CT", "CHN", "TWN"),
            "mainland_permit_for_taiwan_residents",
            Instruction.ASK_FOR_PASSPORT,
        ),
        (document(DocumentFormat.TD1, "CD", "CHN"), "mainland_residents_permit_for_taiwan", Instruction.WITH_PERMIT),
        (document(DocumentFormat.TD2, "AC", "PHL"), "crew_member_certificate", Instruction.WITH_PASSPORT),
        (document(DocumentFormat.TD1, "I", "D"), "identity_card", Instruction.ASK_FOR_PASSPORT),
        (document(DocumentFormat.MRV_A, "V", "TWN", "JPN"), "visa", Instruction.WITH_PASSPORT),
        (document(DocumentFormat.TD1, "X", "UTO"), "unknown", Instruction.OFFICER_DECIDES),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_document_has_its_class(zone: MachineReadableZone, key: str, instruction: Instruction) -> None:
    found = classify(zone)
    assert (found.key, found.instruction) == (key, instruction)
    assert found.name_zh
    assert found.name_en


@given(
    st.text(MRZ_CHARACTERS, min_size=30, max_size=30),
    st.text(MRZ_CHARACTERS, min_size=30, max_size=30),
)
def test_every_zone_has_a_class(first: str, second: str) -> None:
    assert LAYOUTS[DocumentFormat.TD1].line_length == 30
    assert classify(parse((first, second, "A" * 30), today=TODAY)).key


@pytest.mark.parametrize(
    ("expiry", "months", "verdict"),
    [
        (MrzDate("260701", 2026, 7, 1), 0, Validity.VALID),  # still valid on its last day
        (MrzDate("260630", 2026, 6, 30), 0, Validity.EXPIRED),
        (MrzDate("2607<<", 2026, 7, None), 0, Validity.VALID),
        (MrzDate("2606<<", 2026, 6, None), 0, Validity.EXPIRED),
        (MrzDate("26<<<<", 2026, None, None), 0, Validity.VALID),
        (MrzDate("<<<<<<", None, None, None), 0, Validity.UNKNOWN),
        (MrzDate("270230", 2027, 2, 30), 0, Validity.UNKNOWN),
        (MrzDate("261231", 2026, 12, 31), 6, Validity.TOO_SHORT),
        (MrzDate("270101", 2027, 1, 1), 6, Validity.VALID),
    ],
)
def test_an_expiry_is_judged_on_a_day(expiry: MrzDate, months: int, verdict: Validity) -> None:
    assert validity(expiry, TODAY, months_needed=months) is verdict


def test_an_expiry_that_does_not_tell_is_neither_expired_nor_valid() -> None:
    assert expired(MrzDate("<<<<<<", None, None, None), TODAY) is None
    assert expired(MrzDate("260630", 2026, 6, 30), TODAY) is True
    assert expired(MrzDate("260701", 2026, 7, 1), TODAY) is False


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 15), 0, date(2026, 1, 15)),
    ],
)
def test_months_are_counted_to_the_same_day_or_the_month_s_last(day: date, months: int, later: date) -> None:
    assert months_after(day, months) == later


@pytest.mark.parametrize(
    ("number", "expected"), [("K12345678", PersonClass.HONG_KONG_MACAO), ("E12345678", PersonClass.MAINLAND)]
)
def test_the_holder_of_a_passport_that_prints_chn_is_classed_by_the_kind_of_passport(
    number: str, expected: PersonClass
) -> None:
    zone = document(DocumentFormat.TD3, "P", "CHN", number=number)
    says = classify(zone).holder
    assert propose(ClassEvidence.of(zone, taiwan_id_valid=False, document_says=says)) is expected


def test_what_the_document_says_never_makes_another_nationality_of_a_holder() -> None:
    zone = document(DocumentFormat.TD3, "P", "TWN")
    evidence = ClassEvidence.of(zone, taiwan_id_valid=True, document_says=PersonClass.HONG_KONG_MACAO)
    assert propose(evidence) is PersonClass.REGISTERED_NATIONAL
