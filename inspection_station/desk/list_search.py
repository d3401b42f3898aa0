"""Control lists for the desk: one index over the lists at hand, replaced as a whole when lists arrive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from inspection_station.inspection.document import MachineReadableZone
from inspection_station.inspection.watchlist import ListConsulted, WatchlistResult
from inspection_station.matching.watchlist_lists import ControlList
from inspection_station.matching.watchlist_search import WatchlistSearch

# Asked only while headquarters is in reach (IF-14, BM-09): offline they are named as not checked.
ONLINE_ONLY = ("RMAS",)


class ListSearch:
    """Implements ``ports.ListSearcher``. Thread-safe."""

    def __init__(self, lists: Sequence[ControlList] = ()) -> None:
        self._lock = Lock()
        self.replace(lists)

    def replace(self, lists: Sequence[ControlList]) -> None:
        """Search these from now on."""
        index = WatchlistSearch(lists)
        with self._lock:
            self._index, self._lists = index, tuple(lists)

    def search(self, mrz: MachineReadableZone, now: datetime) -> WatchlistResult:
        with self._lock:
            index = self._index
        return index.search(mrz, now, ONLINE_ONLY)

    def lists(self, now: datetime) -> Sequence[tuple[ListConsulted, float]]:
        """Each list with its age in hours."""
        with self._lock:
            lists = self._lists
        return [
            (
                ListConsulted(one.list_id, one.kind, one.version, one.issued_at.isoformat(), one.stale(now)),
                (now - one.issued_at).total_seconds() / 3600,
            )
            for one in lists
        ]
