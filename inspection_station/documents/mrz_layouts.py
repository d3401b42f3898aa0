"""Where each field and check digit stands in the five layouts.

Sources: ICAO Doc 9303 part 4 §4.2 (TD3), part 5 §4.2 (TD1), part 6 §4.2 (TD2), part 7 §4.2 and §5.2 (MRV-A, MRV-B).
Lines and columns count from 0; the standard's character positions count from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from inspection_station.documents.mrz_checks import DIGITS, FILLER, LETTERS
from inspection_station.inspection.document import DocumentFormat, MrzField


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring cells of one line, ``stop`` excluded."""

    line: int
    start: int
    stop: int

    def of(self, lines: Sequence[str]) -> str:
        """What is printed there."""
        return lines[self.line][self.start : self.stop]

    def cells(self) -> tuple[tuple[int, int], ...]:
        """The cells as (line, column)."""
        return tuple((self.line, column) for column in range(self.start, self.stop))


@dataclass(frozen=True, slots=True)
class CheckedSpan:
    """A check digit: which spans it covers, in this order, and where it is printed."""

    field: MrzField
    covers: tuple[Span, ...]
    digit: Span


@dataclass(frozen=True, slots=True)
class Layout:
    """One of the five layouts. ``checks`` ends with the composite where there is one (visas have none)."""

    format: DocumentFormat
    line_count: int
    line_length: int
    fields: Mapping[MrzField, Span]
    checks: tuple[CheckedSpan, ...]
    long_numbers: bool
    """A document number of more than nine characters may run over into the optional data (TD1, TD2)."""


def _two_lines(document_format: DocumentFormat, length: int) -> Layout:
    number, birth, expiry = Span(1, 0, 9), Span(1, 13, 19), Span(1, 21, 27)
    optional = {
        DocumentFormat.TD3: Span(1, 28, 42),
        DocumentFormat.TD2: Span(1, 28, 35),
        DocumentFormat.MRV_A: Span(1, 28, 44),
        DocumentFormat.MRV_B: Span(1, 28, 36),
    }[document_format]
    checks = [
        CheckedSpan(MrzField.DOCUMENT_NUMBER, (number,), Span(1, 9, 10)),
        CheckedSpan(MrzField.DATE_OF_BIRTH, (birth,), Span(1, 19, 20)),
        CheckedSpan(MrzField.DATE_OF_EXPIRY, (expiry,), Span(1, 27, 28)),
    ]
    if document_format is DocumentFormat.TD3:
        checks.append(CheckedSpan(MrzField.OPTIONAL_DATA, (optional,), Span(1, 42, 43)))
    if document_format in (DocumentFormat.TD3, DocumentFormat.TD2):
        covers = (Span(1, 0, 10), Span(1, 13, 20), Span(1, 21, length - 1))
        checks.append(CheckedSpan(MrzField.COMPOSITE, covers, Span(1, length - 1, length)))
    return Layout(
        format=document_format,
        line_count=2,
        line_length=length,
        fields=MappingProxyType(
            {
                MrzField.DOCUMENT_CODE: Span(0, 0, 2),
                MrzField.ISSUING_STATE: Span(0, 2, 5),
                MrzField.NAME: Span(0, 5, length),
                MrzField.DOCUMENT_NUMBER: number,
                MrzField.NATIONALITY: Span(1, 10, 13),
                MrzField.DATE_OF_BIRTH: birth,
                MrzField.SEX: Span(1, 20, 21),
                MrzField.DATE_OF_EXPIRY: expiry,
                MrzField.OPTIONAL_DATA: optional,
            }
        ),
        checks=tuple(checks),
        long_numbers=document_format is DocumentFormat.TD2,
    )


def _card() -> Layout:
    number, birth, expiry = Span(0, 5, 14), Span(1, 0, 6), Span(1, 8, 14)
    return Layout(
        format=DocumentFormat.TD1,
        line_count=3,
        line_length=30,
        fields=MappingProxyType(
            {
                MrzField.DOCUMENT_CODE: Span(0, 0, 2),
                MrzField.ISSUING_STATE: Span(0, 2, 5),
                MrzField.DOCUMENT_NUMBER: number,
                MrzField.OPTIONAL_DATA: Span(0, 15, 30),
                MrzField.DATE_OF_BIRTH: birth,
                MrzField.SEX: Span(1, 7, 8),
                MrzField.DATE_OF_EXPIRY: expiry,
                MrzField.NATIONALITY: Span(1, 15, 18),
                MrzField.OPTIONAL_DATA_2: Span(1, 18, 29),
                MrzField.NAME: Span(2, 0, 30),
            }
        ),
        checks=(
            CheckedSpan(MrzField.DOCUMENT_NUMBER, (number,), Span(0, 14, 15)),
            CheckedSpan(MrzField.DATE_OF_BIRTH, (birth,), Span(1, 6, 7)),
            CheckedSpan(MrzField.DATE_OF_EXPIRY, (expiry,), Span(1, 14, 15)),
            CheckedSpan(
                MrzField.COMPOSITE,
                (Span(0, 5, 30), Span(1, 0, 7), Span(1, 8, 15), Span(1, 18, 29)),
                Span(1, 29, 30),
            ),
        ),
        long_numbers=True,
    )


LAYOUTS: Final[Mapping[DocumentFormat, Layout]] = MappingProxyType(
    {
        DocumentFormat.TD1: _card(),
        DocumentFormat.TD2: _two_lines(DocumentFormat.TD2, 36),
        DocumentFormat.TD3: _two_lines(DocumentFormat.TD3, 44),
        DocumentFormat.MRV_A: _two_lines(DocumentFormat.MRV_A, 44),
        DocumentFormat.MRV_B: _two_lines(DocumentFormat.MRV_B, 36),
    }
)


def layout_of(lines: Sequence[str]) -> Layout | None:
    """The layout that the lengths and the first letter (V: visa) tell, or None."""
    shape = (len(lines), {len(line) for line in lines})
    visa = bool(lines) and lines[0].startswith("V")
    if shape == (3, {30}):
        return LAYOUTS[DocumentFormat.TD1]
    if shape == (2, {44}):
        return LAYOUTS[DocumentFormat.MRV_A if visa else DocumentFormat.TD3]
    if shape == (2, {36}):
        return LAYOUTS[DocumentFormat.MRV_B if visa else DocumentFormat.TD2]
    return None


@cache
def alphabet(document_format: DocumentFormat, line: int, column: int) -> str:
    """Characters that may stand in a cell of a zone. Raises ValueError for a cell outside the layout.

    The first letter of the document code is P for TD3 and V for visas; TD1 and TD2 exclude only V, since states
    use more letters than the A, C and I of part 5 §4.2.2. A document number may not begin with a filler.
    """
    layout = LAYOUTS[document_format]
    if not (0 <= line < layout.line_count and 0 <= column < layout.line_length):
        raise ValueError(f"no cell {line}, {column} in a {document_format} zone")
    for check in layout.checks:
        if (line, column) in check.digit.cells():
            may_be_empty = check.field is MrzField.OPTIONAL_DATA or (
                check.field is MrzField.DOCUMENT_NUMBER and layout.long_numbers
            )
            return DIGITS + (FILLER if may_be_empty else "")
    field, span = next((f, s) for f, s in layout.fields.items() if (line, column) in s.cells())
    first = column == span.start
    match field:
        case MrzField.DOCUMENT_CODE:
            return _first_letters(document_format) if first else LETTERS + FILLER
        case MrzField.ISSUING_STATE | MrzField.NATIONALITY | MrzField.NAME:
            return LETTERS if first else LETTERS + FILLER
        case MrzField.DATE_OF_BIRTH | MrzField.DATE_OF_EXPIRY:
            return DIGITS + FILLER
        case MrzField.SEX:
            return "MF" + FILLER
        case MrzField.DOCUMENT_NUMBER if first:
            return DIGITS + LETTERS
        case _:
            return DIGITS + LETTERS + FILLER


def _first_letters(document_format: DocumentFormat) -> str:
    match document_format:
        case DocumentFormat.TD3:
            return "P"
        case DocumentFormat.MRV_A | DocumentFormat.MRV_B:
            return "V"
        case _:
            return LETTERS.replace("V", "")
