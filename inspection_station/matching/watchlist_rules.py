"""When identifiers together are worth a person's look, and in what order hits are shown.

Names repeat and dates are mistyped: neither alone makes a hit unless nothing known speaks against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from typing import Final

from inspection_station.matching.names import NameAgreement
from inspection_station.matching.watchlist_lists import BirthRange

MISTYPED_YEARS: Final = 10
CENTURY_YEARS: Final = 100


class Birth(IntEnum):
    """How two statements of a birth date relate, worst to best."""

    DIFFERS = 0
    UNKNOWN = 1
    CLOSE = 2  # day and month swapped, one part mistyped, within a year
    COMPATIBLE = 3  # one of them is partial and allows the other
    SAME = 4


def birth_relation(own: BirthRange | None, listed: Sequence[BirthRange]) -> Birth:
    """How the document's birth date stands to the listed ones; the best of several counts."""
    if own is None or not listed:
        return Birth.UNKNOWN
    return max(_one_birth(own, span) for span in listed)


def _one_birth(own: BirthRange, listed: BirthRange) -> Birth:
    if own.whole_date and listed.whole_date:
        if own.earliest == listed.earliest:
            return Birth.SAME
        return Birth.CLOSE if _mistyped(own.earliest, listed.earliest) else Birth.DIFFERS
    if own.earliest <= listed.latest and listed.earliest <= own.latest:
        return Birth.COMPATIBLE
    if abs(own.earliest.year - listed.earliest.year) == CENTURY_YEARS:  # the zone prints two digits of the year
        return Birth.CLOSE
    gap = max((own.earliest - listed.latest).days, (listed.earliest - own.latest).days)
    return Birth.CLOSE if gap <= 366 else Birth.DIFFERS


def _mistyped(own: date, listed: date) -> bool:
    years = abs(own.year - listed.year)
    same_day, same_month = own.day == listed.day, own.month == listed.month
    if same_day and same_month:
        return years <= 2 or years in (MISTYPED_YEARS, CENTURY_YEARS)
    if years == 0:
        swapped = own.day == listed.month and own.month == listed.day
        return same_day or same_month or swapped
    return abs((own - listed).days) <= 1


def suffices(alike: NameAgreement, birth: Birth, nationality: bool | None, sex: bool | None, weak: bool) -> bool:
    """Whether name and circumstances together are worth a person's look.

    A name alone is enough only if it is complete, of two words or more, and nothing known speaks against it.
    """
    against = nationality is False or sex is False
    if weak:
        return birth >= Birth.COMPATIBLE and alike.score >= 0.85 and not against
    if alike.alone and alike.words < 2 and birth is not Birth.SAME:
        return birth is Birth.COMPATIBLE and alike.exact and nationality is True
    if birth is Birth.SAME:
        return alike.score >= (0.85 if against else 0.70)
    if birth is Birth.COMPATIBLE:
        return alike.score >= (0.93 if against else 0.82)
    if birth is Birth.CLOSE:
        return alike.score >= 0.92 and not against
    return alike.score >= 0.93 and alike.words >= 2 and not against


def hit_score(alike: NameAgreement, birth: Birth, nationality: bool | None, sex: bool | None) -> float:
    """0…1 for the order of hits: name 0.6, birth 0.25, nationality 0.1, sex 0.05; the unknown counts half."""
    of_birth = {Birth.SAME: 1.0, Birth.COMPATIBLE: 0.7, Birth.CLOSE: 0.4, Birth.UNKNOWN: 0.3, Birth.DIFFERS: 0.0}
    known = {True: 1.0, None: 0.5, False: 0.0}
    return 0.6 * alike.score + 0.25 * of_birth[birth] + 0.1 * known[nationality] + 0.05 * known[sex]


def relation(own: str, listed: Sequence[str]) -> bool | None:
    """True: agrees; False: differs; None: one side does not say."""
    return own in listed if own and listed else None
