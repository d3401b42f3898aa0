"""Every refusal says what and what to do, in words that fit a command line, under the code that fits."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import inspection_station.cli as package
from inspection_station.cli import main
from inspection_station.command_line.refusal import refuse
from inspection_station.resource_path import resource

WINDOW = re.compile(r"\bF\d{1,2}\b|\bEnter\b|\blet (it )?go\b")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str]]:
    try:
        code = main([*words, "--json"])
    except SystemExit as ended:
        code = int(str(ended.code))
    error = json.loads(capsys.readouterr().out)["error"]
    assert set(error) == {"code", "what", "do"}
    assert not WINDOW.search(error["do"]), error
    return code, error


def codes_in_the_verbs() -> set[str]:
    """Every officer's code that a verb's source names."""
    found = set()
    for path in Path(package.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z]{3}-\d\d", str(node.value)):
                found.add(str(node.value))
    return found


STORE_AND_DEVICES = {*(f"STO-0{n}" for n in (1, 2, 3, 4, 5, 6, 9)), "SEC-01", "CHP-01", "CHP-02", "CHP-07"}
OF_PICTURES = {"DOC-02", "DOC-04", "DOC-05", "DOC-06"}  # read-mrz has words of its own for them


@pytest.mark.parametrize("code", sorted((codes_in_the_verbs() | STORE_AND_DEVICES) - OF_PICTURES))
def test_no_refusal_speaks_of_the_windows_keys(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refuse(True, 3, code, "something") == 3
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert error["do"]
    assert not WINDOW.search(error["do"]), error
    assert printed.err == f"{code}: something. Do this: {error['do']}.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("play", "--screenshots", "/etc/passwd"), "--screenshots"),
        (("play", "--screenshots", "/dev/null/pictures"), "--screenshots"),
        (("play", "--headquarters", "/etc/passwd"), "--headquarters"),
        (("play", "--travellers", "none"), "--travellers"),
        (("play", "--travellers", "2", "--fault", "wanted@3"), "only 2 travellers"),
        (("records", "list", "--limit", "0"), "from 1 to a million"),
        (("play", "--seed", "-1"), "--seed"),
        (("play", "--fault", "no_such_story"), "no_such_story"),
        (("play", "--scenario", "nowhere"), "nowhere"),
        (("play", "--pace", "nan"), "--pace"),
        (("run", "--language", "tlh"), "--language"),
        (("no-such-verb",), "no-such-verb"),
        (("verify-chip", "no/such/folder"), "folder"),
        (("verify-chip", ".", "--at", "9999-12-31"), "--at"),
        (("trust", "list", "--trust", "no/such/folder"), "--trust"),
        (("trust", "report", "--trust", "no/such/folder"), "--trust"),
        (("trust", "import", "x", "--trust", "/dev/null/trust"), "--trust"),
        (("read-mrz", "page.png", "--today", "1800-01-01"), "--today"),
    ],
)
def test_bad_usage_is_one_code_and_says_which_option(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, error = refused(capsys, *words)
    assert (code, error["code"]) == (2, "USE-01")
    assert said in error["what"]


def test_a_zone_in_the_wrong_place_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    code, error = refused(capsys, "read-chip", "--can", "123456", zone, "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
    assert (code, error["code"]) == (2, "USE-01")
    assert "ERIKSSON" not in error["what"]
    assert "L898902C3" not in error["what"]


@pytest.mark.parametrize("key", ["trust_folder", "terminal_keys"])
def test_a_profile_whose_folder_is_not_there_is_the_profiles_fault(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import ExitStack
    from dataclasses import replace

    from inspection_station import app
    from inspection_station.station_profile import ProfileError, load_profile

    text = resource("profiles", "training.toml").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("STATION_PROFILES", str(tmp_path))
    own = load_profile("own", data_folder=tmp_path / "data")
    live = replace(own, face_thresholds="provisional", training=False, **{key: "no/such/folder"})
    monkeypatch.setattr(app, "key_source_for", _keys_of(tmp_path / "data"))
    with ExitStack() as stack, pytest.raises(ProfileError, match=key):
        app.open_station(live, stack, officer_id="T-001")


def _keys_of(folder: Path) -> object:
    from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder

    def made(profile: object) -> TrainingFolderKeys:
        mark_training_folder(folder)
        return TrainingFolderKeys(folder)

    return made


def test_a_data_folder_that_is_a_file_is_told_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, error = refused(capsys, "play", "--travellers", "1", "--data", str(tmp_path / "file"))
    assert (code, error["code"]) == (3, "STO-05")
    assert "data folder" in error["what"]


def test_without_json_a_refusal_is_on_standard_error_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "inspection_station", "trust", "list", "--trust", "no/such/folder"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("USE-01: --trust")
    assert done.stderr.count("\n") == 1
