"""Copies, restores, wrong clocks and second openings."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from store_stories import KeysInMemory, SteppingClock, decided, record

from inspection_station.storage.errors import (
    AlreadyOpen,
    ClockBehind,
    KeyStoreRefused,
    NotADatabase,
    StoreDamaged,
    StoreUnavailable,
    WrongKey,
)
from inspection_station.storage.store import StationStore

Opening = Callable[[], StationStore]


def seal_one(store: StationStore, name: str) -> tuple[str, int]:
    receipt = store.seal(record(name), {}, decided()).result(60)
    return receipt.incarnation, receipt.sequence


def test_reopening_goes_on_counting_in_the_same_incarnation(open_store: Opening) -> None:
    first = open_store()
    one = seal_one(first, "a")
    first.close()
    second = open_store()
    assert seal_one(second, "b") == (one[0], 2)
    assert second.check().incarnations == 1


def test_a_database_put_back_from_a_copy_counts_anew_on_the_same_chain(open_store: Opening, tmp_path: Path) -> None:
    store = open_store()
    old, _ = seal_one(store, "a")
    store.close()
    shutil.copy(tmp_path / "station.db", tmp_path / "copy")
    store = open_store()
    seal_one(store, "b")
    store.close()
    shutil.copy(tmp_path / "copy", tmp_path / "station.db")
    store = open_store()
    incarnation, sequence = seal_one(store, "c")
    assert incarnation != old
    assert sequence == 1
    assert store.check().sound
    assert store.check().incarnations == 2


def test_a_copy_taken_while_the_station_ran_is_seen_too(
    open_store: Opening, tmp_path: Path, keys: KeysInMemory
) -> None:
    store = open_store()
    old, _ = seal_one(store, "a")
    store.close()
    behind = keys.anchor
    assert behind is not None
    words = behind.split()
    keys.anchor = f"{words[0]} {int(words[1]) + 1} {words[2]}"  # the anchor saw one record more than the copy
    assert seal_one(open_store(), "b")[0] != old


def test_a_database_on_a_machine_without_its_anchor_counts_anew(open_store: Opening, keys: KeysInMemory) -> None:
    store = open_store()
    old, _ = seal_one(store, "a")
    store.close()
    keys.anchor = None
    assert seal_one(open_store(), "b")[0] != old


def test_a_crash_before_the_anchor_was_written_keeps_the_incarnation(open_store: Opening, keys: KeysInMemory) -> None:
    store = open_store()
    old, _ = seal_one(store, "a")
    store.close()
    anchor = keys.anchor
    open_store().close()
    keys.anchor = anchor
    assert seal_one(open_store(), "b") == (old, 2)


def test_a_clock_before_the_last_record_refuses_to_start(open_store: Opening, clock: SteppingClock) -> None:
    store = open_store()
    seal_one(store, "a")
    store.close()
    clock.moment -= timedelta(hours=1)
    with pytest.raises(ClockBehind) as refusal:
        open_store()
    assert refusal.value.code == "SEC-01"
    clock.moment += timedelta(hours=1)
    assert seal_one(open_store(), "b")[1] == 2


def test_a_time_server_may_set_the_clock_back_a_little(open_store: Opening, clock: SteppingClock) -> None:
    open_store().close()
    clock.moment -= timedelta(seconds=3)
    open_store()


def test_a_second_opening_is_refused_until_the_first_is_closed(open_store: Opening) -> None:
    first = open_store()
    with pytest.raises(AlreadyOpen) as refusal:
        open_store()
    assert refusal.value.code == "STO-04"
    first.close()
    open_store()


def test_another_key_does_not_open_the_database(open_store: Opening, keys: KeysInMemory) -> None:
    open_store().close()
    keys.stored = bytes(32)
    with pytest.raises(NotADatabase) as refusal:
        open_store()
    assert isinstance(refusal.value, WrongKey)
    assert refusal.value.code == "STO-03"


def test_a_database_whose_key_is_gone_is_not_overwritten(
    open_store: Opening, keys: KeysInMemory, tmp_path: Path
) -> None:
    open_store().close()
    before = (tmp_path / "station.db").read_bytes()
    keys.stored = None
    with pytest.raises(WrongKey):
        open_store()
    assert keys.stored is None
    assert (tmp_path / "station.db").read_bytes() == before


@pytest.mark.parametrize("rubbish", [b"x", b"SQLite format 3\x00" * 400, b"\x00" * 8192])
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    open_store: Opening, keys: KeysInMemory, tmp_path: Path, rubbish: bytes
) -> None:
    keys.key(create=True)
    (tmp_path / "station.db").write_bytes(rubbish)
    with pytest.raises(StoreUnavailable) as refusal:
        open_store()
    assert refusal.value.code == "STO-03"
    assert (tmp_path / "station.db").read_bytes() == rubbish


def test_a_database_that_loses_its_tail_is_refused_or_found(
    open_store: Opening, tmp_path: Path, keys: KeysInMemory
) -> None:
    store = open_store()
    for number in range(30):
        seal_one(store, str(number))
    store.close()
    whole = (tmp_path / "station.db").read_bytes()
    (tmp_path / "station.db").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreUnavailable):
        assert open_store().check().sound


def test_another_stations_store_is_refused(open_store: Opening, tmp_path: Path, keys: KeysInMemory) -> None:
    open_store().close()
    with pytest.raises(StoreDamaged):
        StationStore.open(tmp_path, keys, station_id="station-2", clock=SteppingClock())


def test_training_and_live_never_mix(open_store: Opening, tmp_path: Path, clock: SteppingClock) -> None:
    open_store().close()
    with pytest.raises(KeyStoreRefused):
        StationStore.open(tmp_path, KeysInMemory(training=True), station_id="station-1", clock=clock)
    (tmp_path / "TRAINING-STATION").touch()
    with pytest.raises(KeyStoreRefused):
        open_store()


def test_records_keep_their_sequence_over_many_openings(open_store: Opening) -> None:
    for number in range(5):
        store = open_store()
        assert seal_one(store, str(number))[1] == number + 1
        store.close()
    assert open_store().check().sound
