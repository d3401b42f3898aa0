"""What the store and the exchange hand to each other: what waits, what headquarters answered, who the station is there.

Hashes are 32 bytes; times are aware, in UTC. «Log» is headquarters' log, which only grows; «head» is its size and root.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LogHead:
    """A head of headquarters' log. ``durable_through`` counts the entries that no restoration there can lose.

    ``epoch`` counts how often headquarters found that its log had been put back.
    """

    epoch: int
    size: int
    root: bytes
    durable_through: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.durable_through <= self.size or len(self.root) != 32:
            raise ValueError("a head of the log contradicts itself")


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A message that waits. ``kind`` is ``alert``, ``decision`` or ``picture``; ``position`` orders the whole outbox;
    ``reached`` counts the bytes of a picture that headquarters has.
    """

    position: int
    kind: str
    lane: int
    inspection_id: str
    sha256: bytes
    size: int
    attempts: int
    reached: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in one lane. ``bytes`` that headquarters lacks; ``held``: kept apart there, never to be sent again."""

    lane: int
    messages: int
    bytes: int
    held: int = 0


@dataclass(frozen=True, slots=True)
class ExchangeState:
    """Where the exchange stands, kept in the store so that a restart changes nothing.

    ``budget_bytes``: for pictures of this voyage, None without a limit. ``fault``: code of the last failure, or empty.
    """

    head: LogHead
    failures: int = 0
    not_before: datetime | None = None
    packet_limit: int = 100
    fault: str = ""
    last_contact: datetime | None = None
    clock_offset_ms: int = 0
    voyage: str = ""
    budget_bytes: int | None = None
    used_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Postponed:
    """A message to be tried again, not before ``until``; ``code`` says why."""

    position: int
    until: datetime
    code: str


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt as headquarters signed it, for the items whose positions in the outbox and places in the log follow."""

    gateway: str
    statement: bytes
    signature: bytes
    placed: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Settlement:
    """Everything that one round changes, written in one transaction or not at all, in this order:

    ``rewound_to``: headquarters has proven its log only up to this size; what stands behind it is offered again.
    ``head``: the newest proven head. ``receipt``: confirms items. ``held``: items never to be offered again, with a
    code. ``postponed``: items for later. ``reached``: bytes of pictures that headquarters has.
    """

    state: ExchangeState
    rewound_to: int | None = None
    receipt: SignedReceipt | None = None
    held: tuple[tuple[int, str], ...] = ()
    postponed: tuple[Postponed, ...] = ()
    reached: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class StationIdentity:
    """Who the station is at headquarters. The keys are raw or DER; they leave the encrypted store for memory alone.

    ``station_key``: Ed25519, signs. ``bundle_key``: opens return bundles. ``tls_key``: PKCS #8. ``gateway_key``:
    Ed25519, public, of receipts. ``gateway_bundle_key``: public, bundles are sealed for it.
    """

    station_key: bytes
    bundle_key: bytes
    tls_key: bytes
    certificate: str
    authority: str
    gateway: str
    gateway_key: bytes
    gateway_bundle_key: bytes
    address: str
