"""Late hits in the gateway's database: what waits for a station, and what the station said of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from inspection_station.gateway.database import Database
from inspection_station.gateway.stations import stamp
from inspection_station.gateway.tables import late_hit, late_hit_heard
from inspection_station.headquarters.late_hits import LATE_LIMIT, HeardOf
from inspection_station.inspection.late_hit import SignedLateHit


def keep(
    database: Database, connection: Connection, station: str, found: Sequence[SignedLateHit], now: datetime
) -> int:
    """Keep late hits; the same entry on the same record is kept once, whoever finds it again. How many were new."""
    if not found:
        return 0
    before = _ids(connection, found)
    connection.execute(
        database.insert_if_new(late_hit),
        [
            {
                "late_hit_id": one.late_hit_id,
                "station_id": station,
                "inspection_id": one.late_hit.inspection_id,
                "list_id": one.late_hit.hit.list_id,
                "entry_id": one.late_hit.hit.entry_id,
                "statement": one.statement,
                "signature": one.signature,
                "found_at": stamp(now),
            }
            for one in sorted(found, key=lambda signed: signed.late_hit_id)
        ],
    )
    return len({one.late_hit_id for one in found} - before)


def note_heard(
    database: Database, connection: Connection, station: str, heard: Sequence[HeardOf], now: datetime
) -> None:
    """What a station says of its late hits; of others it cannot speak."""
    if not heard:
        return
    own = set(
        connection.scalars(
            select(late_hit.c.late_hit_id).where(
                late_hit.c.station_id == station, late_hit.c.late_hit_id.in_([one for one, _ in heard])
            )
        )
    )
    rows = [
        {"late_hit_id": late_hit_id, "how": step, "at": stamp(now)}
        for late_hit_id, how in sorted(heard)
        if late_hit_id in {bytes(one) for one in own}
        for step in range(1, how + 1)  # who has read of it holds it
    ]
    if rows:
        connection.execute(database.insert_if_new(late_hit_heard), rows)


def waiting_for(connection: Connection, stations: Collection[str]) -> dict[str, tuple[tuple[bytes, bytes], ...]]:
    """By station, statements with signatures of which it has not said that it holds them, the oldest first."""
    if not stations:
        return {}
    found = set(
        connection.scalars(
            select(late_hit.c.station_id)
            .distinct()
            .select_from(_WAITING)
            .where(late_hit.c.station_id.in_(sorted(stations)), _NOT_HEARD)
        )
    )  # of nearly all stations none waits: one question
    return {station: _oldest(connection, station) if station in found else () for station in stations}


_WAITING = late_hit.outerjoin(late_hit_heard, late_hit_heard.c.late_hit_id == late_hit.c.late_hit_id)
_NOT_HEARD = late_hit_heard.c.late_hit_id.is_(None)


def _oldest(connection: Connection, station: str) -> tuple[tuple[bytes, bytes], ...]:
    rows = connection.execute(
        select(late_hit.c.statement, late_hit.c.signature)
        .select_from(_WAITING)
        .where(late_hit.c.station_id == station, _NOT_HEARD)
        .order_by(late_hit.c.position)
        .limit(LATE_LIMIT)
    )
    return tuple((bytes(row.statement), bytes(row.signature)) for row in rows)


def _ids(connection: Connection, found: Sequence[SignedLateHit]) -> set[bytes]:
    rows = connection.scalars(
        select(late_hit.c.late_hit_id).where(late_hit.c.late_hit_id.in_([one.late_hit_id for one in found]))
    )
    return {bytes(row) for row in rows}
