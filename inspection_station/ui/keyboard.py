"""From Qt's key events to the officer's keys. Fields keep what is typed into them, the console gets the rest."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit, QWidget

from inspection_station.ui.presenters.keys import Key

_KEYS: dict[int, Key] = {
    Qt.Key.Key_Return: Key.ENTER,
    Qt.Key.Key_Enter: Key.ENTER,
    Qt.Key.Key_Escape: Key.ESC,
    Qt.Key.Key_Space: Key.SPACE,
    Qt.Key.Key_Left: Key.LEFT,
    Qt.Key.Key_Right: Key.RIGHT,
    **{int(Qt.Key.Key_F1) + n - 1: Key(f"F{n}") for n in range(1, 13)},
    **{int(Qt.Key.Key_0) + n: Key(str(n)) for n in range(10)},
}
_TABS = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
_FIELDS = (QLineEdit, QPlainTextEdit)
_IN_FIELDS = frozenset({Key.ENTER, Key.SPACE, Key.LEFT, Key.RIGHT, *(k for k in Key if k.digit is not None)})


TAP_SECONDS = 0.4
"""F1 let go sooner opens the overview of keys; held longer it only showed what is hidden."""


def handle_of(window: QWidget) -> QWindow:
    """The system's window behind it: every key comes here first, whichever field has the focus.

    Filters belong here and not on the application: there they would be asked about each event of each widget, and
    whenever the screen is drawn anew every one of those questions waits for the threads that compute.
    """
    window.winId()  # makes it, if it has not been shown yet
    handle = window.windowHandle()
    if handle is None:
        raise RuntimeError("not a window of its own")
    return handle


class Keyboard(QObject):
    """Event filter of a window's handle. A held key acts once: holding Enter admits nobody twice."""

    def __init__(
        self,
        press: Callable[[Key], None],
        reveal: Callable[[bool], None],
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._press = press
        self._reveal = reveal
        self._clock = clock
        self._held_since: float | None = None
        self._tab = False  # while the focus is moved by it
        self._by_tab = False
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._note_focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the officer's keys; leave the rest to Qt."""
        kind = event.type()
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) or not isinstance(event, QKeyEvent):
            return False
        if kind == QEvent.Type.KeyPress and event.key() in _TABS:
            self._tab = True
            QTimer.singleShot(0, self._end_tab)
            return False
        key = officer_key(event)
        if key is None:
            return False
        if key is Key.F1:
            if not event.isAutoRepeat():
                self._hold(kind == QEvent.Type.KeyPress)
            return True
        focus = QApplication.focusWidget()
        if key in _IN_FIELDS and isinstance(focus, _FIELDS):
            return False
        if key in (Key.ENTER, Key.SPACE) and self._by_tab and isinstance(focus, QAbstractButton):
            if kind == QEvent.Type.KeyPress and not event.isAutoRepeat():
                focus.click()
            return True
        if kind == QEvent.Type.KeyPress and (not event.isAutoRepeat() or key in (Key.LEFT, Key.RIGHT)):
            self._press(key)
        return True

    def _hold(self, down: bool) -> None:
        since, self._held_since = self._held_since, self._clock() if down else None
        self._reveal(down)
        if not down and since is not None and self._clock() - since < TAP_SECONDS:
            self._press(Key.F1)

    def _note_focus(self) -> None:
        """A button that was reached with Tab is the one that Enter presses; one that was touched is not."""
        self._by_tab = self._tab

    def _end_tab(self) -> None:
        self._tab = False


def officer_key(event: QKeyEvent) -> Key | None:
    """The officer's key of an event, or None for any other."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if modifiers == Qt.KeyboardModifier.ControlModifier and event.key() == Qt.Key.Key_Z:
        return Key.UNDO
    if modifiers:
        return None
    return _KEYS.get(event.key())
