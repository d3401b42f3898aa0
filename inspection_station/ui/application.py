"""Starts and ends the window: fonts, Qt's own texts, filters, one instance, crash hooks."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QLockFile, QTimer
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from inspection_station.desk.commands import FeedText
from inspection_station.desk.view import Desk
from inspection_station.ui.bridge import DeskBridge
from inspection_station.ui.crash_log import log_crashes
from inspection_station.ui.fonts import interface_font, load_fonts
from inspection_station.ui.keyboard import Keyboard
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.pages.page import Surface
from inspection_station.ui.pictures import PictureStore
from inspection_station.ui.power import BatteryGauge
from inspection_station.ui.stall_watch import StallWatch
from inspection_station.ui.theme import ThemeName
from inspection_station.ui.translations import QtTexts
from inspection_station.ui.wedge_filter import WedgeFilter
from inspection_station.wording import Wording

_log = logging.getLogger(__name__)

WINDOWED = (1366, 768)
CART_TARGET = 56  # px; a profile that asks for at least this gets the larger targets
ALREADY_RUNNING = 3
SWITCH_SECONDS = 0.0005  # a page is hundreds of short calls: at Python's 5 ms each could wait for a computing thread


def qt_application() -> QApplication:
    """The process's application on the Fusion style with our fonts; made once."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setFont(interface_font())
    return application


def run_window(
    desk: Desk,
    *,
    training: bool,
    language: str = "zh_TW",
    kiosk: bool = False,
    theme: str = "day",
    touch_target: int = 44,
    size: tuple[int, int] = WINDOWED,
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
    )
    window.language_changed.connect(texts.install)
    keyboard = Keyboard(window, window.press, window.reveal, window)
    application.installEventFilter(keyboard)
    wedge = WedgeFilter(lambda text: bridge.post(FeedText(text)), window)
    application.installEventFilter(wedge)  # installed last, so it sees every key first
    for widget in window.findChildren(QWidget):
        widget.ensurePolished()  # now rather than when its page is first turned to
    watch = StallWatch(window)
    show(window, kiosk=kiosk, size=size)
    watch.start()
    if ready is not None:
        QTimer.singleShot(0, lambda: ready(window))
    try:
        with _closed_by_signals(application):
            return application.exec()
    finally:
        application.removeEventFilter(wedge)
        application.removeEventFilter(keyboard)
        watch.stop()
        bridge.close()
        pictures.close()
        battery.stop()
        if lock is not None:
            lock.unlock()
        if on_close is not None:
            on_close()


@contextmanager
def _closed_by_signals(application: QApplication) -> Iterator[None]:
    """SIGTERM (a machine that shuts down) and Ctrl-C close the window as its own button does.

    An exception out of a signal handler would end in whatever Qt happens to call and be swallowed there.
    """

    def close(number: int, frame: FrameType | None) -> None:
        QTimer.singleShot(0, lambda: end(number))

    def end(number: int) -> None:
        _log.info("told to end", extra={"signal": signal.Signals(number).name})
        application.quit()

    before = {number: signal.signal(number, close) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show(window: MainWindow, *, kiosk: bool, size: tuple[int, int]) -> None:
    """A kiosk is frameless and fills the screen; otherwise a window of the given size."""
    window.setWindowTitle(window.wording.text("window.title"))
    if kiosk:
        window.make_kiosk()
        return
    screen = window.screen().availableGeometry()
    if size[0] >= screen.width() or size[1] >= screen.height():
        window.showMaximized()  # a window of that size would lose its action bar below the screen's edge
        return
    window.resize(*size)
    window.show()
