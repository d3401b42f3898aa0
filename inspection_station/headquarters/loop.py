"""The one thread of the exchange. Neither the screen nor the desk ever waits for it.

It sleeps until something was sealed (``wake``), a pause is over, or it is time to ask headquarters. What it reports is
a value that the screen may show as it is.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Condition, Thread

from inspection_station.headquarters import renewal
from inspection_station.headquarters.client import HttpsLink
from inspection_station.headquarters.exchange import Exchange, NotEnrolled, Progress
from inspection_station.headquarters.late_hits import LateHitShelf
from inspection_station.headquarters.messages import LANES, Report
from inspection_station.headquarters.packs_turn import PackTurns
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import Carried, Chance, Clock, Job, LinkFault, OutboxPort
from inspection_station.headquarters.uploads import Pace, Uploads
from inspection_station.headquarters.wire import WireError
from inspection_station.inspection.outbox import Backlog, StationIdentity

log = logging.getLogger(__name__)

_STORE_PAUSE = 10.0  # seconds after the store could not be used
_LONGEST_SLEEP = 60.0
_CLOSING = 5.0


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    """For the status strip. ``backlog`` by lane; ``seconds_left`` at the pace of late, None while that is unknown.

    ``online``: the last attempt reached headquarters. ``fault``: code of what stands in the way, or empty.
    """

    enrolled: bool = False
    online: bool = False
    fault: str = ""
    last_contact: datetime | None = None
    backlog: tuple[Backlog, ...] = ()
    bytes_a_second: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long what waits will take."""
        waiting = sum(lane.bytes for lane in self.backlog)
        if not waiting:
            return 0.0
        return waiting / self.bytes_a_second if self.bytes_a_second > 0 else None


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
        self._pace = Pace()
        self.bytes_a_second = 0.0
        self.packs: PackTurns | None = None
        self.late_hits: LateHitShelf | None = None

    def step(self) -> Progress:
        """One round. Raises NotEnrolled, and the store's own faults."""
        link = self._current_link()
        exchange = Exchange(
            self._station,
            self._outbox,
            link,
            self._clock,
            self._chance,
            self._rules,
            self._report,
            lambda jobs: self._upload(link, jobs),
            self.late_hits,
        )
        progress = exchange.step()
        if self.packs is not None and progress.rest_until is not None and not progress.fault:
            self.packs.turn(link, self._urgent)
        return progress

    def backlog(self) -> tuple[Backlog, ...]:
        """What waits, by lane."""
        return self._outbox.backlog()

    def close(self) -> None:
        """Let go of the link."""
        if self._link is not None:
            self._link.close()
            self._link = self._identity = None

    def _current_link(self) -> HttpsLink:
        identity = self._outbox.identity()
        if identity is None:
            raise NotEnrolled("the station is not enrolled at headquarters")
        identity = self._renewed(identity)
        if self._link is None or identity != self._identity:
            self.close()
            self._link, self._identity = self._link_for(identity), identity
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

    def _upload(self, link: HttpsLink, jobs: Sequence[Job]) -> Carried:
        began = self._clock.monotonic()
        carried = Uploads(link, self._outbox, self._clock, self._urgent, self._pace)(jobs)
        spent = self._clock.monotonic() - began
        if carried.count and spent > 0:
            now = carried.count / spent
            self.bytes_a_second = now if not self.bytes_a_second else 0.7 * self.bytes_a_second + 0.3 * now
        return carried

    def _urgent(self) -> bool:
        """Whether an alert or a decision waits: it overtakes pictures."""
        return any(item.kind != "picture" for item in self._outbox.ready(self._clock.now(), 1))

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
        self.on_status: Callable[[ExchangeStatus], None] = _log_status
        self._wake = Condition()
        self._woken = self._closing = False
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
        with self._wake:
            self._woken = True
            self._wake.notify()

    def close(self) -> None:
        """End after the round that is running, or leave the thread behind after five seconds."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(_CLOSING)

    def _run(self) -> None:
        while not self._closing:
            pause = self._round()
            with self._wake:
                if not self._woken and not self._closing and pause > 0:
                    self._wake.wait(pause)
                self._woken = False
        self._conversation.close()

    def _round(self) -> float:
        """One step; returns how many seconds to rest."""
        try:
            progress = self._conversation.step()
            self._tell(progress)
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

    def _tell(self, progress: Progress) -> None:
        state = self._outbox.state()
        self._show(
            ExchangeStatus(
                True,
                not state.fault and state.last_contact is not None,
                state.fault,
                state.last_contact,
                self._conversation.backlog(),
                self._conversation.bytes_a_second,
            )
        )

    def _show(self, status: ExchangeStatus) -> None:
        if status != self._status:
            self._status = status
            self.on_status(status)


def _log_status(status: ExchangeStatus) -> None:
    waiting = sum(lane.messages for lane in status.backlog)
    log.info("exchange", extra={"online": status.online, "code": status.fault, "waiting": waiting})
