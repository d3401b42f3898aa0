"""Closing a voyage by hand, and what verbs say while the station itself has the store."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))

from store_stories import decided, picture, record

from inspection_station.cli import main
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TRAINING_KEY, TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

STATION = "TRAINING-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "station"
    mark_training_folder(place)
    store = StationStore.open(place, TrainingFolderKeys(place), station_id=STATION, clock=SystemClock())
    ref, data = picture("a")
    store.seal(record("a", pictures=(("portrait", ref),)), {ref.sha256: data}, decided()).result()
    store.close()
    return place


@pytest.fixture
def running(folder: Path) -> Iterator[StationStore]:
    store = StationStore.open(folder, TrainingFolderKeys(folder), station_id=STATION, clock=SystemClock())
    yield store
    store.close()


def test_a_voyage_is_closed_under_a_fresh_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / TRAINING_KEY).read_text()
    assert main(["store", "close-voyage", "--data", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"purged": 0, "kept": 1, "waiting": 2, "old_key_destroyed": True}
    assert (folder / TRAINING_KEY).read_text() != before
    assert main(["store", "check", "--data", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sound"]
    assert main(["records", "list", "--data", str(folder), "--json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == ["a"]


def test_people_see_the_steps(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "close-voyage", "--data", str(folder)]) == 0
    said = capsys.readouterr()
    assert "purge" in said.err
    assert "change" in said.err
    assert "0 records purged, 1 kept" in said.out


def test_a_folder_without_a_store_gets_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark_training_folder(tmp_path)
    assert main(["store", "close-voyage", "--data", str(tmp_path), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "STO-06"
    assert not list(tmp_path.glob("*.db*"))


@pytest.mark.parametrize(
    "words",
    [
        ("store", "close-voyage"),
        ("bundle", "export", "out.bundle"),
        ("bundle", "import", "back.bundle"),
        ("sync", "--once"),
        ("enrol", "https://localhost:1", "--ticket", "x"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_while_the_station_runs_its_own_screen_is_the_place(
    words: tuple[str, ...],
    folder: Path,
    running: StationStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--data", str(folder), "--json"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "STO-04"
    assert "station" in error["do"] or "screen" in error["do"]
    assert not (tmp_path / "out.bundle").exists()


def test_a_copy_from_before_the_close_is_told_as_such_and_changes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    assert main(["store", "backup", str(copy), "--data", str(folder), "--json"]) == 0
    assert main(["store", "close-voyage", "--data", str(folder), "--json"]) == 0
    capsys.readouterr()
    for file, wanted in ((copy, (3, "STO-03")), (tmp_path / "absent", (2, "USE-01"))):
        code = main(["store", "restore", str(file), "--data", str(folder), "--json"])
        error = json.loads(capsys.readouterr().out)["error"]
        assert (code, error["code"]) == wanted
        assert "copy" in error["what"] + error["do"] or "store backup" in error["do"]
    assert main(["store", "check", "--data", str(folder), "--json"]) == 0
