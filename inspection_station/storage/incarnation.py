"""Incarnations: a store that was copied or put back from a copy counts anew, so that no number is given out twice.

At every opening a fresh word is drawn, first into the database, then into the anchor outside it. A database whose word
is neither the anchor's nor its successor, or which is behind the anchor's sequence, is not the one last in use.
A key store that was copied along with its database cannot show this; headquarters sees it by the doubled number.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import uuid_utils

from inspection_station.storage.audit_log import append_audit
from inspection_station.storage.clock import iso
from inspection_station.storage.connection import Connection, transaction
from inspection_station.storage.envelope import GENESIS
from inspection_station.storage.errors import ClockBehind, StoreDamaged

CLOCK_TOLERANCE = timedelta(seconds=5)  # a time server may set the clock back by a little


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stands: incarnation and the last sequence and hash in it. ``earlier``: it was found at opening
    that this is not the store last in use.
    """

    station_id: str
    training: bool
    incarnation: str
    sequence: int
    hash: bytes
    opening: str
    earlier: bool = False

    def anchor(self) -> str:
        """What is kept outside the database."""
        return f"{self.incarnation} {self.sequence} {self.opening}"


def require_clock(connection: Connection, now: datetime) -> None:
    """Raises ClockBehind when the last record, or the last opening, is later than now."""
    row = connection.execute(
        "select max(at) from (select (select sealed_at from inspection order by position desc limit 1) as at"
        " union all select (select at from audit order by position desc limit 1))"
    ).fetchone()
    if row[0] is not None and datetime.fromisoformat(row[0]) > now + CLOCK_TOLERANCE:
        raise ClockBehind("the clock is before the last record: set the clock")


def read_head(connection: Connection) -> Head:
    """The chain's head. Raises StoreDamaged for a store without a station row."""
    station = connection.execute("select station_id, training, opening from station").fetchone()
    now = connection.execute("select incarnation from incarnation order by number desc limit 1").fetchone()
    if station is None or now is None:
        raise StoreDamaged("the store names no station")
    newest = connection.execute("select hash from inspection order by position desc limit 1").fetchone()
    sequence = connection.execute("select max(sequence) from inspection where incarnation = ?", now).fetchone()[0]
    return Head(
        station[0], bool(station[1]), now[0], sequence or 0, GENESIS if newest is None else newest[0], station[2]
    )


def take_up(connection: Connection, station_id: str, training: bool, anchor: str | None, now: datetime) -> Head:
    """Open for writing: create the station on first use, begin a new incarnation where the anchor does not fit.

    Raises StoreDamaged when the store belongs to another station or to the other side of training.
    """
    at, word, earlier = iso(now), secrets.token_hex(16), False
    with transaction(connection):
        row = connection.execute("select station_id, training, opening, opening_before from station").fetchone()
        if row is None:
            connection.execute("insert into station values (1, ?, ?, ?, ?, '')", (station_id, int(training), at, word))
            _begin(connection, at, "first use" if anchor is None else "database lost or replaced")
        else:
            if row[0] != station_id or bool(row[1]) != training:
                raise StoreDamaged("the store belongs to another station or profile")
            head = read_head(connection)
            if not _fits(anchor, head, row[3]):
                earlier = anchor is not None
                _begin(connection, at, "store copied or restored" if earlier else "no anchor")
            connection.execute("update station set opening = ?, opening_before = opening", (word,))
        append_audit(connection, at, "station", "store opened")
    return replace(read_head(connection), earlier=earlier)


def _fits(anchor: str | None, head: Head, before: str) -> bool:
    words = (anchor or "").split()
    if len(words) != 3 or not words[1].isdecimal():
        return False
    incarnation, sequence, opening = words
    return incarnation == head.incarnation and int(sequence) <= head.sequence and opening in (head.opening, before)


def _begin(connection: Connection, at: str, reason: str) -> None:
    incarnation = str(uuid_utils.uuid7())
    connection.execute(
        "insert into incarnation (incarnation, began_at, reason) values (?, ?, ?)", (incarnation, at, reason)
    )
    append_audit(connection, at, "station", "incarnation begun", incarnation, reason)


def begin_incarnation(connection: Connection, at: str, reason: str, instead_of: str) -> bool:
    """Count anew, within the caller's transaction, where ``instead_of`` is what counts now; else False."""
    if read_head(connection).incarnation != instead_of:
        return False
    _begin(connection, at, reason)
    return True
