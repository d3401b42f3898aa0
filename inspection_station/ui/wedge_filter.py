"""Keyboard wedges: a burst of keys too fast for a person is a document, and never lands in a field.

``hardware.wedge`` decides by timing; this holds the keys back meanwhile and gives a person's back to where they were
typed, in order. Human typing is delayed by at most one gap.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from shiboken6 import isValid

from inspection_station.hardware.wedge import WedgeAssembler, WedgeOutcome

_LINE_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
_MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_CapsLock, Qt.Key.Key_AltGr)

_Held = list[tuple[weakref.ref[QObject], QKeyEvent]]


class WedgeFilter(QObject):
    """Event filter of a window's handle. ``feed`` receives a burst's text with newlines where the reader sent Enter."""

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
        self._assembler = WedgeAssembler()
        self._held: _Held = []
        self._replaying = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._silence)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold printable keys back until it is clear who typed them."""
        if self._replaying or not isinstance(event, QKeyEvent):
            return False
        if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return bool(self._held) and self._hold(watched, event)
        return self._press(watched, event)

    def flush(self) -> None:
        """The burst is over: a document if it is long enough, else the keys go where they were typed."""
        self._timer.stop()
        held, self._held = self._held, []
        self._settle(self._assembler.flush(), held)

    def _silence(self) -> None:
        # The screen may have been busy: keys that wait behind this timer were typed before it fired.
        QTimer.singleShot(0, lambda: None if self._timer.isActive() else self.flush())

    def _press(self, watched: QObject, event: QKeyEvent) -> bool:
        if event.key() in _MODIFIERS:
            return False
        # When the key was struck, not when a busy screen came to look at it: a burst is not torn in two.
        now = event.timestamp() / 1000 if event.timestamp() else self._clock()
        if self._assembler.due is not None and now > self._assembler.due:
            self.flush()
        character = _character(event)
        if not character or (character == "\n" and not self._held):
            self.flush()
            return False
        self._hold(watched, event)
        outcome = self._assembler.key(character, now)
        if self._assembler.due is None:  # the lines make a whole zone: nothing more is waited for
            self._timer.stop()
            held, self._held = self._held, []
            self._settle(outcome, held)
        else:
            self._timer.start(max(1, round((self._assembler.due - now) * 1000)))
        return True

    def _settle(self, outcome: WedgeOutcome, held: _Held) -> None:
        if outcome.scan is not None:
            self._feed(outcome.scan.strip("\n"))
            return
        self._replaying = True
        try:
            for target, event in held:
                receiver = target()
                if receiver is not None and isValid(receiver):
                    QCoreApplication.sendEvent(receiver, event)
        finally:
            self._replaying = False

    def _hold(self, watched: QObject, event: QKeyEvent) -> bool:
        self._held.append((weakref.ref(watched), event.clone()))
        return True


def _character(event: QKeyEvent) -> str:
    if event.isAutoRepeat():
        return ""  # a key held down comes as fast as a reader
    if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
        return ""
    if event.key() in _LINE_ENDS:
        return "\n"
    text = event.text()
    return text if len(text) == 1 and text.isprintable() else ""
