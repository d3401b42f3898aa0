"""A store in a folder of its own, on a clock that goes on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_stories import KeysInMemory, SteppingClock

from inspection_station.storage.connection import Connection, open_writer
from inspection_station.storage.store import StationStore


@pytest.fixture
def keys() -> KeysInMemory:
    return KeysInMemory()


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def open_store(tmp_path: Path, keys: KeysInMemory, clock: SteppingClock) -> Iterator[Callable[[], StationStore]]:
    """Opens the folder's store; what a test leaves open is closed."""
    opened: list[StationStore] = []

    def opening() -> StationStore:
        opened.append(StationStore.open(tmp_path, keys, station_id="station-1", clock=clock))
        return opened[-1]

    yield opening
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], StationStore]) -> StationStore:
    return open_store()


@pytest.fixture
def raw(tmp_path: Path, keys: KeysInMemory) -> Iterator[Callable[[], Connection]]:
    """A connection past the store, as somebody with the key would have it."""
    opened: list[Connection] = []

    def opening() -> Connection:
        opened.append(open_writer(tmp_path, keys.key(create=False)))
        return opened[-1]

    yield opening
    for connection in opened:
        connection.close()
