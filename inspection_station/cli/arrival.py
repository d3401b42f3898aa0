"""What a newcomer is told of the records that reached the headquarters which ``run`` started on this machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.app import Station
    from inspection_station.composition.loopback_headquarters import LoopbackHeadquarters
    from inspection_station.desk.view import DeskSnapshot
    from inspection_station.station_profile import StationProfile

    Look = Callable[[DeskSnapshot, Station], None]
    Say = Callable[[dict[str, Any]], None]

_PATIENCE_SECONDS = 10.0
_OVER_ANY_LINK = 4  # lanes; the fifth waits for a port's link


class Arrival:
    """Watches a lesson of so many travellers and waits, after the last, until its records have gone."""

    def __init__(self, headquarters: LoopbackHeadquarters, travellers: int) -> None:
        self._headquarters = headquarters
        self._travellers = travellers
        self._station: Station | None = None
        self._sealed = self._waiting = 0

    def look(self, snapshot: DeskSnapshot, station: Station) -> None:
        """As ``play.perform`` calls on each snapshot."""
        self._station = station

    def count(self, traveller: dict[str, Any]) -> None:
        """One traveller's record is sealed."""
        self._sealed += 1
        if self._sealed == self._travellers and self._station is not None and self._headquarters.running:
            self._await(self._station)

    def _await(self, station: Station) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while station.exchange is not None:
            station.exchange.wake()
            lanes = station.store.outbox.backlog()
            self._waiting = lanes[1].messages
            if not any(lane.messages for lane in lanes[:_OVER_ANY_LINK]) or time.monotonic() > until:
                return
            time.sleep(0.1)
        self._waiting = self._sealed

    @property
    def told(self) -> str:
        """One sentence; empty where there is no headquarters."""
        if not self._headquarters.running:
            return ""
        arrived = self._sealed - self._waiting
        records = counted(self._sealed, "record")
        return f"{arrived} of {records} arrived at headquarters. Look: {self._headquarters.where}"


def headquarters_beside(profile: StationProfile, folder: Path, stack: ExitStack) -> LoopbackHeadquarters:
    """A headquarters on this machine, known to the training station of ``profile``, or a notice on standard error;
    ``stack`` ends it.
    """
    from inspection_station.composition.loopback_headquarters import LoopbackHeadquarters

    made = LoopbackHeadquarters(profile, folder, _note)
    stack.callback(made.close)
    made.start(agencies=True)
    made.enrol()
    if made.running:
        _note(f"records arrive at a headquarters on this machine. Look: {made.where}")
    return made


def each(arrival: Arrival | None, say: Say | None) -> Say:
    """Tell and count each traveller."""

    def told(traveller: dict[str, Any]) -> None:
        if say is not None:
            say(traveller)
        if arrival is not None:
            arrival.count(traveller)

    return told


def both(arrival: Arrival | None, look: Look | None) -> Look | None:
    """Both look at each snapshot."""
    if arrival is None or look is None:
        return look if arrival is None else arrival.look

    def looked(snapshot: DeskSnapshot, station: Station) -> None:
        arrival.look(snapshot, station)
        look(snapshot, station)

    return looked


def _note(text: str) -> None:
    sys.stderr.write(text + "\n")
