"""The messages of the exchange. One round trip does everything but carry pictures' bytes:

station → gateway  ``Request``: the heads the station holds, a packet of sealed bodies, pictures it offers, and in
                   version 2 the late hits it has heard of
gateway → station  ``Answer``: a head and its signature, a verdict an item, proof that the log only grew, orders, and
                   to a request of version 2 the late hits that the station does not hold yet

Every message is an array that begins with its name and version. Parsers raise ``WireError`` and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from inspection_station.headquarters import wire
from inspection_station.headquarters.late_hits import HeardOf, decode_heard, decode_late, encode_heard, encode_late
from inspection_station.headquarters.packing import BODIES_LIMIT, DICTIONARY, pack, unpack
from inspection_station.headquarters.receipts import Item, Kind, Receipt, Verdict, log_head
from inspection_station.inspection.outbox import LogHead

SHOWN_LIMIT = 24  # heads a station shows
OFFER_LIMIT = 512  # pictures offered in one request
ORDERS_LIMIT = 16
PROOF_LIMIT = 80  # hashes: enough for a log of 2^40 entries
PICTURE_LIMIT = 64 << 20  # bytes
LANES = 5


@dataclass(frozen=True, slots=True)
class Packet:
    """Sealed bodies in order, with the station's signature over their hashes."""

    station: str
    kinds: tuple[Kind, ...]
    bodies: tuple[bytes, ...]
    hashes: tuple[bytes, ...]
    signature: bytes

    @property
    def statement(self) -> bytes:
        """The bytes that are signed: each body is bound by its hash."""
        return statement(self.station, self.kinds, self.hashes)

    def require_signature(self, key: Ed25519PublicKey) -> None:
        """Raises BadSignature."""
        try:
            key.verify(self.signature, self.statement)
        except InvalidSignature as error:
            raise wire.BadSignature("a packet is not signed by the station it names") from error


def statement(station: str, kinds: Sequence[Kind], hashes: Sequence[bytes]) -> bytes:
    """What a station signs for a packet."""
    return wire.encode(["packet/1", station, bytes(kinds), list(hashes)])


def seal_packet(station: str, bodies: Sequence[tuple[Kind, bytes]], key: Ed25519PrivateKey) -> wire.Plain:
    """A packet on the wire. Raises Malformed for a body that is not canonical JSON, TooLarge."""
    kinds = [kind for kind, _ in bodies]
    hashes = [sha256(body).digest() for _, body in bodies]
    text, raw = pack([body for _, body in bodies])
    return ["packet/1", DICTIONARY, bytes(kinds), text, raw, key.sign(statement(station, kinds, hashes))]


def open_packet(value: wire.Plain, station: str) -> Packet:
    """Unpacked, its signature not yet checked. Raises WireError."""
    dictionary, kinds, text, raw, signature = wire.fields(value, "packet/1", 5)
    listed = wire.octets(kinds)
    if not 1 <= len(listed) <= BODIES_LIMIT or any(kind not in (Kind.ALERT, Kind.DECISION) for kind in listed):
        raise wire.Malformed("a packet holds kinds that do not travel in packets")
    bodies = unpack(wire.octets(text), wire.octets(raw), wire.number(dictionary, 1 << 16))
    if len(bodies) != len(listed):
        raise wire.Malformed("a packet holds another number of bodies than it says")
    return Packet(
        station,
        tuple(Kind(kind) for kind in listed),
        tuple(bodies),
        tuple(sha256(body).digest() for body in bodies),
        wire.octets(signature, 64),
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """A picture the station holds for headquarters."""

    inspection_id: str
    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Report:
    """How the station is: what waits by lane, the age of the oldest in seconds, the program."""

    waiting: tuple[int, ...] = (0,) * LANES
    oldest_seconds: int = 0
    program: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """``shown``: heads the station holds, newest first. ``packet`` still packed, None when nothing is sent.

    ``heard``: of late hits; None from a station that takes none, which gets none (version 1 of the message).
    """

    station: str
    shown: tuple[LogHead, ...] = ()
    packet: wire.Plain = None
    offers: tuple[Offer, ...] = ()
    report: Report = Report()
    heard: tuple[HeardOf, ...] | None = None

    def encode(self) -> bytes:
        """On the wire."""
        said: list[wire.Plain] = [
            self.station,
            encode_heads(self.shown),
            self.packet,
            [[offer.inspection_id, offer.sha256, offer.size] for offer in self.offers],
            [list(self.report.waiting), self.report.oldest_seconds, self.report.program],
        ]
        if self.heard is None:
            return wire.encode(["request/1", *said])
        return wire.encode(["request/2", *said, encode_heard(self.heard)])

    @classmethod
    def decode(cls, data: bytes) -> Request:
        """Raises WireError. The packet is opened apart, since its signature needs the station's key."""
        if wire.name_of(data) == "request/2":
            *said, told = wire.fields(wire.decode(data), "request/2", 6)
            heard: tuple[HeardOf, ...] | None = decode_heard(told)
        else:
            said, heard = wire.fields(wire.decode(data), "request/1", 5), None
        station, shown, packet, offers, report = said
        return cls(
            wire.words(station),
            decode_heads(shown, SHOWN_LIMIT),
            packet,
            tuple(_offer(offer) for offer in wire.items(offers, OFFER_LIMIT)),
            _report(report),
            heard,
        )


def encode_heads(heads: Sequence[LogHead]) -> wire.Plain:
    """Heads that are shown: without what headquarters said of their durability."""
    return [[head.epoch, head.size, head.root] for head in heads]


def decode_heads(value: wire.Plain, limit: int) -> tuple[LogHead, ...]:
    """Raises WireError."""
    return tuple(log_head(*_parts(head, 3)) for head in wire.items(value, limit))


def _offer(value: wire.Plain) -> Offer:
    inspection_id, sha256, size = _parts(value, 3)
    return Offer(wire.words(inspection_id), wire.octets(sha256, 32), wire.number(size, PICTURE_LIMIT))


def _report(value: wire.Plain) -> Report:
    waiting, oldest, program = _parts(value, 3)
    lanes = tuple(wire.number(lane) for lane in wire.items(waiting, LANES))
    if len(lanes) != LANES:
        raise wire.Malformed("a report has another number of lanes")
    return Report(lanes, wire.number(oldest), wire.words(program, 40))


@dataclass(frozen=True, slots=True)
class Answer:
    """``verdicts``: for the packet's items, then the offers, in order; the number is the place in the log for what is
    receipted, the bytes there for an unfinished picture, else 0. ``proven``: which of the shown heads the log begins
    with (the first that does), None when none does; ``proof`` leads from it to ``head``. ``late``: late hits, each a
    statement with its own signature; None in an answer of version 1.
    """

    gateway: str
    head: LogHead
    signature: bytes
    verdicts: tuple[tuple[Verdict, int], ...]
    proven: int | None
    proof: tuple[bytes, ...]
    orders: tuple[tuple[str, str], ...] = ()
    late: tuple[tuple[bytes, bytes], ...] | None = None

    def only(self, places: Sequence[int]) -> Answer:
        """The same answer to fewer questions: for those at ``places``."""
        return replace(self, verdicts=tuple(self.verdicts[place] for place in places))

    def receipt(self, items: Sequence[Item]) -> Receipt:
        """The receipt for what was asked, in the order asked. Raises Malformed for another number of verdicts."""
        if len(items) != len(self.verdicts):
            raise wire.Malformed("an answer does not fit what was asked")
        placed = tuple(
            (item, position)
            for item, (verdict, position) in zip(items, self.verdicts, strict=True)
            if verdict.receipted
        )
        return Receipt(self.gateway, self.head, placed, self.signature)

    def encode(self) -> bytes:
        """On the wire."""
        head = self.head
        said: list[wire.Plain] = [
            self.gateway,
            [head.epoch, head.size, head.root, head.durable_through],
            self.signature,
            bytes(verdict for verdict, _ in self.verdicts),
            [position for _, position in self.verdicts],
            self.proven,
            list(self.proof),
            [[order, subject] for order, subject in self.orders],
        ]
        if self.late is None:
            return wire.encode(["answer/1", *said])
        return wire.encode(["answer/2", *said, encode_late(self.late)])

    @classmethod
    def decode(cls, data: bytes) -> Answer:
        """Raises WireError."""
        if wire.name_of(data) == "answer/2":
            *said, brought = wire.fields(wire.decode(data), "answer/2", 9)
            late: tuple[tuple[bytes, bytes], ...] | None = decode_late(brought)
        else:
            said, late = wire.fields(wire.decode(data), "answer/1", 8), None
        gateway, head, signature, codes, positions, proven, proof, orders = said
        verdicts = wire.octets(codes)
        places = [wire.number(place) for place in wire.items(positions, BODIES_LIMIT + OFFER_LIMIT)]
        if len(verdicts) != len(places) or any(code > max(Verdict) for code in verdicts):
            raise wire.Malformed("an answer holds verdicts nobody knows")
        return cls(
            wire.words(gateway),
            log_head(*_parts(head, 4)),
            wire.octets(signature, 64),
            tuple((Verdict(code), place) for code, place in zip(verdicts, places, strict=True)),
            None if proven is None else wire.number(proven, SHOWN_LIMIT - 1),
            tuple(wire.octets(node, 32) for node in wire.items(proof, PROOF_LIMIT)),
            tuple(_order(order) for order in wire.items(orders, ORDERS_LIMIT)),
            late,
        )


def _order(value: wire.Plain) -> tuple[str, str]:
    order, subject = _parts(value, 2)
    return wire.words(order), wire.words(subject)


def _parts(value: wire.Plain, count: int) -> list[wire.Plain]:
    parts = wire.items(value, count)
    if len(parts) != count:
        raise wire.Malformed("a message has too few fields")
    return parts
