"""Copies, restorations, lost answers and purges in any order; and no rule is idle: without it the machine finds out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from exchange_machine import ExchangeMachine, run
from sqlalchemy.exc import IntegrityError

from inspection_station.gateway import ingest
from inspection_station.headquarters import plan
from inspection_station.headquarters.ports import LinkFault
from inspection_station.inspection.outbox import ExchangeState, OutboxItem, Settlement
from inspection_station.storage import incarnation, retention


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_wrongly_quarantined_whatever_happens() -> None:
    run(40)


Sabotage = Callable[[pytest.MonkeyPatch], None]


def purging_what_headquarters_may_still_lose(patch: pytest.MonkeyPatch) -> None:
    true = retention.exchange_state

    def careless(connection: object) -> ExchangeState:
        state = true(connection)
        return replace(state, head=replace(state.head, durable_through=state.head.size))

    patch.setattr(retention, "exchange_state", careless)


def believing_that_the_log_never_goes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "_rewound_to", lambda shown, answer: None)


def taking_silence_for_an_answer(patch: pytest.MonkeyPatch) -> None:
    true = plan.after_fault

    def optimistic(
        state: ExchangeState, fault: LinkFault | None, code: str, sent: Sequence[OutboxItem], *rest: object
    ) -> Settlement:
        settlement: Settlement = true(state, fault, code, sent, *rest)  # type: ignore[arg-type]
        return replace(settlement, held=tuple((message.position, "sent") for message in sent))

    patch.setattr(plan, "after_fault", optimistic)


def counting_on_after_a_store_was_put_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(incarnation, "_fits", lambda anchor, head, before: True)
    patch.setattr(ingest, "_doubled", lambda *rest: ())


def forgetting_what_was_taken_in_before(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ingest, "_places", lambda connection, keys: {})


def lost_by_headquarters_after_a_purge(machine: ExchangeMachine) -> None:
    machine.back_up_headquarters()
    machine.seal(0, 0, False)
    machine.exchange(0, 4)
    machine.purge(0)
    machine.put_headquarters_back()


def lost_by_headquarters(machine: ExchangeMachine) -> None:
    machine.back_up_headquarters()
    machine.seal(0, 1, False)
    machine.exchange(0, 4)
    machine.put_headquarters_back()


def a_request_that_never_came(machine: ExchangeMachine) -> None:
    machine.seal(0, 0, False)
    machine.exchange_over_a_link_that_breaks(0, True, 0)


def a_store_put_back(machine: ExchangeMachine) -> None:
    machine.back_up_a_station(0)
    machine.seal(0, 0, False)
    machine.exchange(0, 4)
    machine.put_a_station_back(0)
    machine.seal(0, 0, False)


def an_answer_that_never_came(machine: ExchangeMachine) -> None:
    machine.seal(0, 0, True)
    machine.exchange_over_a_link_that_breaks(0, False, 0)


STORIES: list[tuple[Sabotage, Callable[[ExchangeMachine], None]]] = [
    (purging_what_headquarters_may_still_lose, lost_by_headquarters_after_a_purge),
    (believing_that_the_log_never_goes_back, lost_by_headquarters),
    (taking_silence_for_an_answer, a_request_that_never_came),
    (counting_on_after_a_store_was_put_back, a_store_put_back),
    (forgetting_what_was_taken_in_before, an_answer_that_never_came),
]


def told(story: Callable[[ExchangeMachine], None]) -> None:
    machine = ExchangeMachine()
    try:
        machine.begin()
        story(machine)
    finally:
        machine.teardown()


def put_back_once_more(machine: ExchangeMachine) -> None:
    """Headquarters' database is older than the station's epoch and still holds all that the station shows."""
    machine.seal(0, 1, False)
    machine.exchange(0, 4)
    machine.back_up_headquarters()
    machine.seal(0, 0, False)
    machine.exchange(0, 4)
    machine.put_headquarters_back()
    machine.exchange(0, 1)  # only asks, and is told of the loss
    machine.put_headquarters_back()


def put_back_to_between_two_heads(machine: ExchangeMachine) -> None:
    """What was purged lies behind the newest head shown that headquarters has, and is there all the same."""
    for _ in range(4):
        machine.seal(0, 0, False)
        machine.exchange(0, 2)
    machine.back_up_headquarters()
    machine.exchange(0, 4)
    machine.purge(0)
    for _ in range(2):
        machine.seal(0, 0, False)
        machine.exchange(0, 2)
    machine.put_headquarters_back()


@pytest.mark.parametrize("story", [put_back_once_more, put_back_to_between_two_heads])
def test_a_story_that_once_ended_badly_ends_well(story: Callable[[ExchangeMachine], None]) -> None:
    told(story)


@pytest.mark.parametrize(("sabotage", "story"), STORIES, ids=[story.__name__ for _, story in STORIES])
def test_a_story_ends_well_and_ends_badly_when_its_rule_is_taken_away(
    sabotage: Sabotage, story: Callable[[ExchangeMachine], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told(story)
    sabotage(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError)):
        told(story)
