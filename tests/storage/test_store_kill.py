"""``kill -9`` at any moment: what was answered is kept, what was not is whole or absent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")
def test_no_kill_loses_doubles_or_halves_a_record() -> None:
    script = Path(__file__).with_name("kill_run.py")
    done = subprocess.run(
        [sys.executable, str(script), "--kills", "60", "--json"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    tally = json.loads(done.stdout)
    assert tally["kills"] == 60
    assert tally["problems"] == []
    assert tally["acknowledged"] > 60
    assert tally["unfinished"] > 0
    assert tally["before_first_seal"] > 0
