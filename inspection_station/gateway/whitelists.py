"""The whitelist of a voyage, made from the records of its missions and published as a pack (BM-06, CC-06).

Made anew from the records each time: whoever asks, and however often, the same records give the same content, and a
content that is published already is not published again. So any worker or cron job may do it at any moment.

Of one traveller (one document) the newest record of each station counts, and among stations the strictest; a record
with a late hit clears nobody. Landing and coming back on board are acts, not opinions: the newest in the log counts.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select, update

from inspection_station.gateway.database import Database
from inspection_station.gateway.ledger import read_ledger
from inspection_station.gateway.pack_keys import load_key
from inspection_station.gateway.pack_repository import PackRepository, Published
from inspection_station.gateway.pictures import PictureStore
from inspection_station.gateway.screening import read_record
from inspection_station.gateway.stations import stamp
from inspection_station.gateway.tables import item, late_hit, log_entry, mission_record, screening, whitelist
from inspection_station.headquarters.packs import PackKind, PackLabel
from inspection_station.headquarters.packs_body import Content
from inspection_station.headquarters.receipts import Kind
from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.inspection.codec import MalformedPlain, parse_json
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.record import InspectionRecord
from inspection_station.matching.clearance_list import (
    OUTCOMES,
    ClearanceList,
    ClearedDocument,
    clearance_of,
    clearance_parts,
    portraits_of,
)
from inspection_station.matching.portrait_pack import LARGEST_PICTURE, document_key

log = logging.getLogger(__name__)

_FILED: Final = hashlib.sha256(b"records by mission").digest()  # how far the log was gone through for that
_HEAD: Final = "head"
_BATCH = 500
_MOST_ID = 64

_OPINIONS = {
    Disposition.PC: ClearanceStatus.CLEARED,
    Disposition.RF: ClearanceStatus.REFERRED,
    Disposition.HD: ClearanceStatus.HELD,
    Disposition.DT: ClearanceStatus.HELD,
    Disposition.RE: ClearanceStatus.REFUSED,
}
_ACTS = (Disposition.LN, Disposition.RB)
_STRICTNESS = (ClearanceStatus.CLEARED, ClearanceStatus.REFERRED, ClearanceStatus.HELD, ClearanceStatus.REFUSED)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A whitelist that is kept up to date until the voyage ends."""

    name: str
    missions: tuple[str, ...]
    stale: timedelta
    valid: timedelta


@dataclass(frozen=True, slots=True)
class _Kept:
    """A record at headquarters. Records come in the order of the log."""

    record: InspectionRecord
    station: str
    stopped: str = ""  # when a late hit was found on it, ISO 8601


class Whitelists:
    """``keys``: the folder of the keys of packs; those of whitelists, snapshot and timestamp must open there."""

    def __init__(
        self,
        database: Database,
        pictures: PictureStore,
        packs: PackRepository,
        keys: Path,
        passphrase: bytes | None,
        now: Callable[[], datetime],
    ) -> None:
        self._database, self._pictures, self._packs = database, pictures, packs
        self._keys, self._passphrase, self._now = keys, passphrase, now

    def order(self, wanted: Ordered) -> None:
        """Keep a whitelist up to date from now on, also one that was ended."""
        row = {
            "missions": json.dumps(list(dict.fromkeys(wanted.missions))),
            "stale_seconds": round(wanted.stale.total_seconds()),
            "valid_seconds": round(wanted.valid.total_seconds()),
            "ordered_at": stamp(self._now()),
            "ended_at": None,
        }
        with self._database.writing() as connection:
            connection.execute(self._database.insert_if_new(whitelist), {"name": wanted.name, **row})
            connection.execute(update(whitelist).where(whitelist.c.name == wanted.name).values(**row))

    def ordered(self) -> tuple[Ordered, ...]:
        """Those that are kept, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(whitelist).where(whitelist.c.ended_at.is_(None)).order_by(whitelist.c.name)
            ).all()
        return tuple(
            Ordered(
                row.name,
                tuple(json.loads(row.missions)),
                timedelta(seconds=row.stale_seconds),
                timedelta(seconds=row.valid_seconds),
            )
            for row in rows
        )

    def refresh(self) -> tuple[Published, ...]:
        """Publish anew each whitelist that changed, or of which half the time to being stale has gone.

        Raises RepositoryUnusable, PackKeyUnusable, PackRefused, OSError, and what the database raises.
        """
        done = [self.publish(one, always=False) for one in self.ordered()]
        return tuple(one for one in done if one is not None)

    def publish(self, wanted: Ordered, *, always: bool = True) -> Published | None:
        """Publish it as it stands now; None where there is nothing new to say. Raises as ``refresh``."""
        self._file_records()
        now, before = self._now(), self._newest(wanted.name)
        content = self._content(wanted.missions, now)
        if not always and before is not None and now < _half_way(before) and self._same(content, before):
            return None
        keys = (PackKind.WHITELIST.value, "snapshot", "timestamp")
        kind, snapshot, timestamp = (load_key(self._keys / f"{name}.pem", self._passphrase) for name in keys)
        signers = (kind, snapshot, timestamp)
        done = self._packs.publish(
            PackKind.WHITELIST, wanted.name, content, now + wanted.stale, now + wanted.valid, signers, now
        )
        log.info("a whitelist was published", extra={"version": done.label.version})
        return done

    def counts(self, label: PackLabel) -> dict[str, int]:
        """Documents by every outcome there is in what was published, and the portraits. Raises PackRefused, OSError."""
        content = self._packs.content(label)
        found = Counter(one.outcome for one in clearance_of(content).documents)
        counts = {outcome.name.lower(): found[outcome] for outcome in OUTCOMES}
        return {**counts, "portraits": len(dict(portraits_of(content)))}

    def end(self, name: str) -> bool:
        """Keep it no longer and take its pack back from all stations; False where there is none.

        Raises as ``refresh``.
        """
        with self._database.writing() as connection:
            ended = connection.execute(
                update(whitelist)
                .where(whitelist.c.name == name, whitelist.c.ended_at.is_(None))
                .values(ended_at=stamp(self._now()))
            ).rowcount
        if self._newest(name) is not None:
            keys = (PackKind.WHITELIST.value, "snapshot", "timestamp")
            kind, snapshot, timestamp = (load_key(self._keys / f"{key}.pem", self._passphrase) for key in keys)
            self._packs.withdraw(PackKind.WHITELIST, name, (kind, snapshot, timestamp), self._now())
        return ended == 1

    def _newest(self, name: str) -> PackLabel | None:
        labels = self._packs.labels()
        return next((one for one in labels if one.kind is PackKind.WHITELIST and one.name == name), None)

    def _same(self, content: Content, before: PackLabel) -> bool:
        """Whether nothing but the head, which tells when it was made, is another than in what is published."""
        published = self._packs.content(before)
        return {name: part for name, part in content.items() if name != _HEAD} == {
            name: part for name, part in published.items() if name != _HEAD
        }

    def _content(self, missions: Sequence[str], now: datetime) -> dict[str, bytes]:
        with self._database.reading() as connection:
            kept = _records_of(connection, missions)
        documents, portraits = [], []
        for document, pictured in travellers(kept):
            documents.append(document)
            picture = None if pictured is None else self._pictures.read(pictured)
            if picture is not None and len(picture) <= LARGEST_PICTURE:
                portraits.append((document.identifier, picture))
        made = now.astimezone(UTC).replace(microsecond=0)
        cleared = ClearanceList(missions[0], made.strftime("%Y-%m-%dT%H:%MZ"), made, tuple(documents))
        return clearance_parts(cleared, portraits)

    def _file_records(self) -> None:
        """Note to which mission each record belongs that has come since."""
        while True:
            with self._database.writing() as connection:
                begin = connection.scalar(select(screening.c.through).where(screening.c.lists == _FILED)) or 0
                end = min(begin + _BATCH, read_ledger(connection).frontier.size)
                if begin >= end:
                    return
                rows = connection.execute(_decisions().where(log_entry.c.position >= begin, log_entry.c.position < end))
                filed = [
                    {"item_id": row.item_id, "mission_id": mission, "position": row.position}
                    for row in rows
                    if (mission := _mission_of(bytes(row.body))) is not None
                ]
                if filed:
                    connection.execute(self._database.insert_if_new(mission_record), filed)
                first = {"lists": _FILED, "through": 0, "began_at": stamp(self._now())}
                connection.execute(self._database.insert_if_new(screening), first)
                connection.execute(
                    update(screening).where(screening.c.lists == _FILED, screening.c.through < end).values(through=end)
                )


def _half_way(label: PackLabel) -> datetime:
    return label.issued_at + (label.stale_after - label.issued_at) / 2


def travellers(kept: Sequence[_Kept]) -> Iterator[tuple[ClearedDocument, bytes | None]]:
    """Each traveller's document, and the hash of the portrait that may go with it."""
    gone = {one.record.supersedes for one in kept}
    by_document: dict[tuple[str, str], list[_Kept]] = {}
    for one in kept:
        zone, stands = one.record.mrz, one.record.inspection_id not in gone
        key = "-" if zone is None else document_key(zone.document_number)
        if zone is not None and stands and key != "-":
            by_document.setdefault((key, zone.issuing_state), []).append(one)
    for (number, state), theirs in by_document.items():
        decided = _decided(theirs)
        if decided is None:
            continue
        status, rests_on = decided
        record = rests_on.record
        # A late hit is a later word than the decision: a station that has both believes it.
        at = datetime.fromisoformat(max(record.decided_at, rests_on.stopped, key=_moment))
        yield (
            ClearedDocument(number, state, status, record.inspection_id, at),
            _portrait(theirs) if status is not ClearanceStatus.REFUSED else None,
        )


def _decided(theirs: Sequence[_Kept]) -> tuple[ClearanceStatus, _Kept] | None:
    """The status of a traveller, and the record it rests on; None where nobody inspected before the landing."""
    newest = {one.station: one for one in theirs if one.record.decision.disposition in _OPINIONS}
    if not newest:
        return None
    status, rests_on = max(
        ((_opinion(one), one) for one in newest.values()), key=lambda pair: _STRICTNESS.index(pair[0])
    )
    acts = [one for one in theirs if one.record.decision.disposition in _ACTS]
    if status is ClearanceStatus.CLEARED and acts and acts[-1].record.decision.disposition is Disposition.LN:
        return ClearanceStatus.ALREADY_LANDED, acts[-1]
    return status, rests_on


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0.0


def _opinion(one: _Kept) -> ClearanceStatus:
    status = _OPINIONS[one.record.decision.disposition]
    return ClearanceStatus.HELD if one.stopped and status is ClearanceStatus.CLEARED else status


def _portrait(theirs: Iterable[_Kept]) -> bytes | None:
    """Hash of the newest chip portrait, of a person of whom it may be kept."""
    found = [
        kept.blob.sha256
        for one in theirs
        if not one.record.collection_reason
        for kept in one.record.blobs
        if kept.purpose == "portrait"
    ]
    return bytes.fromhex(found[-1]) if found else None


def _records_of(connection: Connection, missions: Sequence[str]) -> list[_Kept]:
    rows = connection.execute(
        select(item.c.item_id, item.c.body, item.c.station_id)
        .select_from(mission_record.join(item, item.c.item_id == mission_record.c.item_id))
        .where(mission_record.c.mission_id.in_(missions), item.c.kind == int(Kind.DECISION))
        .order_by(mission_record.c.position)
    ).all()
    hits = connection.execute(
        select(late_hit.c.inspection_id, late_hit.c.found_at)
        .select_from(mission_record.join(late_hit, late_hit.c.inspection_id == mission_record.c.item_id))
        .where(mission_record.c.mission_id.in_(missions))
        .order_by(late_hit.c.position)
    ).all()
    stopped = {row.inspection_id: row.found_at for row in hits}
    found = [(read_record(bytes(row.body)), row) for row in rows]
    return [_Kept(record, row.station_id, stopped.get(row.item_id, "")) for record, row in found if record is not None]


def _decisions() -> Any:
    return (
        select(item.c.item_id, item.c.body, log_entry.c.position)
        .select_from(log_entry.join(item, (item.c.kind == log_entry.c.kind) & (item.c.item_id == log_entry.c.item_id)))
        .where(item.c.kind == int(Kind.DECISION), item.c.body.is_not(None))
        .order_by(log_entry.c.position)
    )


def _mission_of(body: bytes) -> str | None:
    try:
        plain: Any = parse_json(body)
        mission = plain["record"]["mission_id"]
    except (MalformedPlain, TypeError, KeyError):
        return None
    return mission if isinstance(mission, str) and 0 < len(mission) <= _MOST_ID else None
