"""``read-chip`` and ``virtual-passport serve`` as a person or a script uses them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes.chip_material import LINES
from fakes.pcsc_daemon import pcsc_daemon

from inspection_station.cli import main

pytestmark = pytest.mark.xdist_group("pcsc")


@pytest.fixture(scope="module")
def daemon() -> Iterator[None]:
    with pcsc_daemon():
        yield


@contextmanager
def served(*options: str) -> Iterator[dict[str, Any]]:
    """The virtual passport in a process of its own; yields its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "inspection_station", "virtual-passport", "serve", "--json", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process.stdout.close()
        time.sleep(0.6)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(arguments)
    return code, json.loads(capsys.readouterr().out)


def test_a_sound_passport_is_read_with_exit_0(daemon: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust, out = tmp_path / "trust", tmp_path / "out"
    with served("--access", "bac", "--trust-out", str(trust)) as told:
        assert told["trust"] == str(trust)
        zone = "/".join(told["mrz"])
        code, found = run(capsys, "read-chip", "--mrz", zone, "--trust", str(trust), "--out", str(out), "--json")
        assert (code, found["overall"], found["access"]) == (0, "successful", "BAC")
        assert found["mrz"] == told["mrz"]
        assert {"section", "name", "result", "evidence"} == set(found["checks"][0])
        assert found["device_ms"] <= found["ms"]
        sizes = {group["name"]: group["size"] for group in found["data_groups"]}
        assert {path.name: path.stat().st_size for path in out.iterdir()} == sizes
        assert set(sizes) == {"EF.SOD", "DG1", "DG2"}
        code, found = run(capsys, "read-chip", "--mrz", "\n".join(told["mrz"]), "--without-portrait", "--json")
        assert (code, found["overall"]) == (0, "undetermined")
        assert [g["name"] for g in found["data_groups"]] == ["EF.SOD", "DG1"]
        code, found = run(capsys, "read-chip", "--mrz", "/".join(LINES), "--json")
        assert (code, found["error"]["code"]) == (2, "CHP-02")


def test_the_number_on_the_card_opens_a_passport_with_pace(
    daemon: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served("--trust-out", str(tmp_path)) as told:
        for key in (("--can", told["can"]), ("--mrz", "/".join(told["mrz"]))):
            code, found = run(capsys, "read-chip", *key, "--trust", str(tmp_path), "--json")
            assert (code, found["access"]) == (0, "PACE")
            assert found["access_detail"] == "PACE-ECDH-GM with AES-128 on brainpoolP256r1"
        code, found = run(capsys, "read-chip", "--can", "000000", "--json")
        assert (code, found["error"]["code"]) == (2, "CHP-02")


def test_a_forged_passport_is_read_with_exit_1(
    daemon: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served("--fault", "wrong_hash", "--seed", "3", "--trust-out", str(tmp_path)) as told:
        zone = "/".join(told["mrz"])
        code, found = run(capsys, "read-chip", "--mrz", zone, "--trust", str(tmp_path), "--json")
        assert (code, found["overall"]) == (1, "failed")


@pytest.mark.parametrize(
    ("profile", "sections"),
    [("pace-ca-aa", {"5.6.4.1.1", "5.6.4.1.2"}), ("pace-cam", {"5.6.4.1.3"}), ("aa-rsa", {"5.6.4.1.1"})],
)
def test_a_chip_of_a_named_kind_proves_its_keys_over_the_daemon(
    daemon: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], profile: str, sections: set[str]
) -> None:
    with served("--profile", profile, "--trust-out", str(tmp_path)) as told:
        zone = "/".join(told["mrz"])
        code, found = run(capsys, "read-chip", "--mrz", zone, "--trust", str(tmp_path), "--everything", "--json")
        assert (code, found["overall"], told["profile"]) == (0, "successful", profile)
        proven = {c["section"] for c in found["checks"] if c["result"] == "successful"}
        assert {s for s in proven if s.startswith("5.6.4.1")} == sections


def test_a_group_the_state_did_not_sign_is_found_when_everything_is_read(
    daemon: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served("--fault", "unsigned_group", "--access", "bac", "--trust-out", str(tmp_path)) as told:
        zone = "/".join(told["mrz"])
        code, _ = run(capsys, "read-chip", "--mrz", zone, "--trust", str(tmp_path), "--json")
        assert code == 0
        code, found = run(capsys, "read-chip", "--mrz", zone, "--trust", str(tmp_path), "--everything", "--json")
        failed = {(c["section"], c["name"]) for c in found["checks"] if c["result"] == "failed"}
        assert (code, failed) == (1, {("5.6.4.4.1", "common-data"), ("5.6.4.4.2", "data-group-hash")})


def test_the_trace_has_a_line_a_command_and_nothing_of_the_person(
    daemon: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trace.jsonl"
    with served("--profile", "aa-rsa") as told:
        code, found = run(capsys, "read-chip", "--mrz", "/".join(told["mrz"]), "--trace", str(trace), "--json")
        assert code == 0
        lines = [json.loads(line) for line in trace.read_text().splitlines()]
        assert [line["n"] for line in lines] == list(range(1, found["commands"] + 1))
        assert {"SELECT", "GET CHALLENGE", "EXTERNAL AUTHENTICATE", "READ BINARY", "INTERNAL AUTHENTICATE"} <= {
            line["command"] for line in lines
        }
        assert all(len(line["header"]) == 8 and line["received"] >= 2 for line in lines)
        number = told["mrz"][1][:9]
        assert number not in trace.read_text()
        assert number.encode().hex() not in trace.read_text()
        lost = str(tmp_path / "nowhere" / "trace")
        code, found = run(capsys, "read-chip", "--mrz", "/".join(told["mrz"]), "--trace", lost, "--json")
        assert (code, found["error"]["code"]) == (2, "STO-01")


def test_no_document_is_exit_3(daemon: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "read-chip", "--mrz", "/".join(LINES), "--wait", "0.2", "--json")
    assert (code, found["error"]["code"]) == (3, "CHP-01")


def test_no_such_reader_is_exit_3(daemon: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "read-chip", "--mrz", "/".join(LINES), "--reader", "none of that name", "--json")
    assert (code, found["error"]["code"]) == (3, "DEV-01")


@pytest.mark.parametrize(
    "arguments",
    [
        ("read-chip", "--mrz", "P<UTO"),
        ("read-chip", "--mrz", ""),
        ("read-chip", "--can", "12"),
        ("read-chip", "--mrz", "/".join(LINES), "--trust", "no/such/directory"),
        ("virtual-passport", "serve", "--fault", "no_such_fault"),
        ("virtual-passport", "serve", "--profile", "no-such-kind"),
        ("virtual-passport", "serve", "--vpcd", "nonsense"),
        ("virtual-passport", "serve", "--vpcd", "localhost:99999"),
    ],
)
def test_bad_input_is_exit_2_with_its_code(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, *arguments, "--json")
    assert code == 2
    assert found["error"]["code"]
    assert "UTO" not in found["error"]["detail"]


def test_a_key_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["read-chip"])
    assert caught.value.code == 2
    assert "--mrz" in capsys.readouterr().err


def test_a_daemon_that_is_not_there_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "virtual-passport", "serve", "--vpcd", "localhost:9", "--json")
    assert (code, found["error"]["code"]) == (3, "DEV-01")
