"""Starts the station behind its opening window. The work runs on a thread of its own: the window stays alive."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication

from inspection_station.ui.crash_log import log_qt_messages
from inspection_station.ui.fonts import load_fonts
from inspection_station.ui.opening_window import OpeningWindow
from inspection_station.ui.presenters.opening import QUITTING, StartFailure
from inspection_station.ui.qt_process import (
    CART_TARGET,
    SWITCH_SECONDS,
    WINDOWED,
    closed_by_signals,
    place,
    qt_application,
)
from inspection_station.ui.theme import ThemeName

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

Progress = Callable[[str], None]
LAST_STEP_SECONDS = 20.0
"""How long a start that nobody waits for any more may take to come to its end."""

_HANGING: list[QObject] = []
"""Starts that were left running: Qt's objects have to be let go by the thread that made them."""


class NotOpened(Exception):
    """The officer gave up, or the machine told the program to end (``error`` None) before the station was open."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__(type(error).__name__ if error is not None else "told to end")
        self.error = error


@dataclass(frozen=True, slots=True)
class Opened(Generic[_T]):
    """What the work gave, and the window to be finished once another stands in its place."""

    value: _T
    window: OpeningWindow


class _Opening(QObject, Generic[_T]):
    """One start after the other, each on a thread of its own; its signals arrive on the screen's thread."""

    stepped = Signal(str)
    _ended = Signal()

    def __init__(
        self, work: Callable[[Progress], _T], failure_of: Callable[[Exception], StartFailure], window: OpeningWindow
    ) -> None:
        super().__init__()
        self._work, self._failure_of, self._window = work, failure_of, window
        self.stepped.connect(window.show_step, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._settle, Qt.ConnectionType.QueuedConnection)
        self._thread: Thread | None = None
        self.value: list[_T] = []
        self.error: Exception | None = None

    @Slot()
    def start(self) -> None:
        """Begin, or begin again. Nothing can interrupt it, so a process that ends does not wait for it for ever."""
        self.error = None
        self._thread = Thread(target=self._run, name="opening", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.value.append(self._work(self.stepped.emit))
        except Exception as error:
            self.error = error  # shown to the officer with its code
        self._ended.emit()

    @Slot()
    def _settle(self) -> None:
        if self._thread is not None:
            self._thread.join()  # it has nothing left to do, and must not be the last to hold this object
        if self.error is not None:
            self._window.show_failure(self._failure_of(self.error))
            return
        application = QApplication.instance()
        if application is not None:
            application.exit(0)  # not quit: that would close the window first


def open_behind_window(
    work: Callable[[Progress], _T],
    failure_of: Callable[[Exception], StartFailure],
    *,
    training: bool,
    theme: str = "day",
    touch_target: int = 44,
    kiosk: bool = False,
    size: tuple[int, int] = WINDOWED,
    shown: Callable[[OpeningWindow], None] = lambda window: None,
) -> Opened[_T]:
    """Do the work behind the opening window; it gets a function that takes the keys of ``STEPS_OF_STARTING``.

    A failure is shown with what to do about it; the officer tries again or gives up. Raises NotOpened. ``shown`` is
    called with the window once it stands on the screen.
    """
    log_qt_messages()
    sys.setswitchinterval(SWITCH_SECONDS)
    application = qt_application()
    load_fonts()
    window = OpeningWindow(training=training, theme=ThemeName(theme), touch=touch_target >= CART_TARGET, kiosk=kiosk)
    opening: _Opening[_T] = _Opening(work, failure_of, window)
    window.retry.connect(opening.start)
    window.give_up.connect(lambda: application.exit(0))
    place(window, kiosk=kiosk, size=size)
    application.processEvents()
    shown(window)
    told: list[int] = []
    gave_up: list[bool] = []
    window.give_up.connect(lambda: gave_up.append(True))
    with closed_by_signals(application, told):
        opening.start()
        application.exec()
    if opening.value and not told and not gave_up:
        window.show_step("window")
        application.processEvents()
        return Opened(opening.value[0], window)
    if not opening.wait(0):
        window.show_step(QUITTING)
        application.processEvents()
    if not opening.wait(LAST_STEP_SECONDS):
        _log.warning("the start did not come to its end in time")
        _HANGING.append(opening)
    window.finish()
    raise NotOpened(None if told else opening.error)
