"""A full disk: nothing half written, nothing forgotten, and on it goes once there is space."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.small_disk import fill, mounted
from store_stories import KeysInMemory, SteppingClock, decided, picture, record, story

from inspection_station.storage.errors import DiskFull, StoreUnavailable
from inspection_station.storage.reserve import FILE
from inspection_station.storage.store import StationStore

SIZE = 12 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "12m") as folder:
        yield folder


@pytest.fixture
def store(small_disk: Path) -> Iterator[StationStore]:
    opened = StationStore.open(small_disk, KeysInMemory(), station_id="s", clock=SteppingClock())
    yield opened
    opened.close()


def seal_with_picture(store: StationStore, name: str) -> int:
    ref, data = picture(name, 64 << 10)
    whole = record(name, pictures=(("portrait", ref),))
    return store.seal(whole, {ref.sha256: data}, decided()).result(60).sequence


def seal_until_full(store: StationStore) -> None:
    for number in range(100):
        seal_with_picture(store, f"more {number}")


def test_the_inspection_in_hand_is_written_from_space_kept_back_and_the_fault_stands(
    store: StationStore, small_disk: Path
) -> None:
    told: list[str] = []
    store.on_fault(lambda fault: told.append("well" if fault is None else fault.code))
    assert seal_with_picture(store, "a") == 1
    for number in range(40):  # the log file grows to what it may hold, so that the next writes need space
        store.journal(f"grown {number}", story("b")[0])
        store.flush(60)
    ballast = fill(small_disk)
    sealed = 1
    while not told:
        sealed = seal_with_picture(store, f"in hand {sealed}")
    assert told == ["STO-01"]
    assert store.fault is not None
    assert store.records(1)[0].sequence == sealed
    ballast.unlink()
    until = time.monotonic() + 60
    while told[-1] != "well" and time.monotonic() < until:
        time.sleep(0.05)  # nobody asks for anything: the store finds by itself that there is room again
    assert told == ["STO-01", "well"]
    assert store.fault is None
    assert store.check().sound


def test_a_disk_that_stays_full_fails_the_seal_whole_and_the_next_try_succeeds(
    store: StationStore, small_disk: Path
) -> None:
    assert seal_with_picture(store, "a") == 1
    for event in story("b"):
        store.journal("b", event)
    store.flush(60)
    ballast = fill(small_disk)
    (small_disk / FILE).unlink()
    more = fill(small_disk, "more")
    with pytest.raises(DiskFull) as full:
        seal_until_full(store)
    assert full.value.code == "STO-01"
    sealed = len(store.records(200))
    with pytest.raises(DiskFull):
        seal_with_picture(store, "b")
    assert store.record("b") is None
    assert store.outbox_status().unsent == 2 * sealed
    assert store.unfinished()[-1].events == story("b")
    ballast.unlink()
    more.unlink()
    assert seal_with_picture(store, "b") == sealed + 1
    stored = store.record("b")
    assert stored is not None
    assert len(stored.history) == len(story("b")) + 1
    assert store.check().sound


def test_events_wait_for_space_in_order_and_the_fault_is_told(store: StationStore, small_disk: Path) -> None:
    told: list[str] = []
    well = threading.Event()

    def listen(fault: StoreUnavailable | None) -> None:
        told.append("well" if fault is None else fault.code)
        if fault is None:
            well.set()

    store.on_fault(listen)
    for number in range(20):  # the log file grows to what it may hold, so that the next entries need space
        seal_with_picture(store, f"{number}")
    ballast = fill(small_disk)
    with pytest.raises(DiskFull):
        seal_until_full(store)
    for event in story("b"):
        store.journal("b", event)
    ballast.unlink()
    store.flush(60)
    assert well.wait(60)
    assert store.fault is None
    assert told[0] == "STO-01"
    assert told[-1] == "well"
    assert store.unfinished()[-1].events == story("b")
    assert store.check().sound


def test_a_store_cannot_be_created_on_a_full_disk_and_says_so(small_disk: Path) -> None:
    ballast = fill(small_disk)
    keys, clock = KeysInMemory(), SteppingClock()
    with pytest.raises(DiskFull):
        StationStore.open(small_disk, keys, station_id="s", clock=clock)
    ballast.unlink()
    store = StationStore.open(small_disk, keys, station_id="s", clock=clock)
    assert seal_with_picture(store, "a") == 1
    assert store.check().sound
    store.close()


def test_a_store_closed_on_a_full_disk_opens_again_with_all_it_had(small_disk: Path) -> None:
    keys, clock = KeysInMemory(), SteppingClock()
    store = StationStore.open(small_disk, keys, station_id="s", clock=clock)
    for number in range(5):
        seal_with_picture(store, f"{number}")
    ballast = fill(small_disk)
    with pytest.raises(DiskFull):
        seal_until_full(store)
    kept = len(store.records(200))
    store.close()
    ballast.unlink()
    again = StationStore.open(small_disk, keys, station_id="s", clock=clock)
    assert len(again.records(200)) == kept
    assert again.check().sound
    again.close()
