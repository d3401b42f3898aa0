"""Valid zones from fields: what an issuing authority prints. Used for specimens, training documents and tests."""

from __future__ import annotations

from typing import Final

from inspection_station.documents.mrz_checks import DIGITS, FILLER, LETTERS, check_digit
from inspection_station.documents.mrz_layouts import LAYOUTS, Layout
from inspection_station.documents.mrz_transliteration import transliterated
from inspection_station.inspection.document import DocumentFormat, MrzField

_NUMBER_LENGTH: Final = 9
_SEPARATOR: Final = FILLER * 2


def compose(
    format: DocumentFormat,
    *,
    document_code: str,
    issuing_state: str,
    primary: str,
    secondary: str,
    document_number: str,
    nationality: str,
    date_of_birth: str,
    sex: str,
    date_of_expiry: str,
    optional_data: str = "",
    optional_data_2: str = "",
) -> tuple[str, ...]:
    """Lines of a zone with every check digit right.

    Names are transliterated and cut to the field (Doc 9303 part 3 §4.6 and §6, parts 4 to 7). Dates are YYMMDD, unknown
    parts as fillers. ``sex`` is M, F, or X, < or empty for unspecified. A number of more than nine characters runs
    over into the optional data in TD1 and TD2. Raises ValueError naming the field that does not fit, and
    NameNotRomanised for names that cannot be transliterated; neither repeats the value.
    """
    layout = LAYOUTS[format]
    number, number_digit, optional = _number_cells(layout, document_number, optional_data)
    cells = {
        MrzField.DOCUMENT_CODE: _padded(layout, MrzField.DOCUMENT_CODE, _letters(document_code, "document code")),
        MrzField.ISSUING_STATE: _padded(layout, MrzField.ISSUING_STATE, _letters(issuing_state, "issuing state")),
        MrzField.NAME: name_field(primary, secondary, _width(layout, MrzField.NAME)),
        MrzField.DOCUMENT_NUMBER: number,
        MrzField.NATIONALITY: _padded(layout, MrzField.NATIONALITY, _letters(nationality, "nationality")),
        MrzField.DATE_OF_BIRTH: _date(date_of_birth, "date of birth"),
        MrzField.SEX: _sex(sex),
        MrzField.DATE_OF_EXPIRY: _date(date_of_expiry, "date of expiry"),
        MrzField.OPTIONAL_DATA: optional,
    }
    if MrzField.OPTIONAL_DATA_2 in layout.fields:
        second = _alphanumeric(optional_data_2, "second optional data")
        cells[MrzField.OPTIONAL_DATA_2] = _padded(layout, MrzField.OPTIONAL_DATA_2, second)
    elif optional_data_2:
        raise ValueError(f"a {format} zone has no second optional data")
    sheet = [[FILLER] * layout.line_length for _ in range(layout.line_count)]
    for field, text in cells.items():
        span = layout.fields[field]
        sheet[span.line][span.start : span.stop] = text
    for check in layout.checks:
        covered = "".join("".join(sheet[s.line][s.start : s.stop]) for s in check.covers)
        digit = check_digit(covered)
        if check.field is MrzField.DOCUMENT_NUMBER:
            digit = number_digit
        elif check.field is MrzField.OPTIONAL_DATA and not covered.strip(FILLER):
            digit = FILLER  # part 4 §4.2.2: zero or a filler, at the issuer's choice
        sheet[check.digit.line][check.digit.start] = digit
    return tuple("".join(line) for line in sheet)


def name_field(primary: str, secondary: str, width: int) -> str:
    """A name field of ``width`` cells, cut where it must be so that both identifiers show and a letter comes last.

    Order of cutting (after the examples of part 4 §4.2.3): the end of the secondary identifier; then, if the primary
    leaves no room for it, the primary's later components towards initials, its first component last of all.
    """
    first, second = transliterated(primary), transliterated(secondary)
    if not first:
        first, second = second, ""  # a single name counts as primary (part 3 §4.6)
    if not first:
        raise ValueError("a zone needs a name")
    if second and len(first) + len(_SEPARATOR) >= width:
        shortened = _shortened(first, width - len(_SEPARATOR) - 1)
        first = _grown(shortened, first, width - len(_SEPARATOR) - len(second))
    whole = first + (_SEPARATOR + second if second else "")
    if len(whole) <= width:
        return whole.ljust(width, FILLER)
    return _ending_in_letter(whole, width)


def _shortened(identifier: str, room: int) -> str:
    """Components to initials from the last backwards until it fits ``room``; the first one is cut, not initialled."""
    components = identifier.split(FILLER)
    for index in range(len(components) - 1, 0, -1):
        if len(FILLER.join(components)) <= room:
            break
        components[index] = components[index][0]
    while len(components) > 1 and len(FILLER.join(components)) > room:
        if len(components[0]) > 1:
            components[0] = components[0][: max(1, room - len(FILLER.join(components[1:])) - 1)]
        else:
            components.pop()
    return FILLER.join(components)[:room]


def _grown(shortened: str, full: str, room: int) -> str:
    """Letters given back to shortened components, first ones first, while there is room: a cut name fills its field."""
    components, originals = shortened.split(FILLER), full.split(FILLER)
    for index, original in enumerate(originals[: len(components)]):
        spare = room - len(FILLER.join(components))
        if spare > 0:
            components[index] = original[: len(components[index]) + spare]
    return FILLER.join(components)


def _ending_in_letter(whole: str, width: int) -> str:
    """Cut to ``width``; where the cut falls on a filler, the longest component before it gives up letters."""
    while whole[width - 1] == FILLER:
        longest = max(whole[:width].split(FILLER), key=len)
        if len(longest) < 2:
            break
        at = whole.index(longest) + len(longest) - 1
        shorter = whole[:at] + whole[at + 1 :]
        if len(shorter) < width:
            break
        whole = shorter
    return whole[:width]


def _number_cells(layout: Layout, document_number: str, optional_data: str) -> tuple[str, str, str]:
    """Number cells, the digit's cell, optional data cells."""
    number = _alphanumeric(document_number, "document number")
    optional = _alphanumeric(optional_data, "optional data")
    if not number or number.startswith(FILLER):
        raise ValueError("a zone needs a document number")
    if len(number) <= _NUMBER_LENGTH:
        padded = number.ljust(_NUMBER_LENGTH, FILLER)
        return padded, check_digit(padded), _padded(layout, MrzField.OPTIONAL_DATA, optional)
    if not layout.long_numbers:
        raise ValueError(f"a {layout.format} document number has at most {_NUMBER_LENGTH} characters")
    if FILLER in number:
        raise ValueError("a long document number cannot hold a filler")
    rest = number[_NUMBER_LENGTH:] + check_digit(number) + FILLER + optional
    return number[:_NUMBER_LENGTH], FILLER, _padded(layout, MrzField.OPTIONAL_DATA, rest.rstrip(FILLER))


def _width(layout: Layout, field: MrzField) -> int:
    span = layout.fields[field]
    return span.stop - span.start


def _padded(layout: Layout, field: MrzField, text: str) -> str:
    width = _width(layout, field)
    if len(text) > width:
        raise ValueError(f"{field.value} has {len(text)} characters, its field {width}")
    return text.ljust(width, FILLER)


def _letters(text: str, what: str) -> str:
    text = text.upper().rstrip(FILLER)
    if not text or any(character not in LETTERS for character in text):
        raise ValueError(f"{what} must be letters")
    return text


def _alphanumeric(text: str, what: str) -> str:
    text = text.upper().replace(" ", FILLER).replace("-", FILLER).rstrip(FILLER)
    if any(character not in LETTERS + DIGITS + FILLER for character in text):
        raise ValueError(f"{what} must be letters, digits and fillers")
    return text


def _date(text: str, what: str) -> str:
    if len(text) != 6 or any(character not in DIGITS + FILLER for character in text):
        raise ValueError(f"{what} must be YYMMDD")
    return text


def _sex(text: str) -> str:
    if text in ("M", "F"):
        return text
    if text in ("", "X", FILLER):
        return FILLER
    raise ValueError("sex must be M, F or unspecified")
