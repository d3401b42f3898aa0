"""``records list`` and ``records show`` against a training store on disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from inspection_station.cli import main
from inspection_station.inspection.codec import from_plain
from inspection_station.inspection.record import InspectionRecord
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TRAINING_KEY, TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))

from store_stories import LINES, decided, record, story


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "training"
    mark_training_folder(data)
    return data


def opened(folder: Path) -> StationStore:
    return StationStore.open(folder, TrainingFolderKeys(folder), station_id="TRAIN-1", clock=SystemClock())


@pytest.fixture
def filled(folder: Path) -> Path:
    store = opened(folder)
    for number in range(3):
        store.seal(record(f"id-{number}"), {}, decided()).result(60)
    for event in story("id-3"):
        store.journal("id-3", event)
    store.close()
    return folder


def run(*words: str) -> int:
    return main(["records", *words])


def test_the_list_is_newest_first_with_stable_keys(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--data", str(filled), "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == ["id-2", "id-1", "id-0"]
    assert set(rows[0]) == {"id", "sequence", "scenario", "disposition", "decided_at", "sent", "hash"}
    assert rows[0]["sequence"] == 3
    assert rows[0]["sent"] is False
    assert len(rows[0]["hash"]) == 64


def test_the_list_holds_at_most_what_was_asked_for(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--data", str(filled), "--limit", "2", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 2


def test_the_list_names_no_traveller(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("list", "--data", str(filled))
    shown = capsys.readouterr()
    assert "id-1" in shown.out
    assert "SPECIMEN" not in shown.out + shown.err


def test_a_shown_record_reads_back_as_the_record_that_was_sealed(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", "id-1", "--data", str(filled), "--json") == 0
    whole = json.loads(capsys.readouterr().out)
    assert from_plain(InspectionRecord, whole["record"]) == record("id-1")
    assert LINES[0] in whole["record"]["mrz"]["lines"]
    assert whole["history"][-1]["$"] == "DecisionTaken"


def test_an_unknown_id_is_a_negative_finding(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "nobody", "--data", str(filled), "--json") == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "USE-02"


def test_an_id_of_odd_bytes_is_an_unknown_id_and_is_noted_all_the_same(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", "\udcff\n", "--data", str(filled)) == 1
    store = opened(filled)
    try:
        assert ("record shown", "??") in [(entry.act, entry.subject) for entry in store.audit()]
        assert store.check().sound
    finally:
        store.close()


def test_a_refusal_is_one_object_with_code_and_next_action(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--data", str(tmp_path / "nowhere"), "--json") == 3
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert set(error) == {"code", "what", "do"}
    assert all(error.values())
    assert error["do"] in shown.err


def test_a_folder_without_a_store_is_a_missing_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    mark_training_folder(tmp_path / "empty")
    assert run("list", "--data", str(tmp_path / "empty"), "--json") == 3
    assert "STO-06" in capsys.readouterr().err
    assert run("list", "--data", str(tmp_path / "nowhere")) == 3


def test_a_store_whose_key_is_gone_is_a_missing_service(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (filled / TRAINING_KEY).unlink()
    assert run("list", "--data", str(filled)) == 3
    assert "STO-03" in capsys.readouterr().err
    assert not (filled / TRAINING_KEY).exists()


def test_records_can_be_listed_while_the_station_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = opened(folder)
    try:
        store.seal(record("now"), {}, decided()).result(60)
        assert run("list", "--data", str(folder), "--json") == 0
        assert [row["id"] for row in json.loads(capsys.readouterr().out)] == ["now"]
        store.seal(record("after"), {}, decided()).result(60)
        assert store.check().sound
    finally:
        store.close()


def test_looking_leaves_an_entry_in_the_audit(filled: Path) -> None:
    run("show", "id-1", "--data", str(filled))
    run("list", "--data", str(filled))
    store = opened(filled)
    try:
        assert store.check().sound
        assert [(entry.act, entry.subject) for entry in store.audit(3)][::-1][:2] == [
            ("record shown", "id-1"),
            ("records listed", ""),
        ]
    finally:
        store.close()


def test_a_profile_names_the_store(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATION_DATA", str(tmp_path))
    assert run("list", "--profile", "training", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 3
    assert run("list", "--profile", "no-such-profile") == 2


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--limit", "0"),
        ("list", "--limit", "x"),
        ("list", "--limit", "9" * 30),
        ("list", "--profile", "a", "--data", "b"),
        ("show",),
    ],
)
def test_bad_usage_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(*words)
    assert stop.value.code == 2
