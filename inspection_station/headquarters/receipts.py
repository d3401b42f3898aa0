"""Receipts: what headquarters has put into its log, signed so that it can be held to it later.

A receipt names a head of the log (epoch, size, root), how far the log is kept beyond any restoration
(``durable_through``), and the items it answers for, each with its place in the log. Without items it is a checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from inspection_station.headquarters import wire
from inspection_station.inspection.outbox import LogHead


class Kind(IntEnum):
    """What an item of the exchange is."""

    ALERT = 0
    DECISION = 1
    PICTURE = 2


class Verdict(IntEnum):
    """What became of an item at headquarters."""

    ACCEPTED = 0
    KNOWN = 1  # it was there already, the same
    QUARANTINED = 2  # it was there already and was another: kept apart, never overwritten
    REFUSED = 3  # not what it claims to be: kept nowhere
    UNFINISHED = 4  # a picture of which bytes are missing; ``position`` tells how many are there

    @property
    def receipted(self) -> bool:
        """Whether the receipt answers for the item."""
        return self in (Verdict.ACCEPTED, Verdict.KNOWN)


@dataclass(frozen=True, slots=True)
class Item:
    """An item by its identity. A picture's id is its inspection's; it is told by the hash as well."""

    kind: Kind
    inspection_id: str
    sha256: bytes


def log_head(epoch: wire.Plain, size: wire.Plain, root: wire.Plain, durable_through: wire.Plain = 0) -> LogHead:
    """A head of the log from the fields of a message. Raises Malformed."""
    numbers = wire.number(epoch), wire.number(size), wire.octets(root, 32), wire.number(durable_through)
    try:
        return LogHead(*numbers)
    except ValueError as error:
        raise wire.Malformed("a head of the log contradicts itself") from error


@dataclass(frozen=True, slots=True)
class Receipt:
    """A head and the items it answers for with their places, signed over ``statement``."""

    gateway: str
    head: LogHead
    items: tuple[tuple[Item, int], ...]
    signature: bytes = b""

    @property
    def statement(self) -> bytes:
        """The bytes that are signed."""
        head = self.head
        listed: list[wire.Plain] = [
            [int(item.kind), item.inspection_id, item.sha256, position] for item, position in self.items
        ]
        return wire.encode(["receipt/1", self.gateway, head.epoch, head.size, head.root, head.durable_through, listed])

    def signed(self, key: Ed25519PrivateKey) -> Receipt:
        """The same with its signature."""
        return Receipt(self.gateway, self.head, self.items, key.sign(self.statement))

    def require_signature(self, key: Ed25519PublicKey) -> None:
        """Raises BadSignature, Malformed for an item placed beyond the head."""
        if any(position >= self.head.size for _, position in self.items):
            raise wire.Malformed("a receipt places an item beyond its head")
        try:
            key.verify(self.signature, self.statement)
        except InvalidSignature as error:
            raise wire.BadSignature("a receipt is not signed by this station's gateway") from error
