"""A station's store, a gateway on SQLite and the link between them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "headquarters"))

from exchange_stage import STATION, World
from exchange_world import DirectLink, SharedClock, enrolled, exchange_for, gateway_in
from store_stories import KeysInMemory

from inspection_station.storage.store import StationStore


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock, keys = SharedClock(), KeysInMemory()
    gateway = gateway_in(tmp_path / "gateway", f"sqlite:///{tmp_path / 'gateway.db'}", clock)
    store = StationStore.open(tmp_path / "station", keys, station_id=STATION, clock=clock)
    store.outbox.enrol(enrolled(gateway, STATION))
    link = DirectLink(lambda: gateway, STATION)
    yield World(clock, store, gateway, link, exchange_for(STATION, store.outbox, link, clock), keys, tmp_path)
    store.close()
    gateway.database.close()
