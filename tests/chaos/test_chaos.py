"""A short storm: kills, resets, stalls, power cuts, and nothing is lost, doubled, quarantined or spoiled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from losing_disk import LosingDisk


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


def cut(*options: str) -> dict[str, object]:
    script = Path(__file__).with_name("power_run.py")
    done = subprocess.run(
        [sys.executable, str(script), "--json", *options], capture_output=True, text=True, timeout=500, check=False
    )
    assert done.stdout, done.stderr[-3000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.skipif(not LosingDisk.possible(), reason="a disk that loses is mounted on Linux, by root, with /dev/fuse")
def test_nothing_is_lost_in_power_cuts() -> None:
    cuts = cut("--cuts", "8", "--seed", "3")
    assert cuts["problems"] == []
    assert cuts["sealed"] == cuts["answered_for"] != 0


@pytest.mark.slow
@pytest.mark.skipif(not LosingDisk.possible(), reason="a disk that loses is mounted on Linux, by root, with /dev/fuse")
def test_a_disk_that_lies_is_found_out() -> None:
    assert cut("--cuts", "30", "--lying")["problems"]
