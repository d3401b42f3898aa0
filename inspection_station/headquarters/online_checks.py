"""Asking agencies' systems through the gateway while there is a link, with a deadline that always holds.

Nothing waits for a link that is dead: what did not come within the deadline is «not checked» (NET-01), and after a
failure nobody is asked for a while. The exchange has its own connections; neither disturbs the other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from typing import Protocol

from inspection_station.headquarters.client import HttpsLink
from inspection_station.headquarters.ports import HeadquartersDenied, HeadquartersUnreachable, LinkFault
from inspection_station.headquarters.questions import ASKED_OF, Answer, Answers, Question, Questions
from inspection_station.headquarters.wire import Malformed, WireError
from inspection_station.inspection.outbox import StationIdentity

log = logging.getLogger(__name__)

DEADLINE = 2.5  # seconds an officer's step may wait at most
OFFLINE = "NET-01"
_AT_ONCE = 3  # round trips under way; one more is not begun
_ON_THE_WAY = 0.3  # seconds of the deadline that the gateway does not get
_FIRST_REST, _LONGEST_REST = 10.0, 120.0


class QuestionLink(Protocol):
    """A way to the gateway for questions. Raises LinkFault."""

    def questions(self, asked: bytes) -> bytes: ...
    def close(self) -> None: ...


class Asked:
    """Questions under way. ``answers`` may be called once they are needed; other work goes on meanwhile."""

    def __init__(self, questions: Sequence[Question], coming: Future[tuple[Answer, ...]] | None, until: float) -> None:
        self._questions = tuple(questions)
        self._coming = coming
        self._until = until

    def answers(self) -> tuple[Answer, ...]:
        """An answer for each question and system its topic is asked of, at the deadline at the latest."""
        given: tuple[Answer, ...] = ()
        if self._coming is not None:
            try:
                given = self._coming.result(max(0.0, self._until - time.monotonic()))
            except (NotInTime, CancelledError):
                log.info("no answer in time", extra={"code": OFFLINE})
            except (LinkFault, WireError) as fault:
                log.info("questions were not answered", extra={"code": fault.code})
        by_place = {(answer.question_id, answer.system): answer for answer in given}
        return tuple(
            by_place.get((one.question_id, system)) or Answer.not_checked(one.question_id, system, OFFLINE)
            for one in self._questions
            for system in ASKED_OF[one.topic]
        )


class OnlineChecks:
    """Thread-safe. ``online``: whether the exchange thinks that headquarters can be reached; ``identity`` None: the
    station is not enrolled.
    """

    def __init__(
        self,
        station: str,
        identity: Callable[[], StationIdentity | None],
        *,
        online: Callable[[], bool] = lambda: True,
        deadline: float = DEADLINE,
        link_for: Callable[[StationIdentity], QuestionLink] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._station = station
        self._identity = identity
        self.online = online
        self._deadline = deadline
        self._link_for = link_for if link_for is not None else self._https
        self._monotonic = monotonic
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="online")
        self._lock = threading.Lock()
        self._under_way = 0
        self._failures = 0
        self._rest_until = 0.0
        self._link: QuestionLink | None = None
        self._linked: StationIdentity | None = None

    def ask(self, *questions: Question) -> Asked:
        """Begin to ask; returns at once. Where asking makes no sense, everything is «not checked» at once."""
        until = time.monotonic() + self._deadline
        if not questions or not self.online() or not self._begin():
            return Asked(questions, None, until)
        try:
            coming = self._pool.submit(self._round_trip, questions)
        except RuntimeError:  # closed
            self._end()
            return Asked(questions, None, until)
        coming.add_done_callback(lambda done: self._end())
        return Asked(questions, coming, until)

    def close(self) -> None:
        """Ask nobody any more. What is under way ends by its own time-outs."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            link, self._link, self._linked = self._link, None, None
        if link is not None:
            link.close()

    def _https(self, identity: StationIdentity) -> QuestionLink:
        """A link whose every wait is shorter than the deadline."""
        return HttpsLink(identity, timeouts=(self._deadline * 0.6, self._deadline))

    def _begin(self) -> bool:
        with self._lock:
            if self._under_way >= _AT_ONCE or self._monotonic() < self._rest_until:
                return False
            self._under_way += 1
            return True

    def _end(self) -> None:
        with self._lock:
            self._under_way -= 1

    def _round_trip(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        identity = self._identity()
        if identity is None:
            self._failed()
            raise HeadquartersDenied("the station is not enrolled at headquarters")
        within = max(100, round((self._deadline - _ON_THE_WAY) * 1000))
        began = self._monotonic()
        try:
            data = self._link_to(identity).questions(Questions(self._station, within, tuple(questions)).encode())
            answers = Answers.decode(data)
        except (LinkFault, WireError):
            self._failed()
            raise
        if self._monotonic() - began > self._deadline:
            self._failed()  # it came when nobody waited any more
            raise HeadquartersUnreachable("no answer in time")
        if answers.gateway != identity.gateway:
            raise Malformed("another gateway answered")
        with self._lock:
            self._failures, self._rest_until = 0, 0.0
        return answers.given

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            rest = min(_FIRST_REST * 2 ** min(self._failures - 1, 10), _LONGEST_REST)
            self._rest_until = self._monotonic() + rest

    def _link_to(self, identity: StationIdentity) -> QuestionLink:
        with self._lock:
            if self._link is None or identity != self._linked:
                if self._link is not None:
                    self._link.close()
                self._link, self._linked = self._link_for(identity), identity
            return self._link
