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
    on_close=lambda: closed.append(True), kiosk=sys.argv[2] == "kiosk",
)
sys.exit(code if closed else 9)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("kind", ["window", "kiosk"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_window_and_everything_behind_it(number: signal.Signals, kind: str) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", STATION, str(int(number)), kind],
        env={**os.environ, "PYTHONPATH": here, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)


STARTING = """
import os, sys, time
from inspection_station.ui.opening import NotOpened, open_behind_window
def work(progress):
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(0.5)
    return 1
try:
    open_behind_window(work, None, training=True, kiosk=True)
except NotOpened as none:
    sys.exit(0 if none.error is None else 8)
sys.exit(7)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_station_starts_ends_it_once_the_step_is_done(number: signal.Signals) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTING, str(int(number))],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr.decode()
