"""Late hits on the wire: what headquarters signs, and what a station says of those it holds. Shared by both sides.

A late hit travels in the answer to any round (``messages.Answer.late``), by link or in a return bundle, until the
station has said that it lies in its store; in its requests (``Request.heard``) the station says so, and later that an
officer has read of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from inspection_station.headquarters import wire
from inspection_station.inspection.late_hit import LateHit, SignedLateHit
from inspection_station.inspection.watchlist import ListKind, WatchlistHit

LATE_LIMIT = 64  # late hits in one answer
HEARD_LIMIT = 256  # of which a station speaks in one request
_IDENTIFIERS = 32  # identifiers of a hit
_WORDS = 200


class Heard(IntEnum):
    """How far a late hit has come at the station."""

    HELD = 1  # it lies in the store
    SEEN = 2  # an officer has read of it


HeardOf = tuple[bytes, int]
"""The id of a late hit (32 bytes) and how far it has come (``Heard``)."""


class LateHitShelf(Protocol):
    """The station's store of late hits, as the exchange uses it. Every call may raise the store's own fault."""

    def to_tell(self, most: int) -> tuple[HeardOf, ...]:
        """What headquarters does not know yet."""
        ...

    def keep(self, arrived: Sequence[SignedLateHit], told: Sequence[HeardOf]) -> int:
        """Keep what is new and note what headquarters was told; durable when it returns; how many were new."""
        ...


def identity_of(late: LateHit) -> bytes:
    """The same for the same entry of the same list on the same record: 32 bytes."""
    hit = late.hit
    return sha256(
        wire.encode(
            [
                "late-hit-id/1",
                late.inspection_id,
                bytes.fromhex(late.record_hash),
                hit.list_id[:_WORDS],
                hit.entry_id[:_WORDS],
            ]
        )
    ).digest()


def statement_of(late: LateHit, gateway: str, station: str) -> bytes:
    """The bytes that headquarters signs."""
    hit = late.hit
    found: list[wire.Plain] = [
        hit.list_id[:_WORDS],
        hit.kind.value,
        hit.entry_id[:_WORDS],
        round(hit.score * 1000),
        list(hit.matching[:_IDENTIFIERS]),
        list(hit.differing[:_IDENTIFIERS]),
    ]
    return wire.encode(
        [
            "late-hit/1",
            gateway,
            station,
            late.inspection_id,
            bytes.fromhex(late.record_hash),
            found,
            late.list_version[:_WORDS],
            late.found_at,
        ]
    )


def sign(late: LateHit, gateway: str, station: str, key: Ed25519PrivateKey) -> SignedLateHit:
    """As it goes to ``station``; ``key`` is the one that signs receipts."""
    statement = statement_of(late, gateway, station)
    return SignedLateHit(identity_of(late), late, statement, key.sign(statement))


def opened(statement: bytes, signature: bytes, gateway: str, station: str, key: Ed25519PublicKey) -> SignedLateHit:
    """A late hit that this station's gateway signed for it. Raises BadSignature, Malformed, UnknownVersion."""
    try:
        key.verify(signature, statement)
    except InvalidSignature as error:
        raise wire.BadSignature("a late hit is not signed by this station's gateway") from error
    late, signed_by, signed_for = read(statement)
    if (signed_by, signed_for) != (gateway, station):
        raise wire.BadSignature("a late hit of another gateway or for another station")
    return SignedLateHit(identity_of(late), late, statement, signature)


def read(statement: bytes) -> tuple[LateHit, str, str]:
    """What a statement says, of which gateway, for which station; its signature is not looked at. Raises WireError."""
    gateway, station, inspection_id, record_hash, found, version, found_at = wire.fields(
        wire.decode(statement), "late-hit/1", 7
    )
    parts = wire.items(found, 6)
    if len(parts) != 6:
        raise wire.Malformed("a late hit without its entry")
    list_id, kind, entry_id, score, matching, differing = parts
    try:
        listed = ListKind(wire.words(kind))
    except ValueError:
        raise wire.UnknownVersion("a late hit on a kind of list that this program does not know") from None
    hit = WatchlistHit(
        wire.words(list_id),
        listed,
        wire.words(entry_id),
        wire.number(score, 1000) / 1000,
        tuple(wire.words(one) for one in wire.items(matching, _IDENTIFIERS)),
        tuple(wire.words(one) for one in wire.items(differing, _IDENTIFIERS)),
    )
    late = LateHit(
        wire.words(inspection_id), wire.octets(record_hash, 32).hex(), hit, wire.words(version), wire.words(found_at)
    )
    return late, wire.words(gateway), wire.words(station)


def encode_heard(heard: Sequence[HeardOf]) -> wire.Plain:
    """For a request."""
    return [[late_hit_id, how] for late_hit_id, how in heard]


def decode_heard(value: wire.Plain) -> tuple[HeardOf, ...]:
    """Raises WireError."""
    found = []
    for one in wire.items(value, HEARD_LIMIT):
        parts = wire.items(one, 2)
        if len(parts) != 2 or parts[1] not in (Heard.HELD, Heard.SEEN):
            raise wire.Malformed("a request speaks of a late hit in words nobody knows")
        found.append((wire.octets(parts[0], 32), wire.number(parts[1])))
    return tuple(found)


def encode_late(late: Sequence[tuple[bytes, bytes]]) -> wire.Plain:
    """For an answer: statements with their signatures."""
    return [[statement, signature] for statement, signature in late]


def decode_late(value: wire.Plain) -> tuple[tuple[bytes, bytes], ...]:
    """Raises WireError. Each is opened apart, so that one which cannot be used hinders nothing else."""
    found = []
    for one in wire.items(value, LATE_LIMIT):
        parts = wire.items(one, 2)
        if len(parts) != 2:
            raise wire.Malformed("a late hit without its signature")
        found.append((wire.octets(parts[0]), wire.octets(parts[1], 64)))
    return tuple(found)
