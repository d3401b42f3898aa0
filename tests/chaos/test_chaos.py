"""A short storm: kills of both sides, resets and stalls, and nothing lost, doubled, quarantined or spoiled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")
def test_nothing_is_lost_in_a_storm() -> None:
    script = Path(__file__).with_name("chaos_run.py")
    done = subprocess.run(
        [sys.executable, str(script), "--station-kills", "10", "--gateway-kills", "2", "--json"],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    tally = json.loads(done.stdout.splitlines()[-1])
    assert tally["problems"] == []
    assert tally["station_kills"] == 10
    assert tally["gateway_kills"] == 2
    assert tally["sealed"] > 0
