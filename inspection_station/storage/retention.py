"""Retention: an inspection is destroyed only when headquarters holds all of it for good, its time has run out, and no
case is open. Destroying is deleting its key and its pictures; order, hashes and the columns of the list stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from inspection_station.storage.audit_log import append_audit
from inspection_station.storage.clock import Clock, iso
from inspection_station.storage.connection import Connection
from inspection_station.storage.receipts import exchange_state

AT_ONCE = 25  # inspections a transaction: a record that is sealed meanwhile waits for no more than these
_NEXT_FEW, _WHILE_INSPECTING, _EVERY = 0.05, 5.0, 600.0  # seconds

# Every message of the inspection is confirmed, at a place in the log that no restoration at headquarters can lose.
_DUE = """
select inspection_id from inspection join inspection_key using (inspection_id)
where decided_at <= ?1
  and not exists (select 1 from outbox join delivery on message_position = outbox.position
                  where outbox.inspection_id = inspection.inspection_id
                    and (state <> 'confirmed' or log_position is null or log_position >= ?2))
  and not exists (select 1 from open_case where open_case.inspection_id = inspection.inspection_id
                  and closed_at is null)
order by inspection.position limit ?3
"""


def purge_due(connection: Connection, now: datetime, kept_for: timedelta, at_most: int) -> int:
    """Destroy what is due, within the caller's transaction; returns how many inspections."""
    durable, at = exchange_state(connection).head.durable_through, iso(now)
    due = connection.execute(_DUE, (iso(now - kept_for), durable, max(0, at_most))).fetchall()
    for (inspection_id,) in due:
        connection.execute("insert into purge values (?, ?, ?)", (inspection_id, at, durable))
        connection.execute("delete from inspection_key where inspection_id = ?", (inspection_id,))
        connection.execute("delete from blob where inspection_id = ?", (inspection_id,))
        append_audit(connection, at, "station", "record purged", inspection_id)
    return len(due)


def open_case(connection: Connection, inspection_id: str, case_id: str, at: str) -> None:
    """From now on nothing of the inspection is destroyed. A second time does nothing."""
    connection.execute("insert or ignore into open_case values (?, ?, ?, null)", (inspection_id, case_id, at))
    append_audit(connection, at, "station", "case opened", inspection_id, case_id)


def close_case(connection: Connection, inspection_id: str, case_id: str, at: str) -> bool:
    """The case no longer keeps the inspection; False where no such case was open."""
    closed = connection.execute(
        "update open_case set closed_at = ? where inspection_id = ? and case_id = ? and closed_at is null",
        (at, inspection_id, case_id),
    ).rowcount
    if closed:
        append_audit(connection, at, "station", "case closed", inspection_id, case_id)
    return bool(closed)


class PurgeTurns:
    """Destroys what is due, a few inspections at a time, when the store has nothing else to do. A ``writer.Chore``.

    Nothing is destroyed while an inspection is open: ``kept_for`` is counted from the decision.
    """

    def __init__(self, clock: Clock, kept_for: timedelta) -> None:
        self._clock = clock
        self._kept_for = kept_for
        self._destroyed = False

    def turn(self, connection: Connection) -> float:
        """One turn within the writer's transaction; returns seconds until the next."""
        if inspection_open(connection):
            return _WHILE_INSPECTING
        count = purge_due(connection, self._clock.now(), self._kept_for, AT_ONCE)
        self._destroyed = self._destroyed or bool(count)
        return _NEXT_FEW if count == AT_ONCE else _EVERY

    def settle(self, connection: Connection) -> None:
        """Outside a transaction: what was destroyed goes from the log beside the database too."""
        if self._destroyed:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
            self._destroyed = False


def inspection_open(connection: Connection) -> bool:
    """Whether an inspection was begun and is not sealed."""
    return connection.execute("select 1 from journal limit 1").fetchone() is not None
