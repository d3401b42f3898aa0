"""Pictures for the manual: every language and size, small enough to keep, and nobody waits for a window."""

from __future__ import annotations

from pathlib import Path

from desk_props import FakeDesk, Script
from PIL import Image

from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.opening import StartFailure
from inspection_station.ui.screenshots import LARGEST_FILE, ScreenshotTaker


def test_a_snapshot_is_drawn_in_every_language_and_size(tmp_path: Path) -> None:
    desk = FakeDesk(Script(failing={Step.FINGERPRINTS: "DEV-02"})).begin()
    files = ScreenshotTaker(tmp_path, desk=desk).take(desk.snapshot(), "decision")
    assert sorted(f.name for f in files) == [
        "decision-en-1366x768.png",
        "decision-en-1920x1080.png",
        "decision-zh_TW-1366x768.png",
        "decision-zh_TW-1920x1080.png",
    ]
    for file in files:
        with Image.open(file) as picture:
            assert "x".join(map(str, picture.size)) in file.name
        assert file.stat().st_size <= LARGEST_FILE


def test_the_opening_window_is_drawn_in_both_sizes_and_with_a_failure(tmp_path: Path) -> None:
    taker = ScreenshotTaker(tmp_path)
    files = taker.take_opening("01-opening", "store")
    files += taker.take_opening("02-cannot-start", "store", StartFailure("STO-02", "the key store is locked"))
    assert [f.name for f in files] == [
        "01-opening-1366x768.png",
        "01-opening-1920x1080.png",
        "02-cannot-start-1366x768.png",
        "02-cannot-start-1920x1080.png",
    ]
    assert all(0 < f.stat().st_size <= LARGEST_FILE for f in files)
