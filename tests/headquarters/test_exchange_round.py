"""From the sealed record to the receipt and back, in one process."""

from __future__ import annotations

import shutil
from datetime import timedelta

from exchange_stage import World
from exchange_world import cut
from sqlalchemy import func, select

from inspection_station.gateway.tables import item, log_entry, quarantine


def items_of(world: World) -> list[tuple[int, str, bytes]]:
    with world.gateway.database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(item.c.kind, item.c.item_id, item.c.sha256))]


def test_a_sealed_record_reaches_headquarters_and_is_receipted(world: World) -> None:
    digest = world.seal("i-1")
    assert world.waiting() == 1
    assert world.run() == 1
    assert items_of(world) == [(1, "i-1", bytes.fromhex(digest))]
    assert world.waiting() == 0
    stored = world.store.record("i-1")
    assert stored is not None
    assert stored.sent


def test_alerts_go_first_decisions_next_pictures_last(world: World) -> None:
    for number in range(3):
        world.seal(f"i-{number}", pictures=2, alarm=number == 2)
    world.run()
    assert world.waiting() == 0
    kinds = [kind for kind, _, _ in items_of(world)]
    assert kinds.count(0) == 1
    assert kinds.count(1) == 3
    assert kinds.count(2) == 6
    with world.gateway.database.reading() as connection:
        order = [kind for (kind,) in connection.execute(select(log_entry.c.kind).order_by(log_entry.c.position))]
    assert order == sorted(order)


def test_pictures_arrive_whole(world: World) -> None:
    world.seal("i-1", pictures=2, size=700_000)
    world.run()
    assert world.waiting() == 0
    stored = world.store.record("i-1")
    assert stored is not None
    assert stored.record is not None
    for kept in stored.record.blobs:
        there = world.gateway.pictures.read(bytes.fromhex(kept.blob.sha256))
        assert there == world.store.picture("i-1", kept.blob.sha256)


def test_a_lost_answer_does_no_harm(world: World) -> None:
    world.seal("i-1", pictures=1, alarm=True)
    world.link.after = cut
    for _ in range(5):
        world.exchange.step()
        world.clock.advance(400)
    assert world.waiting() == 3
    world.link.after = lambda: None
    world.run()
    assert world.waiting() == 0
    assert len(items_of(world)) == 3
    with world.gateway.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(quarantine)) == 0


def test_nothing_is_purged_before_headquarters_holds_it_for_good(world: World) -> None:
    world.seal("i-1", pictures=1)
    world.run()
    assert world.store.outbox.purge_due(timedelta(0)) == 0
    world.gateway.mark_durable()
    world.clock.advance(100)
    world.run()
    assert world.store.outbox.purge_due(timedelta(days=30)) == 0
    assert world.store.outbox.purge_due(timedelta(0)) == 1
    purged = world.store.record("i-1")
    assert purged is not None
    assert purged.purged
    assert world.store.check().problems == ()


def test_headquarters_put_back_from_a_backup_is_offered_what_it_lost(world: World) -> None:
    for number in range(4):
        world.seal(f"early-{number}")
    world.run()
    world.gateway.mark_durable()
    world.gateway.database.close()
    shutil.copy(world.folder / "gateway.db", world.folder / "backup.db")
    for number in range(3):
        world.seal(f"late-{number}", pictures=1)
        world.clock.advance(100)
        world.run()
    assert len(items_of(world)) == 10
    world.gateway.database.close()
    for name in ("gateway.db-wal", "gateway.db-shm"):
        (world.folder / name).unlink(missing_ok=True)
    shutil.copy(world.folder / "backup.db", world.folder / "gateway.db")
    assert len(items_of(world)) == 4
    world.clock.advance(100)
    assert world.run() >= 6
    assert len(items_of(world)) == 10
    assert world.waiting() == 0
    assert world.store.outbox.state().head.epoch == 2
