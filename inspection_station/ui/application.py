"""Starts and ends the window: fonts, Qt's own texts, filters, one instance, crash hooks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLockFile, QTimer
from PySide6.QtWidgets import QWidget

from inspection_station.desk.commands import FeedText
from inspection_station.desk.view import Desk
from inspection_station.ui.bridge import DeskBridge
from inspection_station.ui.crash_log import log_crashes
from inspection_station.ui.fonts import load_fonts
from inspection_station.ui.keyboard import Keyboard, handle_of
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.pages.page import Surface
from inspection_station.ui.pictures import PictureStore
from inspection_station.ui.power import BatteryGauge
from inspection_station.ui.presenters.pass_by_itself import NEVER, PassByItself
from inspection_station.ui.qt_process import (
    CART_TARGET,
    SWITCH_SECONDS,
    WINDOWED,
    closed_by_signals,
    place,
    qt_application,
)
from inspection_station.ui.stall_watch import StallWatch
from inspection_station.ui.theme import ThemeName
from inspection_station.ui.translations import QtTexts
from inspection_station.ui.wedge_filter import WedgeFilter
from inspection_station.wording import Wording

ALREADY_RUNNING = 3


def run_window(
    desk: Desk,
    *,
    training: bool,
    language: str = "zh_TW",
    kiosk: bool = False,
    theme: str = "day",
    touch_target: int = 44,
    size: tuple[int, int] = WINDOWED,
    by_itself: PassByItself = NEVER,
    lock_file: Path | None = None,
    crash_folder: Path | None = None,
    on_close: Callable[[], None] | None = None,
    ready: Callable[[MainWindow], None] | None = None,
) -> int:
    """Show the station until its window is closed; returns the process's exit code (3: it runs already).

    ``training`` must agree with what the desk says of itself: a window never calls a live desk training or the other
    way round (ValueError). ``ready`` is called with the window once it is shown.
    """
    snapshot = desk.snapshot()
    if snapshot.training is not training:
        raise ValueError("the desk and the profile disagree about training")
    lock = QLockFile(str(lock_file)) if lock_file is not None else None
    if lock is not None and not lock.tryLock(100):
        sys.stderr.write(Wording(language).text("window.second") + "\n")
        return ALREADY_RUNNING
    log_crashes(crash_folder)
    sys.setswitchinterval(SWITCH_SECONDS)
    application = qt_application()
    zone_family = load_fonts()
    texts = QtTexts()
    texts.install(language)
    bridge = DeskBridge(desk)
    pictures = PictureStore(desk.picture)
    battery = BatteryGauge()
    battery.start()
    window = MainWindow(
        bridge,
        Surface(pictures, desk.frames, zone_family, desk.finger_frames),
        language=language,
        theme=ThemeName(theme),
        touch=touch_target >= CART_TARGET,
        kiosk=kiosk,
        battery=battery.level,
        by_itself=by_itself,
    )
    window.language_changed.connect(texts.install)
    keyboard = Keyboard(window.press, window.reveal, window)
    wedge = WedgeFilter(lambda text: bridge.post(FeedText(text)), window)
    for widget in window.findChildren(QWidget):
        widget.ensurePolished()  # now rather than when its page is first turned to
    watch = StallWatch(window)
    show(window, kiosk=kiosk, size=size)
    for keys in (keyboard, wedge):  # the wedge last, so it sees every key first
        handle_of(window).installEventFilter(keys)
    watch.start()
    if ready is not None:
        QTimer.singleShot(0, lambda: ready(window))
    try:
        with closed_by_signals(application):
            return application.exec()
    finally:
        window.leave()
        watch.stop()
        bridge.close()
        pictures.close()
        battery.stop()
        if lock is not None:
            lock.unlock()
        if on_close is not None:
            on_close()


def show(window: MainWindow, *, kiosk: bool, size: tuple[int, int]) -> None:
    """Put the window on the screen under its name."""
    window.setWindowTitle(window.wording.text("window.title"))
    place(window, kiosk=kiosk, size=size)
