"""The exchange by hand, as an operator does it: enrol, sync, bundle, store; with a real gateway on loopback."""

from __future__ import annotations

import io
import json
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from gateway_process import GatewayProcess
from store_stories import decided, picture, record

from inspection_station.cli import main
from inspection_station.gateway.command import main as gateway_main
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

STATION = "TRAINING-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A training station's data with two sealed records."""
    place = tmp_path / "station"
    mark_training_folder(place)
    store = StationStore.open(place, TrainingFolderKeys(place), station_id=STATION, clock=SystemClock())
    for name in (uuid.uuid4().hex, uuid.uuid4().hex):
        ref, data = picture(name)
        store.seal(record(name, pictures=(("portrait", ref),)), {ref.sha256: data}, decided()).result()
    store.close()
    return place


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path_factory.mktemp("gateway") / "gateway", training=True)
    made.start()
    yield made
    made.stop()


def asked(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, object]]:
    code = main([str(word) for word in words])
    return code, json.loads(capsys.readouterr().out)


def test_a_station_is_enrolled_and_sends_everything(
    gateway: GatewayProcess, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ticket = gateway.inside.ticket(STATION, timedelta(hours=1)).text
    code, found = asked(capsys, "enrol", gateway.address, "--ticket", ticket, "--data", folder, "--json")
    assert (code, found["station"]) == (0, STATION)
    code, found = asked(capsys, "sync", "--once", "--data", folder, "--json")
    assert (code, found) == (0, {"confirmed": 4, "waiting": 0, "held": 0, "late_hits": 0, "fault": None})
    code, status = asked(capsys, "outbox", "status", "--data", folder, "--json")
    assert code == 0
    assert status["log"] == {"epoch": 1, "size": 4, "durable": 0}
    code, refusal = asked(capsys, "enrol", gateway.address, "--ticket", ticket, "--data", folder, "--json")
    assert code == 2
    assert refusal["error"]["code"] == "SEC-05"  # type: ignore[index]
    for address in ("https://localhost:99999", "https://[", "http://localhost", "nonsense", "https://" + "x" * 99):
        code, refusal = asked(capsys, "enrol", address, "--ticket", ticket, "--data", folder, "--json")
        assert (code, refusal["error"]["code"]) == (3, "NET-02")  # type: ignore[index]


def test_the_ticket_is_asked_for_beside_the_result(
    gateway: GatewayProcess, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = gateway.inside.ticket(STATION, timedelta(hours=1)).text
    for typed, wanted in ((f"{ticket}\n", 0), ("", 2)):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        assert asked(capsys, "enrol", gateway.address, "--data", folder, "--json")[0] == wanted


def test_a_stick_does_the_same(
    gateway: GatewayProcess, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ticket = gateway.inside.ticket(STATION, timedelta(hours=1)).text
    asked(capsys, "enrol", gateway.address, "--ticket", ticket, "--data", folder, "--json")
    out, back = tmp_path / "out", tmp_path / "back"
    code, found = asked(capsys, "bundle", "export", out, "--data", folder, "--json")
    assert (code, found) == (0, {"messages": 2, "pictures": 2, "unreadable": 0})
    code, found = asked(capsys, "bundle", "inspect", out, "--json")
    assert (found["direction"], found["sender"]) == ("to headquarters", STATION)
    place = ["--folder", str(gateway.folder), "--database", gateway.url, "--json"]
    assert gateway_main(["import-bundle", str(out), "--answer", str(back), *place]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == 2
    code, found = asked(capsys, "bundle", "import", back, "--data", folder, "--json")
    assert code == 0
    assert found["confirmed"] == 4
    code, found = asked(capsys, "bundle", "import", out, "--data", folder, "--json")
    assert code == 2


def test_a_station_that_is_not_enrolled_or_has_no_link_is_told_what_to_do(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = asked(capsys, "sync", "--once", "--data", folder, "--json")
    assert code == 3
    assert found["error"]["code"] == "SEC-04"  # type: ignore[index]
    code, found = asked(capsys, "enrol", "https://localhost:9", "--ticket", "nonsense", "--data", folder, "--json")
    assert code == 2
    assert found["error"]["code"] == "SEC-05"  # type: ignore[index]
    ticket = "-".join(["AAAA"] * 12)
    code, found = asked(capsys, "enrol", "https://localhost:9", "--ticket", ticket, "--data", folder, "--json")
    assert code == 3
    assert found["error"]["code"] == "NET-02"  # type: ignore[index]
    code, found = asked(capsys, "bundle", "inspect", tmp_path / "absent", "--json")
    assert code == 2
    code, found = asked(capsys, "outbox", "status", "--data", tmp_path / "absent", "--json")
    assert code == 3


def test_a_store_is_checked_copied_and_put_back(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    code, found = asked(capsys, "store", "check", "--data", folder, "--json")
    assert (code, found["sound"], found["records"]) == (0, True, 2)
    code, found = asked(capsys, "store", "backup", copy, "--data", folder, "--json")
    assert (code, found["records"]) == (0, 2)
    code, found = asked(capsys, "store", "backup", copy, "--data", folder, "--json")
    assert code == 2
    code, found = asked(capsys, "store", "restore", copy, "--data", folder, "--json")
    assert (code, found["restored"]) == (0, True)
    copy.write_bytes(bytes(5000))
    code, found = asked(capsys, "store", "restore", copy, "--data", folder, "--json")
    assert code == 3


def test_a_gateway_is_made_once_and_its_verbs_refuse_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--folder", str(tmp_path / "g"), "--json"]
    assert gateway_main(["init", "--host", "localhost", *place]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["training"] is False
    assert gateway_main(["init", *place]) == 1
    assert gateway_main(["enrol", "station-1", *place]) == 0
    for name in ("", "../station", "a station", "-1", "s" * 65):
        assert gateway_main(["enrol", *place, "--", name]) == 2
    assert gateway_main(["revoke", "nobody", *place]) == 1
    assert gateway_main(["mark-durable", "--through", "5", *place]) == 2
    assert gateway_main(["mark-durable", *place]) == 0
    assert gateway_main(["serve", "--folder", str(tmp_path / "none")]) == 3
    assert gateway_main(["import-bundle", str(tmp_path / "absent"), *place]) == 2
    assert gateway_main(["import-bundle", str(tmp_path / "absent"), "--packs", *place]) == 2
    capsys.readouterr()
    assert gateway_main(["openapi", *place]) == 0
    assert "/v1/exchange" in json.loads(capsys.readouterr().out)["paths"]
