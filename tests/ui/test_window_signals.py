"""A machine that shuts down closes the station in order, from inside Qt's loop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

STATION = """
import os, sys
from desk_props import FakeDesk
from inspection_station.ui.application import run_window
closed = []
code = run_window(
    FakeDesk(), training=True, ready=lambda window: os.kill(os.getpid(), int(sys.argv[1])),
    on_close=lambda: closed.append(True),
)
sys.exit(code if closed else 9)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_window_and_everything_behind_it(number: signal.Signals) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", STATION, str(int(number))],
        env={**os.environ, "PYTHONPATH": here, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
