"""The outbox for the exchange: what is ready to go, what one round changed, who the station is at headquarters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from inspection_station.inspection.outbox import (
    Backlog,
    ExchangeState,
    LogHead,
    OutboxItem,
    Settlement,
    StationIdentity,
)
from inspection_station.storage import receipts, records, retention
from inspection_station.storage.audit_log import append_audit
from inspection_station.storage.clock import Clock, iso
from inspection_station.storage.connection import Connection
from inspection_station.storage.incarnation import begin_incarnation, read_head
from inspection_station.storage.values import OutboxStatus

_T = TypeVar("_T")

_READY = """
select position, kind, outbox.lane, inspection_id, sha256, size, attempts, reached
from delivery join outbox on position = message_position
where state = 'waiting' and delivery.lane = ? and (next_attempt_at is null or next_attempt_at <= ?)
order by message_position limit ?
"""
_IDENTITY = (
    "station_key, bundle_key, tls_key, certificate, authority, gateway, gateway_key, gateway_bundle_key, address"
)


class Reading(Protocol):
    """Asks a question on a reading connection. Raises StoreUnavailable."""

    def __call__(self, question: Callable[[Connection], _T]) -> _T: ...


class Writing(Protocol):
    """Queues an act for the one writer; durable when the future resolves."""

    def __call__(self, work: Callable[[Connection], Any]) -> Future[Any]: ...


class Outbox:
    """The store as the exchange uses it, from any thread. Reading and waiting raise StoreUnavailable."""

    def __init__(self, ask: Reading, submit: Writing, clock: Clock) -> None:
        self._ask = ask
        self._submit = submit
        self._clock = clock

    def ready(self, now: datetime, each: int) -> tuple[OutboxItem, ...]:
        """What may be sent now: at most ``each`` messages a lane, lane by lane, oldest first."""
        return self._ask(lambda connection: ready(connection, now, each))

    def body(self, position: int) -> bytes | None:
        """What the message carries; None once its inspection was purged. Raises StoreUnavailable (StoreDamaged)."""
        return self._ask(lambda connection: _body(connection, position))

    def find(self, items: Sequence[tuple[str, str, bytes]]) -> tuple[OutboxItem | None, ...]:
        """Messages by kind, inspection and hash; None for what this store does not hold."""
        return self._ask(lambda connection: tuple(_find(connection, *item) for item in items))

    def state(self) -> ExchangeState:
        """Where the exchange stands."""
        return self._ask(receipts.exchange_state)

    def standing_heads(self, most: int) -> tuple[LogHead, ...]:
        """Proven heads, the newest first, then ever further apart: headquarters finds the last it still has."""
        return self._ask(lambda connection: receipts.standing_heads(connection, most))

    def status(self) -> OutboxStatus:
        """What waits, by lane, and since when."""
        return self._ask(lambda connection: records.outbox_status(connection, self._clock.now()))

    def backlog(self) -> tuple[Backlog, ...]:
        """What waits, and how many bytes of it, by lane."""
        return self._ask(backlog)

    def oldest_seconds(self) -> int:
        """Age of the oldest waiting message, 0 when nothing waits."""
        return int(self.status().oldest_seconds or 0)

    def incarnation(self) -> str:
        """The incarnation that counts at present."""
        return self._ask(lambda connection: read_head(connection).incarnation)

    def identity(self) -> StationIdentity | None:
        """Who the station is at headquarters; None before it was enrolled."""
        return self._ask(identity_of)

    def settle(self, settlement: Settlement) -> None:
        """Write what a round changed, and wait until it is durable."""
        now = self._clock.now()
        self._submit(lambda connection: receipts.settle(connection, settlement, now)).result()

    def enrol(self, identity: StationIdentity) -> None:
        """Keep who the station is from now on, in place of what was kept before."""
        at = iso(self._clock.now())
        self._submit(lambda connection: _enrol(connection, identity, at)).result()

    def begin_incarnation(self, reason: str, instead_of: str) -> bool:
        """Count anew where headquarters saw a number twice; False when another incarnation counts already."""
        at = iso(self._clock.now())
        return bool(self._submit(lambda connection: begin_incarnation(connection, at, reason, instead_of)).result())

    def set_budget(self, voyage: str, limit_bytes: int | None) -> None:
        """Begin a voyage's budget for pictures; the same voyage goes on counting."""
        self._submit(lambda connection: receipts.set_budget(connection, voyage, limit_bytes)).result()

    def purge_due(self, kept_for: timedelta, at_most: int = 500) -> int:
        """Destroy what headquarters holds for good, was kept long enough and belongs to no open case."""
        now = self._clock.now()
        return int(self._submit(lambda connection: retention.purge_due(connection, now, kept_for, at_most)).result())


def ready(connection: Connection, now: datetime, each: int) -> tuple[OutboxItem, ...]:
    """See ``Outbox.ready``."""
    at = iso(now)
    return tuple(
        OutboxItem(*row) for lane in range(5) for row in connection.execute(_READY, (lane, at, each)).fetchall()
    )


def _find(connection: Connection, kind: str, inspection_id: str, sha256: bytes) -> OutboxItem | None:
    row = connection.execute(
        "select position, kind, outbox.lane, inspection_id, sha256, size, attempts, reached"
        " from outbox join delivery on position = message_position"
        " where inspection_id = ? and kind = ? and sha256 = ?",
        (inspection_id, kind, sha256),
    ).fetchone()
    return None if row is None else OutboxItem(*row)


def backlog(connection: Connection) -> tuple[Backlog, ...]:
    """See ``Outbox.backlog``; every lane, also an empty one."""
    rows = connection.execute(
        "select delivery.lane, sum(state = 'waiting'), sum((state = 'waiting') * (size - reached)), sum(state = 'held')"
        " from delivery join outbox on position = message_position where state = 'waiting' or state = 'held'"
        " group by delivery.lane"
    )
    found = {row[0]: Backlog(*row) for row in rows}
    return tuple(found.get(lane, Backlog(lane, 0, 0)) for lane in range(5))


def _body(connection: Connection, position: int) -> bytes | None:
    row = connection.execute("select message_id from outbox where position = ?", (position,)).fetchone()
    return None if row is None else records.read_message(connection, row[0])


def identity_of(connection: Connection) -> StationIdentity | None:
    row = connection.execute(f"select {_IDENTITY} from identity").fetchone()
    return None if row is None else StationIdentity(*row)


def _enrol(connection: Connection, identity: StationIdentity, at: str) -> None:
    values = tuple(getattr(identity, name) for name in _IDENTITY.split(", "))
    connection.execute("delete from identity")
    connection.execute(
        f"insert into identity (only_row, enrolled_at, {_IDENTITY}) values (1, ?, {', '.join('?' * len(values))})",
        (at, *values),
    )
    append_audit(connection, at, "station", "enrolled at headquarters", identity.gateway)
