"""What is sent when, as a pure function."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.headquarters.merkle import EMPTY
from inspection_station.headquarters.plan import Round, Rules, Wait, after_fault, may_go, pause_after, plan
from inspection_station.headquarters.ports import (
    HeadquartersBusy,
    HeadquartersDenied,
    HeadquartersRefused,
    HeadquartersUnreachable,
    InHand,
)
from inspection_station.inspection.outbox import Backlog, ExchangeState, LogHead, OutboxItem

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
STATE = ExchangeState(LogHead(0, 0, EMPTY), last_contact=NOW)
RULES = Rules()
KINDS = {0: "alert", 1: "decision"}


def message(position: int, lane: int, *, size: int = 1000, reached: int = 0, attempts: int = 0) -> OutboxItem:
    return OutboxItem(position, KINDS.get(lane, "picture"), lane, f"i-{position}", bytes(32), size, attempts, reached)


def lanes(todo: Round | Wait) -> list[int]:
    assert isinstance(todo, Round)
    return [item.lane for item in todo.asked]


def test_an_alert_travels_alone_and_first() -> None:
    assert lanes(plan(STATE, [message(9, 0), message(1, 1), message(2, 2)], NOW, RULES)) == [0]


def test_pictures_are_offered_only_behind_the_last_decision() -> None:
    many = [message(number, 1) for number in range(150)]
    assert lanes(plan(STATE, [*many, message(200, 2)], NOW, RULES)) == [1] * 100
    assert lanes(plan(STATE, [*many[:5], message(200, 2), message(201, 3)], NOW, RULES)) == [1] * 5 + [2, 3]


def test_originals_wait_for_a_ports_link() -> None:
    assert plan(STATE, [message(1, 4)], NOW, RULES) == Wait(NOW + timedelta(seconds=60))
    assert lanes(plan(STATE, [message(1, 4)], NOW, Rules(port_link=True))) == [4]


def test_a_voyages_budget_holds_back_pictures_and_never_decisions() -> None:
    spent = replace(STATE, budget_bytes=1500, used_bytes=400)
    todo = plan(spent, [message(1, 1, size=5000), message(2, 2), message(3, 2), message(4, 2, reached=950)], NOW, RULES)
    assert isinstance(todo, Round)
    assert [item.position for item in todo.asked] == [1, 2, 4]


def test_an_idle_station_asks_now_and_then() -> None:
    assert plan(replace(STATE, last_contact=None), [], NOW, RULES) == Round()
    assert plan(STATE, [], NOW, RULES) == Wait(NOW + timedelta(seconds=60))
    assert plan(STATE, [], NOW + timedelta(seconds=61), RULES) == Round()


def test_a_clock_that_was_set_back_never_silences_the_station() -> None:
    late = replace(STATE, not_before=NOW + timedelta(days=300))
    assert plan(late, [message(1, 1)], NOW, RULES) == Wait(NOW + timedelta(seconds=RULES.longest_pause))
    assert plan(replace(STATE, last_contact=NOW + timedelta(days=300)), [], NOW, RULES) == Round()


@given(st.integers(0, 500), st.floats(0, 1, exclude_max=True))
def test_a_pause_grows_to_a_limit_and_is_spread(failures: int, chance: float) -> None:
    pause = pause_after(failures, 2, 300, chance)
    assert 1 <= pause <= 300
    assert pause >= min(300, 2 * 2 ** min(failures, 40)) / 2


@pytest.mark.parametrize(
    "fault", [HeadquartersUnreachable("x"), HeadquartersDenied("x"), HeadquartersBusy("x", 40.0), None]
)
def test_no_fault_ever_gives_a_message_up(fault: HeadquartersUnreachable | None) -> None:
    settlement = after_fault(STATE, fault, "X", [message(1, 1)], NOW, RULES, 0.5)
    assert settlement.held == ()
    assert settlement.receipt is None
    assert settlement.postponed == ()
    assert settlement.state.failures == 1
    assert settlement.state.not_before is not None
    assert settlement.state.not_before > NOW


def test_patience_that_headquarters_asks_for_is_given_up_to_a_limit() -> None:
    for asked, given_ in ((40.0, 40.0), (1e9, 300.0)):
        state = after_fault(STATE, HeadquartersBusy("x", asked), "X", [], NOW, RULES, 0.5).state
        assert state.not_before == NOW + timedelta(seconds=given_)


def test_a_packet_that_is_refused_is_halved_until_the_poison_stands_alone_and_waits() -> None:
    state, sent = STATE, [message(number, 1) for number in range(100)]
    rounds = 0
    while len(sent) > 1:
        settlement = after_fault(state, HeadquartersRefused("x"), "SYN-04", sent, NOW, RULES, 0.5)
        assert settlement.postponed == ()
        state = replace(settlement.state, not_before=None)
        todo = plan(state, sent, NOW, RULES)
        assert isinstance(todo, Round)
        sent, rounds = list(todo.packet), rounds + 1
    assert rounds == 6
    settlement = after_fault(state, HeadquartersRefused("x"), "SYN-04", sent, NOW, RULES, 0.5)
    assert [later.position for later in settlement.postponed] == [0]
    assert settlement.state.failures == 0


def test_a_poison_message_is_tried_again_for_ever_but_ever_more_rarely() -> None:
    pauses = [
        after_fault(STATE, HeadquartersRefused("x"), "X", [message(1, 1, attempts=n)], NOW, RULES, 0.0)
        .postponed[0]
        .until
        - NOW
        for n in (0, 5, 50, 5000)
    ]
    assert pauses == [timedelta(seconds=seconds) for seconds in (30, 960, 43200, 43200)]


def test_what_may_go_is_told_lane_by_lane() -> None:
    backlog = (Backlog(0, 1, 100), Backlog(1, 2, 500), Backlog(2, 3, 3000), Backlog(3, 4, 4000), Backlog(4, 5, 9000))
    assert may_go(backlog, None, False) == (100, 500, 3000, 4000, 0)
    assert may_go(backlog, 5000, False) == (100, 500, 3000, 2000, 0)
    assert may_go(backlog, 0, False) == (100, 500, 0, 0, 0)
    assert may_go(backlog, 0, True) == (100, 500, 3000, 4000, 9000)


def carried(*positions: int, waiting: int = 0) -> InHand:
    return InHand(frozenset(positions), waiting, waiting * 1000, len(positions) * 1000)


def test_pictures_under_way_are_not_offered_and_the_next_are_before_the_last_is_through() -> None:
    rules = replace(RULES, offers=4)
    many = [message(number, 2) for number in range(10)]
    assert positions(plan(STATE, many, NOW, rules, in_hand=carried(0, 1, 2, 3, waiting=3))) == []
    assert positions(plan(STATE, many, NOW, rules, in_hand=carried(0, 1, 2, 3, waiting=2))) == [4, 5]
    assert positions(plan(STATE, many, NOW, rules, in_hand=carried(2, waiting=0))) == [0, 1, 3, 4]


def test_receipts_are_asked_for_with_the_next_pictures_or_for_many_at_once() -> None:
    rules = replace(RULES, offers=4)
    whole = [message(number, 2, reached=1000) for number in range(3)]
    assert positions(plan(STATE, whole[:1], NOW, rules, in_hand=carried(9))) == []
    assert positions(plan(STATE, whole[:2], NOW, rules, in_hand=carried(9))) == [0, 1]
    assert positions(plan(STATE, [*whole[:1], message(5, 2)], NOW, rules, in_hand=carried(9))) == [0, 5]
    assert positions(plan(STATE, whole[:1], NOW, rules)) == [0]


def test_what_is_under_way_counts_on_the_budget() -> None:
    spent = replace(STATE, budget_bytes=3500, used_bytes=400)
    assert positions(plan(spent, [message(n, 2) for n in range(4)], NOW, RULES, in_hand=carried(8, 9))) == [0]


def positions(todo: Round | Wait) -> list[int]:
    return [] if isinstance(todo, Wait) else [item.position for item in todo.asked]
