"""Control lists for the desk: one index over the lists at hand, replaced as a whole when lists arrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from inspection_station.desk.exchange_view import Freshness, ListAge
from inspection_station.inspection.document import MachineReadableZone
from inspection_station.inspection.watchlist import ListConsulted, WatchlistResult
from inspection_station.matching.watchlist_lists import ControlList
from inspection_station.matching.watchlist_search import WatchlistSearch

# Asked only while headquarters is in reach (IF-14, BM-09): offline they are named as not checked.
ONLINE_ONLY = ("RMAS",)


@dataclass(frozen=True, slots=True)
class _AtHand:
    index: WatchlistSearch
    lists: tuple[ControlList, ...]
    missing: tuple[str, ...] = ()
    until: Mapping[str, datetime] = field(default_factory=dict)

    def over(self, now: datetime) -> frozenset[str]:
        """Lists that may no longer be used."""
        return frozenset(list_id for list_id, until in self.until.items() if now >= until)


class ListSearch:
    """Implements ``ports.ListSearcher``. Thread-safe. ``look`` is called before each search: lists may have arrived."""

    def __init__(self, lists: Sequence[ControlList] = ()) -> None:
        self.look: Callable[[], None] = _nothing_arrives
        self._lock = Lock()
        self.replace(lists)

    def replace(
        self,
        lists: Sequence[ControlList],
        missing: Sequence[str] = (),
        until: Mapping[str, datetime] | None = None,
    ) -> None:
        """Search these from now on; ``missing`` should be at hand and are not, so every result names them.

        ``until``: by list id, from when on a list is not used any more and named as not consulted, whatever it holds.
        """
        fresh = _AtHand(WatchlistSearch(lists), tuple(lists), tuple(missing), dict(until or {}))
        with self._lock:
            self._at_hand = fresh

    def search(self, mrz: MachineReadableZone, now: datetime) -> WatchlistResult:
        """What the lists that may be used say; the others are named as not consulted, never as without a hit."""
        self.look()
        with self._lock:
            here = self._at_hand
        over = here.over(now)
        result = here.index.search(mrz, now, (*here.missing, *sorted(over), *ONLINE_ONLY))
        if not over:
            return result
        return WatchlistResult(
            tuple(one for one in result.consulted if one.list_id not in over),
            tuple(hit for hit in result.hits if hit.list_id not in over),
            result.not_consulted,
        )

    def lists(self, now: datetime) -> Sequence[tuple[ListConsulted, float]]:
        """Each list with its age in hours; one that may no longer be used is stale here."""
        with self._lock:
            here = self._at_hand
        over = here.over(now)
        return [
            (
                ListConsulted(
                    one.list_id,
                    one.kind,
                    one.version,
                    one.issued_at.isoformat(),
                    one.stale(now) or one.list_id in over,
                ),
                (now - one.issued_at).total_seconds() / 3600,
            )
            for one in here.lists
        ]

    def ages(self, now: datetime) -> Sequence[ListAge]:
        """Every list with what is known of its age; those that should be at hand and are not are red."""
        with self._lock:
            here = self._at_hand
        over = here.over(now)
        found = [
            ListAge(
                one.kind.value,
                one.list_id,
                one.version,
                Freshness.RED if one.list_id in over else Freshness.AMBER if one.stale(now) else Freshness.GREEN,
                (now - one.issued_at).total_seconds() / 3600,
                one.stale_after,
                here.until.get(one.list_id),
            )
            for one in here.lists
        ]
        return [*found, *(ListAge("missing", name, "", Freshness.RED) for name in here.missing)]


def _nothing_arrives() -> None:
    """Nobody brings lists."""
