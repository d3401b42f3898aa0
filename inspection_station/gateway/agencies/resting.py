"""Systems that do not answer are let rest, so that a dead one costs nobody a second: a circuit breaker that all workers
share through the database. After a rest exactly one question is let through; its answer ends the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from inspection_station.gateway.agencies.tables import agency_state
from inspection_station.gateway.database import Database
from inspection_station.gateway.stations import stamp
from inspection_station.headquarters.questions import AgencySystem

FAILURES = 3  # without an answer in between, then a rest
_FIRST, _LONGEST = timedelta(seconds=15), timedelta(minutes=5)
_PROBE = timedelta(seconds=15)  # while one question finds out, nobody else asks
_NOTED = timedelta(minutes=1)  # how exactly «answered last» is known


@dataclass(frozen=True, slots=True)
class SystemState:
    """How a system stands. Times are ISO 8601, UTC; ``fault``: code of the last failure, or empty."""

    system: AgencySystem
    failures: int
    resting_until: str | None
    answered_at: str | None
    fault: str


class Resting:
    """The breaker of all systems. Safe from any thread, process and machine."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def may_ask(self, system: AgencySystem) -> bool:
        """Whether to ask now; True once after a rest, for the one who is to find out."""
        now = self._now()
        with self._database.reading() as connection:
            until = connection.scalar(select(agency_state.c.resting_until).where(agency_state.c.system == system.value))
        if until is None:
            return True
        if until > stamp(now):
            return False
        with self._database.writing() as connection:
            won = connection.execute(
                update(agency_state)
                .where(agency_state.c.system == system.value, agency_state.c.resting_until == until)
                .values(resting_until=stamp(now + _PROBE))
            )
        return won.rowcount == 1

    def answered(self, system: AgencySystem) -> None:
        """It answered: no rest, no failures. Writes only where that is news."""
        now = self._now()
        with self._database.reading() as connection:
            row = connection.execute(
                select(agency_state.c.failures, agency_state.c.answered_at).where(agency_state.c.system == system.value)
            ).one_or_none()
        if row is not None and row.failures == 0 and (row.answered_at or "") > stamp(now - _NOTED):
            return
        with self._database.writing() as connection:
            connection.execute(self._database.insert_if_new(agency_state), {"system": system.value})
            connection.execute(
                update(agency_state)
                .where(agency_state.c.system == system.value)
                .values(failures=0, resting_until=None, answered_at=stamp(now), fault="")
            )

    def failed(self, system: AgencySystem, code: str) -> None:
        """It gave no usable answer; the third time in a row, and from then on, it is let rest."""
        now = self._now()
        mine = agency_state.c.system == system.value
        with self._database.writing() as connection:
            connection.execute(self._database.insert_if_new(agency_state), {"system": system.value})
            one_more = update(agency_state).where(mine).values(failures=agency_state.c.failures + 1, fault=code)
            connection.execute(one_more)
            failures = connection.scalar(select(agency_state.c.failures).where(mine)) or 0
            if failures >= FAILURES:
                rest = min(_FIRST * 2 ** min(failures - FAILURES, 10), _LONGEST)
                until = stamp(now + rest)
                connection.execute(
                    update(agency_state)
                    .where(mine, or_(agency_state.c.resting_until.is_(None), agency_state.c.resting_until < until))
                    .values(resting_until=until)
                )

    def states(self) -> dict[AgencySystem, SystemState]:
        """Every system that was ever asked."""
        with self._database.reading() as connection:
            rows = connection.execute(select(agency_state)).all()
        known = {system.value: system for system in AgencySystem}
        return {
            known[row.system]: SystemState(
                known[row.system], row.failures, row.resting_until, row.answered_at, row.fault
            )
            for row in rows
            if row.system in known
        }
