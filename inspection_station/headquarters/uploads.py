"""Carries pictures' bytes in streams: one request, many pictures, several connections at once, on over the rounds.

Between two rounds nothing waits: while the streams go on, the exchange offers the next pictures and asks for the
receipts of those that arrived. What is more urgent holds the streams; they go on where they stopped.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Condition, Thread

from inspection_station.headquarters.pace import LARGEST_PART, Pace
from inspection_station.headquarters.picture_stream import HEAD_BYTES, OPENING, Part
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import (
    NOTHING_IN_HAND,
    Carried,
    Clock,
    HeadquartersUnreachable,
    InHand,
    Job,
    Link,
    LinkFault,
    OutboxPort,
    Reached,
)
from inspection_station.headquarters.throttle import Throttle
from inspection_station.inspection.outbox import OutboxItem

log = logging.getLogger(__name__)

_TRIES = 4  # streams that end without a picture being whole before it waits by itself
_PIECE = 12 << 10  # bytes that are given to a connection at once: what is urgent waits for no more of each
_STREAM_SECONDS = 60.0  # then a stream ends, so that its pictures are answered for
_STREAM_BYTES = 16 << 20
_HELD_SECONDS = 10.0  # a stream that is held for longer ends between two parts …
_LONGEST_HELD = 60.0  # … and gives way within one
_WINDOW_SECONDS, _LONGEST_WINDOW = 8.0, 16.0  # of a measurement; a longer one saw the link stand still
_HELD_LOOK_SECONDS = 1.0  # while they are held
_LOOK_SECONDS = 0.1  # how often it is looked for something more urgent while pictures go


class _GaveWay(LinkFault):
    """We ended a stream ourselves: the link is not to blame."""


class Streams:
    """Implements ``ports.Carrier`` on threads of its own. ``urgent`` is asked while pictures go: whether something
    waits that overtakes them. ``on_rate`` hears of bytes and the seconds they took.
    """

    def __init__(
        self,
        link: Link,
        outbox: OutboxPort,
        clock: Clock,
        rules: Rules,
        urgent: Callable[[], bool],
        pace: Pace | None = None,
        on_rate: Callable[[int, float], None] = lambda count, spent: None,
    ) -> None:
        self._link = link
        self._outbox = outbox
        self._clock = clock
        self._low = rules.offers // 2, rules.offer_bytes // 2
        self._urgent = urgent
        self.pace = pace if pace is not None else Pace()
        self._on_rate = on_rate
        self._throttle = Throttle()
        self._changed = Condition()
        self._queue: deque[Job] = deque()
        self._in_hand: dict[int, int] = {}  # bytes still to be sent by position, until they are answered for
        self._tries: dict[int, int] = {}
        self._running = 0  # streams that take pictures
        self._held = self._closing = self._news = False
        self._count = 0
        self._fault: LinkFault | None = None
        self._spoiled: list[OutboxItem] = []
        self._whole: list[OutboxItem] = []
        self._window, self._since = 0, 0.0

    @property
    def in_hand(self) -> InHand:
        """See ``ports.Carrier``."""
        with self._changed:
            return InHand(
                frozenset(self._in_hand),
                len(self._queue),
                sum(item.size - offset for item, offset in self._queue),
                sum(self._in_hand.values()) + self._count,  # sent is used, but only what was collected is known as such
            )

    def take(self, jobs: Sequence[Job]) -> None:
        """See ``ports.Carrier``."""
        with self._changed:
            if not self._in_hand:
                self._measure_anew()
            for item, offset in jobs:
                if item.position not in self._in_hand:
                    self._in_hand[item.position] = item.size - offset
                    self._queue.append((item, offset))
            self._spawn()

    def collect(self) -> Carried:
        """See ``ports.Carrier``."""
        with self._changed:
            carried = Carried(self._count, self._fault, tuple(self._spoiled), tuple(self._whole))
            self._count, self._fault = 0, None
            self._spoiled.clear()
            self._whole.clear()
            return carried

    def hold(self, held: bool) -> None:
        """See ``ports.Carrier``."""
        with self._changed:
            if held is not self._held:
                self._held = held
                self._measure_anew()
                self._throttle.anew(self._clock.monotonic())
                self._changed.notify_all()
                self._spawn()

    def make_way(self) -> None:
        """Something more urgent was sealed: hold, and let whoever waits here look at once. From any thread."""
        with self._changed:
            self._news = True
            self.hold(True)

    def wait(self, seconds: float) -> None:
        """See ``ports.Carrier``."""
        until = self._clock.monotonic() + seconds
        while True:
            with self._changed:
                if not self._news and self._in_hand:
                    self._changed.wait(_LOOK_SECONDS)
                if self._news or not self._in_hand:
                    self._news = False
                    return
                held = self._held
            if held:  # what is urgent is known already; only who waits for this thread is to be heard
                until = min(until, self._clock.monotonic() + _HELD_LOOK_SECONDS)
            if self._clock.monotonic() >= until or (not held and self._urgent()):
                return

    def close(self) -> None:
        """End every stream, as soon as its connection lets go of it."""
        with self._changed:
            self._closing = True
            self._queue.clear()
            self._in_hand.clear()
            self._changed.notify_all()

    def _spawn(self) -> None:
        while self._queue and not self._held and not self._closing and self._running < self.pace.connections:
            if self._running >= len(self._queue) and self._running:
                return
            self._running += 1
            Thread(target=self._run, name="exchange-pictures", daemon=True).start()

    def _run(self) -> None:
        stream = _Stream()
        states: Mapping[bytes, Reached] = {}
        fault: LinkFault | None = None
        try:
            states = self._link.stream(self._pieces(stream))
        except _GaveWay:
            pass
        except LinkFault as caught:
            fault = caught
        except Exception as error:  # a fault of ours must not leave pictures in hand for ever
            log.exception("a stream of pictures could not go on")
            fault = HeadquartersUnreachable(f"a stream failed ({type(error).__name__})")
        with self._changed:
            if not stream.ended:
                self._running -= 1
            for item in stream.items:
                self._answered(item, states.get(item.sha256) is not None and states[item.sha256].published, fault)
            if fault is not None:
                self._fault = fault
                self.pace.broken()
                self._measure_anew()
            self._tell()
            self._spawn()

    def _answered(self, item: OutboxItem, published: bool, fault: LinkFault | None) -> None:
        if self._in_hand.pop(item.position, None) is None:
            return
        if published:
            self._tries.pop(item.position, None)
            self._whole.append(item)
        elif fault is None:
            self._tries[item.position] = self._tries.get(item.position, 0) + 1
            if self._tries[item.position] >= _TRIES:
                del self._tries[item.position]
                self._spoiled.append(item)

    def _pieces(self, stream: _Stream) -> Iterator[bytes]:
        """What one stream sends; asks for the next picture when the one before lies in the connection's buffer."""
        began = self._clock.monotonic()
        yield OPENING
        while (job := self._next(stream, began)) is not None:
            item, offset = job
            data = _body(self._outbox, item)
            if data is None:
                with self._changed:
                    self._in_hand.pop(item.position, None)
                    self._spoiled.append(item)
                continue
            stream.items.append(item)
            for part in _parts(item, data, offset, lambda: self.pace.part):
                for at in range(0, len(part), _PIECE):
                    piece = part[at : at + _PIECE]
                    self._give_way(len(piece))
                    yield piece
                    stream.count += len(piece)
                    self._sent(item, len(piece) if at else len(piece) - HEAD_BYTES)

    def _next(self, stream: _Stream, began: float) -> Job | None:
        with self._changed:
            if self._held:
                self._changed.wait_for(lambda: not self._held or self._closing, _HELD_SECONDS)
            spent = self._clock.monotonic() - began
            over = spent > _STREAM_SECONDS or stream.count > _STREAM_BYTES or self._running > self.pace.connections
            if self._closing or self._held or over or not self._queue:
                stream.ended = True
                self._running -= 1
                self._spawn()  # another takes its place while this one waits for its answer
                return None
            before = self._is_low()
            job = self._queue.popleft()
            if self._is_low() and (not before or not self._queue):
                self._tell()
            return job

    def _give_way(self, count: int) -> None:
        """Until so many bytes may go: to what is more urgent, and to what the link has not taken yet."""
        now = self._clock.monotonic()
        if self._throttle.is_due(now):
            self._throttle.look(self._link.flow(), now)
        with self._changed:
            while self._changed.wait_for(lambda: self._held or self._closing, self._throttle.delay(count, now)):
                self._changed.wait_for(lambda: not self._held or self._closing, _LONGEST_HELD)
                if self._held or self._closing:
                    raise _GaveWay("something more urgent takes long")
                now = self._clock.monotonic()

    def _sent(self, item: OutboxItem, count: int) -> None:
        with self._changed:
            self._count += count
            if item.position in self._in_hand:
                self._in_hand[item.position] = max(0, self._in_hand[item.position] - count)
            self._window += count
            spent = self._clock.monotonic() - self._since
            if spent < _WINDOW_SECONDS:
                return
            window = self._window
            self._measure_anew()
            if spent > _LONGEST_WINDOW:
                return
            if self._throttle.holds:  # a link with a queue is full: another connection would only lengthen it
                self.pace.rate = window / spent
            elif self._queue:
                self.pace.measured(window / spent)
            self._spawn()
        self._on_rate(window, spent)

    def _is_low(self) -> bool:
        count, weight = self._low
        if len(self._queue) > count:
            return False
        return sum(item.size - offset for item, offset in self._queue) <= weight

    def _measure_anew(self) -> None:
        self._window, self._since = 0, self._clock.monotonic()

    def _tell(self) -> None:
        self._news = True
        self._changed.notify_all()


class _Stream:
    """What one stream carries: pictures whose bytes were given to the connection, and how many."""

    def __init__(self) -> None:
        self.items: list[OutboxItem] = []
        self.count = 0
        self.ended = False


def _body(outbox: OutboxPort, item: OutboxItem) -> bytes | None:
    try:
        data = outbox.body(item.position)
    except Exception as error:  # the store's fault, whichever: the picture waits by itself and the others go on
        log.error("a picture cannot be read", extra={"fault": type(error).__name__})
        return None
    # An empty one could only make headquarters refuse the stream, and all that go with it.
    return data if data and len(data) == item.size else None


def _parts(item: OutboxItem, data: bytes, offset: int, length: Callable[[], int]) -> Iterator[bytes]:
    """At least one: an empty one asks for a picture that is there whole to be published."""
    while True:
        part = data[offset : offset + length()]
        yield Part(item.sha256, item.size, offset, part).encode()
        offset += len(part)
        if offset >= item.size:
            return


class InTurn:
    """Implements ``ports.Carrier`` on the caller's thread: taking means carrying, in one stream."""

    in_hand = NOTHING_IN_HAND

    def __init__(self, link: Link, outbox: OutboxPort) -> None:
        self._link = link
        self._outbox = outbox
        self._carried = Carried(0)

    def take(self, jobs: Sequence[Job]) -> None:
        """See ``ports.Carrier``."""
        sent, spoiled, count = list[OutboxItem](), list[OutboxItem](), 0

        def pieces() -> Iterator[bytes]:
            nonlocal count
            yield OPENING
            for item, offset in jobs:
                data = _body(self._outbox, item)
                if data is None:
                    spoiled.append(item)
                    continue
                sent.append(item)
                for part in _parts(item, data, offset, lambda: LARGEST_PART):
                    yield part
                    count += len(part) - HEAD_BYTES

        try:
            states = self._link.stream(pieces())
        except LinkFault as fault:
            self._carried = Carried(count, fault, tuple(spoiled))
            return
        whole = tuple(item for item in sent if item.sha256 in states and states[item.sha256].published)
        spoiled += [item for item in sent if item not in whole]
        self._carried = Carried(count, None, tuple(spoiled), whole)

    def collect(self) -> Carried:
        """See ``ports.Carrier``."""
        carried, self._carried = self._carried, Carried(0)
        return carried

    def hold(self, held: bool) -> None:
        """Nothing goes on between two calls."""

    def wait(self, seconds: float) -> None:
        """Nothing is under way."""
