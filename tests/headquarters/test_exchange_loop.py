"""The exchange's own thread: woken by a sealed record, never in anybody's way, alive after any fault."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest
from exchange_stage import STATION, World
from exchange_world import cut

from inspection_station.headquarters.loop import Conversation, ExchangeLoop, ExchangeStatus
from inspection_station.headquarters.pace import Pace
from inspection_station.headquarters.plan import Rules


def until(true: Callable[[], bool], patience: float = 60.0) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def loop(world: World) -> Iterator[ExchangeLoop]:
    talk = Conversation(
        STATION,
        world.store.outbox,
        world.clock,
        Rules(first_pause=0.02, longest_pause=0.05),
        link_for=lambda identity: world.link,  # type: ignore[arg-type,return-value]
    )
    world.link.close = lambda: None  # type: ignore[attr-defined]
    made = ExchangeLoop(talk, world.store.outbox, world.clock)
    world.store.on_sealed(made.wake)
    yield made
    made.close()


def test_a_sealed_record_wakes_the_exchange(world: World, loop: ExchangeLoop) -> None:
    heard: list[ExchangeStatus] = []
    loop.on_status = heard.append
    loop.start()
    assert until(lambda: loop.status.online)
    world.seal("i-1", pictures=2, alarm=True)
    assert until(lambda: world.waiting() == 0)
    assert until(lambda: loop.status.enrolled and sum(lane.messages for lane in loop.status.backlog) == 0)
    assert heard
    assert loop.status.seconds_left == 0.0


def test_a_cut_link_is_shown_and_taken_up_again(world: World, loop: ExchangeLoop) -> None:
    world.link.before = cut
    world.seal("i-1")
    loop.start()
    assert until(lambda: loop.status.fault == "NET-02")
    assert world.waiting() == 1
    world.link.before = lambda: None
    world.clock.advance(10)
    loop.wake()
    assert until(lambda: world.waiting() == 0)
    assert until(lambda: loop.status.fault == "" and loop.status.online)


def test_a_store_that_cannot_be_used_does_not_end_the_thread(world: World, loop: ExchangeLoop) -> None:
    true, broken = world.link.exchange, [True]

    def exchange(request: bytes) -> bytes:
        if broken[0]:
            raise RuntimeError("a fault of ours")
        return true(request)

    world.link.exchange = exchange  # type: ignore[method-assign]
    loop.start()
    assert until(lambda: loop.status.fault == "SYS-01")
    broken[0] = False
    loop.wake()
    assert until(lambda: loop.status.online)


def test_connections_are_added_while_they_help_and_no_longer() -> None:
    pace = Pace()
    seen = []
    for _ in range(40):
        pace.measured(10_000.0 * min(pace.connections, 6))
        seen.append(pace.connections)
    assert max(seen) == 7
    assert min(seen[5:]) == 5
    assert seen.count(6) > 25
    used = pace.connections
    for _ in range(5):
        pace.broken()
    assert pace.connections in (used - 1, used, used + 1)  # a cut says nothing of how many fill the link


def test_a_lossy_link_is_filled_and_not_crowded() -> None:
    """Losses make each connection's pace uneven; a link that is full shows less of it."""
    chance, pace = random.Random(4), Pace()
    used, rates = [], []
    for _ in range(2000):
        used.append(pace.connections)
        offered = 5_000.0 * pace.connections * chance.gauss(1.0, 0.2)
        rates.append(min(offered, 30_000.0) * chance.gauss(1.0, 0.03))
        pace.measured(rates[-1])
    assert sum(rates) / len(rates) > 0.93 * 30_000
    assert 6 <= sum(used) / len(used) <= 11


def test_a_slow_link_gets_small_parts_and_a_fast_one_large_ones() -> None:
    pace = Pace()
    assert pace.part == 32 << 10
    pace.measured(10e6)
    assert pace.part == 256 << 10
    pace.measured(200_000.0)
    assert 32 << 10 < pace.part < 250_000
    pace.measured(30_000.0)
    assert pace.part == 32 << 10


def test_now_does_not_wait_for_a_pause_that_was_kept(world: World) -> None:
    talk = Conversation(
        STATION,
        world.store.outbox,
        world.clock,
        Rules(first_pause=1000.0, longest_pause=1000.0),
        link_for=lambda identity: world.link,  # type: ignore[arg-type,return-value]
    )
    world.link.close = lambda: None  # type: ignore[attr-defined]
    loop = ExchangeLoop(talk, world.store.outbox, world.clock)
    try:
        world.link.before = cut
        world.seal("i-1")
        loop.start()
        assert until(lambda: loop.status.fault == "NET-02")
        world.link.before = lambda: None
        loop.wake()
        assert loop.do(lambda: world.waiting()).result(60) == 1
        loop.now().result(60)
        assert until(lambda: world.waiting() == 0 and loop.status.online)
    finally:
        loop.close()
    assert loop.do(lambda: None).cancelled()


def test_a_job_that_fails_is_its_askers_own_and_the_exchange_goes_on(world: World, loop: ExchangeLoop) -> None:
    def fail() -> None:
        raise ValueError("asked for the impossible")

    loop.start()
    with pytest.raises(ValueError, match="impossible"):
        loop.do(fail).result(60)
    world.seal("i-1")
    loop.wake()
    assert until(lambda: world.waiting() == 0)


def test_pictures_over_the_budget_wait_for_a_port_link_and_decisions_never(world: World, loop: ExchangeLoop) -> None:
    world.store.outbox.set_budget("voyage", 4000)
    loop.start()
    world.seal("i-1", pictures=3, alarm=True, size=3000)  # alert, decision, three pictures of 3,000 bytes
    loop.wake()
    assert until(lambda: world.waiting() == 2)
    assert until(lambda: loop.status.used_bytes == 3000)
    assert until(lambda: [lane.messages for lane in loop.status.backlog[:2]] == [0, 0])
    assert loop.status.budget_left == 1000
    assert until(lambda: (loop.status.seconds_left or 0.0) < 1.0 or loop.status.bytes_a_second == 0.0)
    loop.use_port_link(True)
    loop.now()
    assert until(lambda: world.waiting() == 0)
    assert loop.status.port_link
