"""Agencies by hand: played ones in a process of their own, their lists fetched, and a lesson that asks them online."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from gateway_process import GatewayProcess, free_port

from inspection_station.cli import main
from inspection_station.gateway.command import main as gateway_main

STATION = "TRAINING-1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agencies") / "gateway"


@pytest.fixture(scope="module")
def gateway(folder: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(folder, training=True)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def played(gateway: GatewayProcess) -> Iterator[dict[str, Any]]:
    """``simulate-agencies`` as an operator starts it; what it told."""
    command = [sys.executable, "-m", "inspection_station.gateway", "simulate-agencies", "--configure", "--fingers", "0"]
    command += ["--folder", str(gateway.folder), "--port", str(free_port()), "--fault", "webapis:down", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(60) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
    process.stdout.close()


def asked(capsys: pytest.CaptureFixture[str], gateway: GatewayProcess, *words: object) -> tuple[int, dict[str, Any]]:
    code = gateway_main([*map(str, words), "--folder", str(gateway.folder), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_played_systems_tell_where_they_are_and_what_is_wrong(
    played: dict[str, Any], gateway: GatewayProcess
) -> None:
    assert set(played["systems"]) == {
        "entry-exit",
        "foreigner-biometrics",
        "identity-confirmation",
        "emergency-identity",
        "webapis",
        "rmas",
        "lost-documents-abroad",
        "lost-documents-home",
    }
    assert played["faults"] == {"webapis": ["down"]}
    contract = requests.get(played["systems"]["rmas"] + "/openapi.json", timeout=20).json()
    assert contract["info"]["title"] == "區域移動警示系統"
    assert requests.get(played["systems"]["webapis"] + "/voyages", timeout=20).status_code == 503


def test_lists_are_fetched_as_files_that_can_be_published_and_a_dead_system_is_named(
    played: dict[str, Any], gateway: GatewayProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = asked(capsys, gateway, "fetch-lists", tmp_path / "lists")
    assert (code, found["not_answered"]) == (1, [{"system": "webapis", "code": "AGY-01"}])
    names = {row["file"] for row in found["files"]}
    assert {"wanted.json", "lost-documents-abroad.json", "lost-documents-home.json"} <= names
    assert asked(capsys, gateway, "init-packs", tmp_path / "offline")[0] == 0
    files = sorted((tmp_path / "lists").iterdir())
    code, published = asked(capsys, gateway, "publish-pack", "control-list", *files, "--name", "agencies")
    assert (code, published["parts"] > 100) == (0, True)


@pytest.mark.slow
def test_a_lesson_at_an_enrolled_station_asks_online_and_its_record_says_so(
    played: dict[str, Any], gateway: GatewayProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "station"
    assert main(["play", "--travellers", "1", "--pace", "0", "--data", str(data), "--json"]) == 0
    gateway.start()
    ticket = gateway.inside.ticket(STATION, timedelta(hours=1)).text
    assert main(["enrol", gateway.address, "--ticket", ticket, "--data", str(data), "--json"]) == 0
    assert main(["sync", "--once", "--data", str(data), "--json"]) == 0
    assert main(["play", "--travellers", "3", "--pace", "0.4", "--data", str(data), "--json"]) == 0
    capsys.readouterr()
    assert main(["records", "list", "--data", str(data), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    consulted = []
    for row in rows["records"] if isinstance(rows, dict) else rows:
        assert main(["records", "show", row["id"], "--data", str(data), "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        consulted += shown["record"]["watchlist"]["consulted"]
    online = {one["system"] for one in consulted if one["online_at"]}
    assert {"rmas", "entry-exit", "lost-documents-abroad", "lost-documents-home"} <= online
    code, found = asked(capsys, gateway, "agencies")
    assert code == 0
    by_name = {row["system"]: row for row in found["systems"]}
    assert by_name["rmas"]["answered_at"]
    deadline = time.monotonic() + 30
    while by_name["entry-exit"]["waiting"] and time.monotonic() < deadline:
        by_name = {row["system"]: row for row in asked(capsys, gateway, "agencies")[1]["systems"]}
    assert by_name["entry-exit"]["waiting"] == 0


def test_wrong_words_and_places_are_refused(
    gateway: GatewayProcess, played: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("--fault", "odd"), ("--fault", "nowhere:slow"), ("--port", "65536"), ("--fingers", "-1")):
        code, found = asked(capsys, gateway, "simulate-agencies", *words)
        assert (code, found["error"]["code"]) == (2, "USE-03")
    port = played["systems"]["rmas"].rpartition(":")[2].partition("/")[0]
    code, found = asked(capsys, gateway, "simulate-agencies", "--port", port)
    assert (code, found["error"]["code"]) == (3, "USE-03")
    elsewhere = GatewayProcess(tmp_path / "other")
    for words in (("forward", "--once"), ("fetch-lists", tmp_path / "x")):
        code, found = asked(capsys, elsewhere, *words)
        assert (code, found["error"]["code"]) == (3, "AGY-04")
    code, found = asked(capsys, elsewhere, "simulate-agencies", "--configure", "--port", free_port())
    assert (code, found["error"]["code"]) == (1, "USE-03")  # live: nobody plays there
    (elsewhere.folder / "agencies.toml").write_text("training = true\n", encoding="utf-8")
    code, found = asked(capsys, elsewhere, "agencies")
    assert (code, found["error"]["code"]) == (2, "USE-03")
    elsewhere.inside.database.close()
