"""What a failing disk leaves of a store: it is told, never covered up, and a copy that is put back leads out of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from store_stories import KeysInMemory, SteppingClock, decided, picture, record

from inspection_station.storage.backup import back_up, put_back
from inspection_station.storage.errors import StoreDamaged
from inspection_station.storage.reader import StoreReader
from inspection_station.storage.store import StationStore

PAGE = 4096
FILE, LOG = "station.db", "station.db-wal"


def opened(folder: Path, keys: KeysInMemory) -> StationStore:
    return StationStore.open(folder, keys, station_id="s", clock=SteppingClock())


def seal(store: StationStore, name: str) -> None:
    ref, data = picture(name, 20_000)
    store.seal(record(name, pictures=(("portrait", ref),)), {ref.sha256: data}, decided()).result(60)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, KeysInMemory]:
    """A store of twelve records, a copy of its first six, and its keys."""
    folder, keys = tmp_path_factory.mktemp("filled"), KeysInMemory()
    store = opened(folder / "station", keys)
    for number in range(6):
        seal(store, f"{number}")
    back_up(folder / "station", keys, folder / "copy")
    for number in range(6, 12):
        seal(store, f"{number}")
    store.close()
    return folder / "station", folder / "copy", keys


@pytest.fixture
def hit(filled: tuple[Path, Path, KeysInMemory], tmp_path: Path) -> tuple[Path, Path, KeysInMemory]:
    """The same, to be damaged."""
    shutil.copytree(filled[0], tmp_path / "station")
    keys = KeysInMemory()
    keys.stored, keys.anchor = filled[2].stored, filled[2].anchor
    return tmp_path / "station", filled[1], keys


def flip(file: Path, page: int) -> None:
    content = bytearray(file.read_bytes())
    content[page * PAGE + 100] ^= 0x10
    file.write_bytes(content)


def shortened(share: float) -> Callable[[Path], None]:
    def shorten(folder: Path) -> None:
        content = (folder / FILE).read_bytes()
        (folder / FILE).write_bytes(content[: int(len(content) * share)])

    return shorten


def in_the_middle(folder: Path) -> None:
    flip(folder / FILE, (folder / FILE).stat().st_size // PAGE // 2)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a page in the middle": in_the_middle,
    "the second page": lambda folder: flip(folder / FILE, 1),
    "half the file": shortened(0.5),
    "not even a page's end": shortened(0.93),
    "an empty file": shortened(0.0),
    "no file": lambda folder: (folder / FILE).unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_damage_is_told_and_a_copy_put_back_leads_out_of_it_with_what_was_there_kept(
    hit: tuple[Path, Path, KeysInMemory], damage: Callable[[Path], object]
) -> None:
    folder, copy, keys = hit
    damage(folder)
    left = (folder / FILE).read_bytes() if (folder / FILE).exists() else None
    try:
        store = opened(folder, keys)
    except StoreDamaged:
        pass
    else:
        assert store.look_over(lambda: False) is not None
        assert isinstance(store.fault, StoreDamaged)
        store.close()
        left = (folder / FILE).read_bytes()
    before = put_back(folder, keys, copy, SteppingClock())
    assert left == (None if before is None else before.read_bytes())
    store = opened(folder, keys)
    try:
        assert store.of_an_earlier_moment
        assert len(store.records()) == 6
        seal(store, "after")
        assert store.check().sound
    finally:
        store.close()
    again = opened(folder, keys)
    assert not again.of_an_earlier_moment
    again.close()


def test_the_check_names_damaged_pages_and_counts_what_it_can(hit: tuple[Path, Path, KeysInMemory]) -> None:
    folder, _, keys = hit
    in_the_middle(folder)
    reader = StoreReader.open(folder, keys, clock=SteppingClock())
    report = reader.check()
    reader.close()
    assert not report.sound
    page = (folder / FILE).stat().st_size // PAGE // 2 + 1
    assert any(str(page) in problem for problem in report.problems)


def test_a_log_beside_an_empty_file_is_kept_for_whoever_can_save_it(
    filled: tuple[Path, Path, KeysInMemory], tmp_path: Path
) -> None:
    keys = KeysInMemory()
    running = opened(tmp_path / "running", keys)
    seal(running, "a")
    shutil.copytree(tmp_path / "running", tmp_path / "station")
    running.close()
    (tmp_path / "station" / FILE).write_bytes(b"")
    log = (tmp_path / "station" / LOG).read_bytes()
    assert log
    for _ in range(2):
        with pytest.raises(StoreDamaged) as refusal:
            opened(tmp_path / "station", keys)
        assert refusal.value.code == "STO-09"
        with pytest.raises(StoreDamaged):
            StoreReader.open(tmp_path / "station", keys, clock=SteppingClock())
    assert (tmp_path / "station" / LOG).read_bytes() == log


def test_who_moves_the_whole_folder_away_begins_anew(hit: tuple[Path, Path, KeysInMemory], tmp_path: Path) -> None:
    folder, _, keys = hit
    folder.rename(tmp_path / "away")
    store = opened(folder, keys)
    try:
        assert store.records() == ()
        assert "database lost or replaced" in {entry.detail for entry in store.audit()}
    finally:
        store.close()


def test_records_that_a_torn_log_lost_are_told_at_the_next_start(tmp_path: Path) -> None:
    keys = KeysInMemory()
    running = opened(tmp_path / "running", keys)
    for number in range(8):
        seal(running, f"{number}")
    running.flush(60)
    shutil.copytree(tmp_path / "running", tmp_path / "station")
    running.close()  # and the anchor knows of all
    log = tmp_path / "station" / LOG
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    store = opened(tmp_path / "station", keys)
    try:
        assert 0 < len(store.records()) < 8
        assert store.of_an_earlier_moment
        assert store.check().sound
    finally:
        store.close()


def test_damage_stands_although_other_pages_can_be_written(hit: tuple[Path, Path, KeysInMemory]) -> None:
    folder, _, keys = hit
    in_the_middle(folder)
    store = opened(folder, keys)
    told: list[str] = []
    store.on_fault(lambda fault: told.append("well" if fault is None else fault.code))
    try:
        assert store.look_over(lambda: False) is not None
        store.note("T-001", "something else is written")
        store.flush(60)
        assert told == ["STO-09"]
        assert isinstance(store.fault, StoreDamaged)
    finally:
        store.close()
