"""Questions through the gateway, on SQLite and PostgreSQL: slow, dead, wrong and doubled answers; the same again."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from agency_world import PlayedAgencies, about_document, about_person, lost, new_id, wanted
from exchange_world import SharedClock

from inspection_station.gateway.agencies.asking import Agencies
from inspection_station.gateway.agencies.configuration import adapter
from inspection_station.gateway.agencies.http import Address
from inspection_station.gateway.agencies.ports import Found
from inspection_station.gateway.agencies.resting import FAILURES
from inspection_station.gateway.database import Database
from inspection_station.gateway.service import Gateway
from inspection_station.headquarters.questions import (
    AgencySystem,
    Answer,
    Answers,
    Face,
    Hit,
    Outcome,
    Question,
    Questions,
    Scope,
    Topic,
)
from inspection_station.headquarters.wire import Malformed

STATION = "station-1"
RMAS, ABROAD, HOME = AgencySystem.RMAS, AgencySystem.LOST_ABROAD, AgencySystem.LOST_AT_HOME
Asking = Callable[..., dict[AgencySystem, Answer]]

pytestmark = pytest.mark.xdist_group("agencies")


@pytest.fixture(scope="module")
def played() -> Iterator[PlayedAgencies]:
    agencies = PlayedAgencies()
    agencies.start()
    yield agencies
    agencies.stop()


def agencies_over(gateway: Gateway, played: PlayedAgencies, clock: SharedClock) -> Agencies:
    return Agencies(gateway.database, played.adapters(), clock.now, b"secret")


@pytest.fixture
def agencies(gateway: Gateway, played: PlayedAgencies, clock: SharedClock) -> Agencies:
    return agencies_over(gateway, played, clock)


def ask(
    agencies: Agencies, *asked: Question, within: int = 60_000, station: str = STATION
) -> dict[AgencySystem, Answer]:
    given = asyncio.run(agencies.answers(Questions(station, within, asked)))
    return {answer.system: answer for answer in given}


def test_every_system_of_a_topic_answers_by_its_name_with_time_and_age(agencies: Agencies, clock: SharedClock) -> None:
    clock.moment = datetime.now(UTC)
    given = ask(agencies, about_document(lost(0)), about_person(wanted()))
    assert set(given) == {RMAS, ABROAD, HOME, AgencySystem.ENTRY_EXIT}
    outcomes = {system: answer.outcome for system, answer in given.items()}
    assert outcomes == {
        RMAS: Outcome.HIT,
        ABROAD: Outcome.HIT,
        HOME: Outcome.NO_HIT,
        AgencySystem.ENTRY_EXIT: Outcome.HIT,
    }
    assert given[RMAS].age_seconds is None
    assert (given[ABROAD].age_seconds or 0) > (given[HOME].age_seconds or 0) > 3600
    assert all(answer.answered_at for answer in given.values())


def test_a_slow_system_is_not_checked_within_the_deadline_and_holds_up_no_other(
    agencies: Agencies, played: PlayedAgencies
) -> None:
    with played.wrong("rmas:slow", slow_seconds=60):
        began = time.monotonic()
        given = ask(agencies, about_document(lost(0)), within=4000)
        assert time.monotonic() - began < 30
    assert (given[RMAS].outcome, given[RMAS].code) == (Outcome.NOT_CHECKED, "AGY-01")
    assert given[ABROAD].outcome is Outcome.HIT


def test_a_dead_system_is_let_rest_and_then_costs_nothing_until_one_question_finds_it_alive(
    agencies: Agencies, played: PlayedAgencies, gateway: Gateway, clock: SharedClock
) -> None:
    with played.wrong("rmas:down"):
        for _ in range(FAILURES):
            assert ask(agencies, about_document(lost(0)))[RMAS].code == "AGY-01"
        resting = ask(agencies_over(gateway, played, clock), about_document(lost(0)))[RMAS]  # another worker knows
        assert (resting.code, resting.took_ms < 20_000) == ("AGY-02", True)
        assert agencies.resting.states()[RMAS].fault == "AGY-01"
    assert ask(agencies, about_document(lost(0)))[RMAS].code == "AGY-02"  # nobody has found out yet
    clock.advance(16)
    assert agencies.resting.may_ask(RMAS)
    assert not agencies.resting.may_ask(RMAS)  # one finds out, the others wait for it
    clock.advance(16)
    assert ask(agencies, about_document(lost(0)))[RMAS].outcome is Outcome.HIT
    assert agencies.resting.states()[RMAS].resting_until is None


def test_nobody_at_the_address_is_not_checked(gateway: Gateway, clock: SharedClock) -> None:
    nowhere = adapter(RMAS, Address("http://127.0.0.1:9"))
    agencies = Agencies(gateway.database, {RMAS: nowhere}, clock.now, b"secret")
    given = ask(agencies, about_document(lost(0)))
    assert {answer.code for answer in given.values()} == {"AGY-01", "AGY-04"}
    assert {answer.outcome for answer in given.values()} == {Outcome.NOT_CHECKED}


def test_a_system_that_fails_every_second_time_is_asked_again(agencies: Agencies, played: PlayedAgencies) -> None:
    with played.wrong("rmas:flaky"):
        for _ in range(4):
            assert ask(agencies, about_document(lost(0)))[RMAS].outcome is Outcome.HIT


def test_wrong_answers_are_not_checked_and_never_no_hit(agencies: Agencies, played: PlayedAgencies) -> None:
    with played.wrong("lost-documents-abroad:wrong"):
        for _ in range(2):
            given = ask(agencies, about_document(lost(0)))
            assert (given[ABROAD].outcome, given[ABROAD].code) == (Outcome.NOT_CHECKED, "AGY-03")


def test_what_is_said_twice_is_one_hit(agencies: Agencies, played: PlayedAgencies) -> None:
    plainly = ask(agencies, about_person(wanted()), about_document(lost(0)))
    with played.wrong("duplicate"):
        doubled = ask(agencies, about_person(wanted()), about_document(lost(0)))
    for system in plainly:
        assert doubled[system].hits == plainly[system].hits
        assert doubled[system].scopes == plainly[system].scopes


def test_the_same_question_again_gets_the_answer_of_the_first_time_also_elsewhere(
    agencies: Agencies, played: PlayedAgencies, gateway: Gateway, clock: SharedClock
) -> None:
    question = about_document(lost(0))
    first = ask(agencies, question)
    clock.advance(5)
    with played.wrong("down"):
        assert ask(agencies_over(gateway, played, clock), question) == first
        assert ask(agencies, replace(question, question_id=new_id()))[RMAS].outcome is Outcome.NOT_CHECKED


def test_what_nobody_answered_is_asked_anew(agencies: Agencies, played: PlayedAgencies) -> None:
    question = about_document(lost(0))
    with played.wrong("rmas:down"):
        assert ask(agencies, question)[RMAS].outcome is Outcome.NOT_CHECKED
    assert ask(agencies, question)[RMAS].outcome is Outcome.HIT


def test_an_id_that_was_used_for_another_question_is_refused(agencies: Agencies) -> None:
    question = about_document(lost(0))
    ask(agencies, question)
    with pytest.raises(Malformed):
        ask(agencies, replace(question, number="ZZ0000001"))
    with pytest.raises(Malformed):
        ask(agencies, question, station="station-2")


class Holding:
    """A system that answers nobody until it is let."""

    system = RMAS
    topics = frozenset({Topic.DOCUMENT})

    def __init__(self) -> None:
        self.entered = 0
        self.counting = threading.Lock()
        self.released = threading.Event()

    def answer(self, question: Question, within: float) -> Found:
        with self.counting:
            self.entered += 1
        assert self.released.wait(50)
        return Found(datetime.now(UTC))


def test_one_system_has_places_for_eight_questions_and_refuses_the_ninth_at_once(
    gateway: Gateway, clock: SharedClock
) -> None:
    holding = Holding()
    agencies = Agencies(gateway.database, {RMAS: holding}, clock.now, b"secret")

    def one() -> Questions:
        return Questions(STATION, 60_000, (about_document(lost(0)),))

    async def crowd() -> tuple[Answer, ...]:
        eight = [asyncio.create_task(agencies.answers(one())) for _ in range(8)]
        while holding.entered < 8:
            await asyncio.sleep(0.01)
        ninth = await agencies.answers(one())
        holding.released.set()
        await asyncio.gather(*eight)
        return ninth

    codes = {answer.system: answer.code for answer in asyncio.run(crowd())}
    assert codes[RMAS] == "AGY-06"


def test_a_document_the_contract_has_no_words_for_is_not_checked_and_harms_nobody(agencies: Agencies) -> None:
    given = ask(agencies, Question(new_id(), Topic.DOCUMENT, number="É<>\n"))
    assert {answer.code for answer in given.values()} == {"AGY-05"}
    assert not agencies.resting.states()


def test_an_economy_that_takes_no_part_is_not_checked_and_no_failure_of_the_system(agencies: Agencies) -> None:
    for _ in range(FAILURES + 1):
        given = ask(agencies, Question(new_id(), Topic.DOCUMENT, number="ZZ0000001", issuing_state="XXB"))
        assert (given[RMAS].outcome, given[RMAS].code) == (Outcome.NOT_CHECKED, "AGY-07")


def test_logs_tell_counts_and_codes_alone(
    agencies: Agencies, played: PlayedAgencies, caplog: pytest.LogCaptureFixture
) -> None:
    who = lost(0)
    with caplog.at_level(logging.DEBUG, "inspection_station"), played.wrong("rmas:wrong"):
        ask(agencies, about_document(who), about_person(who))
    told = "\n".join(str(record.__dict__) for record in caplog.records)
    assert "questions" in told
    for secret in (who.document_number, who.name.primary_zone, *who.mrz_lines):
        assert secret not in told


def test_messages_come_back_as_they_were_sent() -> None:
    face = Face("model", b"\0" * 8, b"picture")
    asked = Questions(
        STATION,
        2500,
        (
            about_person(wanted()),
            about_document(lost(0)),
            Question(new_id(), Topic.FINGERPRINTS, fingers=((2, b"record"),)),
            Question(new_id(), Topic.FACE_PAIR, faces=(face, face), groups=("a",)),
        ),
    )
    assert Questions.decode(asked.encode()) == asked
    scope = Scope("wanted", "wanted", "7", 120, 1_700_000_000_000, True, 430)
    answer = Answer(
        new_id(), RMAS, Outcome.HIT, "", 1, 2, 3, (scope,), (Hit("wanted", "W-1", 950, ("name",), ("sex",)),)
    )
    answers = Answers("gateway", (answer, Answer.not_checked(new_id(), HOME, "AGY-01")))
    assert Answers.decode(answers.encode()) == answers


def test_questions_that_lack_what_they_need_are_refused() -> None:
    for broken in (
        Question(new_id(), Topic.PERSON),
        Question(new_id(), Topic.DOCUMENT),
        Question(new_id(), Topic.FACE_PAIR, faces=(Face(picture=b"x"),)),
        Question(new_id(), Topic.FACE_GROUPS, faces=(Face("model"),)),
    ):
        with pytest.raises(Malformed):
            Questions.decode(Questions(STATION, 1, (broken,)).encode())
    twice = about_document(lost(0))
    with pytest.raises(Malformed):
        Questions.decode(Questions(STATION, 1, (twice, twice)).encode())


def test_a_database_of_the_version_before_goes_forward(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    database.migrate()
    database.close()


class Sleeping:
    """A system whose answer never comes in time."""

    system = RMAS
    topics = frozenset({Topic.DOCUMENT})

    def __init__(self) -> None:
        self.waited_for = threading.Event()

    def answer(self, question: Question, within: float) -> Found:
        self.waited_for.wait(within + 60)
        return Found(datetime.now(UTC))


def test_the_deadline_holds_also_for_an_adapter_that_does_not_keep_it(gateway: Gateway, clock: SharedClock) -> None:
    sleeping = Sleeping()
    agencies = Agencies(gateway.database, {RMAS: sleeping}, clock.now, b"secret")

    async def timed() -> float:
        began = time.monotonic()
        await agencies.answers(Questions(STATION, 500, (about_document(lost(0)),)))
        took = time.monotonic() - began
        sleeping.waited_for.set()
        return took

    assert asyncio.run(timed()) < 30
