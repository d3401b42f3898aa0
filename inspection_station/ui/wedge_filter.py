"""Keyboard wedges: a burst of keys too fast for a person is a document, and never lands in a field.

A gap of at most 35 ms between keys and at least 20 characters make a burst; anything shorter is given back to where it
was typed, in order. Human typing is delayed by at most one gap.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from shiboken6 import isValid

GAP_SECONDS = 0.035
LINE_GAP_SECONDS = 0.15  # readers pause between lines; only a burst that is long enough already is waited for
SHORTEST_BURST = 20  # characters; the shortest line of a zone has 30

_LINE_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
_MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_CapsLock, Qt.Key.Key_AltGr)


class WedgeFilter(QObject):
    """Event filter of the application. ``feed`` receives a burst's text with newlines where the reader sent Enter."""

    def __init__(
        self,
        feed: Callable[[str], None],
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._feed = feed
        self._clock = clock
        self._held: list[tuple[weakref.ref[QObject], QKeyEvent]] = []
        self._text: list[str] = []
        self._last = float("-inf")
        self._replaying = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.flush)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold printable keys back until it is clear who typed them."""
        if self._replaying or not isinstance(event, QKeyEvent):
            return False
        if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return False
        if not watched.isWidgetType():
            return False  # the window handle sees the key first; the widget is where it goes
        if event.type() == QEvent.Type.KeyRelease:
            return bool(self._held) and self._hold(watched, event)
        return self._press(watched, event)

    def flush(self) -> None:
        """The burst is over: a document if it is long enough, else the keys go where they were typed."""
        self._timer.stop()
        held, text = self._held, "".join(self._text)
        self._held, self._text = [], []
        if _long_enough(text):
            self._feed(text.strip("\n"))
            return
        self._replaying = True
        try:
            for target, event in held:
                receiver = target()
                if receiver is not None and isValid(receiver):
                    QCoreApplication.sendEvent(receiver, event)
        finally:
            self._replaying = False

    def _press(self, watched: QObject, event: QKeyEvent) -> bool:
        if event.key() in _MODIFIERS:
            return False
        now = self._clock()
        in_burst = bool(self._held) and now - self._last <= self._patience()
        character = _character(event)
        if not character or (character == "\n" and not in_burst):
            self.flush()
            return False
        if not in_burst and self._held:
            self.flush()
        self._last = now
        self._text.append(character)
        self._timer.start(round(self._patience() * 1000))
        return self._hold(watched, event)

    def _patience(self) -> float:
        return LINE_GAP_SECONDS if _long_enough("".join(self._text)) else GAP_SECONDS

    def _hold(self, watched: QObject, event: QKeyEvent) -> bool:
        self._held.append((weakref.ref(watched), event.clone()))
        return True


def _long_enough(text: str) -> bool:
    return len(text.replace("\n", "")) >= SHORTEST_BURST


def _character(event: QKeyEvent) -> str:
    if event.isAutoRepeat():
        return ""  # a key held down comes as fast as a reader
    if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
        return ""
    if event.key() in _LINE_ENDS:
        return "\n"
    text = event.text()
    return text if len(text) == 1 and text.isprintable() else ""
