"""Questions of stations to agencies' systems: all at once, each within the station's deadline, each system apart.

A system that is slow holds up no other: it has places of its own, and what did not come in time is «not checked». The
same question again, at any worker, gets the answer that was given first; what nobody answered is asked anew.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import anyio
import anyio.to_thread
from anyio import CapacityLimiter
from pydantic import ValidationError
from sqlalchemy import delete, select

from inspection_station.gateway.agencies.ports import (
    AgencyFault,
    Answering,
    CannotSay,
    Denied,
    Found,
    NoAnswer,
    NotConfigured,
    TooMany,
)
from inspection_station.gateway.agencies.ports import Resting as AtRest
from inspection_station.gateway.agencies.resting import Resting
from inspection_station.gateway.agencies.tables import agency_answer
from inspection_station.gateway.agencies.translating import milliseconds
from inspection_station.gateway.database import Database
from inspection_station.gateway.stations import stamp
from inspection_station.headquarters import wire
from inspection_station.headquarters.questions import (
    ASKED_OF,
    HITS_LIMIT,
    SCOPES_LIMIT,
    AgencySystem,
    Answer,
    Outcome,
    Question,
    Questions,
)

log = logging.getLogger(__name__)

AT_ONCE = 8  # questions under way at one system, of one worker
_KEPT = timedelta(days=1)
_LEAST, _ON_THE_WAY = 0.2, 0.1  # seconds: below that nothing is asked; kept of the deadline for the way back


class Agencies:
    """What the gateway has of agencies' systems. Safe from any thread; keeps nothing between two calls but places."""

    def __init__(
        self,
        database: Database,
        systems: Mapping[AgencySystem, Answering],
        now: Callable[[], datetime],
        secret: bytes,
    ) -> None:
        """``secret`` keys the marks by which the same question is told again."""
        self.systems = dict(systems)
        self.resting = Resting(database, now)
        self._database = database
        self._now = now
        self._secret = secret
        self._places: dict[AgencySystem, CapacityLimiter] = {}

    async def answers(self, asked: Questions) -> tuple[Answer, ...]:
        """One answer for each question and system that its topic is asked of, in that order, within the deadline.

        Raises wire.Malformed for an id that was used for another question.
        """
        began = time.monotonic()
        until = began + max(_LEAST, asked.deadline_ms / 1000 - _ON_THE_WAY)
        marks = {one.question_id: self._mark(asked.station, one) for one in asked.asked}
        known = await anyio.to_thread.run_sync(self._known, marks)
        pairs = [(one, system) for one in asked.asked for system in ASKED_OF[one.topic]]
        given: dict[tuple[str, AgencySystem], Answer] = {}
        with anyio.move_on_after(until - time.monotonic()):
            async with anyio.create_task_group() as group:
                for question, system in pairs:
                    if (question.question_id, system) not in known:
                        group.start_soon(self._ask, question, system, until, given)
        spent = round((time.monotonic() - began) * 1000)
        for question, system in pairs:
            place = question.question_id, system
            if place not in known and place not in given:
                given[place] = Answer.not_checked(question.question_id, system, NoAnswer.code, spent)
        checked = [one for one in given.values() if one.outcome is not Outcome.NOT_CHECKED]
        if checked:
            known |= await anyio.to_thread.run_sync(partial(self._keep, asked.station, marks, checked))
        self._tell(asked, given)
        return tuple({**given, **known}[question.question_id, system] for question, system in pairs)

    async def _ask(
        self,
        question: Question,
        system: AgencySystem,
        until: float,
        given: dict[tuple[str, AgencySystem], Answer],
    ) -> None:
        places = self._places.setdefault(system, CapacityLimiter(AT_ONCE))
        if places.available_tokens < 1:
            answer = Answer.not_checked(question.question_id, system, TooMany.code)
        else:
            work = partial(self._answer, question, system, until)
            answer = await anyio.to_thread.run_sync(work, limiter=places, abandon_on_cancel=True)
        given[question.question_id, system] = answer

    def _answer(self, question: Question, system: AgencySystem, until: float) -> Answer:
        """What one system says to one question; every fault becomes «not checked»."""
        began = time.monotonic()
        try:
            found = self._found(question, system, until - began)
        except AgencyFault as fault:
            spent = round((time.monotonic() - began) * 1000)
            log.info("an agency did not answer", extra={"system": system.value, "code": fault.code, "ms": spent})
            return Answer.not_checked(question.question_id, system, fault.code, spent)
        age = None if found.as_of is None else max(0, round((self._now() - found.as_of).total_seconds()))
        return Answer(
            question.question_id,
            system,
            Outcome.HIT if found.hits else Outcome.NO_HIT,
            "",
            milliseconds(found.answered_at),
            age,
            round((time.monotonic() - began) * 1000),
            found.scopes[:SCOPES_LIMIT],
            found.hits[:HITS_LIMIT],
        )

    def _found(self, question: Question, system: AgencySystem, within: float) -> Found:
        adapter = self.systems.get(system)
        if adapter is None or question.topic not in adapter.topics:
            raise NotConfigured("this gateway does not reach the system")
        if not self.resting.may_ask(system):
            raise AtRest("it did not answer lately")
        try:
            found = adapter.answer(question, within)
        except ValidationError:
            raise Denied("the contract has no words for this question") from None
        except (Denied, CannotSay):
            self.resting.answered(system)  # it lives
            raise
        except AgencyFault as fault:
            self.resting.failed(system, fault.code)
            raise
        self.resting.answered(system)
        return found

    def _known(self, marks: Mapping[str, bytes]) -> dict[tuple[str, AgencySystem], Answer]:
        with self._database.reading() as connection:
            rows = connection.execute(
                select(agency_answer.c.question_id, agency_answer.c.question_mark, agency_answer.c.answer).where(
                    agency_answer.c.question_id.in_(list(marks))
                )
            ).all()
        known: dict[tuple[str, AgencySystem], Answer] = {}
        for name, mark, data in rows:
            if not hmac.compare_digest(bytes(mark), marks[name]):
                raise wire.Malformed("an id that was used for another question")
            answer = Answer.of(wire.decode(bytes(data)))
            known[name, answer.system] = answer
        return known

    def _keep(
        self, station: str, marks: Mapping[str, bytes], checked: Sequence[Answer]
    ) -> dict[tuple[str, AgencySystem], Answer]:
        """Keep what was answered; what another worker kept first is what counts."""
        now = self._now()
        with self._database.writing() as connection:
            connection.execute(delete(agency_answer).where(agency_answer.c.answered_at < stamp(now - _KEPT)))
            connection.execute(
                self._database.insert_if_new(agency_answer),
                [
                    {
                        "question_id": one.question_id,
                        "system": one.system.value,
                        "station_id": station,
                        "question_mark": marks[one.question_id],
                        "answer": wire.encode(one.plain()),
                        "answered_at": stamp(now),
                    }
                    for one in sorted(checked, key=lambda one: (one.question_id, one.system.value))
                ],
            )
        return self._known({one.question_id: marks[one.question_id] for one in checked})

    def _mark(self, station: str, question: Question) -> bytes:
        plain = wire.encode([station, question.plain()])
        return hmac.new(self._secret, plain, hashlib.sha256).digest()

    def _tell(self, asked: Questions, given: Mapping[tuple[str, AgencySystem], Answer]) -> None:
        """Counts alone: neither who was asked about nor whether anybody was found."""
        unchecked = sum(one.outcome is Outcome.NOT_CHECKED for one in given.values())
        log.info(
            "questions",
            extra={"station": asked.station, "asked": len(asked.asked), "systems": len(given), "unchecked": unchecked},
        )
