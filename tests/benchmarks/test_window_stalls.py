"""How long the screen's thread is blocked while travellers go through by keys on the real station and window.

At most 100 ms are allowed, at the pace of real devices. Shown with the thread's own work in the same gap: on a busy
machine a long gap with little work of its own is somebody else's.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from inspection_station.ui.fonts import load_fonts
from inspection_station.ui.opening import SWITCH_SECONDS
from inspection_station.ui.qt_process import qt_application
from inspection_station.ui.stall_watch import LIMIT_MS, StallWatch

TRAVELLERS = 5


@pytest.mark.benchmark
@pytest.mark.parametrize("scenario", ["quayside", "pre-clearance"])
def test_the_screen_is_never_blocked_for_long(scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Here, since it brings a conftest of its own, which others must not find while tests are gathered.
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "ui"))
    import test_scenarios_by_keyboard as by_keyboard

    qt_application()
    # Turns of the event loop between two keys, as at a counter, not all that is to be drawn in one.
    monkeypatch.setattr(by_keyboard, "settle_events", lambda: QTest.qWait(40))
    at_once = by_keyboard.profile_for
    monkeypatch.setattr(by_keyboard, "profile_for", lambda *given: replace(at_once(*given), pace=1.0))
    sys.setswitchinterval(SWITCH_SECONDS)  # as the application does
    with by_keyboard.officer_at(scenario, tmp_path / "data", load_fonts()) as officer:
        officer.inspect()  # what is loaded once is loaded now
        watch = StallWatch(officer.window)
        watch.start()
        for _ in range(TRAVELLERS):
            officer.inspect()
        watch.stop()
    print(
        f"\n{scenario}: {TRAVELLERS} travellers, longest gap {watch.worst_ms:.0f} ms, most own work in one"
        f" {watch.worst_work_ms:.0f} ms, gaps over {LIMIT_MS:.0f} ms: {len(watch.stalls)},"
        f" load {os.getloadavg()[0]:.1f}"
    )
    assert watch.worst_work_ms <= LIMIT_MS
