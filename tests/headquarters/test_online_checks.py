"""Asking agencies through the gateway: answered within the deadline, or not checked. Never a wait beyond it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exchange_world import SharedClock, enrolled, gateway_in

from inspection_station.headquarters.online_checks import OFFLINE, OnlineChecks
from inspection_station.headquarters.ports import HeadquartersRefused, HeadquartersUnreachable
from inspection_station.headquarters.questions import (
    AgencySystem,
    Answer,
    Answers,
    Outcome,
    Question,
    Questions,
    Topic,
)
from inspection_station.inspection.outbox import StationIdentity

STATION = "station-1"


class ScriptedLink:
    """Answers every question with «no hit» of each system, unless told otherwise."""

    def __init__(self, gateway: str) -> None:
        self.gateway = gateway
        self.before: Callable[[], None] = lambda: None
        self.asked: list[Questions] = []
        self.closed = False

    def questions(self, asked: bytes) -> bytes:
        decoded = Questions.decode(asked)
        self.asked.append(decoded)
        self.before()
        one = decoded.asked[0]
        given = (Answer(one.question_id, AgencySystem.RMAS, Outcome.NO_HIT, answered_at=1_800_000_000_000),)
        return Answers(self.gateway, given).encode()

    def close(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationIdentity]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    gateway = gateway_in(folder, f"sqlite:///{folder / 'gateway.db'}", SharedClock())
    yield enrolled(gateway, STATION)
    gateway.database.close()


@pytest.fixture
def link(identity: StationIdentity) -> ScriptedLink:
    return ScriptedLink(identity.gateway)


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


@pytest.fixture
def checks(identity: StationIdentity, link: ScriptedLink, clock: SharedClock) -> Iterator[OnlineChecks]:
    made = OnlineChecks(STATION, lambda: identity, deadline=9.0, link_for=lambda known: link, monotonic=clock.monotonic)
    yield made
    made.close()


def question() -> Question:
    return Question(str(uuid.uuid4()), Topic.DOCUMENT, number="X1234567", issuing_state="UTO")


def held_by(released: threading.Event) -> Callable[[], None]:
    def wait() -> None:
        assert released.wait(60)

    return wait


def outcomes(checks: OnlineChecks) -> dict[AgencySystem, tuple[Outcome, str]]:
    return {one.system: (one.outcome, one.code) for one in checks.ask(question()).answers()}


NOT_CHECKED = (Outcome.NOT_CHECKED, OFFLINE)
ALL_AWAY = dict.fromkeys((AgencySystem.RMAS, AgencySystem.LOST_ABROAD, AgencySystem.LOST_AT_HOME), NOT_CHECKED)


def test_what_was_answered_is_told_and_a_system_left_out_is_not_checked(
    checks: OnlineChecks, link: ScriptedLink
) -> None:
    assert outcomes(checks) == {**ALL_AWAY, AgencySystem.RMAS: (Outcome.NO_HIT, "")}
    (asked,) = link.asked
    assert (asked.station, asked.deadline_ms < 9000) == (STATION, True)


def test_asking_returns_at_once_and_the_answer_waits_for_the_deadline_at_most(
    identity: StationIdentity, link: ScriptedLink
) -> None:
    released = threading.Event()
    link.before = held_by(released)
    checks = OnlineChecks(STATION, lambda: identity, deadline=2.0, link_for=lambda known: link)
    began = time.monotonic()
    asked = checks.ask(question())
    returned = time.monotonic() - began
    assert {(one.outcome, one.code) for one in asked.answers()} == {NOT_CHECKED}
    answered = time.monotonic() - began
    released.set()  # else it would be held for a minute
    checks.close()
    assert returned < 1.9 < answered < 30


def test_after_a_failure_nobody_is_asked_for_a_while_and_nobody_waits(
    checks: OnlineChecks, link: ScriptedLink, clock: SharedClock
) -> None:
    def dead() -> None:
        raise HeadquartersUnreachable("cut by the test")

    link.before = dead
    assert outcomes(checks) == ALL_AWAY
    link.before = lambda: None
    assert outcomes(checks) == ALL_AWAY
    assert len(link.asked) == 1
    clock.advance(11)
    assert outcomes(checks)[AgencySystem.RMAS] == (Outcome.NO_HIT, "")


def test_rests_grow_and_end_with_an_answer(checks: OnlineChecks, link: ScriptedLink, clock: SharedClock) -> None:
    def refused() -> None:
        raise HeadquartersRefused("an older gateway")

    link.before = refused
    for rest in (10, 20, 40):
        assert outcomes(checks) == ALL_AWAY
        clock.advance(rest - 1)
        count = len(link.asked)
        assert outcomes(checks) == ALL_AWAY
        assert len(link.asked) == count
        clock.advance(2)
    link.before = lambda: None
    assert outcomes(checks)[AgencySystem.RMAS] == (Outcome.NO_HIT, "")


def test_no_more_than_three_round_trips_are_under_way(checks: OnlineChecks, link: ScriptedLink) -> None:
    released = threading.Event()
    link.before = held_by(released)
    under_way = [checks.ask(question()) for _ in range(3)]
    began = time.monotonic()
    assert outcomes(checks) == ALL_AWAY
    assert time.monotonic() - began < 8  # of the nine that an answer is waited for
    released.set()
    assert {one.answers()[0].outcome for one in under_way} == {Outcome.NO_HIT}


def test_an_answer_of_another_gateway_or_a_torn_one_is_none(
    checks: OnlineChecks, link: ScriptedLink, clock: SharedClock
) -> None:
    link.gateway = "another"
    assert outcomes(checks) == ALL_AWAY
    checks_torn = link.questions
    link.questions = lambda asked: checks_torn(asked)[:-3]  # type: ignore[method-assign]
    assert outcomes(checks) == ALL_AWAY


def test_a_station_that_is_not_enrolled_or_offline_asks_nobody(link: ScriptedLink, identity: StationIdentity) -> None:
    for made in (
        OnlineChecks(STATION, lambda: None, link_for=lambda known: link),
        OnlineChecks(STATION, lambda: identity, online=lambda: False, link_for=lambda known: link),
    ):
        assert outcomes(made) == ALL_AWAY
        made.close()
        assert outcomes(made) == ALL_AWAY
    assert not link.asked


def test_closing_lets_go_of_the_link(checks: OnlineChecks, link: ScriptedLink) -> None:
    outcomes(checks)
    checks.close()
    assert link.closed
