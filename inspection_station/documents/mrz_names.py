"""Reading the name field (Doc 9303 part 3 §4.6): two fillers part the identifiers, one filler parts components."""

from __future__ import annotations

from inspection_station.documents.mrz_checks import FILLER, LETTERS
from inspection_station.inspection.document import Name

_SEPARATOR = FILLER * 2


def read_name(field: str) -> tuple[Name, bool]:
    """The name in a name field, and whether the field is well formed.

    Ill formed: empty, starting with a filler, holding a digit, or with letters after a second break of two or more
    fillers; that last one is what a misread trailing filler looks like, so it must not pass as a second name.
    A name without a secondary identifier is well formed. A field whose last cell is a letter may have been
    cut short there and is marked ``truncated``.
    """
    body = field.rstrip(FILLER)
    primary, _, rest = body.partition(_SEPARATOR)
    secondary = rest.strip(FILLER)
    well_formed = (
        bool(body)
        and not body.startswith(FILLER)
        and all(character in LETTERS or character == FILLER for character in body)
        and not rest.startswith(FILLER)
        and _SEPARATOR not in secondary
    )
    truncated = bool(field) and field[-1] != FILLER
    return Name(_spaced(primary), _spaced(secondary), truncated), well_formed


def _spaced(identifier: str) -> str:
    return " ".join(component for component in identifier.split(FILLER) if component)
