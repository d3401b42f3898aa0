"""``read-chip`` and ``virtual-passport serve`` as a person or a script uses them."""

from __future__ import annotations

import io
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
        assert process.wait(60) == 0
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
        assert set(sizes) == {"EF.SOD", "EF.COM", "DG1", "DG2"}
        assert found["trust"]["anchors"] >= 1
        code, found = run(capsys, "read-chip", "--mrz", "\n".join(told["mrz"]), "--without-portrait", "--json")
        assert (code, found["overall"]) == (0, "undetermined")
        assert [g["name"] for g in found["data_groups"]] == ["EF.SOD", "DG1", "EF.COM"]
        assert found["trust"] is None
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


def test_a_group_the_state_did_not_sign_is_a_negative_finding(
    daemon: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served("--fault", "unsigned_group", "--access", "bac", "--trust-out", str(tmp_path)) as told:
        zone = "/".join(told["mrz"])
        code, found = run(capsys, "read-chip", "--mrz", zone, "--trust", str(tmp_path), "--json")
        failed = {(c["section"], c["name"], c["evidence"]) for c in found["checks"] if c["result"] == "failed"}
        assert (code, failed) == (1, {("5.6.4.4.1", "common-data", "DG11 listed but not signed")})
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
        assert (code, found["error"]["code"]) == (2, "USE-01")
        assert "--trace" in found["error"]["what"]


def test_the_zone_can_come_by_standard_input_so_that_no_list_of_processes_shows_it(
    daemon: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with served("--access", "bac") as told:
        monkeypatch.setattr(sys, "stdin", io.StringIO("\r\n".join(told["mrz"]) + "\r\n"))
        code, found = run(capsys, "read-chip", "--mrz", "-", "--without-portrait", "--json")
        assert (code, found["mrz"]) == (0, told["mrz"])


def test_a_trust_directory_with_nothing_usable_is_told_to_people_and_programs(
    daemon: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.cer").write_bytes(b"no certificate")
    with served("--access", "bac") as told:
        code = main(["read-chip", "--mrz", "/".join(told["mrz"]), "--trust", str(tmp_path), "--json"])
        printed = capsys.readouterr()
        found = json.loads(printed.out)
        assert (code, found["overall"], found["trust"]["anchors"]) == (0, "undetermined", 0)
        assert [problem["file"] for problem in found["trust"]["problems"]] == ["broken.cer"]
        assert "no country certificate there" in printed.err


def test_a_second_passport_on_the_same_reader_is_not_announced(daemon: None) -> None:
    with served("--access", "bac") as told:
        assert told["mrz"]
        second = subprocess.run(
            [sys.executable, "-m", "inspection_station", "virtual-passport", "serve", "--json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 3
        error = json.loads(second.stdout)["error"]
        assert error["code"] == "DEV-01"
        assert "another one lies there" in error["what"]


def test_no_document_is_exit_3(daemon: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "read-chip", "--mrz", "/".join(LINES), "--wait", "0.2", "--json")
    assert (code, found["error"]["code"]) == (3, "CHP-01")


def test_no_such_reader_is_exit_3(daemon: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "read-chip", "--mrz", "/".join(LINES), "--reader", "none of that name", "--json")
    assert (code, found["error"]["code"]) == (3, "DEV-01")
    assert "pcscd" in found["error"]["do"] or "cable" in found["error"]["do"]


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (("read-chip", "--mrz", "P<UTO"), "DOC-10"),
        (("read-chip", "--mrz", ""), "DOC-01"),
        (("read-chip", "--can", "12"), "USE-01"),
        (("read-chip", "--mrz", "/".join(LINES), "--trust", "no/such/directory"), "USE-01"),
        (("read-chip", "--mrz", "/".join(LINES), "--wait", "nan"), "USE-01"),
        (("read-chip", "--mrz", "/".join(LINES), "--wait", "-1"), "USE-01"),
        (("read-chip", "--mrz", "/".join(LINES), "--wait", "1e9"), "USE-01"),
        (("read-chip", "--mrz", "/".join(LINES), "--at", "9999-12-31"), "USE-01"),
        (("read-chip", "--mrz", "/".join(LINES), "--at", "yesterday"), "USE-01"),
        (("read-chip",), "USE-01"),
        (("virtual-passport", "serve", "--fault", "no_such_fault"), "USE-01"),
        (("virtual-passport", "serve", "--profile", "no-such-kind"), "USE-01"),
        (("virtual-passport", "serve", "--access", "none"), "USE-01"),
        (("virtual-passport", "serve", "--vpcd", "nonsense"), "USE-01"),
        (("virtual-passport", "serve", "--vpcd", "localhost:99999"), "USE-01"),
        (("virtual-passport", "serve", "--vpcd", "localhost:²"), "USE-01"),
        (("virtual-passport", "serve", "--at", "1800-01-01"), "USE-01"),
        (("virtual-passport", "serve", "--at", "2050-01-01"), "USE-01"),
        (("virtual-passport", "serve", "--seed", "-1"), "USE-01"),
        (("virtual-passport", "serve", "--trust-out", "/dev/null/trust"), "USE-01"),
    ],
)
def test_bad_input_is_exit_2_with_its_code_and_what_to_do(
    arguments: tuple[str, ...], refused: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main([*arguments, "--json"])
    except SystemExit as ended:
        code = int(str(ended.code))
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert (code, error["code"]) == (2, refused)
    assert set(error) == {"code", "what", "do"}
    assert "UTO" not in error["what"]
    assert printed.err.splitlines()[-1] == f"{refused}: {error['what']}. Do this: {error['do']}."


def test_what_a_day_looks_like_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["read-chip", "--can", "123456", "--at", "31.12.2026"])
    assert "YYYY-MM-DD" in capsys.readouterr().err


def test_a_key_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["read-chip"])
    assert caught.value.code == 2
    assert "--mrz" in capsys.readouterr().err


def test_a_daemon_that_is_not_there_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "virtual-passport", "serve", "--vpcd", "localhost:9", "--json")
    assert (code, found["error"]["code"]) == (3, "DEV-01")
    assert "pcscd" in found["error"]["do"] or "cable" in found["error"]["do"]
