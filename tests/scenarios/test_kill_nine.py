"""``kill -9`` while a lesson is played: every record that was answered for is kept once and whole, and on it goes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")
def test_no_kill_during_a_lesson_loses_doubles_or_halves_a_record() -> None:
    script = Path(__file__).with_name("kill_play.py")
    words = ["--kills", "6", "--swipe", "--json", "--fastest", "1.5", "--slowest", "6"]
    done = subprocess.run(
        [sys.executable, str(script), *words], capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    tally = json.loads(done.stdout)
    assert tally["kills"] == 6
    assert tally["problems"] == []
    assert tally["sealed"] >= tally["acknowledged"] > 0
    assert tally["messages"] > tally["sealed"]
