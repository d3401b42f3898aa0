"""A hit that headquarters found after the decision, when it held a sealed record against newer lists (FLOWS 5.5)."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.inspection.watchlist import WatchlistHit


@dataclass(frozen=True, slots=True)
class LateHit:
    """What was found, and on which record. No person is named: ids, and which identifiers agree.

    ``record_hash`` (SHA-256, hex) is the record that was screened; ``list_version`` the version that named the person;
    ``found_at`` ISO 8601, UTC, by headquarters' clock.
    """

    inspection_id: str
    record_hash: str
    hit: WatchlistHit
    list_version: str
    found_at: str


@dataclass(frozen=True, slots=True)
class SignedLateHit:
    """A late hit as headquarters signed it. ``late_hit_id`` (32 bytes) is the same for the same entry of the same list
    on the same record, however often it is found.
    """

    late_hit_id: bytes
    late_hit: LateHit
    statement: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class KeptLateHit:
    """A late hit in the station's store. ``seen_by`` and ``seen_at`` are empty until an officer has read of it."""

    late_hit_id: bytes
    late_hit: LateHit
    received_at: str
    seen_by: str = ""
    seen_at: str = ""

    @property
    def seen(self) -> bool:
        """Whether an officer has read of it."""
        return bool(self.seen_by)
