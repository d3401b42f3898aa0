"""``inspection-gateway`` for programs: whatever is typed or missing, one object says what, and what to do."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from inspection_station.gateway.authority import load_authority, renew_server_certificate
from inspection_station.gateway.command import main


def asked(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, object]]:
    try:
        code = main([*map(str, words), "--json"])
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    code, found = asked(capsys, *words)
    error = found["error"]
    assert isinstance(error, dict)
    assert set(error) == {"code", "what", "do"}
    return code, str(error["code"])


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A gateway that was initialised."""
    place = tmp_path / "gateway"
    assert asked(capsys, "init", "--training", "--folder", place)[0] == 0
    return place


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("no-such-verb",),
        ("serve", "--port", "many"),
        ("enrol",),
        ("publish-mission", "one"),
        ("records", "--no-such-option"),
    ],
)
def test_wrong_usage_is_told_as_on_the_station(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, *words) == (2, "USE-01")


def test_an_init_that_failed_leaves_no_half_a_gateway_and_can_be_run_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "gateway"
    assert refused(capsys, "init", "--folder", place, "--database", "nonsense") == (2, "USE-03")
    address = "postgresql+psycopg://somebody:secret@127.0.0.1:1/x"
    assert refused(capsys, "init", "--folder", place, "--database", address) == (3, "NET-03")
    assert refused(capsys, "init", "--folder", place, "--database", f"sqlite:///{tmp_path}/no/x.db") == (3, "NET-03")
    code, found = asked(capsys, "init", "--folder", place)
    assert (code, found["training"]) == (0, False)
    assert refused(capsys, "init", "--folder", place) == (1, "USE-03")


@pytest.mark.parametrize(
    "words",
    [
        ("serve",),
        ("enrol", "X"),
        ("records",),
        ("openapi",),
        ("mark-durable",),
        ("import-bundle", "x"),
        ("agencies",),
        ("screen",),
        ("refresh-whitelists",),
    ],
)
def test_a_gateway_that_is_not_there_is_missing(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *words, "--folder", tmp_path / "nowhere") == (3, "USE-03")


def test_a_database_that_nobody_initialised_is_told_as_such(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"sqlite:///{tmp_path / 'other.db'}"
    for words in (("records",), ("serve",), ("enrol", "X"), ("screen",)):
        code, found = asked(capsys, *words, "--folder", folder, "--database", address)
        assert code == 2
        assert "not initialised" in str(found["error"])


def test_what_nobody_can_do_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ("--folder", folder)
    assert refused(capsys, "serve", "--port", "65536", *place) == (2, "USE-03")
    assert refused(capsys, "serve", "--workers", "0", *place) == (2, "USE-03")
    assert refused(capsys, "serve", "--bind", "nowhere.invalid", *place) == (3, "USE-03")
    assert refused(capsys, "enrol", "no name", *place) == (2, "USE-03")
    assert refused(capsys, "revoke", "NOBODY", *place) == (1, "USE-02")
    assert refused(capsys, "mark-durable", "--through", "9", *place) == (2, "USE-03")
    assert refused(capsys, "import-bundle", tmp_path / "absent", *place) == (2, "USE-03")
    assert refused(capsys, "list-packs", *place) == (3, "PCK-07")
    assert asked(capsys, "init-packs", tmp_path / "offline", *place)[0] == 0
    assert refused(capsys, "export-packs", "NOBODY", tmp_path / "bundle", *place) == (1, "SEC-03")
    assert refused(capsys, "forward", "--once", *place) == (3, "AGY-04")


def test_serve_tells_where_it_answers_and_ends_in_order(folder: Path) -> None:
    command = [sys.executable, "-m", "inspection_station.gateway", "serve", "--folder", str(folder), "--port", "0"]
    with subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as served:
        assert served.stdout is not None
        told = json.loads(served.stdout.readline())
        assert set(told) == {"address", "gateway", "training", "workers"}
        assert (told["training"], told["workers"]) == (True, 1)
        port = told["address"].rpartition(":")[2]
        again = subprocess.run([*command[:-1], port, "--json"], capture_output=True, check=False)
        assert again.returncode == 3
        assert json.loads(again.stdout)["error"]["code"] == "USE-03"
        served.send_signal(signal.SIGTERM)
        assert served.wait() == 0


def test_serving_renews_a_certificate_that_soon_ends_for_the_same_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from inspection_station.gateway.settings import place

    folder = tmp_path / "gateway"
    asked(capsys, "init", "--training", "--host", "hq.example", "--host", "127.0.0.1", "--folder", folder)
    now, here = datetime.now(UTC), place(folder, None)

    def certificate() -> x509.Certificate:
        return x509.load_pem_x509_certificate((folder / "keys" / "server.pem").read_bytes())

    new = certificate()
    here.bring_forward(now)
    assert certificate() == new
    authority = load_authority(folder / "keys", None)
    renew_server_certificate(authority, ["hq.example", "127.0.0.1"], now - timedelta(days=380), None)
    here.bring_forward(now)
    assert certificate().not_valid_after_utc > now + timedelta(days=390)
    names = certificate().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["hq.example", "127.0.0.1"]
