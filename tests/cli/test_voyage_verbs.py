"""One voyage as an operator handles it: a mission, its packs on a stick, late hits, the whitelist; through real
processes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from gateway_process import GatewayProcess
from pack_world import control_list
from store_stories import decided, record

from inspection_station.cli import main
from inspection_station.gateway.command import main as gateway_main
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.record import InspectionRecord
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

STATION = "TRAINING-1"
HOLDER = "L898902C3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "station"
    mark_training_folder(place)
    opened(place).close()
    return place


@pytest.fixture
def headquarters(tmp_path: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path / "gateway", training=True, workers=2)
    yield made
    made.stop()


def opened(folder: Path) -> StationStore:
    return StationStore.open(folder, TrainingFolderKeys(folder), station_id=STATION, clock=SystemClock())


def station(capsys: pytest.CaptureFixture[str], folder: Path, *words: object) -> tuple[int, dict]:  # type: ignore[type-arg]
    code = main([*(str(word) for word in words), "--data", str(folder), "--json"])
    return code, json.loads(capsys.readouterr().out)


def gateway(capsys: pytest.CaptureFixture[str], at: GatewayProcess, *words: object) -> tuple[int, dict]:  # type: ignore[type-arg]
    code = gateway_main([*(str(word) for word in words), "--folder", str(at.folder), "--json"])
    return code, json.loads(capsys.readouterr().out)


def begun(capsys: pytest.CaptureFixture[str], at: GatewayProcess, tmp_path: Path, folder: Path) -> Path:
    """Keys drawn, one list published, the root trusted on the station; the list's file."""
    offline, source = tmp_path / "offline", tmp_path / "wanted.json"
    _, root = gateway(capsys, at, "init-packs", offline)
    source.write_text(control_list("X1234567"), encoding="utf-8")
    assert gateway(capsys, at, "publish-pack", "control-list", source)[0] == 0
    assert station(capsys, folder, "pack", "trust", offline / "root.json", "--sha256", root["sha256"])[0] == 0
    return source


def pre_cleared(name: str, number: str) -> InspectionRecord:
    made = record(name, disposition=Disposition.PC)
    assert made.mrz is not None
    return replace(made, mission_id="voyage-118", mrz=replace(made.mrz, document_number=number))


def test_a_mission_comes_on_a_stick_and_says_what_is_missing(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = begun(capsys, headquarters, tmp_path, folder)
    rules = tmp_path / "permits.toml"
    rules.write_text('version = "1"\n[[needed]]\nclasses = ["mainland"]\n', encoding="utf-8")
    assert gateway(capsys, headquarters, "publish-pack", "rules", rules, "--name", "rules")[0] == 0
    code, done = gateway(
        capsys, headquarters, "publish-mission", "voyage-118", "--scenario", "pre-clearance", "--vessel", "Explorer"
    )
    assert (code, [pack["kind"] for pack in done["packs"]]) == (0, ["control-list", "rules"])

    stick = headquarters.folder / "packs"
    assert station(capsys, folder, "pack", "import", stick)[0] == 0
    (mission,) = station(capsys, folder, "pack", "list")[1]["missions"]
    assert (mission["mission_id"], mission["complete"], mission["under_way"]) == ("voyage-118", True, True)
    assert {pack["standing"] for pack in mission["packs"]} == {"there"}
    assert all(pack["age"] == "green" and 0 <= pack["age_hours"] < 1 for pack in mission["packs"])

    gateway(capsys, headquarters, "withdraw-pack", "rules", "rules")
    gateway(capsys, headquarters, "publish-pack", "control-list", source)
    station(capsys, folder, "pack", "import", stick)
    (mission,) = station(capsys, folder, "pack", "list")[1]["missions"]
    assert not mission["complete"]
    assert [(pack["name"], pack["standing"], pack["installed"]) for pack in mission["packs"]] == [
        ("wanted", "there", 2),
        ("rules", "missing", None),
    ]
    assert main(["pack", "list", "--data", str(folder)]) == 0
    assert "incomplete: rules/rules missing" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("Voyage 118", "--scenario", "pre-clearance"),
        ("voyage-118", "--scenario", "no such"),
        ("voyage-118", "--scenario", "quayside", "--pack", "rules/none"),
        ("voyage-118", "--scenario", "quayside", "--hours", "-1"),
        ("voyage-118", "--scenario", "quayside", "--begins", "yesterday"),
        ("voyage-118", "--scenario", "quayside", "--begins", "2020-01-01T00:00:00Z"),
    ],
)
def test_a_mission_that_is_none_is_refused_with_what_to_do(
    headquarters: GatewayProcess,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    begun(capsys, headquarters, tmp_path, folder)
    code, found = gateway(capsys, headquarters, "publish-mission", *words)
    assert (code, found["error"]["code"]) == (2, "USE-03")


def test_a_voyage_from_clearance_to_a_late_hit_and_the_whitelist(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = begun(capsys, headquarters, tmp_path, folder)
    headquarters.start()
    ticket = headquarters.inside.ticket(STATION, timedelta(hours=1)).text
    assert station(capsys, folder, "enrol", headquarters.address, "--ticket", ticket)[0] == 0
    store = opened(folder)
    for name, number in (("i-1", HOLDER), ("i-2", "A0000001")):
        store.seal(pre_cleared(name, number), {}, decided(Disposition.PC)).result()
    store.close()
    code, done = station(capsys, folder, "sync", "--once")
    assert (code, done["confirmed"], done["late_hits"]) == (0, 2, 0)

    code, white = gateway(capsys, headquarters, "publish-whitelist", "voyage-118")
    counts = {"cleared": 2, "already_landed": 0, "referred": 0, "refused": 0, "held": 0, "portraits": 0}
    assert (code, white["travellers"]) == (0, counts)

    source.write_text(control_list("X1234567", HOLDER), encoding="utf-8")
    code, listed = gateway(capsys, headquarters, "publish-pack", "control-list", source)
    screened = listed["screened"]
    assert (code, screened["late_hits"]) == (0, 1)
    assert [one["version"] for one in screened["whitelists"]] == [2]
    code, again = gateway(capsys, headquarters, "screen")
    assert (code, again["records"], again["late_hits"]) == (0, 0, 0)
    assert gateway(capsys, headquarters, "refresh-whitelists")[1] == {"published": [], "kept": 1}

    code, done = station(capsys, folder, "sync", "--once")
    assert (code, done["late_hits"]) == (0, 1)
    _, shown = station(capsys, folder, "records", "show", "i-1")
    (late,) = shown["late_hits"]
    assert (late["hit"]["entry_id"], late["record_hash"], late["seen_by"]) == (HOLDER, shown["hash"], None)
    assert station(capsys, folder, "records", "show", "i-2")[1]["late_hits"] == []

    # A third, decided on the older list at sea, arrives only now: the workers find it by themselves.
    store = opened(folder)
    store.seal(pre_cleared("i-3", HOLDER), {}, decided(Disposition.PC)).result()
    store.close()
    for _ in range(150):
        code, done = station(capsys, folder, "sync", "--once")
        if done["late_hits"] == 2:
            break
        time.sleep(0.2)
    assert (code, done["late_hits"]) == (0, 2)

    assert gateway(capsys, headquarters, "end-whitelist", "voyage-118")[0] == 0
    assert gateway(capsys, headquarters, "end-whitelist", "voyage-118")[0] == 1


def test_the_daily_job_says_until_when_stations_accept(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun(capsys, headquarters, tmp_path, folder)
    code, found = gateway(capsys, headquarters, "refresh-packs")
    assert (code, found["running_out"]) == (0, [])
    assert found["accepted_until"] == found["roles"]["timestamp"]
    assert set(found["roles"]) >= {"root", "targets", "snapshot", "mission", "whitelist", "control-list"}
    code, found = gateway(capsys, GatewayProcess(tmp_path / "other", training=True), "refresh-packs")
    assert (code, found["error"]["code"]) == (3, "PCK-06")


def test_without_packs_whitelists_and_screening_are_refused_with_what_to_do(
    headquarters: GatewayProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gateway(capsys, headquarters, "screen") == (
        0,
        {"records": 0, "searched": 0, "late_hits": 0, "unreadable": 0, "whitelists": []},
    )
    code, found = gateway(capsys, headquarters, "publish-whitelist", "voyage-118")
    assert (code, found["error"]["code"]) == (3, "PCK-07")
