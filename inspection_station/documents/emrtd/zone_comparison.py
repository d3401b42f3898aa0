"""The zone printed on the page against the zone in DG1 (TR-03135-1 §5.7.2). Evidence names fields, never their
content.
"""

from __future__ import annotations

from collections.abc import Sequence

from inspection_station.documents.emrtd.access_keys import AccessKey, MrzKey
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.mrz_layouts import Layout, layout_of
from inspection_station.inspection.chip import ChipCheck
from inspection_station.inspection.document import MrzField

_OPTIONAL = frozenset({MrzField.OPTIONAL_DATA, MrzField.OPTIONAL_DATA_2})
_KEY_FIELDS = (MrzField.DOCUMENT_NUMBER, MrzField.DATE_OF_BIRTH, MrzField.DATE_OF_EXPIRY)


def compare_zones(chip: Sequence[str], printed: Sequence[str] | None, key: AccessKey) -> ChipCheck:
    """Character by character where the printed zone is at hand, else the three fields that opened the chip."""
    check = Check.MRZ_AGAINST_CHIP
    layout = layout_of(tuple(chip))
    if layout is None:
        return check.failed(Why.ZONE_LAYOUT_UNKNOWN())
    if printed is not None:
        if tuple(printed) == tuple(chip):
            return check.successful("every character as printed")
        if layout_of(tuple(printed)) != layout:
            return check.failed(Why.ZONE_LAYOUT_DIFFERS())
        differing = _differing(layout, chip, printed)
        birth = layout.fields[MrzField.DATE_OF_BIRTH]
        if not differing and birth.of(chip) != birth.of(printed):
            return check.successful("every field as printed, but for what is unknown of the date of birth")
        names = ", ".join(field.value for field in differing)
        told = Why.ZONE_DIFFERS(fields=names) if names else Why.ZONE_DIGITS_DIFFER()
        if differing and _OPTIONAL.issuperset(differing) and not _number_runs_over(layout, chip, printed):
            return check.undetermined(told)
        return check.failed(told)
    if not isinstance(key, MrzKey):
        return check.not_supported("opened with the card's number: no printed zone to compare with")
    wrong = [
        field.value
        for field, value in zip(_KEY_FIELDS, (key.document_number, key.date_of_birth, key.date_of_expiry), strict=True)
        if not _same(layout, field, chip, value)
    ]
    if wrong:
        return check.failed(Why.ZONE_DIFFERS(fields=", ".join(wrong)))
    return check.successful("document number, date of birth and date of expiry as printed; the rest was not given")


def _same(layout: Layout, field: MrzField, chip: Sequence[str], value: str) -> bool:
    found = layout.fields[field].of(chip)
    if field is MrzField.DOCUMENT_NUMBER and layout.long_numbers and len(value.rstrip("<")) > len(found):
        rest = layout.fields[MrzField.OPTIONAL_DATA].of(chip)
        return (found + rest).startswith(value.rstrip("<"))
    return found.rstrip("<") == value.rstrip("<")


def _differing(layout: Layout, chip: Sequence[str], printed: Sequence[str]) -> list[MrzField]:
    return [field for field, span in layout.fields.items() if not _agree(field, span.of(chip), span.of(printed))]


def _agree(field: MrzField, chip: str, printed: str) -> bool:
    """An unknown part of the date of birth, which is filled up, says nothing (§5.7.2)."""
    if field is not MrzField.DATE_OF_BIRTH:
        return chip == printed
    return all(one == other or "<" in (one, other) for one, other in zip(chip, printed, strict=True))


def _number_runs_over(layout: Layout, *zones: Sequence[str]) -> bool:
    """A long document number goes on in the optional data: those are not optional then."""
    if not layout.long_numbers:
        return False
    digit = next(check.digit for check in layout.checks if check.field is MrzField.DOCUMENT_NUMBER)
    return any(digit.of(zone) == "<" for zone in zones)
