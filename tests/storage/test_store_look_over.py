"""After a start the whole file is read once: damage is found before a record that it hit is asked for."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from store_stories import KeysInMemory, SteppingClock, decided, picture, record

from inspection_station.storage.errors import StoreUnavailable
from inspection_station.storage.store import StationStore

PAGE = 4096


def opened(folder: Path, keys: KeysInMemory) -> StationStore:
    return StationStore.open(folder, keys, station_id="s", clock=SteppingClock())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KeysInMemory]:
    folder, keys = tmp_path_factory.mktemp("filled"), KeysInMemory()
    store = opened(folder, keys)
    for number in range(12):
        ref, data = picture(f"{number}", 20_000)
        store.seal(record(f"{number}", pictures=(("portrait", ref),)), {ref.sha256: data}, decided()).result(60)
    store.close()
    return folder, keys


def found(folder: Path, keys: KeysInMemory) -> StoreUnavailable:
    """What keeps the store from opening, or what is found afterwards."""
    try:
        store = opened(folder, keys)
    except StoreUnavailable as fault:
        return fault
    damage = store.look_over(lambda: False)
    store.close()
    assert damage is not None
    return damage


def test_a_sound_store_is_sound(filled: tuple[Path, KeysInMemory]) -> None:
    store = opened(*filled)
    assert store.look_over(lambda: False) is None
    store.close()


@pytest.mark.parametrize("seed", range(12))
def test_a_page_that_the_disk_changed_is_found_or_keeps_the_store_from_opening(
    filled: tuple[Path, KeysInMemory], tmp_path: Path, seed: int
) -> None:
    shutil.copytree(filled[0], tmp_path / "hit")
    file, chance = tmp_path / "hit" / "station.db", random.Random(seed)
    content = bytearray(file.read_bytes())
    page = chance.randrange(1, len(content) // PAGE)
    content[page * PAGE + chance.randrange(PAGE - 80)] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    assert found(tmp_path / "hit", filled[1]).code in ("STO-03", "STO-09")


def test_a_station_that_ends_does_not_wait_for_it(filled: tuple[Path, KeysInMemory]) -> None:
    store = opened(*filled)
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return True

    assert store.look_over(stop) is None
    store.close()
