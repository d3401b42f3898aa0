"""What the exchange needs of the world: an outbox, a link, a clock. Faults of the link have their types here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inspection_station.headquarters.rough_links import Flow
from inspection_station.inspection.outbox import (
    Backlog,
    ExchangeState,
    LogHead,
    OutboxItem,
    Settlement,
    StationIdentity,
)


class LinkFault(Exception):
    """A round trip that did not come to a good end. Nothing is known of what headquarters did with it."""

    code = "NET-02"


class HeadquartersUnreachable(LinkFault):
    """No connection, a connection that broke, or no answer in time."""


class HeadquartersBusy(LinkFault):
    """Headquarters asks for patience; ``seconds`` is what it asked for, 0 when it did not say."""

    code = "NET-03"

    def __init__(self, text: str, seconds: float = 0.0) -> None:
        super().__init__(text)
        self.seconds = seconds


class HeadquartersDenied(LinkFault):
    """The station is not let in: certificate unknown, run out or revoked. Nothing is ever deleted because of it."""

    code = "SEC-03"

    def __init__(self, text: str, status: int = 0) -> None:
        """``status``: of the HTTP answer, 0 where the connection itself was refused."""
        super().__init__(text)
        self.status = status


class HeadquartersRefused(LinkFault):
    """The message as a whole was refused: too large, or not understood."""

    code = "SYN-04"


class OutboxPort(Protocol):
    """The store as the exchange uses it; every call may raise the store's own fault, which has ``code``."""

    def ready(self, now: datetime, each: int) -> tuple[OutboxItem, ...]: ...
    def body(self, position: int) -> bytes | None: ...
    def find(self, items: Sequence[tuple[str, str, bytes]]) -> tuple[OutboxItem | None, ...]: ...
    def state(self) -> ExchangeState: ...
    def backlog(self) -> tuple[Backlog, ...]: ...
    def oldest_seconds(self) -> int: ...
    def standing_heads(self, most: int) -> tuple[LogHead, ...]: ...
    def identity(self) -> StationIdentity | None: ...
    def settle(self, settlement: Settlement) -> None: ...
    def enrol(self, identity: StationIdentity) -> None: ...
    def begin_incarnation(self, reason: str, instead_of: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Reached:
    """How many bytes of a picture headquarters has, and whether it has published it."""

    count: int
    published: bool


class Link(Protocol):
    """A way to the gateway. Calls may come from several threads at once. Every call may raise LinkFault."""

    def exchange(self, request: bytes) -> bytes:
        """The answer to a request, as bytes on the wire."""
        ...

    def stream(self, pieces: Iterator[bytes]) -> Mapping[bytes, Reached]:
        """Send a stream of pictures (``picture_stream``) piece by piece; how far each of its pictures is then, by hash.

        Raises what ``pieces`` raises. Where headquarters has another offset a part is left out, and the true one told.
        """
        ...

    def flow(self) -> Flow:
        """How the link gets on at present."""
        ...

    @property
    def clock_offset_ms(self) -> int | None:
        """Headquarters' clock minus this machine's, by the last answer; None before one."""
        ...


class Clock(Protocol):
    """Wall time, aware, in UTC, and monotonic seconds."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


class Chance(Protocol):
    """Where jitter comes from: uniform in [0, 1)."""

    def random(self) -> float: ...


Job = tuple[OutboxItem, int]
"""A picture to be sent, and the offset from which headquarters lacks it."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What an attempt to send pictures came to: bytes on the link, why it ended early, what cannot be sent, and what
    headquarters has whole now.
    """

    count: int
    fault: LinkFault | None = None
    spoiled: tuple[OutboxItem, ...] = ()
    whole: tuple[OutboxItem, ...] = ()


@dataclass(frozen=True, slots=True)
class InHand:
    """What a carrier has not been answered for: ``positions`` in the outbox; how many, and how many bytes, wait their
    turn; ``unclaimed_bytes``: those still to be sent, and those sent of which ``Carrier.collect`` has not told yet.
    """

    positions: frozenset[int] = frozenset()
    waiting: int = 0
    waiting_bytes: int = 0
    unclaimed_bytes: int = 0


NOTHING_IN_HAND = InHand()


class Carrier(Protocol):
    """Carries pictures' bytes, if it can while the exchange goes on. Used by the exchange's one thread."""

    @property
    def in_hand(self) -> InHand:
        """Pictures that are not to be offered now."""
        ...

    def take(self, jobs: Sequence[Job]) -> None:
        """Send these too."""
        ...

    def collect(self) -> Carried:
        """What came of it since this was asked last."""
        ...

    def hold(self, held: bool) -> None:
        """Send nothing until it is let go again: something more urgent is to go, or the link is given a rest."""
        ...

    def wait(self, seconds: float) -> None:
        """Until there is something to collect, room for more pictures, or something more urgent; at most so long."""
        ...
