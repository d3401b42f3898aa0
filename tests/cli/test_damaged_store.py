"""A damaged store on the command line: each verb says what happened and what to do, and the way out works."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from exchange_world import SharedClock, enrolled, gateway_in
from store_stories import decided, picture, record

from inspection_station.cli import main
from inspection_station.gateway.bundles import import_bundle
from inspection_station.station_profile import load_profile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

PAGE = 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A training store of eight records, and a backup of it beside."""
    data = tmp_path / "data"
    mark_training_folder(data)
    name = load_profile("training").station_id
    store = StationStore.open(data, TrainingFolderKeys(data), station_id=name, clock=SystemClock())
    for number in range(8):
        ref, content = picture(f"{number}", 60_000)
        whole = record(f"{number}", pictures=(("portrait", ref),))
        store.seal(whole, {ref.sha256: content}, decided()).result(60)
    store.close()
    assert main(["store", "backup", str(tmp_path / "copy"), "--data", str(data)]) == 0
    return data


def damage_page(folder: Path, share: float) -> None:
    content = bytearray((folder / "station.db").read_bytes())
    content[int(len(content) // PAGE * share) * PAGE + 50] ^= 1
    (folder / "station.db").write_bytes(content)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    capsys.readouterr()
    code = main([*arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def test_the_check_of_a_damaged_store_is_a_negative_finding_that_says_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage_page(folder, 0.5)
    code, found, err = told(capsys, "store", "check", "--data", str(folder))
    assert (code, found["sound"]) == (1, False)
    assert found["problems"]
    assert "STO-09: " in err
    assert "store restore" in err
    (folder / "station.db").write_bytes((folder / "station.db").read_bytes()[: 40 * PAGE])
    code, found, err = told(capsys, "store", "check", "--data", str(folder))
    assert (code, found["sound"], found["records"]) == (1, False, None)
    assert "store restore" in err


def test_a_damaged_store_is_never_copied_as_if_it_were_sound(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage_page(folder, 0.5)
    code, found, _ = told(capsys, "store", "backup", str(tmp_path / "another"), "--data", str(folder))
    assert (code, found["error"]["code"]) == (3, "STO-09")
    assert not (tmp_path / "another").exists()
    code, found, _ = told(capsys, "store", "restore", str(folder / "station.db"), "--data", str(folder))
    assert (code, found["error"]["code"]) == (3, "STO-09")


@pytest.mark.parametrize("damaged", ["empty", "gone", "first page"])
def test_a_station_does_not_start_over_records_that_are_gone_and_a_backup_leads_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damaged: str
) -> None:
    if damaged == "gone":
        (folder / "station.db").unlink()
    elif damaged == "empty":
        (folder / "station.db").write_bytes(b"")
    else:
        damage_page(folder, 0.0)
    wanted = "STO-03" if damaged == "first page" else "STO-09"
    code, found, _ = told(capsys, "play", "--travellers", "1", "--data", str(folder))
    assert (code, found["error"]["code"]) == (3, wanted)
    assert "store restore" in found["error"]["do"]
    code, found, _ = told(capsys, "store", "restore", str(tmp_path / "copy"), "--data", str(folder))
    assert (code, found["before"] is None) == (0, damaged == "gone")
    code, found, _ = told(capsys, "store", "check", "--data", str(folder))
    assert (code, found["records"]) == (0, 8)


@pytest.mark.slow
def test_a_lesson_ends_when_damage_is_found_while_it_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage_page(folder, 0.7)
    # It is looked over beside the lesson: one traveller may be through before the damage is found, twenty are not.
    code, found, err = told(capsys, "play", "--travellers", "20", "--data", str(folder))
    assert (code, found["error"]["code"]) == (3, "STO-09")
    assert "Do this: delete nothing" in err


def test_what_still_reads_of_a_damaged_store_can_be_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage_page(folder, 0.7)  # in a picture
    code, found, _ = told(capsys, "records", "list", "--data", str(folder))
    assert (code, len(found)) == (0, 8)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_what_still_reads_of_a_damaged_store_leaves_in_a_bundle(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], share: float
) -> None:
    gateway = gateway_in(tmp_path / "gateway", f"sqlite:///{tmp_path / 'gateway.db'}", SharedClock(), training=True)
    name = load_profile("training").station_id
    store = StationStore.open(folder, TrainingFolderKeys(folder), station_id=name, clock=SystemClock())
    store.outbox.enrol(enrolled(gateway, name, training=True))
    store.close()
    damage_page(folder, share)
    code, found, _ = told(capsys, "bundle", "export", str(tmp_path / "out.bundle"), "--data", str(folder))
    assert code == 0
    assert found["unreadable"] >= 1
    assert found["messages"] + found["pictures"] + found["unreadable"] == 16
    taken = import_bundle(gateway, tmp_path / "out.bundle")
    assert taken.pictures == found["pictures"]
    gateway.database.close()
