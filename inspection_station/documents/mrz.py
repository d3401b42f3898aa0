"""Text to machine-readable zone: all five layouts, a verdict per check digit, never a crash.

What can be read is returned with its verdicts; only text that has no zone's shape raises `MalformedMrz`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from inspection_station.documents.countries import country
from inspection_station.documents.errors import MalformedMrz
from inspection_station.documents.mrz_checks import (
    CHECK_DIGIT_CLASSES,
    DIGITS,
    FILLER,
    LETTERS,
    MRZ_CHARACTERS,
    check_digit,
    inseparable,
)
from inspection_station.documents.mrz_dates import birth_date, expiry_date
from inspection_station.documents.mrz_input import control_characters, frame
from inspection_station.documents.mrz_layouts import Layout, alphabet, layout_of
from inspection_station.documents.mrz_names import read_name
from inspection_station.inspection.document import (
    CharacterDoubt,
    CheckVerdict,
    DocumentFormat,
    FieldCheck,
    MachineReadableZone,
    MrzField,
)

__all__ = [
    "CHECK_DIGIT_CLASSES",
    "FOREIGN_CHARACTER",
    "MRZ_NOT_READ",
    "WRONG_LENGTH",
    "MalformedMrz",
    "alphabet",
    "check_digit",
    "field_checks",
    "inseparable",
    "parse",
    "zone_lines",
]

MRZ_NOT_READ: Final = "DOC-01"
WRONG_LENGTH: Final = "DOC-10"
FOREIGN_CHARACTER: Final = "DOC-11"


def parse(
    text_or_lines: str | Sequence[str], *, today: date, doubts: Sequence[CharacterDoubt] = ()
) -> MachineReadableZone:
    """Read a zone from text (see `mrz_input.frame` for what is accepted) or from its lines.

    ``today`` completes two-digit years. ``doubts`` are the reader's, attached as they are (`mrz_repair.repair`
    settles those that a check digit can settle). Raises MalformedMrz when there is no zone or more than one (DOC-01),
    lines of no layout's number and length (DOC-10), or a character outside A-Z, 0-9 and the filler (DOC-11). Wrong
    check digits and ill-formed fields are verdicts.
    """
    lines = zone_lines(text_or_lines)
    layout = layout_of(lines)
    if layout is None:
        raise _of_no_layout(lines)
    return _read(lines, layout, today, tuple(doubts))


def zone_lines(text_or_lines: str | Sequence[str]) -> tuple[str, ...]:
    """The lines of the one zone in the input, of a known shape and alphabet. Raises MalformedMrz otherwise."""
    if isinstance(text_or_lines, str):
        framing = frame(text_or_lines)
        if len(framing.zones) > 1:
            raise MalformedMrz(MRZ_NOT_READ, f"{len(framing.zones)} different zones in one message")
        if not framing.zones or framing.rest:
            if count := control_characters(text_or_lines):
                raise MalformedMrz(FOREIGN_CHARACTER, f"control characters ({count}) among {_shape(framing.tokens)}")
            raise _of_no_layout(framing.tokens)
        lines = framing.zones[0]
    else:
        lines = tuple(text_or_lines)
        if layout_of(lines) is None:
            raise _of_no_layout(lines)
    for number, line in enumerate(lines):
        for column, character in enumerate(line):
            if character not in MRZ_CHARACTERS:
                detail = f"line {number + 1}, position {column + 1} is outside A-Z, 0-9 and the filler"
                raise MalformedMrz(FOREIGN_CHARACTER, detail)
    return lines


def field_checks(lines: Sequence[str], layout: Layout) -> tuple[FieldCheck, ...]:
    """The verdict of every check digit of a zone, in printed order, the composite last."""
    checks = []
    for check in layout.checks:
        covered = "".join(span.of(lines) for span in check.covers)
        printed = check.digit.of(lines)
        if check.field is MrzField.DOCUMENT_NUMBER:
            covered, printed = _number_and_digit(lines, layout)[:2]
        may_be_absent = check.field is MrzField.OPTIONAL_DATA and not covered.strip(FILLER)
        checks.append(_verdict(check.field, covered, printed, may_be_absent=may_be_absent))
    return tuple(checks)


def _verdict(field: MrzField, covered: str, printed: str, *, may_be_absent: bool) -> FieldCheck:
    computed = check_digit(covered)
    if may_be_absent and printed == FILLER:
        verdict = CheckVerdict.ABSENT
    else:
        verdict = CheckVerdict.CORRECT if printed == computed else CheckVerdict.WRONG
    return FieldCheck(field, covered, printed, computed, verdict)


def _number_and_digit(lines: Sequence[str], layout: Layout) -> tuple[str, str, str]:
    """Document number as covered by its digit, the digit, and the optional data left.

    In TD1 and TD2 a filler in the digit's place says that the number goes on in the optional data, with the digit
    as the last character before the next filler (part 5 §4.2.2 note j, part 6 §4.2.2 note j).
    """
    number = layout.fields[MrzField.DOCUMENT_NUMBER].of(lines)
    optional = layout.fields[MrzField.OPTIONAL_DATA].of(lines)
    digit = next(c.digit for c in layout.checks if c.field is MrzField.DOCUMENT_NUMBER).of(lines)
    if digit == FILLER and layout.long_numbers:
        rest, _, left = optional.partition(FILLER)
        if len(rest) >= 2 and FILLER not in number:
            return number + rest[:-1], rest[-1], left
    return number, digit, optional


def _is_document_code(code: str, layout: Layout) -> bool:
    """P in TD2 is no document of ours but the left part of a passport page (part 4 §4.2.2.1, part 6 §4.2.2.1)."""
    if layout.format is DocumentFormat.TD2 and code[0] == "P":
        return False
    return code[0] in alphabet(layout.format, 0, 0) and code[1] not in DIGITS


def _read(
    lines: tuple[str, ...], layout: Layout, today: date, doubts: tuple[CharacterDoubt, ...]
) -> MachineReadableZone:
    printed = {field: span.of(lines) for field, span in layout.fields.items()}
    number, _, optional = _number_and_digit(lines, layout)
    name, name_ok = read_name(printed[MrzField.NAME])
    birth, birth_ok = birth_date(printed[MrzField.DATE_OF_BIRTH], today)
    expiry, expiry_ok = expiry_date(printed[MrzField.DATE_OF_EXPIRY], today)
    code = printed[MrzField.DOCUMENT_CODE]
    state, nationality = printed[MrzField.ISSUING_STATE], printed[MrzField.NATIONALITY]
    well_formed = {
        MrzField.DOCUMENT_CODE: _is_document_code(code, layout),
        MrzField.ISSUING_STATE: _is_code(state),
        MrzField.NAME: name_ok,
        MrzField.DOCUMENT_NUMBER: bool(number.strip(FILLER)) and not number.startswith(FILLER),
        MrzField.NATIONALITY: _is_code(nationality),
        MrzField.DATE_OF_BIRTH: birth_ok,
        MrzField.SEX: printed[MrzField.SEX] in "MF<",
        MrzField.DATE_OF_EXPIRY: expiry_ok,
    }
    codes = dict.fromkeys(_plain(value) for value in (state, nationality) if _is_code(value))
    return MachineReadableZone(
        format=layout.format,
        lines=lines,
        document_code=_plain(code),
        issuing_state=_plain(state),
        nationality=_plain(nationality),
        name=name,
        document_number=_plain(number),
        date_of_birth=birth,
        sex=printed[MrzField.SEX] if printed[MrzField.SEX] in "MF" else "",
        date_of_expiry=expiry,
        optional_data=_plain(optional),
        optional_data_2=_plain(printed.get(MrzField.OPTIONAL_DATA_2, "")),
        checks=field_checks(lines, layout),
        malformed_fields=tuple(field for field, ok in well_formed.items() if not ok),
        unknown_codes=tuple(value for value in codes if country(value) is None),
        doubts=doubts,
    )


def _is_code(printed: str) -> bool:
    """One to three letters, fillers behind them only (D<<, UTO)."""
    letters = printed.rstrip(FILLER)
    return bool(letters) and all(character in LETTERS for character in letters)


def _plain(printed: str) -> str:
    """Fillers at the ends removed, those between characters turned to spaces."""
    return " ".join(part for part in printed.split(FILLER) if part)


def _of_no_layout(lines: Sequence[str]) -> MalformedMrz:
    if not any(lines):
        return MalformedMrz(MRZ_NOT_READ, _shape(lines))
    return MalformedMrz(WRONG_LENGTH, _shape(lines), tuple(map(len, lines)))


def _shape(lines: Sequence[str]) -> str:
    count = len(lines)
    if count == 0:
        return "no lines"
    lengths = ", ".join(str(len(line)) for line in lines[:6]) + (", …" if count > 6 else "")
    return f"{count} line{'' if count == 1 else 's'} of {lengths} characters"
