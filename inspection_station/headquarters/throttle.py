"""Gives a link no more than it takes, so that what is urgent does not queue behind pictures.

Several connections together push as much into a link as its queue holds, and a satellite's holds seconds. So the pace
of pictures follows the time that packets wait in the queue: short, but not nothing, or the link has pauses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from inspection_station.headquarters.rough_links import Flow

WANTED_SECONDS = 0.5  # in the queue; a link that has as much takes all it can
_FULL_SECONDS = 1.0  # from then on the pace is held
_EMPTY_SECONDS = 0.3  # less may be the link's own unrest, and says that it could take more
_STEER = 0.1  # how far the pace may be from what the link takes, to fill or empty the queue
_GROWTH = 0.03  # a second, while the queue is empty …
_PATIENCE_SECONDS = 2.5  # … and as many times more as this passes
_MEASURED_SECONDS = 3.0  # before a measurement counts
_MEMORY_SECONDS = 20.0
_LOOK_SECONDS = 0.5
_LONGEST_LOOK = 5.0  # nothing went meanwhile: it says nothing
_SETTLING_SECONDS = 3.0  # after a hold, until the queue is as the pace makes it


@dataclass(slots=True)
class Throttle:
    """``pace``: bytes a second that may be given; no limit until a queue was seen."""

    pace: float = math.inf
    _taken: float = 0.0  # bytes a second that the link takes while it has a queue
    _known: float = 0.0  # seconds for which that was measured
    _empty: float = 0.0  # seconds since the queue was seen last
    _free: float = 0.0  # when the next bytes may be given
    _looked: float = 0.0
    _blind: float = -math.inf  # until then what is seen tells of a hold
    _delivered: int = 0

    @property
    def holds(self) -> bool:
        """Whether a queue was seen, and the pace is held to what the link takes."""
        return not math.isinf(self.pace)

    def delay(self, count: int, now: float) -> float:
        """Seconds until so many bytes may be given; they count as given."""
        wait = max(0.0, self._free - now)
        self._free = max(self._free, now) + count / self.pace
        return wait

    def anew(self, now: float) -> None:
        """All is held from now on, or let go: what was promised before is void, so that it does not go at once, and a
        queue that ran empty meanwhile says nothing of the pace.
        """
        self._free, self._blind, self._empty = now, now + _SETTLING_SECONDS, 0.0

    def is_due(self, now: float) -> bool:
        """Whether it is time to look at the queue again."""
        return now - self._looked >= _LOOK_SECONDS

    def look(self, flow: Flow, now: float) -> None:
        """How the connections get on now. Where nobody knows of a queue nothing is changed."""
        spent, count = now - self._looked, flow.delivered - self._delivered
        self._looked, self._delivered = now, flow.delivered
        waited = flow.waited
        if waited is None or now < self._blind or spent > _LONGEST_LOOK or (not self._known and waited < _FULL_SECONDS):
            return
        if waited >= WANTED_SECONDS:
            self._known = min(self._known + spent, _MEMORY_SECONDS)
            self._taken += (count / spent - self._taken) * spent / self._known
        self._empty = self._empty + spent if waited < _EMPTY_SECONDS else 0.0
        if self._empty and count / spent > self._taken / 2:  # it is this pace that keeps the queue empty
            self._taken *= 1 + _GROWTH * max(1.0, self._empty / _PATIENCE_SECONDS) * spent
            self._known = min(self._known, 2 * _MEASURED_SECONDS)  # what was measured before counts less
        if self._known < _MEASURED_SECONDS and not self.holds:
            return
        steer = max(-1.0, min(1.0, (WANTED_SECONDS - waited) / WANTED_SECONDS))
        self.pace = max(1000.0, self._taken * (1 + _STEER * steer))
