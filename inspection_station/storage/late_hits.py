"""Late hits on the station: kept for good, shown until an officer has read of them, told back to headquarters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Protocol, TypeVar

from inspection_station.inspection.codec import MalformedPlain, canonical_json, from_plain, parse_json, to_plain
from inspection_station.inspection.late_hit import KeptLateHit, LateHit, SignedLateHit
from inspection_station.storage.audit_log import append_audit
from inspection_station.storage.clock import Clock, iso
from inspection_station.storage.connection import Connection
from inspection_station.storage.errors import StoreDamaged

_T = TypeVar("_T")

HELD, SEEN = 1, 2

_KEPT = """
select late_hit.late_hit_id, late_hit, received_at, coalesce(officer_id, ''), coalesce(at, '')
from late_hit left join late_hit_seen using (late_hit_id)
"""


class Reading(Protocol):
    """Asks a question on a reading connection. Raises StoreUnavailable."""

    def __call__(self, question: Callable[[Connection], _T]) -> _T: ...


class LateHits:
    """The store's late hits, from any thread. Reading and waiting raise StoreUnavailable.

    ``on_arrival`` is called after new ones were kept, on the thread that brought them.
    """

    def __init__(self, ask: Reading, submit: Callable[..., Future[Any]], clock: Clock) -> None:
        self._ask = ask
        self._submit = submit
        self._clock = clock
        self.on_arrival: Callable[[], None] = _nobody

    def keep(self, arrived: Sequence[SignedLateHit], told: Sequence[tuple[bytes, int]]) -> int:
        """Keep what is new, note how far headquarters was told; durable when it returns. How many were new."""
        at = self._clock.now()
        fresh = int(self._submit(lambda connection: _keep(connection, arrived, told, at)).result())
        if fresh:
            self.on_arrival()
        return fresh

    def to_tell(self, most: int) -> tuple[tuple[bytes, int], ...]:
        """What headquarters does not know yet: id, and how far it has come (1 held, 2 seen)."""
        return self._ask(lambda connection: _to_tell(connection, most))

    def unseen(self) -> tuple[KeptLateHit, ...]:
        """Those of which no officer has read, the oldest first."""
        return self._ask(lambda connection: _kept(connection, "where officer_id is null", ()))

    def of_record(self, inspection_id: str) -> tuple[KeptLateHit, ...]:
        """Those on one record."""
        return self._ask(lambda connection: late_hits_of(connection, inspection_id))

    def stopped(self) -> frozenset[str]:
        """Ids of the inspections with a late hit: whoever was cleared by one of them is not let off the ship by it."""
        return self._ask(stopped)

    def seen(self, late_hit_id: bytes, officer_id: str) -> None:
        """An officer has read of it. A second time changes nothing."""
        at = iso(self._clock.now())
        self._submit(lambda connection: _seen(connection, late_hit_id, officer_id, at)).result()


def late_hits_of(connection: Connection, inspection_id: str) -> tuple[KeptLateHit, ...]:
    """Late hits on one record, the oldest first."""
    return _kept(connection, "where inspection_id = ?", (inspection_id,))


def stopped(connection: Connection) -> frozenset[str]:
    """See ``LateHits.stopped``."""
    return frozenset(name for (name,) in connection.execute("select distinct inspection_id from late_hit"))


def _kept(connection: Connection, which: str, values: Iterable[object]) -> tuple[KeptLateHit, ...]:
    rows = connection.execute(f"{_KEPT} {which} order by late_hit.position", tuple(values)).fetchall()
    try:
        return tuple(
            KeptLateHit(late_hit_id, from_plain(LateHit, parse_json(text.encode())), received_at, officer, at)
            for late_hit_id, text, received_at, officer, at in rows
        )
    except MalformedPlain as error:
        raise StoreDamaged("a late hit cannot be read") from error


def _keep(
    connection: Connection, arrived: Sequence[SignedLateHit], told: Sequence[tuple[bytes, int]], now: datetime
) -> int:
    at, fresh = iso(now), 0
    connection.executemany(
        "update late_hit_told set told = max(told, ?) where late_hit_id = ?",
        [(how, late_hit_id) for late_hit_id, how in told],
    )
    for one in arrived:
        new = connection.execute(
            "insert into late_hit (late_hit_id, inspection_id, late_hit, statement, signature, received_at)"
            " values (?, ?, ?, ?, ?, ?) on conflict do nothing",
            (one.late_hit_id, one.late_hit.inspection_id, _text(one.late_hit), one.statement, one.signature, at),
        ).rowcount
        if new:
            fresh += 1
            connection.execute("insert into late_hit_told (late_hit_id) values (?)", (one.late_hit_id,))
            hit = one.late_hit.hit
            subject = one.late_hit.inspection_id
            append_audit(connection, at, "headquarters", "late hit", subject, f"{hit.list_id} {hit.entry_id}")
        else:  # headquarters does not know (any longer) that it lies here: it is told again
            connection.execute("update late_hit_told set told = 0 where late_hit_id = ?", (one.late_hit_id,))
    return fresh


def _to_tell(connection: Connection, most: int) -> tuple[tuple[bytes, int], ...]:
    rows = connection.execute(
        "select late_hit_id, case when officer_id is null then 1 else 2 end as how from late_hit_told"
        " left join late_hit_seen using (late_hit_id) where told < how order by late_hit_id limit ?",
        (most,),
    )
    return tuple((late_hit_id, how) for late_hit_id, how in rows)


def _seen(connection: Connection, late_hit_id: bytes, officer_id: str, at: str) -> None:
    row = connection.execute("select inspection_id from late_hit where late_hit_id = ?", (late_hit_id,)).fetchone()
    if row is None:
        return
    new = connection.execute(
        "insert into late_hit_seen values (?, ?, ?) on conflict do nothing", (late_hit_id, officer_id, at)
    ).rowcount
    if new:
        append_audit(connection, at, officer_id, "late hit read", row[0])


def _text(late_hit: LateHit) -> str:
    return canonical_json(to_plain(late_hit)).decode()


def _nobody() -> None:
    """Nobody waits for late hits."""
