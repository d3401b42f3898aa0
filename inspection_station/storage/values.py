"""What the store gives back. Hashes are lower-case hex SHA-256; times ISO 8601 UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from inspection_station.inspection.events import Event
from inspection_station.inspection.record import InspectionRecord


class Lane(IntEnum):
    """Order of sending: a lane is served only while the lanes before it are empty or cannot go on."""

    ALERTS = 0
    DECISIONS = 1
    CHIP_PORTRAITS = 2  # and templates
    LIVE_PICTURES = 3
    ORIGINALS = 4  # only over a port's link


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """Receipt of the station's own store: where the record stands in the chain and what will be sent of it."""

    inspection_id: str
    incarnation: str
    sequence: int
    record_hash: str
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JournaledInspection:
    """An inspection that was not sealed, with its events in order.

    ``damaged``: an entry could not be read (written by another version); ``events`` ends before it.
    """

    inspection_id: str
    events: tuple[Event, ...]
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as kept. ``position`` counts all records of this store; ``sequence`` those of one incarnation.

    ``sent``: headquarters has the decision. ``record`` and ``history`` (the events) are read by ``record()`` alone and
    stay None and empty in lists and once the record was purged (``purged``).
    """

    position: int
    inspection_id: str
    incarnation: str
    sequence: int
    scenario: str
    disposition: str
    decided_at: str
    sealed_at: str
    record_hash: str
    sent: bool
    purged: bool = False
    record: InspectionRecord | None = None
    history: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act on the store: when, by whom, on what. ``detail`` holds no traveller's data."""

    position: int
    at: str
    actor: str
    act: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """What waits to be sent. ``oldest_seconds``: age of the oldest waiting message, None when nothing waits."""

    unsent: int
    oldest_seconds: float | None
    by_lane: Mapping[Lane, int]


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """Outcome of a full check. ``problems`` is empty for a sound store; ``tables`` counts rows by table."""

    problems: tuple[str, ...]
    records: int
    blobs: int
    messages: int
    unfinished: int
    incarnations: int
    schema_version: int
    tables: Mapping[str, int]

    @property
    def sound(self) -> bool:
        """Nothing contradicts anything."""
        return not self.problems
