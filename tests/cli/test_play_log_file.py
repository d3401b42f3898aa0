"""The log of a lesson: what happened, line by line, and nothing of any traveller. And whose files they are."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from inspection_station import __version__
from inspection_station.cli import main
from inspection_station.desk.inspection_desk import TAIPEI
from inspection_station.station_profile import load_profile
from inspection_station.storage.clock import SystemClock
from inspection_station.training.personas.traveller import TrainingTraveller, traveller

STORIES = ("impostor", "expired", "wrong_hash")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("one lesson and its log")]
SEED = 31


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a played lesson that others could read before."""
    data = tmp_path_factory.mktemp("lesson") / "data"
    (data / "log").mkdir(parents=True)
    data.chmod(0o755)
    (data / "log" / "station.log").touch(mode=0o644)
    stories = [word for story in STORIES for word in ("--fault", story)]
    code = main(["play", "--seed", str(SEED), "--travellers", str(len(STORIES)), *stories, "--data", str(data)])
    assert code == 0
    return data


@pytest.fixture(scope="module")
def lines(lesson: Path) -> list[dict[str, Any]]:
    text = (lesson / "log" / "station.log").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def of(lines: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == event]


def test_start_and_end_are_told_with_what_one_asks_first(lines: list[dict[str, Any]]) -> None:
    [started] = of(lines, "station started")
    assert (started["version"], started["profile"], started["training"]) == (__version__, "training", True)
    assert len(started["store"]) == 36
    assert started["drivers"]["camera"] == "training-camera"
    assert [line["officer"] for line in of(lines, "officer signed on")] == ["T-001"]
    assert [line["officer"] for line in of(lines, "officer signed off")] == ["T-001"]
    assert len(of(lines, "station stopped")) == 1
    [ended] = of(lines, "play ended")
    assert (ended["why"], ended["travellers"], ended["lost"]) == ("played", len(STORIES), 0)
    assert lines[-1] == ended


def test_every_device_is_told_of_when_it_opens(lines: list[dict[str, Any]]) -> None:
    opened = {line["kind"]: line["driver"] for line in of(lines, "device opened")}
    assert opened == {
        "document reader": "training-document",
        "chip reader": "training-chip",
        "camera": "training-camera",
    } | {kind: driver for kind, driver in opened.items() if driver.startswith("training-")}


def test_every_record_is_told_of_once_by_its_id_and_outcome(lesson: Path, lines: list[dict[str, Any]]) -> None:
    sealed = of(lines, "inspection sealed")
    assert len({line["record"] for line in sealed}) == len(sealed) == len(STORIES)
    for line in sealed:
        assert len(line["record"]) == 36
        assert "[masked]" not in line["record"]
        assert line["scenario"] == "quayside"
        assert line["disposition"] in {"AD", "RF", "RE", "VD", "HD"}
        assert all(isinstance(count, int) for count in line["findings"].values())
        assert line["ms"] >= 0
    assert {code for line in sealed for code in line["findings"]} >= {"DOC-03", "BIO-03", "CHP-03"}


def travellers() -> list[TrainingTraveller]:
    today = SystemClock().now().astimezone(TAIPEI).date()
    return [traveller(SEED + number, today=today, fault=story) for number, story in enumerate(STORIES)]


def test_nothing_of_any_traveller_is_in_the_log(lesson: Path) -> None:
    text = (lesson / "log" / "station.log").read_text(encoding="utf-8")
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text)  # in random numbers lie dates now and then
    for person in travellers():
        who = person.persona
        values = [who.document_number, who.optional_data, *who.mrz_lines, who.name.primary, who.name.secondary]
        values += [who.name.primary_zone, who.name.secondary_zone]
        for printed in (who.date_of_birth, who.date_of_expiry):
            values += [printed.isoformat(), printed.strftime("%y%m%d"), printed.strftime("%Y%m%d")]
        for value in values:
            for part in (value, *value.split(), *value.replace("<", " ").split()):
                if len(part) > 3:
                    assert part.lower() not in text.lower(), part[:2]
    assert ".jp" not in text
    assert ".png" not in text


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_store_its_neighbours_and_the_log_are_the_owners_alone_in_a_folder_that_is_not(lesson: Path) -> None:
    files = [path for path in lesson.rglob("*") if path.is_file() and path.name != "TRAINING"]
    names = {path.name for path in files}
    assert {"station.db", "station.log", "station.lock"} <= names
    kept = [path for path in files if path.name.startswith("station.") or "key" in path.name.lower()]
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in kept if path.stat().st_mode & 0o077} == {}


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_store_that_others_could_read_is_taken_from_them_while_it_runs(lesson: Path) -> None:
    from inspection_station.storage.keys import TrainingFolderKeys
    from inspection_station.storage.store import StationStore

    for path in lesson.glob("station.*"):
        path.chmod(0o644)
    store = StationStore.open(
        lesson, TrainingFolderKeys(lesson), station_id=load_profile("training").station_id, clock=SystemClock()
    )
    try:
        store.flush(60)
        found = {path.name: path.stat().st_mode & 0o777 for path in lesson.glob("station.*")}
    finally:
        store.close()
    assert {"station.db", "station.db-wal", "station.db-shm"} <= set(found)
    assert set(found.values()) == {0o600}
