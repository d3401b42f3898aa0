"""How fast the store is: ``pytest -m benchmark tests/benchmarks/test_store_speed.py -s``.

``STATION_BENCH_RECORDS`` sets the size of the large store (100,000 unless told).
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))

from store_stories import KeysInMemory, SteppingClock, decided, picture, record, story

from inspection_station.storage.connection import open_writer, transaction
from inspection_station.storage.journal import event_text
from inspection_station.storage.sealing import prepare, seal
from inspection_station.storage.store import StationStore

pytestmark = pytest.mark.benchmark

A_DAY = 3000


def timed(act: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def day_of(number: int) -> str:
    """A full day's work after the other, from 4 May 2026."""
    return (datetime(2026, 5, 4, 3, tzinfo=UTC) + timedelta(days=number // A_DAY)).isoformat()


def show(what: str, samples: list[float]) -> None:
    ordered = sorted(samples)
    p95 = ordered[int(len(ordered) * 0.95)]
    print(f"{what}: median {statistics.median(ordered):.2f} ms, p95 {p95:.2f} ms, n={len(ordered)}")


def test_sealing_with_two_pictures(tmp_path: Path) -> None:
    store = StationStore.open(tmp_path, KeysInMemory(), station_id="s", clock=SteppingClock())
    samples, queued = [], []
    for number in range(300):
        name = f"{number}"
        portrait, portrait_bytes = picture(name + "p", 15_000)
        live, live_bytes = picture(name + "l", 90_000)
        whole = record(name, pictures=(("portrait", portrait), ("live face", live)))
        blobs = {portrait.sha256: portrait_bytes, live.sha256: live_bytes}
        for event in story(name):
            queued.append(timed(lambda name=name, event=event: store.journal(name, event)))
        samples.append(timed(lambda whole=whole, blobs=blobs: store.seal(whole, blobs, decided()).result()))
    show("seal, journal of six events, pictures of 15 and 90 kB, durable", samples)
    show("journal, as the desk feels it", queued)
    show("outbox status", [timed(store.outbox_status) for _ in range(200)])
    show("one record with history", [timed(lambda: store.record("150")) for _ in range(200)])
    store.close()
    print(f"database: {(tmp_path / 'station.db').stat().st_size / 300 / 1024:.1f} KiB an inspection")


def test_opening_a_large_store(tmp_path: Path) -> None:
    keys, clock = KeysInMemory(), SteppingClock()
    StationStore.open(tmp_path, keys, station_id="s", clock=clock).close()
    amount = int(os.environ.get("STATION_BENCH_RECORDS", "100000"))
    connection = open_writer(tmp_path, keys.key(create=False))
    text = event_text(decided())
    start = time.perf_counter()
    for first in range(0, amount, 2000):
        with transaction(connection):
            for number in range(first, min(first + 2000, amount)):
                whole = record(f"id-{number:08}", decided_at=day_of(number))  # ids in the order of time, as UUIDv7 are
                seal(connection, prepare(whole, {}, text), clock.now(), clock.monotonic())
    connection.close()
    print(f"{amount} records in {time.perf_counter() - start:.0f} s")

    def look() -> StationStore:
        store = StationStore.open(tmp_path, keys, station_id="s", clock=clock)
        assert len(store.records(50)) == 50
        assert store.count_today(date(2026, 5, 4), UTC) == min(amount, A_DAY)
        assert store.outbox_status().unsent == amount
        return store

    samples = []
    for _ in range(10):
        start = time.perf_counter()
        store = look()
        samples.append((time.perf_counter() - start) * 1000)
        store.close()
    show("open and three questions", samples)
    store = StationStore.open(tmp_path, keys, station_id="s", clock=clock)
    show("newest 50", [timed(lambda: store.records(50)) for _ in range(50)])
    show("one record", [timed(lambda: store.record(f"id-{amount // 2:08}")) for _ in range(50)])
    show("outbox status", [timed(store.outbox_status) for _ in range(50)])
    print(f"full check: {timed(store.check) / 1000:.1f} s")
    print(f"database: {(tmp_path / 'station.db').stat().st_size / amount:.0f} B a record without pictures")
    store.close()
