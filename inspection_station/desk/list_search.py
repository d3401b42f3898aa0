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
        self._missing: tuple[str, ...] = ()
        self.replace(lists)

    def replace(self, lists: Sequence[ControlList], missing: Sequence[str] = ()) -> None:
        """Search these from now on; ``missing`` should be at hand and are not, so every result names them."""
        index = WatchlistSearch(lists)
        with self._lock:
            self._index, self._lists, self._missing = index, tuple(lists), tuple(missing)

    def search(self, mrz: MachineReadableZone, now: datetime) -> WatchlistResult:
        with self._lock:
            index, missing = self._index, self._missing
        return index.search(mrz, now, (*missing, *ONLINE_ONLY))

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
