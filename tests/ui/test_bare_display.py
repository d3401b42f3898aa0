"""A kiosk's display may have no window manager that makes windows larger."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from fakes.x_display import bare_display

OPENED = """
import sys
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from inspection_station.ui.qt_process import place, qt_application
application, window = qt_application(), QWidget()
window.setMinimumSize(300, 200)
place(window, kiosk=sys.argv[1] == "kiosk", size=(1366, 768))
QTest.qWait(300)
print(window.x(), window.y(), window.width(), window.height())
"""


@pytest.fixture
def bare_screen() -> Iterator[str]:
    if shutil.which("Xvfb") is None:
        pytest.skip("not here: Xvfb")
    with bare_display() as name:
        yield name


@pytest.mark.parametrize("mode", ["kiosk", "window"])
def test_the_window_fills_a_screen_that_nobody_manages(mode: str, bare_screen: str) -> None:
    surroundings = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-c", OPENED, mode],
        env={**surroundings, "DISPLAY": bare_screen},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["0", "0", "1366", "768"]
