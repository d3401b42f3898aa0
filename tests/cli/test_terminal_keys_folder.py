"""``--terminal-keys``: the passphrase comes from the environment; what cannot be used is refused before any reader."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from inspection_station.cli import main
from inspection_station.cli.terminal_keys_folder import load_terminal_keys
from inspection_station.documents.emrtd.terminal_keys import TerminalKeysUnusable
from inspection_station.storage.terminal_passphrase import PASSPHRASE_VARIABLE
from inspection_station.training.virtual_chip.terminal_authority import TerminalAuthority

ZONE = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<</L898902C36UTO7408122F1204159ZE184226B<<<<<10"


def test_the_passphrase_of_the_environment_opens_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    TerminalAuthority(7, date(2026, 3, 14)).write_keys(tmp_path, b"open sesame")
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "open sesame")
    assert load_terminal_keys(tmp_path).states == ("UT",)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "")
    with pytest.raises(TerminalKeysUnusable, match="no passphrase"):
        load_terminal_keys(tmp_path)


def test_keys_that_cannot_be_used_are_refused_with_code_and_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read-chip", "--mrz", ZONE, "--terminal-keys", str(tmp_path), "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["code"] == "CHP-10"
    assert "no private key" in json.dumps(told)
