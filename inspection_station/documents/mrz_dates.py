"""Dates of the zone: YYMMDD with two-digit years and fillers for unknown parts (Doc 9303 part 3 §4.8)."""

from __future__ import annotations

from datetime import date
from typing import Final

from inspection_station.documents.mrz_checks import DIGITS
from inspection_station.inspection.document import MrzDate

_UNKNOWN: Final = "<<"
_YEARS_AHEAD: Final = 15
_OLDEST_HOLDER: Final = 120


def birth_date(raw: str, today: date) -> tuple[MrzDate, bool]:
    """Date of birth and whether it is well formed. The century is the last one that does not lie in the future.

    Someone of 100 years or more is thus read a century too young; `possible_birth_years` lists both, and the
    chip's DG11 settles it.
    """
    year, month, day, well_formed = _parts(raw)
    full: int | None = None
    if year is not None:
        full = today.year - (today.year - year) % 100
        first_possible = (full, month or 1, (day or 1) if month else 1)
        if first_possible > (today.year, today.month, today.day):
            full -= 100
    return _checked(raw, full, month, day, well_formed)


def expiry_date(raw: str, today: date) -> tuple[MrzDate, bool]:
    """Date of expiry and whether it is well formed.

    A two-digit year lies at most 15 years ahead, otherwise in the past (BSI TR-03135).
    """
    year, month, day, well_formed = _parts(raw)
    latest_year = today.year + _YEARS_AHEAD
    full = None if year is None else latest_year - (latest_year - year) % 100
    return _checked(raw, full, month, day, well_formed)


def well_formed_date(raw: str) -> bool:
    """Whether each part is two digits in range or two fillers, and the day exists in its month."""
    year, month, day, ok = _parts(raw)
    # A two-digit year that is a multiple of four is a leap year in this century and in the last, but for 1900.
    return _checked(raw, None if year is None else 2000 + year, month, day, ok)[1]


def possible_birth_years(birth: MrzDate, today: date) -> tuple[int, ...]:
    """Years the printed birth year can mean, most likely first; more than one from the age of 100 on."""
    if birth.year is None:
        return ()
    earlier = birth.year - 100
    return (birth.year, earlier) if today.year - earlier <= _OLDEST_HOLDER else (birth.year,)


def _checked(raw: str, year: int | None, month: int | None, day: int | None, ok: bool) -> tuple[MrzDate, bool]:
    result = MrzDate(raw, year, month, day)
    if ok and month is not None and day is not None:
        # 29 February needs a year; with an unknown year a leap year is allowed.
        ok = _exists(year if year is not None else 2000, month, day)
    return result, ok


def _parts(raw: str) -> tuple[int | None, int | None, int | None, bool]:
    """Year (two digits), month, day and whether each is two digits in range or two fillers."""
    if len(raw) != 6:
        return None, None, None, False
    year, year_ok = _part(raw[0:2], 0, 99)
    month, month_ok = _part(raw[2:4], 1, 12)
    day, day_ok = _part(raw[4:6], 1, 31)
    return year, month, day, year_ok and month_ok and day_ok


def _part(text: str, lowest: int, highest: int) -> tuple[int | None, bool]:
    if text == _UNKNOWN:
        return None, True
    if any(character not in DIGITS for character in text):
        return None, False
    value = int(text)
    return (value, True) if lowest <= value <= highest else (None, False)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
