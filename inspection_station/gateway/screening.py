"""Held records against the newest lists: a hit that was not there when the officer decided is a late hit.

The same search as on a station (``desk.list_search`` over ``desk.installed_packs``), over what is published. How far it
has come with which lists stands in the database: the log's entries are gone through in their order, so any worker may
go on where another one ended, and doing it twice changes nothing. A record whose station had these very lists is
passed over without a search.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from threading import Lock
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select, update

from inspection_station.desk.installed_packs import InstalledLists
from inspection_station.desk.list_search import ListSearch
from inspection_station.gateway import late_hits
from inspection_station.gateway.database import Database
from inspection_station.gateway.ledger import read_ledger
from inspection_station.gateway.pack_repository import PackRepository
from inspection_station.gateway.pack_shelf import PublishedPacks
from inspection_station.gateway.stations import stamp
from inspection_station.gateway.tables import item, log_entry, screening
from inspection_station.headquarters.late_hits import sign
from inspection_station.headquarters.packs import PackAge, PackFault, PackKind, PackLabel, PackRefused, labels_digest
from inspection_station.headquarters.receipts import Kind
from inspection_station.inspection.codec import MalformedPlain, from_plain, parse_json
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.late_hit import LateHit, SignedLateHit
from inspection_station.inspection.record import InspectionRecord

log = logging.getLogger(__name__)

SCREENED_FOR: Final = timedelta(days=90)  # older records are not held against new lists
_BATCH = 200
_LISTS = (PackKind.CONTROL_LIST, PackKind.MANIFEST)


@dataclass(frozen=True, slots=True)
class Screened:
    """What a run came to: records looked at, those searched again, late hits that are new, records not understood."""

    records: int = 0
    searched: int = 0
    found: int = 0
    unreadable: int = 0

    def with_(self, other: Screened) -> Screened:
        """Both together."""
        return Screened(
            self.records + other.records,
            self.searched + other.searched,
            self.found + other.found,
            self.unreadable + other.unreadable,
        )


class Screening:
    """Holds nothing but the index over the lists, which is made anew when other lists are published."""

    def __init__(
        self,
        database: Database,
        packs: PackRepository,
        gateway: str,
        key: Ed25519PrivateKey,
        now: Callable[[], datetime],
    ) -> None:
        self._database, self._gateway, self._key, self._now = database, gateway, key, now
        self._packs = PublishedPacks(packs)
        self._search = ListSearch()
        self._installed = InstalledLists(self._packs, self._search)
        self._one_at_a_time = Lock()

    def run(self, batches: int | None = None, *, wait: bool = True) -> Screened:
        """Go through what was not yet held against the lists that are published now, in at most so many batches.

        ``wait`` False: where another thread is at it, nothing is done. Where no lists are published neither. Raises
        RepositoryUnusable, PackRefused (a list that cannot be read), OSError, and what the database raises.
        """
        done = Screened()
        if not self._one_at_a_time.acquire(blocking=wait):  # of this process: others find the same
            return done
        try:
            labels = self._labels()
            for _ in range(batches) if batches is not None else count():
                batch = self._batch(labels) if labels else None
                if batch is None:
                    break
                done = done.with_(batch)
        finally:
            self._one_at_a_time.release()
        if done.found:
            log.warning("late hits", extra={"code": "LST-05", "count": done.found})
        return done

    def _labels(self) -> tuple[PackLabel, ...]:
        now = self._now()
        found = [label for kind in _LISTS for label in self._packs.labels(kind)]
        return tuple(label for label in found if label.age(now) is not PackAge.RED)

    def _batch(self, labels: tuple[PackLabel, ...]) -> Screened | None:
        """The next records of the log; None where all were gone through."""
        digest, now = labels_digest(labels), self._now()
        with self._database.reading() as connection:
            begin = connection.scalar(select(screening.c.through).where(screening.c.lists == digest)) or 0
            size = read_ledger(connection).frontier.size
            if begin >= size:
                return None
            end = min(begin + _BATCH, size)
            rows = connection.execute(_records(begin, end, stamp(now - SCREENED_FOR))).all()
        done, found = self._screened(rows, labels, now)
        with self._database.writing() as connection:
            fresh = 0
            for station, hits in found.items():
                fresh += late_hits.keep(self._database, connection, station, hits, now)
            self._reached(connection, digest, end, now)
        return replace(done, found=fresh)

    def _reached(self, connection: Connection, digest: bytes, through: int, now: datetime) -> None:
        first = {"lists": digest, "through": 0, "began_at": stamp(now)}
        connection.execute(self._database.insert_if_new(screening), first)
        connection.execute(
            update(screening).where(screening.c.lists == digest, screening.c.through < through).values(through=through)
        )

    def _screened(
        self, rows: Sequence[Any], labels: tuple[PackLabel, ...], now: datetime
    ) -> tuple[Screened, dict[str, list[SignedLateHit]]]:
        found: dict[str, list[SignedLateHit]] = {}
        searched = unreadable = 0
        for row in rows:
            plain = _plain(bytes(row.body))
            if _had_these(plain, labels):
                continue
            record = _record(plain)
            if record is None:
                unreadable += 1
            elif record.decision.disposition is not Disposition.VD:
                searched += 1
                for late in self._late_hits(record, bytes(row.sha256), labels, now):
                    signed = sign(late, self._gateway, row.station_id, self._key)
                    found.setdefault(row.station_id, []).append(signed)
        return Screened(len(rows), searched, unreadable=unreadable), found

    def _late_hits(
        self, record: InspectionRecord, digest: bytes, labels: tuple[PackLabel, ...], now: datetime
    ) -> list[LateHit]:
        if record.mrz is None:
            return []
        self._installed.look()
        result = self._search.search(record.mrz, now)
        if unread := {label.name for label in labels} & set(result.not_consulted):
            raise PackRefused(PackFault.UNUSABLE, f"{len(unread)} of the published lists cannot be read")
        known = {(hit.list_id, hit.entry_id) for hit in record.watchlist.hits} if record.watchlist else set()
        versions = {one.list_id: one.version for one in result.consulted}
        return [
            LateHit(record.inspection_id, digest.hex(), hit, versions.get(hit.list_id, ""), stamp(now))
            for hit in result.hits
            if (hit.list_id, hit.entry_id) not in known
        ]


def read_record(body: bytes) -> InspectionRecord | None:
    """The record in an envelope; None for one of a program that this one does not understand."""
    return _record(_plain(body))


def _plain(body: bytes) -> Any:
    try:
        plain = parse_json(body)
    except MalformedPlain:
        return None
    return plain.get("record") if isinstance(plain, dict) else None


def _record(plain: Any) -> InspectionRecord | None:
    try:
        return from_plain(InspectionRecord, plain)
    except MalformedPlain as error:
        log.error("a record cannot be read", extra={"fault": error.problem})
        return None


def _had_these(plain: Any, labels: tuple[PackLabel, ...]) -> bool:
    """Whether the station searched in every one of these versions (``InstalledLists`` writes them so). Looked at before
    the record is read as a whole, which takes longer.
    """
    try:
        versions = [str(one["version"]) for one in plain["watchlist"]["consulted"]]
    except (TypeError, KeyError):
        return False
    return all(any(version.endswith(f" · {label.name} {label.version}") for version in versions) for label in labels)


def _records(begin: int, end: int, since: str) -> Any:
    return (
        select(item.c.body, item.c.sha256, item.c.station_id)
        .select_from(log_entry.join(item, (item.c.kind == log_entry.c.kind) & (item.c.item_id == log_entry.c.item_id)))
        .where(
            log_entry.c.position >= begin,
            log_entry.c.position < end,
            item.c.kind == int(Kind.DECISION),
            item.c.body.is_not(None),
            item.c.received_at >= since,
        )
        .order_by(log_entry.c.position)
    )
