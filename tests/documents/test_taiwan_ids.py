"""Personal numbers of Taiwan: forms, check digit, hints."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.mrz import parse
from inspection_station.documents.mrz_compose import compose
from inspection_station.documents.taiwan_ids import TaiwanIdKind, holds_national_id, read_taiwan_id
from inspection_station.inspection.document import CharacterDoubt, DocumentFormat, MachineReadableZone
from inspection_station.inspection.person_class import PersonClass


def numbered(start: str) -> str:
    """The number with the one last digit that is right."""
    return next(start + digit for digit in "0123456789" if read_taiwan_id(start + digit))


@pytest.mark.parametrize(
    ("text", "kind", "sex"),
    [
        ("A123456789", TaiwanIdKind.NATIONAL_ID, "M"),
        ("A800000014", TaiwanIdKind.UI_NUMBER, "M"),
        ("AC01234567", TaiwanIdKind.OLD_UI_NUMBER, "M"),
        ("AA00000009", TaiwanIdKind.OLD_UI_NUMBER, "M"),
        (" A123456789 ", TaiwanIdKind.NATIONAL_ID, "M"),
    ],
)
def test_a_right_number_is_recognised(text: str, kind: TaiwanIdKind, sex: str) -> None:
    found = read_taiwan_id(text)
    assert found is not None
    assert (found.kind, found.sex) == (kind, sex)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A123456788",
        "A800000015",
        "a123456789",
        "A323456789",
        "A12345678",
        "A1234567890",
        "AE01234567",
        "1123456789",
    ],
)
def test_a_wrong_number_is_none(text: str) -> None:
    assert read_taiwan_id(text) is None


@pytest.mark.parametrize(
    ("start", "sex", "hint"),
    [
        ("F20000000", "F", PersonClass.REGISTERED_NATIONAL),
        ("A80000001", "M", PersonClass.FOREIGNER),
        ("A96000001", "F", PersonClass.FOREIGNER),
        ("A97000001", "F", PersonClass.NATIONAL_WITHOUT_REGISTRATION),
        ("A88000001", "M", PersonClass.HONG_KONG_MACAO),
        ("A89000001", "M", PersonClass.MAINLAND),
        ("AD0000000", "F", PersonClass.FOREIGNER),
        ("AB0000000", "F", None),
    ],
)
def test_a_number_hints_at_sex_and_class(start: str, sex: str, hint: PersonClass | None) -> None:
    found = read_taiwan_id(numbered(start))
    assert found is not None
    assert (found.sex, found.class_hint) == (sex, hint)


def test_the_old_form_ends_on_new_year_2031() -> None:
    old, new = read_taiwan_id("AC01234567"), read_taiwan_id("A800000014")
    assert old is not None
    assert new is not None
    assert old.accepted_on(date(2030, 12, 31))
    assert not old.accepted_on(date(2031, 1, 1))
    assert new.accepted_on(date(2031, 1, 1))


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_none(text: str) -> None:
    found = read_taiwan_id(text)
    assert found is None or found.sex in ("M", "F")


@given(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), st.sampled_from("1289ABCD"), st.integers(0, 9_999_999))
def test_exactly_one_last_digit_is_right(letter: str, second: str, middle: int) -> None:
    start = f"{letter}{second}{middle:07d}"
    assert sum(read_taiwan_id(start + digit) is not None for digit in "0123456789") == 1


def passport(state: str, optional: str) -> MachineReadableZone:
    lines = compose(
        DocumentFormat.TD3,
        document_code="P",
        issuing_state=state,
        primary="LIN",
        secondary="MEI LING",
        document_number="300000000",
        nationality=state,
        date_of_birth="900101",
        sex="F",
        date_of_expiry="300101",
        optional_data=optional,
    )
    return parse(lines, today=date(2026, 7, 1))


def test_a_passport_with_a_national_id_hints_at_a_registered_national() -> None:
    assert holds_national_id(passport("TWN", "A123456789"))


@pytest.mark.parametrize(
    "zone",
    [passport("TWN", ""), passport("TWN", "A123456788"), passport("TWN", "A800000014"), passport("UTO", "A123456789")],
    ids=["empty", "wrong digit", "UI number", "another state"],
)
def test_every_other_passport_does_not(zone: MachineReadableZone) -> None:
    assert not holds_national_id(zone)


def test_a_national_id_in_doubt_does_not_count() -> None:
    zone = passport("TWN", "A123456789")
    assert not holds_national_id(replace(zone, doubts=(CharacterDoubt(1, 30, "2", "2C", 0.5),)))
    assert holds_national_id(replace(zone, doubts=(CharacterDoubt(0, 6, "I", "I1", 0.5),)))
