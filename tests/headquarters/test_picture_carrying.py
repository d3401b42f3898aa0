"""Pictures go on over the rounds: nothing waits for the last one, nothing is sent twice, what is urgent overtakes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from exchange_stage import STATION, World
from exchange_world import SharedClock, cut
from sqlalchemy import select

from inspection_station.gateway.tables import log_entry
from inspection_station.headquarters.loop import Conversation
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import HeadquartersUnreachable
from inspection_station.headquarters.receipts import Kind
from inspection_station.headquarters.rough_links import Flow
from inspection_station.headquarters.throttle import Throttle
from inspection_station.headquarters.uploads import Streams

RULES = Rules(first_pause=0.02, longest_pause=0.05, first_poison_pause=3600, offers=8)


@pytest.fixture
def talk(world: World) -> Iterator[Conversation]:
    world.link.close = lambda: None  # type: ignore[attr-defined]
    made = Conversation(
        STATION,
        world.store.outbox,
        world.clock,
        RULES,
        link_for=lambda identity: world.link,  # type: ignore[arg-type,return-value]
    )
    yield made
    made.close()


def kinds_in_the_log(world: World) -> list[int]:
    with world.gateway.database.reading() as connection:
        return [kind for (kind,) in connection.execute(select(log_entry.c.kind).order_by(log_entry.c.position))]


def stepped(world: World, talk: Conversation, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it never came to an end"
        if talk.step().rest_until is not None:
            world.clock.advance(1)


def test_the_next_pictures_are_offered_while_the_last_are_under_way(world: World, talk: Conversation) -> None:
    """One picture stands still: all the others are through, and receipted, before it."""
    stuck, go_on = threading.Event(), threading.Event()

    def within() -> None:
        if not stuck.is_set():
            stuck.set()
            go_on.wait(60)

    world.link.within = within
    for number in range(30):
        world.seal(f"i-{number}", pictures=1)
    stepped(world, talk, lambda: world.waiting() <= 2)
    assert stuck.is_set()
    go_on.set()
    stepped(world, talk, lambda: world.waiting() == 0)
    assert kinds_in_the_log(world).count(Kind.PICTURE) == 30
    assert world.link.brought == 30 * 3000


def test_an_alert_overtakes_pictures_that_are_under_way(world: World, talk: Conversation) -> None:
    sealed = threading.Event()
    count = 0

    def within() -> None:
        nonlocal count
        count += 1
        if count == 12:
            world.seal("urgent", alarm=True)
            sealed.set()
        time.sleep(0.01)

    world.link.within = within
    for number in range(40):
        world.seal(f"i-{number}", pictures=1)
    stepped(world, talk, sealed.is_set)
    stepped(world, talk, lambda: world.store.outbox.backlog()[0].messages == 0)
    assert world.store.outbox.backlog()[2].messages > 0
    stepped(world, talk, lambda: world.waiting() == 0)
    kinds = kinds_in_the_log(world)
    assert kinds.index(Kind.ALERT) < len(kinds) - 1 - kinds[::-1].index(Kind.PICTURE)
    assert world.link.brought == 40 * 3000


def test_pictures_go_on_where_a_stream_broke(world: World, talk: Conversation) -> None:
    left = 20

    def within() -> None:
        nonlocal left
        left -= 1
        if left in (0, 5, 9):
            raise HeadquartersUnreachable("cut by the test")

    world.link.within, world.link.chunk = within, 700
    for number in range(6):
        world.seal(f"i-{number}", pictures=1)
    stepped(world, talk, lambda: world.waiting() == 0)
    assert left < 0
    assert world.link.brought <= 6 * 3000
    assert sorted(kinds_in_the_log(world)) == [Kind.DECISION] * 6 + [Kind.PICTURE] * 6


def test_answers_that_are_lost_bring_nothing_twice(world: World, talk: Conversation) -> None:
    world.link.after = cut
    for number in range(4):
        world.seal(f"i-{number}", pictures=1)
    for _ in range(30):
        if talk.step().rest_until is not None:
            world.clock.advance(1)
    world.link.after = lambda: None
    stepped(world, talk, lambda: world.waiting() == 0)
    assert world.link.brought == 4 * 3000
    assert len(kinds_in_the_log(world)) == 8


def test_a_budget_counts_what_is_under_way(world: World, talk: Conversation) -> None:
    world.store.outbox.set_budget("voyage", 5 * 3000)
    for number in range(9):
        world.seal(f"i-{number}", pictures=1)
    stepped(world, talk, lambda: world.waiting() == 4)
    for _ in range(10):
        talk.step()
    assert world.link.brought == 5 * 3000
    assert world.store.outbox.state().used_bytes == 5 * 3000


def test_what_is_sent_is_missed_by_no_budget_between_sending_and_counting(world: World) -> None:
    for number in range(3):
        world.seal(f"i-{number}", pictures=1)
    pictures = [item for item in world.store.outbox.ready(world.clock.now(), 99) if item.kind == "picture"]
    streams = Streams(world.link, world.store.outbox, world.clock, RULES, lambda: False)  # type: ignore[arg-type]
    streams.take([(item, 0) for item in pictures])
    deadline = time.monotonic() + 60
    while streams.in_hand.positions:
        assert time.monotonic() < deadline
        assert streams.in_hand.unclaimed_bytes == 3 * 3000
        time.sleep(0.001)
    assert streams.in_hand.unclaimed_bytes == streams.collect().count == 3 * 3000
    assert streams.in_hand.unclaimed_bytes == 0
    streams.close()


def test_a_link_that_queues_for_seconds_is_given_what_it_takes() -> None:
    """A link of 30,000 bytes a second with a queue of three seconds, which TCP sees two seconds late."""
    throttle, seen, queue, used = Throttle(), [0.0] * 4, 0.0, 0
    waited: list[float] = []
    for tick in range(1, 1200):
        now, free = tick * 0.5, 0.5
        while free > 0 and queue < 90_000:
            free -= max(throttle.delay(3_000, now + 0.5 - free), 0.02)
            queue += 3_000
        taken = min(queue, 15_000.0)
        queue, used = queue - taken, used + int(taken)
        seen.append(queue / 30_000)
        throttle.look(Flow(seen[-4], used), now + 0.5)
        if tick > 100:
            waited.append(seen[-1])
    assert used > 0.97 * 15_000 * 1199
    assert sum(waited) / len(waited) < 0.8


def test_what_was_held_goes_piece_by_piece_when_it_is_let_go() -> None:
    """Five connections that were all promised their turn must not fill the queue at once after an alert."""
    throttle = Throttle(pace=24_000.0)
    for _ in range(5):
        throttle.delay(12_000, 100.0)
    throttle.anew(103.0)
    assert [throttle.delay(12_000, 103.0) for _ in range(5)] == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_queue_that_ran_empty_because_all_was_held_does_not_raise_the_pace() -> None:
    throttle = Throttle()
    for tick in range(40):  # a link of 30,000 bytes a second with a queue of a second
        throttle.look(Flow(1.0, 15_000 * tick), 100 + tick * 0.5)
    settled, count, now = throttle.pace, 15_000 * 40, 120.0
    for _ in range(50):  # an alert every six seconds: the queue is seen empty each time, and as it was wanted after
        for held in (True, False):
            throttle.anew(now := now + 1.0)
            assert held or throttle.delay(12_000, now) == 0.0
        for tick in range(8):
            count += 15_000
            throttle.look(Flow(0.1 if tick < 4 else 0.5, count), now := now + 0.5)
    assert throttle.pace <= settled * 1.2


def test_a_link_whose_queue_nobody_knows_is_never_held_down() -> None:
    throttle = Throttle()
    for tick in range(100):
        assert throttle.delay(12_000, tick * 0.5) == 0.0
        throttle.look(Flow(None, 1000 * tick), tick * 0.5)


class StoppedClock(SharedClock):
    """Time that passes for nobody: whoever waits for it to pass waits for ever."""

    def monotonic(self) -> float:
        return self.seconds


def test_who_waits_for_pictures_looks_at_once_when_something_urgent_is_sealed(world: World) -> None:
    stuck, go_on = threading.Event(), threading.Event()

    def within() -> None:
        stuck.set()
        go_on.wait(60)

    world.link.within = within
    world.seal("i-1", pictures=1)
    (job,) = [(item, 0) for item in world.store.outbox.ready(world.clock.now(), 9) if item.kind == "picture"]
    streams = Streams(world.link, world.store.outbox, StoppedClock(), RULES, lambda: False)
    streams.take([job])
    assert stuck.wait(60)
    waiting = threading.Thread(target=streams.wait, args=(3600.0,), daemon=True)
    waiting.start()
    streams.make_way()
    waiting.join(60)
    assert not waiting.is_alive()
    go_on.set()
    streams.close()
