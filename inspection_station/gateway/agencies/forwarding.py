"""What goes up to agencies' systems after it was taken in: records, portraits, fingers, discrepancies.

The log says what came, in one order; a mark says how far it was read. What is to go up stands in ``forwarding`` under
system and id for ever, so it is noted once. A worker claims rows for two minutes in a transaction of its own, sends,
and notes what was acknowledged; nothing is sent by two workers. Where one dies in between, its rows come free and are
sent again under the same ids, which changes nothing at the agency.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, cast

from sqlalchemy import Connection, func, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from inspection_station.gateway.agencies.ports import (
    AgencyFault,
    Answering,
    Denied,
    EmergencyIdentity,
    EntryExitSystem,
    ForeignerBiometrics,
    IdentityConfirmation,
    PictureUp,
    WebApis,
)
from inspection_station.gateway.agencies.resting import Resting
from inspection_station.gateway.agencies.sealed_records import SealedRecord, read_sealed
from inspection_station.gateway.agencies.tables import forward_mark, forwarding
from inspection_station.gateway.database import Database
from inspection_station.gateway.pictures import PictureStore
from inspection_station.gateway.stations import stamp
from inspection_station.gateway.tables import item, log_entry
from inspection_station.headquarters.questions import AgencySystem
from inspection_station.headquarters.receipts import Kind

log = logging.getLogger(__name__)

WITHIN = 20.0  # seconds an agency may take over one message
_AT_ONCE = 40
_READ = 400
_CLAIMED = timedelta(minutes=2)  # longer than a claim's messages may take
_FIRST, _LONGEST, _REFUSED = timedelta(seconds=30), timedelta(hours=1), timedelta(hours=6)
_RECORD, _PORTRAIT, _FINGER, _DISCREPANCY = "record", "portrait", "finger", "discrepancy"
_MOST_TRIES = 20
_EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What one turn did: rows noted for going up (a picture of two records counts twice), sent, known at the agency
    before, and put off.
    """

    noted: int = 0
    sent: int = 0
    known: int = 0
    put_off: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    system: AgencySystem
    kind: str
    item_id: str
    inspection_id: str
    attempts: int

    @property
    def key(self) -> tuple[str, str, str]:
        return self.system.value, self.kind, self.item_id


class Forwarding:
    """Safe from any thread, process and machine; a process takes one turn at a time."""

    def __init__(
        self,
        database: Database,
        pictures: PictureStore,
        systems: Mapping[AgencySystem, Answering],
        resting: Resting,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._pictures = pictures
        self._systems = dict(systems)
        self._resting = resting
        self._now = now
        self._turn = Lock()

    def turn(self) -> Forwarded:
        """Note what is new, send what is due. Returns at once where this process is at it already."""
        if not self._systems or not self._turn.acquire(blocking=False):
            return Forwarded()
        try:
            noted = self._note()
            return self._send(noted)
        finally:
            self._turn.release()

    def turn_quietly(self) -> None:
        """A turn after an exchange; a database that is away is told in the log, and the next turn comes."""
        try:
            self.turn()
        except SQLAlchemyError as fault:
            log.error("nothing could be forwarded", extra={"fault": type(fault).__name__})

    def waiting(self) -> dict[str, int]:
        """How many rows wait, by system."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(forwarding.c.system, func.count())
                .where(forwarding.c.sent_at.is_(None))
                .group_by(forwarding.c.system)
            ).all()
        return {row[0]: row[1] for row in rows}

    def _note(self) -> int:
        """Read the log from the mark on and note what is to go up."""
        noted = 0
        while True:
            with self._database.writing() as connection:
                mark = connection.scalar(select(forward_mark.c.position).with_for_update()) or 0
                entries = connection.execute(
                    select(log_entry.c.position, log_entry.c.kind, item.c.item_id, item.c.body, item.c.sha256)
                    .join(item, tuple_(item.c.kind, item.c.item_id) == tuple_(log_entry.c.kind, log_entry.c.item_id))
                    .where(log_entry.c.position >= mark)
                    .order_by(log_entry.c.position)
                    .limit(_READ)
                ).all()
                if not entries:
                    return noted
                rows = [row for entry in entries if entry.kind == Kind.DECISION for row in self._rows(entry)]
                if rows:
                    connection.execute(self._database.insert_if_new(forwarding), rows)
                    noted += len(rows)
                connection.execute(update(forward_mark).values(position=entries[-1].position + 1))

    def _rows(self, entry: Any) -> list[dict[str, object]]:
        sealed = read_sealed(bytes(entry.body), bytes(entry.sha256))
        if sealed is None:
            log.error("a record cannot be forwarded: it is not of a form that is known", extra={"code": "AGY-05"})
            return []
        targets = [(AgencySystem.ENTRY_EXIT, _RECORD, entry.item_id)]
        if sealed.scenario == _EMERGENCY:
            targets.append((AgencySystem.EMERGENCY_IDENTITY, _RECORD, entry.item_id))
        if sealed.unannounced_on:
            targets.append((AgencySystem.WEBAPIS, _DISCREPANCY, entry.item_id))
        for blob in sealed.blobs:
            if blob.purpose == _PORTRAIT:
                targets.append((AgencySystem.IDENTITY_CONFIRMATION, _PORTRAIT, blob.sha256.hex()))
            if blob.purpose.partition(" ")[0] == _FINGER:
                targets.append((AgencySystem.FOREIGNER_BIOMETRICS, _FINGER, blob.sha256.hex()))
        return [
            {
                "system": system.value,
                "kind": kind,
                "item_id": name,
                "inspection_id": entry.item_id,
                "position": entry.position,
                "not_before": stamp(self._now()),
            }
            for system, kind, name in targets
        ]

    def _send(self, noted: int) -> Forwarded:
        done = Forwarded(noted)
        while rows := self._claim(mine := secrets.token_hex(8)):
            sent, known, put_off = 0, 0, 0
            for batch in _batches(rows):
                try:
                    told = self._hand_over(batch)
                except AgencyFault as fault:
                    self._put_off(mine, batch, fault)
                    put_off += len(batch)
                    continue
                missing = [row for row in batch if row.key not in told]
                self._note_sent(mine, told)
                self._put_off(mine, missing, None)
                sent, known, put_off = sent + len(told), known + sum(told.values()), put_off + len(missing)
            done = Forwarded(noted, done.sent + sent, done.known + known, done.put_off + put_off)
            log.info("forwarded", extra={"sent": sent, "known": known, "put_off": put_off})
        return done

    def _claim(self, mine: str) -> list[_Row]:
        """Rows that are due, claimed so that nobody else sends them; those of a system at rest stay."""
        now = self._now()
        states = self._resting.states()
        able = [
            system.value
            for system in self._systems
            if system not in states or (states[system].resting_until or "") <= stamp(now)
        ]
        if not able:
            return []
        with self._database.writing() as connection:
            question = (
                select(
                    forwarding.c.system,
                    forwarding.c.kind,
                    forwarding.c.item_id,
                    forwarding.c.inspection_id,
                    forwarding.c.attempts,
                )
                .where(
                    forwarding.c.sent_at.is_(None),
                    forwarding.c.not_before <= stamp(now),
                    forwarding.c.system.in_(able),
                )
                .order_by(forwarding.c.position)
                .limit(_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            rows = [
                _Row(AgencySystem(one.system), one.kind, one.item_id, one.inspection_id, one.attempts)
                for one in connection.execute(question)
            ]
            if rows:
                connection.execute(
                    update(forwarding).where(_among(rows)).values(claimed_by=mine, not_before=stamp(now + _CLAIMED))
                )
        return rows

    def _hand_over(self, batch: Sequence[_Row]) -> dict[tuple[str, str, str], bool]:
        """Send a batch of one system and kind; by key, whether it was known there. Pictures that have not come yet are
        left out. Raises AgencyFault.
        """
        system = batch[0].system
        adapter: Any = self._systems[system]
        try:
            told = self._handed(adapter, batch)
        except Denied:
            self._resting.answered(system)
            raise
        except AgencyFault as fault:
            self._resting.failed(system, fault.code)
            raise
        if told:
            self._resting.answered(system)
        return told

    def _handed(self, adapter: Any, batch: Sequence[_Row]) -> dict[tuple[str, str, str], bool]:
        sealed = self._sealed({row.inspection_id for row in batch})
        kind = batch[0].kind
        if kind == _RECORD:
            row = batch[0]
            to = cast("EntryExitSystem | EmergencyIdentity", adapter)
            record = sealed[row.inspection_id].for_agency(row.inspection_id)
            return {row.key: to.take_record(record, WITHIN).known}
        if kind == _DISCREPANCY:
            row = batch[0]
            aboard = sealed[row.inspection_id]
            voyages = cast(WebApis, adapter)
            told = voyages.report_discrepancy(aboard.unannounced_on, row.inspection_id, aboard.discrepancy(), WITHIN)
            return {row.key: told.known}
        pictures = {row.key: self._picture(row, sealed[row.inspection_id]) for row in batch}
        here = {key: picture for key, picture in pictures.items() if picture is not None}
        if not here:
            return {}
        if kind == _FINGER:
            keeper = cast(ForeignerBiometrics, adapter)
            return {key: keeper.keep_finger(picture, WITHIN).known for key, picture in here.items()}
        confirming = cast(IdentityConfirmation, adapter)
        known = confirming.take_portraits(list(here.values()), WITHIN).known
        return dict.fromkeys(here, known)

    def _sealed(self, names: set[str]) -> dict[str, SealedRecord]:
        with self._database.reading() as connection:
            rows = connection.execute(
                select(item.c.item_id, item.c.body, item.c.sha256).where(
                    item.c.kind == int(Kind.DECISION), item.c.item_id.in_(names)
                )
            ).all()
        found = {name: read_sealed(bytes(body), bytes(digest)) for name, body, digest in rows}
        if any(found.get(name) is None for name in names):
            raise Denied("a record that cannot be read again")
        return {name: sealed for name, sealed in found.items() if sealed is not None}

    def _picture(self, row: _Row, sealed: SealedRecord) -> PictureUp | None:
        blob = next((one for one in sealed.blobs if one.sha256.hex() == row.item_id), None)
        data = None if blob is None else self._pictures.read(blob.sha256)
        if blob is None or data is None:
            return None
        return PictureUp(
            row.inspection_id,
            blob.sha256,
            blob.purpose,
            blob.media_type,
            sealed.document_number,
            sealed.issuing_state,
            data,
        )

    def _note_sent(self, mine: str, told: Mapping[tuple[str, str, str], bool]) -> None:
        now = self._now()
        with self._database.writing() as connection:
            for key, known in told.items():
                self._finish(connection, mine, key, {"sent_at": stamp(now), "known": int(known), "fault": ""})

    def _put_off(self, mine: str, rows: Sequence[_Row], fault: AgencyFault | None) -> None:
        """For later, with jitter; what an agency refuses waits long and holds up nothing else."""
        now = self._now()
        with self._database.writing() as connection:
            for row in rows:
                pause = min(_FIRST * 2 ** min(row.attempts, _MOST_TRIES), _LONGEST)
                pause = _REFUSED if isinstance(fault, Denied) else pause
                later = now + pause * (0.75 + secrets.randbelow(500) / 1000)
                code = "" if fault is None else fault.code
                values = {"not_before": stamp(later), "fault": code, "attempts": row.attempts + 1}
                self._finish(connection, mine, row.key, values)

    def _finish(
        self, connection: Connection, mine: str, key: tuple[str, str, str], values: Mapping[str, object]
    ) -> None:
        system, kind, name = key
        connection.execute(
            update(forwarding)
            .where(
                forwarding.c.system == system,
                forwarding.c.kind == kind,
                forwarding.c.item_id == name,
                forwarding.c.claimed_by == mine,
            )
            .values(claimed_by=None, **values)
        )


def _among(rows: Sequence[_Row]) -> Any:
    return tuple_(forwarding.c.system, forwarding.c.kind, forwarding.c.item_id).in_([row.key for row in rows])


def _batches(rows: Sequence[_Row]) -> list[list[_Row]]:
    """Records one by one, fingers one by one, portraits of one claim together."""
    together: list[_Row] = [row for row in rows if row.kind == _PORTRAIT]
    single = [[row] for row in rows if row.kind != _PORTRAIT]
    return [*single, together] if together else single
