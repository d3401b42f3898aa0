"""What every window of the process shares: Qt's application, its end by a signal, and where a window goes."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from inspection_station.ui.fonts import interface_font

_log = logging.getLogger(__name__)

WINDOWED = (1366, 768)
CART_TARGET = 56  # px; a profile that asks for at least this gets the larger targets
SWITCH_SECONDS = 0.0005  # a page is hundreds of short calls: at Python's 5 ms each could wait for a computing thread


def qt_application() -> QApplication:
    """The process's application on the Fusion style with our fonts; made once."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setFont(interface_font())
    return application


def place(window: QWidget, *, kiosk: bool, size: tuple[int, int]) -> None:
    """A kiosk is frameless and fills the screen; otherwise a window of the given size.

    A kiosk's display may have no window manager: nobody there makes a window larger, so it is given its place.
    """
    if kiosk:
        window.setGeometry(window.screen().geometry())
        window.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        window.showFullScreen()
        return
    screen = window.screen().availableGeometry()
    if size[0] >= screen.width() or size[1] >= screen.height():
        window.setGeometry(screen)
        window.showMaximized()  # a window of that size would lose its action bar below the screen's edge
        return
    window.resize(*size)
    window.show()


@contextmanager
def closed_by_signals(application: QApplication, told: list[int] | None = None) -> Iterator[None]:
    """SIGTERM (a machine that shuts down) and Ctrl-C close the window as its own button does; ``told`` gets them.

    An exception out of a signal handler would end in whatever Qt happens to call and be swallowed there.
    """

    def close(number: int, frame: FrameType | None) -> None:
        if told is not None:
            told.append(number)
        QTimer.singleShot(0, lambda: end(number))

    def end(number: int) -> None:
        _log.info("told to end", extra={"signal": signal.Signals(number).name})
        application.exit(0)  # not quit: that asks the windows first, and a kiosk's says no

    before = {number: signal.signal(number, close) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
