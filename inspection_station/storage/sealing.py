"""Sealing: record, pictures, messages and audit in one transaction, or nothing."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import uuid_utils

from inspection_station.inspection.codec import canonical_json, parse_json, to_plain
from inspection_station.inspection.record import InspectionRecord
from inspection_station.storage.audit_log import append_audit
from inspection_station.storage.clock import iso
from inspection_station.storage.connection import Connection
from inspection_station.storage.envelope import Place, alert, lane_of, shows_a_body, wrap
from inspection_station.storage.errors import (
    CollectionForbidden,
    PictureMismatch,
    RecordRefused,
    SealedDifferently,
)
from inspection_station.storage.incarnation import read_head
from inspection_station.storage.journal import take_journal
from inspection_station.storage.sealed_body import new_key, open_body, seal_body
from inspection_station.storage.values import Lane, SealedRecord

ENVELOPE, HISTORY, ALERT = "envelope", "history", "alert"


@dataclass(frozen=True, slots=True)
class Sealing:
    """A record ready to be sealed; ``last_event`` closes its history."""

    record: InspectionRecord
    pictures: Mapping[str, bytes]  # by SHA-256, hex
    last_event: str
    decided_at: str


def prepare(record: InspectionRecord, blobs: Mapping[str, bytes], last_event: str) -> Sealing:
    """Judge what is to be kept before anything is queued or written.

    Raises CollectionForbidden, PictureMismatch, RecordRefused (a decision without a time).
    """
    named = {kept.blob.sha256 for kept in record.blobs}
    if record.collection_reason and (any(shows_a_body(k.purpose) for k in record.blobs) or blobs.keys() - named):
        raise CollectionForbidden("biometric pictures of a person of whom none may be collected")
    pictures: dict[str, bytes] = {}
    for kept in record.blobs:
        data = blobs.get(kept.blob.sha256)
        if data is None or len(data) != kept.blob.size or hashlib.sha256(data).hexdigest() != kept.blob.sha256:
            raise PictureMismatch("a picture named by the record is missing or is another")
        pictures[kept.blob.sha256] = bytes(data)
    if len(pictures) != len(blobs):
        raise PictureMismatch("a picture was given that the record does not name")
    try:
        decided_at = iso(datetime.fromisoformat(record.decided_at))
    except ValueError as error:
        raise RecordRefused("the decision has no time") from error
    canonical_json(to_plain(record))
    return Sealing(record, pictures, last_event, decided_at)


def seal(connection: Connection, sealing: Sealing, now: datetime, monotonic: float) -> SealedRecord:
    """Write everything within the caller's transaction. A record that is sealed already is answered, not repeated.

    Raises SealedDifferently.
    """
    record = sealing.record
    if (before := _already(connection, record)) is not None:
        return before
    head = read_head(connection)
    at, key = iso(now), new_key()
    place = Place(
        station=head.station_id,
        training=head.training,
        incarnation=head.incarnation,
        sequence=head.sequence + 1,
        previous=head.hash,
        salt=secrets.token_bytes(16),
        wall=at,
        monotonic_ms=int(monotonic * 1000),
    )
    envelope = wrap(record, place)
    name = record.inspection_id
    history = canonical_json([*take_journal(connection, name), sealing.last_event])
    connection.execute(
        "insert into inspection (inspection_id, incarnation, sequence, previous_hash, hash, scenario, disposition,"
        " decided_at, sealed_at, monotonic_ms, supersedes, envelope, history)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            name,
            place.incarnation,
            place.sequence,
            place.previous,
            envelope.hash,
            record.scenario,
            record.decision.disposition.value,
            sealing.decided_at,
            at,
            place.monotonic_ms,
            record.supersedes,
            seal_body(key, ENVELOPE + name, envelope.data, compress=True),
            seal_body(key, HISTORY + name, history, compress=True),
        ),
    )
    connection.execute("insert into inspection_key values (?, ?)", (name, key))
    messages: list[str] = []
    if (urgent := alert(record, envelope)) is not None:
        body = seal_body(key, ALERT + name, urgent)
        messages.append(
            _message(connection, Lane.ALERTS, "alert", name, hashlib.sha256(urgent).digest(), len(urgent), at, body)
        )
    messages.append(_message(connection, Lane.DECISIONS, "decision", name, envelope.hash, len(envelope.data), at))
    messages.extend(_keep_pictures(connection, key, sealing, at))
    append_audit(connection, at, record.officer_id, "record sealed", name, envelope.hash.hex())
    return SealedRecord(name, place.incarnation, place.sequence, envelope.hash.hex(), tuple(messages))


def _keep_pictures(connection: Connection, key: bytes, sealing: Sealing, at: str) -> list[str]:
    messages: list[str] = []
    name, waiting = sealing.record.inspection_id, dict(sealing.pictures)
    for kept in sealing.record.blobs:
        data = waiting.pop(kept.blob.sha256, None)
        if data is None:
            continue  # the same picture under a second purpose is kept once
        digest = bytes.fromhex(kept.blob.sha256)
        connection.execute(
            "insert into blob values (?, ?, ?, ?, ?, ?)",
            (name, digest, kept.purpose, kept.blob.media_type, len(data), seal_body(key, kept.blob.sha256, data)),
        )
        messages.append(_message(connection, lane_of(kept.purpose), "picture", name, digest, len(data), at))
    return messages


def _message(
    connection: Connection,
    lane: Lane,
    kind: str,
    inspection_id: str,
    digest: bytes,
    size: int,
    at: str,
    payload: bytes | None = None,
) -> str:
    message_id = str(uuid_utils.uuid7())
    position = connection.execute(
        "insert into outbox (message_id, lane, kind, inspection_id, sha256, size, payload, created_at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?) returning position",
        (message_id, int(lane), kind, inspection_id, digest, size, payload, at),
    ).fetchone()[0]
    connection.execute("insert into delivery (message_position, lane) values (?, ?)", (position, int(lane)))
    return message_id


def _already(connection: Connection, record: InspectionRecord) -> SealedRecord | None:
    name = record.inspection_id
    row = connection.execute(
        "select incarnation, sequence, hash, envelope, key from inspection"
        " left join inspection_key using (inspection_id) where inspection_id = ?",
        (name,),
    ).fetchone()
    if row is None:
        return None
    incarnation, sequence, digest, body, key = row
    if key is not None:
        plain = parse_json(open_body(key, ENVELOPE + name, body))
        kept = plain.get("record") if isinstance(plain, dict) else None
        if kept != parse_json(canonical_json(to_plain(record))):
            raise SealedDifferently("this inspection is sealed already, with other content")
    messages = connection.execute(
        "select message_id from outbox where inspection_id = ? order by position", (name,)
    ).fetchall()
    return SealedRecord(name, incarnation, sequence, digest.hex(), tuple(message for (message,) in messages))
