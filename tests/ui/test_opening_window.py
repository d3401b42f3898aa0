"""The window behind which the station starts: at once, alive, in both languages; a failure can be tried again."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from inspection_station.app import open_station
from inspection_station.cli.run_verbs import _failure
from inspection_station.station_profile import load_profile
from inspection_station.storage.errors import KeyStoreMissing
from inspection_station.ui.opening import NotOpened, Opened, open_behind_window
from inspection_station.ui.opening_window import OpeningWindow
from inspection_station.ui.presenters.opening import STEPS_OF_STARTING, StartFailure, opening_screen
from inspection_station.wording import Wording

Watch = Callable[[OpeningWindow], None]
PATIENCE = 30.0
LOCKED = StartFailure("STO-02", "the key store is locked")


class StoreLocked(Exception):
    """As the composition root would raise it."""


def said(window: OpeningWindow) -> str:
    return "\n".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())


def opened(work: Callable[[Callable[[str], None]], int], watch: Watch, every_ms: int = 20) -> Opened[int]:
    """Open behind a window that is looked at all the time, as a person would."""
    timer = QTimer()

    def shown(window: OpeningWindow) -> None:
        timer.timeout.connect(lambda: watch(window))
        timer.start(every_ms)

    try:
        return open_behind_window(work, lambda error: LOCKED, training=True, shown=shown)
    finally:
        timer.stop()


@pytest.fixture(autouse=True)
def _no_window_stays() -> Iterator[None]:
    yield
    for window in QApplication.topLevelWidgets():
        if isinstance(window, OpeningWindow):
            window.finish()


def test_each_step_is_said_in_both_languages_while_another_thread_does_the_work() -> None:
    steps = STEPS_OF_STARTING[1:-1]
    both = {step: [Wording(language).text(f"splash.{step}") for language in ("zh_TW", "en")] for step in steps}
    seen = {step: threading.Event() for step in steps}
    threads: list[threading.Thread] = []

    def work(progress: Callable[[str], None]) -> int:
        threads.append(threading.current_thread())
        for step in steps:
            progress(step)
            assert seen[step].wait(PATIENCE), step
        return 7

    def watch(window: OpeningWindow) -> None:
        text = said(window)
        for step in steps:
            if all(words in text for words in both[step]):
                seen[step].set()

    done = opened(work, watch)
    assert done.value == 7
    assert threads[0] is not threading.main_thread()
    assert done.window.isVisible()  # until the station's own window stands there


def test_the_bar_goes_forward_only_and_the_window_is_drawn_while_the_work_computes() -> None:
    shares: list[float] = []

    def work(progress: Callable[[str], None]) -> int:
        for turns, step in ((5, "store"), (10, "face model"), (15, "devices")):
            progress(step)
            until = time.monotonic() + PATIENCE
            while len(shares) < turns:
                assert time.monotonic() < until, "the window stands still"
                sum(range(2000))  # holds the interpreter as loading a model does
        return 0

    opened(work, lambda window: shares.append(window.bar.share))
    assert shares == sorted(shares)
    assert shares[-1] > 0.5


def test_a_failure_says_what_why_and_what_to_do_with_its_code_and_enter_tries_again() -> None:
    tries: list[int] = []
    texts: list[str] = []

    def work(progress: Callable[[str], None]) -> int:
        tries.append(1)
        if len(tries) == 1:
            raise StoreLocked
        return 3

    def watch(window: OpeningWindow) -> None:
        if window.failure is not None:
            texts.append(said(window))
            assert window.retry_button.hasFocus() or not window.isActiveWindow()
            QTest.keyClick(window, Qt.Key.Key_Return)

    assert opened(work, watch).value == 3
    assert len(tries) == 2
    for language in ("zh_TW", "en"):
        error = Wording(language).error("STO-02")
        assert all(part in texts[0] for part in (error.what, error.why, error.do, "STO-02"))
    assert "the key store is locked" in texts[0]


@pytest.mark.parametrize("keys", [(Qt.Key.Key_Escape,), (Qt.Key.Key_Tab, Qt.Key.Key_Return)], ids=["Esc", "Tab, Enter"])
def test_the_officer_gives_up_by_keyboard_and_the_error_goes_on_to_the_caller(keys: tuple[Qt.Key, ...]) -> None:
    def work(progress: Callable[[str], None]) -> int:
        raise StoreLocked

    def watch(window: OpeningWindow) -> None:
        if window.failure is not None:
            window.activateWindow()
            window.retry_button.setFocus()
            for key in keys:
                QTest.keyClick(QApplication.focusWidget() or window, key)

    with pytest.raises(NotOpened) as none:
        opened(work, watch, every_ms=60)
    assert isinstance(none.value.error, StoreLocked)


def test_no_key_does_anything_while_the_start_runs() -> None:
    def work(progress: Callable[[str], None]) -> int:
        time.sleep(0.3)
        return 1

    def watch(window: OpeningWindow) -> None:
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Space):
            QTest.keyClick(window, key)

    assert opened(work, watch).value == 1


def test_a_window_that_is_closed_while_the_start_runs_waits_for_it_and_ends_the_program() -> None:
    ended: list[bool] = []
    closed = threading.Event()

    def work(progress: Callable[[str], None]) -> int:
        assert closed.wait(PATIENCE)
        time.sleep(0.3)
        ended.append(True)
        return 1

    def watch(window: OpeningWindow) -> None:
        window.close()
        closed.set()

    with pytest.raises(NotOpened) as none:
        opened(work, watch)
    assert none.value.error is None
    assert ended == [True]


def test_a_kiosks_window_cannot_be_closed() -> None:
    window = OpeningWindow(training=False, kiosk=True)
    window.show()
    gave_up: list[bool] = []
    window.give_up.connect(lambda: gave_up.append(True))
    window.close()
    assert (window.isVisible(), gave_up) == (True, [])
    assert not window.training.isVisible()


def test_a_step_that_this_screen_does_not_know_is_said_in_general() -> None:
    assert opening_screen("a step of tomorrow", 1.0).steps == tuple(
        Wording(language).text("splash.other") for language in ("zh_TW", "en")
    )


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (1024, 600)])
def test_nothing_on_it_is_cut_at_any_size(size: tuple[int, int]) -> None:
    window = OpeningWindow(training=True)
    window.resize(*size)
    window.show()
    for code in (
        "STO-01",
        "STO-02",
        "STO-03",
        "STO-04",
        "STO-05",
        "STO-08",
        "STO-09",
        "SYS-01",
        "SYS-02",
        "PRO-01",
        "SEC-01",
    ):
        window.show_failure(
            StartFailure(code, "profile laptop: devices.camera: no driver uvc-camera is installed here")
        )
        for _ in range(3):
            QApplication.processEvents()
        for label in window.findChildren(QLabel):
            if label.isVisible() and not label.wordWrap():
                assert label.fontMetrics().horizontalAdvance(label.text()) <= label.contentsRect().width() + 1, code
            elif label.isVisible():
                assert label.heightForWidth(label.width()) <= label.height(), (code, label.text())
            assert label.geometry().bottom() <= window.height()
        assert not window.retry_button.clipped()
        assert window._card.geometry().bottom() < window.height()


def test_the_composition_root_tells_the_steps_that_the_bar_counts_with(tmp_path: Path) -> None:
    told: list[str] = []
    with ExitStack() as stack:
        open_station(load_profile("training", data_folder=tmp_path), stack, progress=told.append)
    assert told == list(STEPS_OF_STARTING[2:-1])


def test_a_key_store_that_is_not_there_is_told_with_its_officers_code() -> None:
    failure = _failure(KeyStoreMissing("no key store on this machine"))
    assert (failure.code, failure.detail) == ("STO-02", "no key store on this machine")
    assert Wording("zh_TW").has(f"error.{failure.code}.what")


def test_an_unforeseen_fault_shows_its_kind_and_no_value() -> None:
    failure = _failure(RuntimeError("L898902C3 of a traveller"))
    assert (failure.code, failure.detail) == ("SYS-01", "RuntimeError")


def test_the_window_stands_before_anything_heavy_is_loaded() -> None:
    """So that it comes within half a second of Qt: numbers, pictures and the desk are loaded behind it."""
    heavy = ("numpy", "cv2", "onnxruntime", "dlib")
    seen = f"import sys, inspection_station.ui.opening; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.strip() == "[]"
