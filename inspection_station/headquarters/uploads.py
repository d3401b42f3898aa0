"""Carries pictures' bytes over one to twelve connections at once, as many as make the link faster.

On a link that loses packets one TCP connection gets a small part of it; on a good one more connections only crowd. So
every few pictures the pace is measured, and a connection is added while that helps, or taken away when it does not.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from inspection_station.headquarters.ports import Carried, Clock, Job, Link, LinkFault, OutboxPort
from inspection_station.inspection.outbox import OutboxItem

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 12
SMALLEST_PART, LARGEST_PART = 32 << 10, 256 << 10
_PART_SECONDS = 8.0
_TRIES = 4  # answers «another offset» in a row before a picture is left for the next round
_WINDOW_SECONDS, _LONGEST_WINDOW = 4.0, 12.0  # of a measurement, which sees a picture a connection if it can
_BETTER = 1.01  # a connection more must bring at least this over what is usual
_AS_GOOD = 0.99  # one less must still bring this of the best …
_FADING = 0.995  # … that was seen lately
_CALM = 2  # measurements with one number before another is tried


@dataclass(slots=True)
class Pace:
    """How many connections to use and how much to send at once, by the pace they bring. Kept from round to round.

    A number is measured for a while, then one more or one less is tried, by turns. Links that lose packets make every
    measurement noisy, so one less has to hold its own against the best that was seen: a link that is full shows little
    noise, and one that is not full is not left by chance.
    """

    connections: int = 6
    most: int = MOST_CONNECTIONS
    rate: float = 0.0  # bytes a second, all connections together
    _seen: list[float] = field(default_factory=list)  # with the present number, or before the one that is tried
    _best: float = 0.0
    _tried: int = 0  # +1, -1, or 0: none is tried
    _next: int = 1
    _calm: int = 1  # measurements still to be made; the first number is a guess

    @property
    def part(self) -> int:
        """Bytes of one append: some seconds' worth, so that a slow link answers well within the timeouts."""
        return int(min(LARGEST_PART, max(SMALLEST_PART, self.rate * _PART_SECONDS / self.connections)))

    def measured(self, bytes_a_second: float) -> None:
        """Take a measurement with the present number into account and choose the next."""
        self.rate = bytes_a_second
        self._best = max(bytes_a_second, self._best * _FADING)
        if self._tried:
            good = bytes_a_second >= (self._usual * _BETTER if self._tried > 0 else self._best * _AS_GOOD)
            if not good:
                self.connections -= self._tried
                self._next = -self._tried
            self._seen, self._calm = [bytes_a_second] if good else [], 0 if good and self._tried > 0 else _CALM
            self._tried = 0
        else:
            self._seen.append(bytes_a_second)
            self._calm -= 1
        if self._calm <= 0:
            self._try()

    def broken(self) -> None:
        """A connection broke: begin carefully again."""
        self.connections = max(1, self.connections // 2)
        self.rate, self._best, self._seen, self._tried, self._next, self._calm = self.rate / 2, 0.0, [], 0, 1, 1

    @property
    def _usual(self) -> float:
        return sum(self._seen) / len(self._seen)

    def _try(self) -> None:
        if not 1 <= self.connections + self._next <= self.most:
            self._next = -self._next
        self.connections += self._next
        self._tried = self._next


class Uploads:
    """Sends the pictures of a round. ``urgent`` is asked between pictures: whether something overtakes them."""

    def __init__(
        self, link: Link, outbox: OutboxPort, clock: Clock, urgent: Callable[[], bool], pace: Pace | None = None
    ) -> None:
        self._link = link
        self._outbox = outbox
        self._clock = clock
        self._urgent = urgent
        self.pace = pace if pace is not None else Pace()

    def __call__(self, jobs: Sequence[Job]) -> Carried:
        """Send as much as goes. Ends early when something urgent waits or the link breaks."""
        left, running = deque(jobs), set[Future[_Sent]]()
        count, fault, spoiled, whole = 0, None, list[OutboxItem](), list[OutboxItem]()
        window, pictures, since = 0, 0, self._clock.monotonic()
        with ThreadPoolExecutor(self.pace.most, thread_name_prefix="exchange-picture") as pool:
            while left or running:
                while left and fault is None and len(running) < self.pace.connections:
                    if self._urgent():
                        left.clear()
                        break
                    running.add(pool.submit(_send, self._link, self._outbox, left.popleft(), self.pace.part))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for sent in (future.result() for future in done):
                    count += sent.count
                    window, pictures = window + sent.count, pictures + 1
                    if sent.fault is not None:
                        fault = sent.fault
                        left.clear()
                    elif sent.spoiled:
                        spoiled.append(sent.item)
                    else:
                        whole.append(sent.item)
                elapsed = self._clock.monotonic() - since
                enough = pictures >= self.pace.connections or elapsed > _LONGEST_WINDOW
                if fault is None and elapsed > _WINDOW_SECONDS and window and enough:
                    self.pace.measured(window / elapsed)
                    window, pictures, since = 0, 0, self._clock.monotonic()
        if fault is not None:
            self.pace.broken()
        return Carried(count, fault, tuple(spoiled), tuple(whole))


@dataclass(frozen=True, slots=True)
class _Sent:
    item: OutboxItem
    count: int = 0
    fault: LinkFault | None = None
    spoiled: bool = False


def _send(link: Link, outbox: OutboxPort, job: Job, size: int) -> _Sent:
    item, offset = job
    try:
        data = outbox.body(item.position)
    except Exception as error:  # the store's fault, whichever: the picture waits by itself and the others go on
        log.error("a picture cannot be read", extra={"fault": type(error).__name__})
        data = None
    if data is None or len(data) != item.size:
        return _Sent(item, spoiled=True)
    count = tries = 0
    try:
        while tries < _TRIES:
            part = data[offset : offset + size]
            reached = link.upload(item.sha256, item.size, offset, part)
            if reached.published:
                return _Sent(item, count + len(part))
            if reached.count == offset + len(part) and part:
                count, offset, tries = count + len(part), reached.count, 0
            else:
                offset, tries = min(reached.count, item.size), tries + 1
    except LinkFault as fault:
        return _Sent(item, count, fault)
    return _Sent(item, count, spoiled=True)


def carry(link: Link, outbox: OutboxPort, jobs: Sequence[Job]) -> Carried:
    """One picture after the other on the caller's thread."""
    count, spoiled, whole = 0, list[OutboxItem](), list[OutboxItem]()
    for job in jobs:
        sent = _send(link, outbox, job, LARGEST_PART)
        count += sent.count
        if sent.fault is not None:
            return Carried(count, sent.fault, tuple(spoiled), tuple(whole))
        (spoiled if sent.spoiled else whole).append(sent.item)
    return Carried(count, None, tuple(spoiled), tuple(whole))
