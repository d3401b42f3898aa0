"""The one thread of the exchange. Neither the screen nor the desk ever waits for it.

It sleeps until something was sealed (``wake``), a pause is over, or it is time to ask headquarters. What it reports is
a value that the screen may show as it is.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Condition, Thread
from typing import Any, TypeVar

from inspection_station.headquarters import plan, renewal
from inspection_station.headquarters.client import HttpsLink
from inspection_station.headquarters.exchange import Exchange, NotEnrolled, Progress
from inspection_station.headquarters.late_hits import LateHitShelf
from inspection_station.headquarters.messages import LANES, Report
from inspection_station.headquarters.pace import Pace
from inspection_station.headquarters.packs_turn import PackTurns
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import Chance, Clock, Link, LinkFault, OutboxPort, Reached
from inspection_station.headquarters.rough_links import Flow
from inspection_station.headquarters.uploads import Streams
from inspection_station.headquarters.wire import WireError
from inspection_station.inspection.outbox import Backlog, Settlement, StationIdentity

log = logging.getLogger(__name__)

_STORE_PAUSE = 10.0  # seconds after the store could not be used
_LONGEST_SLEEP = 60.0
_CLOSING = 5.0
_FRESH = 180.0  # seconds after which a good answer no longer tells of a link
_TELLING = 4096  # bytes: less tells of the link's delay, not of its pace

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    """For the status strip. ``backlog`` by lane; ``seconds_left`` at the pace of late, None while that is unknown.

    ``online``: the last attempt reached headquarters. ``fault``: code of what stands in the way, or empty.
    ``budget_bytes``: what pictures of this voyage may cost (None: no limit), ``used_bytes`` of it; ``port_link``: the
    link is cheap and asks for no budget. ``clock_offset_seconds``: headquarters' clock minus ours, to ten seconds, None
    before an answer of theirs.
    """

    enrolled: bool = False
    online: bool = False
    fault: str = ""
    last_contact: datetime | None = None
    backlog: tuple[Backlog, ...] = ()
    bytes_a_second: float = 0.0
    budget_bytes: int | None = None
    used_bytes: int = 0
    port_link: bool = False
    clock_offset_seconds: int | None = None

    @property
    def seconds_left(self) -> float | None:
        """How long what may go will take."""
        return self.seconds_for(sum(plan.may_go(self.backlog, self.budget_left, self.port_link)))

    @property
    def budget_left(self) -> int | None:
        """Bytes that pictures may still cost; None without a limit."""
        return None if self.budget_bytes is None else max(0, self.budget_bytes - self.used_bytes)

    def seconds_for(self, count: int) -> float | None:
        """How long so many bytes take at the pace of late; None while that is unknown."""
        if not count:
            return 0.0
        return count / self.bytes_a_second if self.bytes_a_second > 0 else None


class Conversation:
    """The exchange of one station from step to step: its link, made anew when the identity changes, and its pace."""

    def __init__(
        self,
        station: str,
        outbox: OutboxPort,
        clock: Clock,
        rules: Rules,
        chance: Chance | None = None,
        link_for: Callable[[StationIdentity], HttpsLink] = HttpsLink,
    ) -> None:
        self._station = station
        self._outbox = outbox
        self._clock = clock
        self._rules = rules
        self._chance = chance if chance is not None else random.SystemRandom()
        self._link_for = link_for
        self._link: HttpsLink | None = None
        self._identity: StationIdentity | None = None
        self._streams: Streams | None = None
        self._pace = Pace()
        self.bytes_a_second = 0.0
        self.packs: PackTurns | None = None
        self.late_hits: LateHitShelf | None = None
        self.wanted: Callable[[], bool] = lambda: False  # whether somebody waits for this thread
        self._hasty = False

    def step(self) -> Progress:
        """One round. Raises NotEnrolled, and the store's own faults."""
        link = self._current_link()
        exchange = Exchange(
            self._station,
            self._outbox,
            _Timed(link, self._clock, self._measured),
            self._clock,
            self._chance,
            self._rules_now(),
            self._report,
            self._streams,
            self.late_hits,
        )
        progress = exchange.step()
        if self.packs is not None and progress.rest_until is not None and not progress.fault:
            self.packs.turn(link, self._urgent)
        return progress

    def make_way(self) -> None:
        """Something was sealed: pictures stop where they are, until the next step has looked. From any thread."""
        if (streams := self._streams) is not None:
            streams.make_way()

    def hasten(self) -> None:
        """Ask at the next step, whatever pause was kept, and ask for packs too. Raises the store's own faults."""
        state = self._outbox.state()
        self._outbox.settle(Settlement(replace(state, not_before=None)))
        self._hasty = True
        if self.packs is not None:
            self.packs.hasten()

    @property
    def port_link(self) -> bool:
        """Whether the link costs nothing: originals go too, without a budget."""
        return self._rules.port_link

    @port_link.setter
    def port_link(self, cheap: bool) -> None:
        self._rules = replace(self._rules, port_link=cheap)

    def backlog(self) -> tuple[Backlog, ...]:
        """What waits, by lane."""
        return self._outbox.backlog()

    def close(self) -> None:
        """Let go of the link."""
        if self._streams is not None:
            self._streams.close()
        if self._link is not None:
            self._link.close()
        self._link = self._identity = self._streams = None

    @property
    def clock_offset_seconds(self) -> int | None:
        """To ten seconds: what the way there and back takes is no error of the clock."""
        offset = self._link.clock_offset_ms if self._link is not None else None
        return None if offset is None else round(offset / 10_000) * 10

    def _current_link(self) -> HttpsLink:
        identity = self._outbox.identity()
        if identity is None:
            raise NotEnrolled("the station is not enrolled at headquarters")
        identity = self._renewed(identity)
        if self._link is None or identity != self._identity:
            self.close()
            self._link, self._identity = self._link_for(identity), identity
            self._streams = Streams(
                self._link, self._outbox, self._clock, self._rules, self._urgent, self._pace, self._measured
            )
        return self._link

    def _renewed(self, identity: StationIdentity) -> StationIdentity:
        now, state = self._clock.now(), self._outbox.state()
        if (state.not_before is not None and state.not_before > now) or not renewal.due(identity, now):
            return identity
        try:
            fresh = renewal.renewed(self._station, identity, now)
        except (LinkFault, WireError) as fault:
            log.warning("the certificate could not be renewed", extra={"code": fault.code})
            return identity
        self._outbox.enrol(fresh)
        return fresh

    def _measured(self, count: int, spent: float) -> None:
        if count >= _TELLING and spent > 0:
            now = count / spent
            self.bytes_a_second = now if not self.bytes_a_second else 0.7 * self.bytes_a_second + 0.3 * now

    def _rules_now(self) -> Rules:
        hasty, self._hasty = self._hasty, False
        return replace(self._rules, poll_seconds=0.0) if hasty else self._rules

    def _urgent(self) -> bool:
        """Whether an alert, a decision or somebody at the screen waits: they overtake pictures."""
        return self.wanted() or any(item.kind != "picture" for item in self._outbox.ready(self._clock.now(), 1))

    def _report(self) -> Report:
        lanes = [0] * LANES
        for lane in self._outbox.backlog():
            lanes[lane.lane] = lane.messages
        return Report(tuple(lanes), self._outbox.oldest_seconds())


class ExchangeLoop:
    """Start it after the store and close it before. ``on_status`` is called with every new status, on its thread."""

    def __init__(self, conversation: Conversation, outbox: OutboxPort, clock: Clock) -> None:
        self._conversation = conversation
        self._outbox = outbox
        self._clock = clock
        self.on_status: Callable[[ExchangeStatus], None] = _nobody
        self._wake = Condition()
        self._woken = self._closing = False
        self._jobs: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        conversation.wanted = lambda: self._woken or self._closing or bool(self._jobs)
        self._status = ExchangeStatus()
        self._thread = Thread(target=self._run, name="exchange", daemon=True)

    @property
    def status(self) -> ExchangeStatus:
        """How the exchange stands, from any thread."""
        return self._status

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something was sealed, or somebody pressed «now»."""
        self._conversation.make_way()
        with self._wake:
            self._woken = True
            self._wake.notify()

    def now(self) -> Future[None]:
        """Somebody pressed «now»: no pause is kept, and packs are asked for. Done before the round that follows."""
        return self.do(self._conversation.hasten)

    def use_port_link(self, cheap: bool) -> None:
        """From now on the link costs nothing, or is dear again; until the station is started anew."""

        def take() -> None:
            self._conversation.port_link = cheap

        self.do(take)

    def do(self, work: Callable[[], _T]) -> Future[_T]:
        """Carry this out on the exchange's thread between two rounds: what settles answers must not meet another that
        does. A round follows it. The future is cancelled when the exchange ends first.
        """
        future: Future[_T] = Future()
        with self._wake:
            if self._closing:
                future.cancel()
                return future
            self._jobs.append((work, future))
            self._woken = True
            self._wake.notify()
        return future

    def close(self) -> None:
        """End after the round that is running, or leave the thread behind after five seconds."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(_CLOSING)

    def _run(self) -> None:
        self._guarded(self._tell)
        while not self._closing:
            self._carry_out()
            pause = self._round()
            with self._wake:
                if not self._woken and not self._closing and pause > 0:
                    self._wake.wait(pause)
                self._woken = False
        for _, future in self._jobs:
            future.cancel()
        self._conversation.close()

    def _carry_out(self) -> None:
        for _ in range(len(self._jobs)):  # what comes meanwhile is done after a round
            work, future = self._jobs.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except Exception as fault:  # the caller's to tell; the thread lives on
                future.set_exception(fault)

    def _round(self) -> float:
        """One step; returns how many seconds to rest."""
        try:
            progress = self._conversation.step()
            self._tell()
            rest = progress.rest_until
            return 0.0 if rest is None else min(max((rest - self._clock.now()).total_seconds(), 0.05), _LONGEST_SLEEP)
        except NotEnrolled as fault:
            self._show(replace(self._status, enrolled=False, online=False, fault=fault.code))
            return _LONGEST_SLEEP
        except Exception as fault:
            # A store that cannot be used, or a fault of ours: the thread must live to try again.
            log.exception("the exchange could not go on")
            self._show(replace(self._status, online=False, fault=str(getattr(fault, "code", "SYS-01"))))
            return _STORE_PAUSE

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as fault:
            log.warning("the exchange cannot tell how it stands", extra={"fault": type(fault).__name__})

    def _tell(self) -> None:
        state = self._outbox.state()
        self._show(
            ExchangeStatus(
                True,
                not state.fault and self._is_fresh(state.last_contact),
                state.fault,
                state.last_contact,
                self._conversation.backlog(),
                self._conversation.bytes_a_second,
                state.budget_bytes,
                state.used_bytes,
                self._conversation.port_link,
                self._conversation.clock_offset_seconds,
            )
        )

    def _is_fresh(self, contact: datetime | None) -> bool:
        return contact is not None and abs((self._clock.now() - contact).total_seconds()) < _FRESH

    def _show(self, status: ExchangeStatus) -> None:
        if status != self._status:
            self._status = status
            _log_status(status)
            self.on_status(status)


class _Timed:
    """A link whose round trips are measured. Implements ``ports.Link``."""

    def __init__(self, link: Link, clock: Clock, measured: Callable[[int, float], None]) -> None:
        self._link, self._clock, self._measured = link, clock, measured

    def exchange(self, request: bytes) -> bytes:
        began = self._clock.monotonic()
        answer = self._link.exchange(request)
        self._measured(len(request), self._clock.monotonic() - began)
        return answer

    def stream(self, pieces: Iterator[bytes]) -> Mapping[bytes, Reached]:
        return self._link.stream(pieces)

    def flow(self) -> Flow:
        return self._link.flow()

    @property
    def clock_offset_ms(self) -> int | None:
        return self._link.clock_offset_ms


def _nobody(status: ExchangeStatus) -> None:
    """Nobody listens."""


def _log_status(status: ExchangeStatus) -> None:
    waiting = sum(lane.messages for lane in status.backlog)
    log.info("exchange", extra={"online": status.online, "code": status.fault, "waiting": waiting})
