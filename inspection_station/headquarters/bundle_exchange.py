"""The exchange by bundle: everything that waits goes out in one file; headquarters' answers come back in another.

Exporting changes nothing: what is in a bundle waits until its receipt is here, and may go over a link meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from inspection_station.headquarters import plan, wire
from inspection_station.headquarters.exchange import NotEnrolled, late_hits_in
from inspection_station.headquarters.late_hits import HEARD_LIMIT, HeardOf, LateHitShelf
from inspection_station.headquarters.messages import (
    OFFER_LIMIT,
    SHOWN_LIMIT,
    Answer,
    Offer,
    Request,
    decode_heads,
    encode_heads,
    seal_packet,
)
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import Clock, OutboxPort
from inspection_station.headquarters.receipts import Item, Kind
from inspection_station.headquarters.sealed_bundle import TO_HEADQUARTERS, TO_STATION, read_bundle, write_bundle
from inspection_station.inspection.outbox import LogHead, OutboxItem, StationIdentity

_EVERYTHING = 1_000_000
log = logging.getLogger(__name__)

_AGES = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into a bundle. ``unreadable``: messages whose bodies the store could not give."""

    messages: int
    pictures: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What a return bundle came to. ``stale``: answers that a later exchange over a link has overtaken; ``late_hits``
    that are new here.
    """

    confirmed: int
    held: int
    stale: int
    late_hits: int = 0


@dataclass(frozen=True, slots=True)
class Returned:
    """An entry of a return bundle: what was asked, which heads were shown, and the answer."""

    shown: tuple[LogHead, ...]
    items: tuple[Item, ...]
    answer: Answer

    def encode(self) -> bytes:
        """As an entry."""
        listed: list[wire.Plain] = [[int(item.kind), item.inspection_id, item.sha256] for item in self.items]
        return wire.encode(["return/1", encode_heads(self.shown), listed, self.answer.encode()])

    @classmethod
    def decode(cls, data: bytes) -> Returned:
        """Raises WireError."""
        shown, items, answer = wire.fields(wire.decode(data), "return/1", 3)
        listed = []
        for item in wire.items(items, 1000):
            parts = wire.items(item, 3)
            if len(parts) != 3:
                raise wire.Malformed("an item of a return is incomplete")
            kind = wire.number(parts[0], max(Kind))
            listed.append(Item(Kind(kind), wire.words(parts[1]), wire.octets(parts[2], 32)))
        return cls(decode_heads(shown, SHOWN_LIMIT + 1), tuple(listed), Answer.decode(wire.octets(answer)))


def export_bundle(
    target: Path,
    station: str,
    outbox: OutboxPort,
    clock: Clock,
    escrow: bytes | None = None,
    *,
    pictures: bool = True,
    late_hits: LateHitShelf | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Exported:
    """Everything that waits, for headquarters' key and, where given, an escrow key. With ``late_hits`` the bundle asks
    for those that headquarters holds, also when nothing waits. ``progress``: 0…1; what it raises ends the export.

    Raises NotEnrolled, OSError, WireError, and the store's own faults.
    """
    identity = _identity(outbox)
    waiting = outbox.ready(clock.now() + _AGES, _EVERYTHING)
    heard = None if late_hits is None else late_hits.to_tell(HEARD_LIMIT)
    made = _Export(station, outbox, identity, outbox.standing_heads(SHOWN_LIMIT), heard)
    recipients = [identity.gateway_bundle_key, *([escrow] if escrow is not None else [])]
    signer = Ed25519PrivateKey.from_private_bytes(identity.station_key)
    taken = [item for item in waiting if pictures or item.kind != "picture"]
    write_bundle(
        target, TO_HEADQUARTERS, station, signer, recipients, _told(made.entries(taken), made, len(taken), progress)
    )
    return Exported(made.messages, made.pictures, made.unreadable)


def _told(entries: Iterator[bytes], made: _Export, whole: int, progress: Callable[[float], None]) -> Iterator[bytes]:
    for entry in entries:
        progress(made.read / whole if whole else 1.0)
        yield entry


class _Export:
    def __init__(
        self,
        station: str,
        outbox: OutboxPort,
        identity: StationIdentity,
        shown: Sequence[LogHead],
        heard: tuple[HeardOf, ...] | None,
    ) -> None:
        self._station, self._outbox, self._shown, self._heard = station, outbox, tuple(shown), heard
        self._key = Ed25519PrivateKey.from_private_bytes(identity.station_key)
        self.messages = self.pictures = self.unreadable = self.read = 0

    def entries(self, items: Sequence[OutboxItem]) -> Iterator[bytes]:
        yield from self._packets([item for item in items if item.kind != "picture"])
        yield from self._offers([item for item in items if item.kind == "picture"])
        if self._heard is not None:
            yield Request(self._station, self._shown, heard=self._heard).encode()

    def _body(self, item: OutboxItem) -> bytes | None:
        try:
            return self._outbox.body(item.position)
        except Exception as fault:  # the store's, whichever: what still reads of a damaged one goes all the same
            log.error("a message cannot be read", extra={"fault": type(fault).__name__})
            return None

    def _packets(self, items: list[OutboxItem]) -> Iterator[bytes]:
        for at in range(0, len(items), 100):
            bodies = []
            for item in items[at : at + 100]:
                body = self._body(item)
                self.read += 1
                if body is None:
                    self.unreadable += 1
                else:
                    bodies.append((plan.item_of(item).kind, body))
            if bodies:
                self.messages += len(bodies)
                yield Request(self._station, self._shown, seal_packet(self._station, bodies, self._key)).encode()

    def _offers(self, items: list[OutboxItem]) -> Iterator[bytes]:
        for at in range(0, len(items), OFFER_LIMIT):
            offers = []
            for item in items[at : at + OFFER_LIMIT]:
                data = self._body(item)
                self.read += 1
                if data is None:
                    self.unreadable += 1
                    continue
                yield wire.encode(["picture/1", item.sha256, data])
                offers.append(Offer(item.inspection_id, item.sha256, item.size))
            if offers:
                self.pictures += len(offers)
                yield Request(self._station, self._shown, offers=tuple(offers)).encode()


def import_return(
    source: Path,
    outbox: OutboxPort,
    clock: Clock,
    rules: Rules,
    *,
    station: str = "",
    late_hits: LateHitShelf | None = None,
) -> Imported:
    """Headquarters' receipts for what went out by bundle, and late hits for ``station``. A second time changes nothing.

    Raises NotEnrolled, WireError (NotForUs, BadSignature, Malformed), OSError, and the store's own faults.
    """
    identity = _identity(outbox)
    key = Ed25519PublicKey.from_public_bytes(identity.gateway_key)
    confirmed = held = stale = late = 0
    for entry in read_bundle(source, TO_STATION, identity.bundle_key, key):
        if wire.name_of(entry) == "pack-file/1":
            continue  # packs in the same bundle, which ``packs_source.BundleSource`` reads
        returned = Returned.decode(entry)
        receipt = returned.answer.receipt(returned.items)
        receipt.require_signature(key)
        if late_hits is not None and returned.answer.late:
            late += late_hits.keep(late_hits_in(returned.answer, identity, station), ())
        state = outbox.state()
        # The proof leads from the head that was shown. Where another exchange went further since, it proves nothing of
        # what lies between: those messages are offered again, and headquarters knows them.
        if not returned.shown or (returned.shown[0].size, returned.shown[0].root) != (state.head.size, state.head.root):
            stale += 1
            continue
        found = outbox.find([(item.kind.name.lower(), item.inspection_id, item.sha256) for item in returned.items])
        asked = [message for message in found if message is not None]
        answer = returned.answer.only([number for number, message in enumerate(found) if message is not None])
        judgement = plan.judge(state, returned.shown, asked, answer, receipt, clock.now(), rules, 0.5)
        outbox.settle(judgement.settlement)
        placed = judgement.settlement.receipt
        confirmed += len(placed.placed) if placed is not None else 0
        held += len(judgement.settlement.held)
    return Imported(confirmed, held, stale, late)


def _identity(outbox: OutboxPort) -> StationIdentity:
    identity = outbox.identity()
    if identity is None:
        raise NotEnrolled("the station is not enrolled at headquarters")
    return identity
