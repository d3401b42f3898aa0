"""The store as the exchange uses it: what is ready, what a round changes, what may be destroyed, copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2
from store_stories import KeysInMemory, SteppingClock, decided, hit, picture, record

from inspection_station.inspection.outbox import (
    LogHead,
    Postponed,
    Settlement,
    SignedReceipt,
    StationIdentity,
)
from inspection_station.storage.backup import back_up, put_back
from inspection_station.storage.connection import Connection, transaction
from inspection_station.storage.errors import AlreadyOpen, NotADatabase, StoreMissing
from inspection_station.storage.retention import close_case, open_case
from inspection_station.storage.store import StationStore

Raw = Callable[[], Connection]


def sealed(store: StationStore, name: str, *, alarm: bool = False) -> None:
    ref, data = picture(name)
    whole = record(name, pictures=(("portrait", ref),), hits=(hit(),) if alarm else ())
    store.seal(whole, {ref.sha256: data}, decided()).result()


def head(size: int, durable: int = 0, epoch: int = 1) -> LogHead:
    return LogHead(epoch, size, size.to_bytes(32, "big"), durable)


def receipt(*placed: tuple[int, int]) -> SignedReceipt:
    return SignedReceipt("g", b"statement", bytes(64), placed)


def settle(store: StationStore, to: LogHead, *, placed: tuple[tuple[int, int], ...] = (), **more: object) -> None:
    state = replace(store.outbox.state(), head=to)
    store.outbox.settle(Settlement(state, receipt=receipt(*placed) if placed else None, **more))  # type: ignore[arg-type]


def test_what_waits_comes_lane_by_lane_and_oldest_first(store: StationStore, clock: SteppingClock) -> None:
    sealed(store, "a")
    sealed(store, "b", alarm=True)
    items = store.outbox.ready(clock.now(), 10)
    assert [(item.lane, item.inspection_id) for item in items] == [(0, "b"), (1, "a"), (1, "b"), (2, "a"), (2, "b")]
    assert [lane.messages for lane in store.outbox.backlog()] == [1, 2, 2, 0, 0]
    assert store.outbox.backlog()[2].bytes == 4096
    assert len(store.outbox.ready(clock.now(), 1)) == 3
    assert store.outbox.body(items[1].position) is not None


def test_a_postponed_message_waits_alone_and_a_held_one_for_good(store: StationStore, clock: SteppingClock) -> None:
    sealed(store, "a")
    first, second = store.outbox.ready(clock.now(), 10)
    later = clock.now() + timedelta(hours=1)
    settle(store, head(0), postponed=(Postponed(first.position, later, "SYN-04"),), held=((second.position, "SYN-05"),))
    assert store.outbox.ready(clock.now(), 10) == ()
    assert [item.attempts for item in store.outbox.ready(later + timedelta(seconds=1), 10)] == [1]
    assert store.outbox.backlog()[2].held == 1
    assert store.check().problems == ()


def test_what_headquarters_lost_is_offered_again_and_nothing_else(store: StationStore, clock: SteppingClock) -> None:
    for name in "abc":
        sealed(store, name)
    decisions = [item.position for item in store.outbox.ready(clock.now(), 10) if item.lane == 1]
    for number, position in enumerate(decisions):
        settle(store, head(number + 1), placed=((position, number),))
    assert store.outbox_status().unsent == 3
    assert [shown.size for shown in store.outbox.standing_heads(10)] == [3, 2, 1]
    settle(store, head(1, epoch=2), rewound_to=1)
    assert [item.position for item in store.outbox.ready(clock.now(), 10) if item.lane == 1] == decisions[1:]
    assert [shown.size for shown in store.outbox.standing_heads(10)] == [1]
    assert store.check().problems == ()


def test_heads_are_shown_ever_further_apart(store: StationStore, clock: SteppingClock) -> None:
    for number in range(40):
        sealed(store, f"i-{number}")
    positions = [item.position for item in store.outbox.ready(clock.now(), 100) if item.lane == 1]
    for number, position in enumerate(positions):
        settle(store, head(number + 1), placed=((position, number),))
    sizes = [shown.size for shown in store.outbox.standing_heads(24)]
    assert sizes[0] == 40
    assert sizes[-1] == 1
    assert len(sizes) < 10
    assert sizes == sorted(sizes, reverse=True)


def test_a_receipt_is_never_changed_or_removed(store: StationStore, clock: SteppingClock, raw: Raw) -> None:
    sealed(store, "a")
    settle(store, head(1), placed=((store.outbox.ready(clock.now(), 1)[0].position, 0),))
    for attempt in ("delete from receipt", "update receipt set size = 9"):
        with pytest.raises((dbapi2.IntegrityError, dbapi2.OperationalError)):
            raw().execute(attempt)


def test_an_open_case_a_young_record_or_a_missing_receipt_keeps_an_inspection(
    store: StationStore, clock: SteppingClock, raw: Raw
) -> None:
    sealed(store, "a")
    decision, portrait = store.outbox.ready(clock.now(), 10)
    settle(store, head(1, 1), placed=((decision.position, 0),))
    assert store.outbox.purge_due(timedelta(0)) == 0  # its picture is not there
    settle(store, head(2, 1), placed=((portrait.position, 1),))
    assert store.outbox.purge_due(timedelta(0)) == 0  # not durable there
    settle(store, head(2, 2))
    clock.moment += timedelta(seconds=60)
    assert store.outbox.purge_due(timedelta(days=1)) == 0  # too young
    connection = raw()
    with transaction(connection):
        open_case(connection, "a", "case-1", "2026-05-04T04:00:00.000Z")
    assert store.outbox.purge_due(timedelta(0)) == 0  # a case is open
    with transaction(connection):
        assert close_case(connection, "a", "case-1", "2026-05-04T05:00:00.000Z")
        assert not close_case(connection, "a", "case-1", "2026-05-04T05:00:00.000Z")
    assert store.outbox.purge_due(timedelta(0)) == 1
    assert store.outbox.purge_due(timedelta(0)) == 0
    assert store.check().problems == ()


def test_the_identity_is_kept_and_replaced(store: StationStore) -> None:
    assert store.outbox.identity() is None
    identity = StationIdentity(b"s", b"b", b"t", "cert", "auth", "g", bytes(32), b"p", "https://g")
    store.outbox.enrol(identity)
    store.outbox.enrol(replace(identity, certificate="newer"))
    assert store.outbox.identity() == replace(identity, certificate="newer")


def test_a_copy_is_taken_beside_a_running_station_and_counts_anew_when_put_back(
    open_store: Callable[[], StationStore], tmp_path: Path, keys: KeysInMemory, clock: SteppingClock
) -> None:
    store = open_store()
    sealed(store, "a")
    target = tmp_path / "copy.bak"
    assert back_up(tmp_path, keys, target).records == 1
    with pytest.raises(FileExistsError):
        back_up(tmp_path, keys, target)
    sealed(store, "b")
    before = store.outbox.incarnation()
    with pytest.raises(AlreadyOpen):
        put_back(tmp_path, keys, target, clock)
    store.close()
    aside = put_back(tmp_path, keys, target, clock)
    assert aside is not None
    assert aside.exists()
    again = open_store()
    assert [row.inspection_id for row in again.records()] == ["a"]
    assert again.outbox.incarnation() != before
    assert again.check().problems == ()


def test_what_is_no_copy_of_this_store_is_not_put_in_its_place(
    open_store: Callable[[], StationStore], tmp_path: Path, keys: KeysInMemory, clock: SteppingClock
) -> None:
    open_store().close()
    noise = tmp_path / "noise"
    noise.write_bytes(bytes(8192))
    with pytest.raises(NotADatabase):
        put_back(tmp_path, keys, noise, clock)
    with pytest.raises(StoreMissing):
        put_back(tmp_path, keys, tmp_path / "absent", clock)
    assert open_store().check().problems == ()
