"""Packs as an operator handles them: published at headquarters; fetched, carried and looked at on a station."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from gateway_process import GatewayProcess
from pack_world import control_list

from inspection_station.cli import main
from inspection_station.gateway.command import main as gateway_main
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

STATION = "TRAINING-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "station"
    mark_training_folder(place)
    StationStore.open(place, TrainingFolderKeys(place), station_id=STATION, clock=SystemClock()).close()
    return place


@pytest.fixture
def headquarters(tmp_path: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path / "gateway", training=True)
    yield made
    made.stop()


def asked(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, object]]:
    code = main([*(str(word) for word in words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def told(capsys: pytest.CaptureFixture[str], gateway: GatewayProcess, *words: object) -> dict[str, object]:
    code = gateway_main([*(str(word) for word in words), "--folder", str(gateway.folder), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0, found
    return found


def begun(capsys: pytest.CaptureFixture[str], gateway: GatewayProcess, tmp_path: Path, folder: Path) -> Path:
    """Keys drawn, one list published, the root trusted on the station; the list's file."""
    offline, source = tmp_path / "offline", tmp_path / "wanted.json"
    root = told(capsys, gateway, "init-packs", offline)
    source.write_text(control_list("X1234567"), encoding="utf-8")
    told(capsys, gateway, "publish-pack", "control-list", source)
    code, _ = asked(capsys, "pack", "trust", offline / "root.json", "--sha256", root["sha256"], "--data", folder)
    assert code == 0
    return source


def enrolled(capsys: pytest.CaptureFixture[str], gateway: GatewayProcess, folder: Path) -> None:
    ticket = gateway.inside.ticket(STATION, timedelta(hours=1)).text
    assert asked(capsys, "enrol", gateway.address, "--ticket", ticket, "--data", folder)[0] == 0


def test_a_pack_travels_over_the_link_by_mail_and_as_a_folder(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = begun(capsys, headquarters, tmp_path, folder)
    headquarters.start()
    enrolled(capsys, headquarters, folder)

    code, found = asked(capsys, "pack", "fetch", "--data", folder)
    (row,) = found["installed"]  # type: ignore[misc]
    assert (code, row["name"], row["version"], row["age"]) == (0, "wanted", 1, "green")
    assert asked(capsys, "pack", "fetch", "--data", folder)[1]["unchanged"] == 1

    source.write_text(control_list("X1234567", "Y7654321"), encoding="utf-8")
    told(capsys, headquarters, "publish-pack", "control-list", source)
    bundle = tmp_path / "packs.bundle"
    told(capsys, headquarters, "export-packs", STATION, bundle)
    assert b"Y7654321" not in bundle.read_bytes()
    code, found = asked(capsys, "pack", "import", bundle, "--data", folder)
    assert (code, [row["version"] for row in found["installed"]]) == (0, [2])  # type: ignore[attr-defined]

    told(capsys, headquarters, "publish-pack", "control-list", source)
    code, found = asked(capsys, "pack", "import", headquarters.folder / "packs", "--data", folder)
    assert (code, [row["version"] for row in found["installed"]]) == (0, [3])  # type: ignore[attr-defined]

    code, found = asked(capsys, "pack", "verify", "--data", folder)
    (row,) = found["packs"]  # type: ignore[misc]
    assert (code, found["bad"], row["sound"], row["parts"]) == (0, 0, True, 3)
    code, found = asked(capsys, "pack", "import", bundle, "--data", folder)
    assert (code, found["error"]["code"]) == (2, "PCK-03")  # type: ignore[index]


def test_a_damaged_vault_is_told_by_verify(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun(capsys, headquarters, tmp_path, folder)
    asked(capsys, "pack", "import", headquarters.folder / "packs", "--data", folder)
    (file,) = (folder / "packs").glob("*.pack")
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    code, found = asked(capsys, "pack", "verify", "--data", folder)
    (row,) = found["packs"]  # type: ignore[misc]
    assert (code, row["sound"], row["fault"]) == (1, False, "altered")


def test_a_station_without_a_root_says_what_to_do(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = asked(capsys, "pack", "import", tmp_path, "--data", folder)
    assert (code, found["error"]["code"]) == (3, "PCK-05")  # type: ignore[index]
    nothing = {"trusted": False, "packs": [], "missions": [], "update": None}
    assert asked(capsys, "pack", "list", "--data", folder) == (0, nothing)


def test_a_root_that_is_none_or_another_than_was_told_is_not_trusted(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offline = tmp_path / "offline"
    told(capsys, headquarters, "init-packs", offline)
    noise = tmp_path / "noise.json"
    noise.write_bytes(b"{}")
    for words, exit_code, code in (
        ((noise,), 2, "PCK-01"),
        ((offline / "root.json", "--sha256", "00" * 32), 2, "PCK-02"),
    ):
        done, found = asked(capsys, "pack", "trust", *words, "--data", folder)
        assert (done, found["error"]["code"]) == (exit_code, code)  # type: ignore[index]


def test_a_list_that_stations_could_not_use_is_not_published(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = begun(capsys, headquarters, tmp_path, folder)
    source.write_text("[]", encoding="utf-8")
    code = gateway_main(["publish-pack", "control-list", str(source), "--folder", str(headquarters.folder), "--json"])
    assert code == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "USE-03"


def test_one_stick_there_and_back_carries_records_receipts_and_packs(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun(capsys, headquarters, tmp_path, folder)
    headquarters.start()
    enrolled(capsys, headquarters, folder)
    out, back = tmp_path / "out.bundle", tmp_path / "back.bundle"
    assert asked(capsys, "bundle", "export", out, "--data", folder)[0] == 0
    told(capsys, headquarters, "import-bundle", out, "--answer", back, "--packs")
    code, found = asked(capsys, "bundle", "import", back, "--data", folder)
    assert code == 0
    assert [one["name"] for one in found["packs"]["installed"]] == ["wanted"]  # type: ignore[index]
    code, found = asked(capsys, "bundle", "import", back, "--data", folder)
    assert (code, found["packs"]["unchanged"]) == (0, 1)  # type: ignore[index]


def test_receipts_count_where_the_packs_beside_them_are_not_trusted(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    another = tmp_path / "another"
    mark_training_folder(another)
    StationStore.open(another, TrainingFolderKeys(another), station_id="S-2", clock=SystemClock()).close()
    begun(capsys, headquarters, tmp_path, another)
    headquarters.start()
    enrolled(capsys, headquarters, folder)
    out, back = tmp_path / "out.bundle", tmp_path / "back.bundle"
    assert asked(capsys, "bundle", "export", out, "--data", folder)[0] == 0
    told(capsys, headquarters, "import-bundle", out, "--answer", back, "--packs")
    code, found = asked(capsys, "bundle", "import", back, "--data", folder)
    assert (code, found["confirmed"]) == (1, 0)
    assert found["packs"]["code"] == "PCK-05"  # type: ignore[index]


def test_a_pack_that_nobody_published_is_not_taken_back(
    headquarters: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun(capsys, headquarters, tmp_path, folder)
    assert gateway_main(["withdraw-pack", "permits", "nobody", "--folder", str(headquarters.folder), "--json"]) == 2
    refusal = json.loads(capsys.readouterr().out)["error"]
    assert "no pack of this kind" in refusal["what"]
