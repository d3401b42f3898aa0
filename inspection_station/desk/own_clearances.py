"""What this station's own records say of a voyage: who was inspected before landing, and who has landed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.scenario import SCENARIOS
from inspection_station.matching.clearance_list import ClearedDocument
from inspection_station.matching.portrait_pack import document_key
from inspection_station.storage.values import StoredRecord

log = logging.getLogger(__name__)

OWN: Final = "this station"
OWN_VALID: Final = timedelta(hours=48)
"""How long a clearance of this station's own stands: as the whitelist of a voyage (``tables/face_groups.toml``)."""
_PAGE: Final = 200
_PORTRAIT: Final = "portrait"
_OUTCOME: Final = {
    Disposition.PC: ClearanceStatus.CLEARED,
    Disposition.RF: ClearanceStatus.REFERRED,
    Disposition.HD: ClearanceStatus.HELD,
    Disposition.RE: ClearanceStatus.REFUSED,
}


class Records(Protocol):
    """The store as it is asked here. Raises StoreUnavailable."""

    def records(self, limit: int = 50, before: int | None = None) -> Sequence[StoredRecord]: ...
    def record(self, inspection_id: str) -> StoredRecord | None: ...
    def picture(self, inspection_id: str, sha256: str) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of a document; ``portrait`` opens the chip's, None where there is none."""

    entry: ClearedDocument
    version: str
    stale: bool
    portrait: Callable[[], bytes | None]


class OwnClearances:
    """``look`` reads what was sealed since the last time: a record is opened once. Not thread-safe."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._names: frozenset[str] = frozenset()
        self._seen = 0
        self._cleared: dict[str, tuple[ClearedDocument, str | None]] = {}
        self._landed: dict[str, ClearedDocument] = {}

    def look(self, names: frozenset[str]) -> None:
        """Take what has been sealed of these missions. Raises StoreUnavailable."""
        if names != self._names:
            self._names, self._seen, self._cleared, self._landed = names, 0, {}, {}
        fresh: list[StoredRecord] = []
        before: int | None = None
        while page := [row for row in self._records.records(_PAGE, before) if row.position > self._seen]:
            fresh += page
            before = page[-1].position
        for row in reversed(fresh):
            self._take(row)
            self._seen = row.position

    def landed(self, key: str, issuing_state: str) -> str | None:
        """The inspection in which somebody landed with this document and has not gone back on board."""
        found = [one for one in self._landed.values() if one.fits(key, issuing_state)]
        return found[-1].inspection_id if found else None

    def said(self, key: str, issuing_state: str, now: datetime) -> list[Said]:
        """What was decided of this document, the latest decision alone; a clearance only while it stands."""
        found = [one for one in self._cleared.values() if one[0].fits(key, issuing_state)]
        if not found:
            return []
        entry, portrait = found[-1]
        if entry.outcome is ClearanceStatus.CLEARED and not _stands(entry, now):
            return []
        return [Said(entry, OWN, False, lambda: self._portrait(entry.inspection_id, portrait))]

    def lapsed(self, key: str, issuing_state: str, now: datetime) -> bool:
        """Whether the latest decision was a clearance that does not stand any longer."""
        found = [one for one, _ in self._cleared.values() if one.fits(key, issuing_state)]
        return bool(found) and found[-1].outcome is ClearanceStatus.CLEARED and not _stands(found[-1], now)

    def any_cleared(self, now: datetime) -> bool:
        """Whether there is a list at all."""
        return any(_stands(entry, now) for entry, _ in self._cleared.values())

    def _take(self, row: StoredRecord) -> None:
        scenario = SCENARIOS.get(row.scenario)
        stages = scenario.dispositions if scenario is not None else ()
        if row.purged or not {Disposition.PC, Disposition.LN} & set(stages):
            return
        stored = self._records.record(row.inspection_id)
        record = stored.record if stored is not None else None
        if record is None or record.mission_id not in self._names:
            return
        if record.supersedes is not None:  # corrected or taken back
            self._cleared.pop(record.supersedes, None)
            self._landed.pop(record.supersedes, None)
        if record.mrz is None or document_key(record.mrz.document_number) == "-":
            return
        disposition = record.decision.disposition
        if Disposition.PC in stages and disposition in _OUTCOME:
            kept = next((kept.blob.sha256 for kept in record.blobs if kept.purpose == _PORTRAIT), None)
            self._cleared[record.inspection_id] = _entry(record, _OUTCOME[disposition]), kept
        elif disposition is Disposition.LN:
            self._landed[record.inspection_id] = _entry(record, ClearanceStatus.ALREADY_LANDED)
        elif disposition is Disposition.RB:
            back = _entry(record, ClearanceStatus.CLEARED)
            self._landed = {
                name: one for name, one in self._landed.items() if not one.fits(back.key, back.issuing_state)
            }

    def _portrait(self, inspection_id: str, sha256: str | None) -> bytes | None:
        return None if sha256 is None else self._records.picture(inspection_id, sha256)


def _entry(record: InspectionRecord, status: ClearanceStatus) -> ClearedDocument:
    number, state = ("", "") if record.mrz is None else (record.mrz.document_number, record.mrz.issuing_state)
    decided_at = datetime.fromisoformat(record.decided_at)
    return ClearedDocument(document_key(number), state, status, record.inspection_id, decided_at)


def _stands(entry: ClearedDocument, now: datetime) -> bool:
    return now - entry.decided_at < OWN_VALID
