"""What is sent of a record: the canonical envelope whose SHA-256 is the record's hash and the next one's predecessor.

Version 1, canonical JSON (``inspection.codec.canonical_json``):
``v`` 1 · ``kind`` "decision" · ``training`` · ``station`` · ``incarnation`` · ``sequence`` · ``previous`` (hex) ·
``salt`` (32 hex digits: after a purge the hash that stays tells nothing about the record) ·
``clock`` {``wall`` ISO 8601 UTC, ``monotonic_ms``} · ``record`` (InspectionRecord). Signed when it is sent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from inspection_station.inspection.codec import MalformedPlain, canonical_json, from_plain, parse_json, to_plain
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.record import InspectionRecord
from inspection_station.storage.errors import StoreDamaged
from inspection_station.storage.values import Lane

VERSION = 1
GENESIS = bytes(32)

_LANE_OF_PURPOSE = {
    "portrait": Lane.CHIP_PORTRAITS,
    "template": Lane.CHIP_PORTRAITS,
    "live": Lane.LIVE_PICTURES,
    "finger": Lane.LIVE_PICTURES,
}
_NOT_BIOMETRIC = frozenset({"mrz strip", "slip"})
_ALERTING = frozenset({Disposition.HD, Disposition.DT})


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope and its bytes, as they are hashed, kept and sent."""

    data: bytes

    @property
    def hash(self) -> bytes:
        """SHA-256, 32 bytes."""
        return hashlib.sha256(self.data).digest()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands, and when it was sealed there."""

    station: str
    training: bool
    incarnation: str
    sequence: int
    previous: bytes
    salt: bytes
    wall: str
    monotonic_ms: int


def wrap(record: InspectionRecord, place: Place) -> Envelope:
    """The envelope of a record. Raises MalformedPlain for a record that JSON cannot hold."""
    plain = {
        "v": VERSION,
        "kind": "decision",
        "training": place.training,
        "station": place.station,
        "incarnation": place.incarnation,
        "sequence": place.sequence,
        "previous": place.previous.hex(),
        "salt": place.salt.hex(),
        "clock": {"wall": place.wall, "monotonic_ms": place.monotonic_ms},
        "record": to_plain(record),
    }
    return Envelope(canonical_json(plain))


def unwrap(data: bytes) -> tuple[dict[str, object], InspectionRecord]:
    """Header fields (without the record) and the record. Raises StoreDamaged."""
    try:
        plain = parse_json(data)
        if not isinstance(plain, dict) or plain.get("v") != VERSION:
            raise StoreDamaged("an envelope has an unknown version")
        record = from_plain(InspectionRecord, plain.pop("record", None))
    except MalformedPlain as error:
        raise StoreDamaged("an envelope cannot be read") from error
    return plain, record


def alert(record: InspectionRecord, envelope: Envelope) -> bytes | None:
    """The short message that overtakes the record: list hits, a hold, a detention. None when nobody need hurry."""
    hits = record.watchlist.hits if record.watchlist is not None else ()
    if not hits and record.decision.disposition not in _ALERTING:
        return None
    return canonical_json(
        {
            "v": VERSION,
            "kind": "alert",
            "inspection_id": record.inspection_id,
            "record_hash": envelope.hash.hex(),
            "mission_id": record.mission_id,
            "scenario": record.scenario,
            "disposition": record.decision.disposition.value,
            "decided_at": record.decided_at,
            "hits": [{"list_id": hit.list_id, "kind": hit.kind.value, "entry_id": hit.entry_id} for hit in hits],
        }
    )


def lane_of(purpose: str) -> Lane:
    """The lane a picture is sent on, by the first word («finger right index»); the unknown waits for a port's link."""
    return _LANE_OF_PURPOSE.get(purpose.split(" ", 1)[0], Lane.ORIGINALS)


def shows_a_body(purpose: str) -> bool:
    """Whether a picture of this purpose may show a face or a finger. A page shows its portrait; the unknown may."""
    return purpose not in _NOT_BIOMETRIC
