"""A sieve over birth dates: how much of a name must agree before an entry is worth comparing exactly.

It only saves time. Whatever it leaves out could not have become a hit by ``watchlist_rules``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from inspection_station.matching.watchlist_lists import BirthRange

_FAR: Final = date.max.toordinal()
_YEAR: Final = 366
_CENTURY: Final = (36_524, 36_526)  # days; the zone prints two digits of the year
_NO_DAY, _ANY_DAY = 0, -1

_NEAR_BIRTH: Final = 0.5
_UNKNOWN_BIRTH: Final = 0.8
_NEVER: Final = 2.0

Shares = npt.NDArray[np.float32]
Marks = npt.NDArray[np.bool_]


class BirthSieve:
    """Birth dates of filed names, in the order of their numbers."""

    def __init__(self, births: Sequence[tuple[BirthRange, ...]]) -> None:
        self._earliest = np.zeros(len(births), np.int32)
        self._latest = np.full(len(births), _FAR, np.int32)
        self._day_of_year = np.full(len(births), _NO_DAY, np.int32)
        self._unknown = np.ones(len(births), np.bool_)
        for place, born in enumerate(births):
            if born:
                self._earliest[place] = min(span.earliest for span in born).toordinal()
                self._latest[place] = max(span.latest for span in born).toordinal()
                self._day_of_year[place] = _day_of(born)
                self._unknown[place] = False

    def share_of_name_needed(self, born: BirthRange | None) -> Shares:
        """For each filed name the least share of letters that must agree; 2.0 where the dates rule a hit out."""
        if born is None:
            return np.full(len(self._earliest), _UNKNOWN_BIRTH, np.float32)
        low, high = born.earliest.toordinal(), born.latest.toordinal()
        near = self._overlap(low - _YEAR, high + _YEAR)
        near |= self._overlap(low - _CENTURY[1] - _YEAR, high - _CENTURY[0] + _YEAR)
        near |= self._overlap(low + _CENTURY[0] - _YEAR, high + _CENTURY[1] + _YEAR)
        near |= self._day_of_year == _ANY_DAY
        if born.whole_date:
            near |= self._day_of_year == _day_of((born,))
        needed = np.where(near, np.float32(_NEAR_BIRTH), np.float32(_NEVER))
        return np.where(self._unknown, np.float32(_UNKNOWN_BIRTH), needed)

    def _overlap(self, low: int, high: int) -> Marks:
        return np.asarray((self._earliest <= high) & (self._latest >= low))


def _day_of(born: Sequence[BirthRange]) -> int:
    whole = [span.earliest for span in born if span.whole_date]
    if not whole:
        return _NO_DAY
    return whole[0].month * 32 + whole[0].day if len(whole) == 1 else _ANY_DAY
