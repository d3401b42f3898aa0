"""Between the desk's threads and the screen: nothing is lost, nothing floods, and the screen never waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from desk_props import FakeDesk, Script
from fakes.unhurried import shortest
from PySide6.QtCore import QObject, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from screen_events import settle_events, soon

from inspection_station.desk import commands as c
from inspection_station.desk.view import FrameSlot
from inspection_station.hardware.ports import Frame
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.scenario import Step
from inspection_station.ui.bridge import DeskBridge
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.stall_watch import LIMIT_MS, StallWatch
from inspection_station.ui.widgets.live_view import LiveView, frame_image


class Counter(QObject):
    counted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.total = 0
        self.counted.connect(self.count)

    def count(self, n: int) -> None:
        self.total += n


@pytest.mark.usefixtures("zone_family")
def test_a_hundred_thousand_signals_do_no_harm() -> None:
    counter = Counter()
    for _ in range(100_000):
        counter.counted.emit(1)
    assert counter.total == 100_000


@pytest.mark.usefixtures("zone_family")
def test_snapshots_from_another_thread_arrive_on_this_one_newest_last_and_never_as_a_flood() -> None:
    desk = FakeDesk()
    bridge = DeskBridge(desk)
    seen: list[tuple[int, int]] = []
    here = threading.get_ident()
    bridge.changed.connect(lambda: seen.append((bridge.snapshot.sequence, threading.get_ident())))
    sender = threading.Thread(target=lambda: [desk.publish(unsent=n) for n in range(5000)])
    sender.start()
    sender.join()
    settle_events()
    assert bridge.snapshot.unsent == 4999
    assert {thread for _, thread in seen} == {here}
    assert len(seen) < 50
    assert [n for n, _ in seen] == sorted(n for n, _ in seen)
    bridge.close()


@pytest.mark.usefixtures("zone_family")
def test_a_late_older_snapshot_does_not_replace_a_newer_one() -> None:
    desk = FakeDesk()
    bridge = DeskBridge(desk)
    old = desk.snapshot()
    desk.publish(unsent=7)
    bridge._on_snapshot(old)
    settle_events()
    assert bridge.snapshot.unsent == 7
    bridge.close()


@pytest.mark.usefixtures("zone_family")
def test_a_closed_bridge_listens_no_more() -> None:
    desk = FakeDesk()
    bridge = DeskBridge(desk)
    bridge.close()
    desk.publish(unsent=3)
    settle_events()
    assert bridge.snapshot.unsent == 0


@pytest.mark.usefixtures("zone_family")
def test_a_blocked_screen_is_noticed_and_only_its_duration_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    watch = StallWatch()
    watch.start()
    QTest.qWait(60)
    time.sleep(0.3)
    QTest.qWait(60)
    watch.stop()
    assert watch.worst_ms > LIMIT_MS
    assert any("blocked for" in record.getMessage() for record in caplog.records)


def test_a_whole_inspection_from_a_desk_thread_never_blocks_the_screen(
    open_window: Callable[..., MainWindow],
) -> None:
    """Asserted on the thread's own processor time and on the best of some plays, so that neither a busy machine nor
    Python tidying up after all other tests fails it.
    """
    desk = FakeDesk(Script(failing={Step.FINGERPRINTS: "DEV-02"}))
    window = open_window(desk)
    spent: list[float] = []
    draw = window.draw

    def timed() -> None:
        before = time.thread_time()
        draw()
        spent.append((time.thread_time() - before) * 1000)

    window.draw = timed  # type: ignore[method-assign]

    def work() -> None:
        for _ in range(5):
            desk.post(c.BeginInspection())
            time.sleep(0.05)
            desk.post(c.Decide(Disposition.AD))
            time.sleep(0.05)

    def play() -> float:
        spent.clear()
        before = len(desk.sealed)
        worker = threading.Thread(target=work)
        worker.start()
        while worker.is_alive():
            QTest.qWait(10)
        worker.join()
        settle_events()
        assert len(desk.sealed) == before + 5
        return max(spent)

    assert shortest(play, LIMIT_MS) < LIMIT_MS


def test_another_light_or_language_never_blocks_the_screen(open_window: Callable[..., MainWindow]) -> None:
    """Hidden pages are dressed one after the other. On processor time and the best of some plays, as above."""
    window = open_window(FakeDesk(Script(failing={Step.FINGERPRINTS: "DEV-02"})).begin())
    spent: list[float] = []

    def timed(act: Callable[[], None]) -> None:
        before = time.thread_time()
        act()
        spent.append((time.thread_time() - before) * 1000)

    def play() -> float:
        spent.clear()
        for key in (Key.F11, Key.F10, Key.F11, Key.F10, Key.F11):
            timed(partial(window.press, key))
            for _ in range(20):
                timed(QApplication.processEvents)
        return max(spent)

    assert shortest(play, LIMIT_MS) < LIMIT_MS
    dressed = {page.styleSheet() for page in (*window.view.pages.values(), window.view.list_panel, window.view.keypad)}
    assert len(dressed) == 1  # and all of them are, in the end


def a_frame(number: int, shape: tuple[int, ...] = (720, 1280, 3)) -> Frame:
    return Frame(np.full(shape, 60, dtype=np.uint8), 0.0, number)


@pytest.mark.usefixtures("zone_family")
def test_the_live_picture_is_drawn_without_a_copy_and_let_go_when_hidden(qtbot: object) -> None:
    slot = FrameSlot()
    view = LiveView(slot)
    view.resize(640, 360)
    frame = a_frame(1)
    slot.put(frame)
    view.show_live(True, Tone.OK, name="live", absent="")
    view.show()
    soon(lambda: view._frame is frame)
    image = frame_image(frame)
    assert image is not None
    frame.image[0, 0] = (1, 2, 3)
    assert image.pixelColor(0, 0).getRgb()[:3] == (3, 2, 1)
    assert view.grab().toImage().pixelColor(320, 20).red() == 60
    view.hide()
    assert view._frame is None


@pytest.mark.parametrize("shape", [(1280,), (0, 4), (0, 0, 3), (4, 4, 4)])
def test_a_frame_of_another_shape_is_not_drawn(shape: tuple[int, ...]) -> None:
    assert frame_image(a_frame(1, shape)) is None
