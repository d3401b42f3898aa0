"""What a document is and whether it is still valid: pure rules over a zone; the classes are data.

`resources/tables/document_classes.toml` holds the classes in order; the first row that fits wins.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from inspection_station.documents.countries import country
from inspection_station.inspection.document import DocumentFormat, MachineReadableZone, MrzDate
from inspection_station.inspection.person_class import PersonClass
from inspection_station.resource_path import resource

UNKNOWN_CODE = "?"


class Instruction(StrEnum):
    """What the officer does with a document of a class; the value is the key of the sentence shown."""

    ACCEPT = "accept"
    WITH_PASSPORT = "with_passport"  # counts only together with a passport or travel document
    WITH_PERMIT = "with_permit"  # counts only together with an entry permit of Taiwan
    ASK_FOR_PASSPORT = "ask_for_passport"  # not a document to enter with
    OFFICER_DECIDES = "officer_decides"


@dataclass(frozen=True, slots=True)
class DocumentClass:
    """A class of documents. ``key`` is stable; ``basis`` is "public source" or "unverified"."""

    key: str
    name_zh: str
    name_en: str
    instruction: Instruction
    basis: str
    holder: PersonClass | None = None  # where the kind of document tells the holder's class


@dataclass(frozen=True, slots=True)
class _Row:
    document_class: DocumentClass
    formats: frozenset[DocumentFormat]
    codes: tuple[str, ...]
    states: tuple[str, ...]
    nationalities: tuple[str, ...]
    numbers: tuple[str, ...]

    def fits(self, zone: MachineReadableZone) -> bool:
        return (
            (not self.formats or zone.format in self.formats)
            and any(_code_fits(pattern, zone.document_code) for pattern in self.codes)
            and _state_fits(self.states, zone.issuing_state)
            and _state_fits(self.nationalities, zone.nationality)
            and (not self.numbers or any(_code_fits(pattern, zone.document_number) for pattern in self.numbers))
        )


def classify(zone: MachineReadableZone) -> DocumentClass:
    """The class of a document. Never fails: the last row of the table takes what no other row does."""
    return next(row.document_class for row in _rows() if row.fits(zone))


class Validity(StrEnum):
    """Verdict on the date of expiry (DOC-03); the value is the stable key."""

    VALID = "valid"
    TOO_SHORT = "too short"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def validity(expiry: MrzDate, on: date, *, months_needed: int = 0) -> Validity:
    """Whether a document is valid on a day and for some months after it.

    A document is valid on its day of expiry. An unknown day or month counts as the latest it can be (Doc 9303 part 3
    §4.8); a date that cannot be told is UNKNOWN, never valid.
    """
    last = expiry.latest()
    if last is None:
        return Validity.UNKNOWN
    if last < on:
        return Validity.EXPIRED
    return Validity.TOO_SHORT if last < months_after(on, months_needed) else Validity.VALID


def expired(expiry: MrzDate, on: date) -> bool | None:
    """Whether the document has expired on a day; None when the printed date does not tell."""
    verdict = validity(expiry, on)
    return None if verdict is Validity.UNKNOWN else verdict is Validity.EXPIRED


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the month's last day where it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, min(day.day, 28))


def _code_fits(pattern: str, code: str) -> bool:
    """``P`` fits P alone, ``P*`` any code that begins with P, ``*`` any."""
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


def _state_fits(wanted: tuple[str, ...], code: str) -> bool:
    return not wanted or code in wanted or (UNKNOWN_CODE in wanted and country(code) is None)


@cache
def _rows() -> tuple[_Row, ...]:
    with resource("tables", "document_classes.toml").open("rb") as file:
        table = tomllib.load(file)
    rows = tuple(_row(entry) for entry in table["class"])
    last = rows[-1]
    if last.codes != ("*",) or last.formats or last.states or last.nationalities or last.numbers:
        raise ValueError("document_classes.toml must end with a class that takes every document")
    return rows


def _row(entry: Mapping[str, Any]) -> _Row:
    return _Row(
        document_class=DocumentClass(
            entry["key"],
            entry["zh"],
            entry["en"],
            Instruction(entry["instruction"]),
            entry["basis"],
            PersonClass(entry["holder"]) if "holder" in entry else None,
        ),
        formats=frozenset(DocumentFormat(name) for name in entry.get("formats", ())),
        codes=tuple(entry["codes"]),
        states=tuple(entry.get("states", ())),
        nationalities=tuple(entry.get("nationalities", ())),
        numbers=tuple(entry.get("numbers", ())),
    )
