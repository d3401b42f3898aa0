"""Questions about records and the outbox. Every function takes a reading connection and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from inspection_station.inspection.codec import MalformedPlain, event_from_plain, parse_json
from inspection_station.inspection.events import Event
from inspection_station.storage.clock import iso
from inspection_station.storage.connection import Connection
from inspection_station.storage.envelope import unwrap
from inspection_station.storage.errors import StoreDamaged
from inspection_station.storage.sealed_body import open_body
from inspection_station.storage.sealing import ALERT, ENVELOPE, HISTORY
from inspection_station.storage.values import Lane, OutboxStatus, StoredRecord

_SUMMARY = """
select inspection.position, inspection.inspection_id, incarnation, sequence, scenario, disposition, decided_at,
       sealed_at, inspection.hash, delivery.state = 'confirmed', inspection_key.key is null, inspection_key.key,
       envelope, history
from inspection
left join inspection_key using (inspection_id)
left join outbox on outbox.inspection_id = inspection.inspection_id and outbox.kind = 'decision'
left join delivery on delivery.message_position = outbox.position
"""


def list_records(connection: Connection, limit: int, before: int | None) -> tuple[StoredRecord, ...]:
    """Newest first, at most ``limit``, those before a position when one is given: page by key, not by offset."""
    rows = connection.execute(
        f"{_SUMMARY} where inspection.position < ? order by inspection.position desc limit ?",
        ((1 << 62) if before is None else before, max(0, limit)),
    )
    return tuple(_summary(row) for row in rows)


def read_record(connection: Connection, inspection_id: str) -> StoredRecord | None:
    """One record with its content and history; None for an id nobody knows. Raises StoreDamaged."""
    row = connection.execute(f"{_SUMMARY} where inspection.inspection_id = ?", (inspection_id,)).fetchone()
    if row is None:
        return None
    summary, (key, envelope, history) = _summary(row), row[11:]
    if key is None:
        return summary
    _, record = unwrap(open_body(key, ENVELOPE + inspection_id, envelope))
    return replace(summary, record=record, history=_events(open_body(key, HISTORY + inspection_id, history)))


def read_envelope(connection: Connection, inspection_id: str) -> bytes | None:
    """The envelope as it was hashed; None when there is none or it was purged. Raises StoreDamaged."""
    row = connection.execute(
        "select key, envelope from inspection join inspection_key using (inspection_id) where inspection_id = ?",
        (inspection_id,),
    ).fetchone()
    return None if row is None else open_body(row[0], ENVELOPE + inspection_id, row[1])


def read_picture(connection: Connection, inspection_id: str, sha256: str) -> bytes | None:
    """A kept picture; None when there is none or it was purged. Raises StoreDamaged."""
    row = connection.execute(
        "select key, body from blob join inspection_key using (inspection_id) where inspection_id = ? and sha256 = ?",
        (inspection_id, bytes.fromhex(sha256)),
    ).fetchone()
    return None if row is None else open_body(row[0], sha256, row[1])


def read_message(connection: Connection, message_id: str) -> bytes | None:
    """What a message of the outbox carries: envelope, alert or picture. None when unknown or purged."""
    row = connection.execute(
        "select kind, inspection_id, sha256, payload, key from outbox join inspection_key using (inspection_id)"
        " where message_id = ?",
        (message_id,),
    ).fetchone()
    if row is None:
        return None
    kind, inspection_id, digest, payload, key = row
    if kind == "decision":
        return read_envelope(connection, inspection_id)
    if kind == "picture":
        return read_picture(connection, inspection_id, digest.hex())
    return open_body(key, ALERT + inspection_id, payload)


def count_decided(connection: Connection, day: date, zone: tzinfo = UTC) -> int:
    """Records decided on a day of the given time zone; corrections and voids count as what they are."""
    start = datetime.combine(day, time(), zone)
    row = connection.execute(
        "select count(*) from inspection where decided_at >= ? and decided_at < ?",
        (iso(start), iso(datetime.combine(day + timedelta(days=1), time(), zone))),
    ).fetchone()
    return int(row[0])


def outbox_status(connection: Connection, now: datetime) -> OutboxStatus:
    """What waits, by lane, and since when."""
    by_lane = {Lane(lane): count for lane, count in connection.execute("select lane, messages from waiting")}
    oldest = connection.execute(
        "select created_at from outbox where position ="
        " (select message_position from delivery where state = 'waiting' order by message_position limit 1)"
    ).fetchone()
    age = None if oldest is None else max(0.0, (now - datetime.fromisoformat(oldest[0])).total_seconds())
    return OutboxStatus(sum(by_lane.values()), age, by_lane)


def _summary(row: Any) -> StoredRecord:
    position, name, incarnation, sequence, scenario, disposition, decided, sealed, digest, sent, purged, *_ = row
    return StoredRecord(
        position,
        name,
        incarnation,
        sequence,
        scenario,
        disposition,
        decided,
        sealed,
        digest.hex(),
        bool(sent),
        bool(purged),
    )


def _events(data: bytes) -> tuple[Event, ...]:
    try:
        texts = parse_json(data)
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise StoreDamaged("a record's history cannot be read")
        return tuple(event_from_plain(parse_json(text.encode())) for text in texts)
    except MalformedPlain as error:
        raise StoreDamaged("a record's history cannot be read") from error
