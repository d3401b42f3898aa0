"""From Qt's key events to the officer's keys. Fields keep what is typed into them, the console gets the rest."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
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
_FIELDS = (QLineEdit, QPlainTextEdit)
_IN_FIELDS = frozenset({Key.ENTER, Key.SPACE, Key.LEFT, Key.RIGHT, *(k for k in Key if k.digit is not None)})


TAP_SECONDS = 0.4
"""F1 let go sooner opens the overview of keys; held longer it only showed what is hidden."""


class Keyboard(QObject):
    """Event filter of the application for one window. A held key acts once: holding Enter admits nobody twice."""

    def __init__(
        self,
        window: QWidget,
        press: Callable[[Key], None],
        reveal: Callable[[bool], None],
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._press = press
        self._reveal = reveal
        self._clock = clock
        self._held_since: float | None = None
        self.by_tab = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the officer's keys; leave the rest to Qt."""
        kind = event.type()
        if kind == QEvent.Type.FocusIn:
            self._note_focus(watched, event)
            return False
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) or not isinstance(event, QKeyEvent):
            return False
        if not isinstance(watched, QWidget) or watched.window() is not self._window:
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
        if key in (Key.ENTER, Key.SPACE) and self.by_tab and isinstance(focus, QAbstractButton):
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

    def _note_focus(self, watched: QObject, event: QEvent) -> None:
        """A button that was reached with Tab is the one that Enter presses; one that was touched is not."""
        reason = getattr(event, "reason", None)
        if not isinstance(watched, QWidget) or reason is None:
            return
        self.by_tab = reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


def officer_key(event: QKeyEvent) -> Key | None:
    """The officer's key of an event, or None for any other."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if modifiers == Qt.KeyboardModifier.ControlModifier and event.key() == Qt.Key.Key_Z:
        return Key.UNDO
    if modifiers:
        return None
    return _KEYS.get(event.key())
