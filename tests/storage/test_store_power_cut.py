"""What a power cut can leave of the write-ahead log: cut short or with a torn page at its end."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from store_stories import KeysInMemory, SteppingClock, decided, record, story

from inspection_station.storage.store import StationStore

RECORDS = 12


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KeysInMemory, list[str]]:
    """A folder as it lies on the medium while the station runs, before the log is folded into the database."""
    folder, keys = tmp_path_factory.mktemp("running"), KeysInMemory()
    store = StationStore.open(folder / "live", keys, station_id="s", clock=SteppingClock())
    for number in range(RECORDS):
        for event in story(f"{number}"):
            store.journal(f"{number}", event)
        store.seal(record(f"{number}"), {}, decided()).result(60)
    hashes = [row.record_hash for row in reversed(store.records())]
    (folder / "cut").mkdir()
    for name in ("station.db", "station.db-wal"):
        shutil.copy(folder / "live" / name, folder / "cut" / name)
    store.close()
    return folder / "cut", keys, hashes


@pytest.mark.parametrize("seed", range(25))
def test_a_log_that_was_cut_or_torn_leaves_whole_records_from_the_start(
    running: tuple[Path, KeysInMemory, list[str]], tmp_path: Path, seed: int
) -> None:
    source, kept, hashes = running
    folder, chance = tmp_path / "after", random.Random(seed)
    shutil.copytree(source, folder)
    log = bytearray((folder / "station.db-wal").read_bytes())
    cut = chance.randrange(len(log) // 8, len(log))
    if seed % 2:
        del log[cut:]
    else:  # written out of order: a page in the middle never reached the medium
        log[cut : cut + 512] = bytes(512)
    (folder / "station.db-wal").write_bytes(log)
    keys = KeysInMemory()
    keys.stored, keys.anchor = kept.stored, kept.anchor
    store = StationStore.open(folder, keys, station_id="s", clock=SteppingClock())
    try:
        found = [row.record_hash for row in reversed(store.records())]
        assert found == hashes[: len(found)]
        assert store.check().sound
        for left in store.unfinished():
            assert left.events == story(left.inspection_id)[: len(left.events)]
        store.seal(record("after"), {}, decided()).result(60)
        assert store.check().sound
    finally:
        store.close()


def test_an_untouched_copy_has_every_record(running: tuple[Path, KeysInMemory, list[str]], tmp_path: Path) -> None:
    source, kept, hashes = running
    shutil.copytree(source, tmp_path / "after")
    store = StationStore.open(tmp_path / "after", kept, station_id="s", clock=SteppingClock())
    try:
        assert [row.record_hash for row in reversed(store.records())] == hashes
    finally:
        store.close()
