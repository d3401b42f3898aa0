"""Notices when the GUI thread was blocked: a timer that should have fired and did not."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

LIMIT_MS = 100.0
_INTERVAL_MS = 20

_log = logging.getLogger(__name__)


class StallWatch(QObject):
    """Measures the gap between two turns of the event loop. ``worst_ms`` and ``stalls`` (ms over the interval) are for
    tests and the diagnosis page, ``worst_work_ms`` is its own processor time in one gap: a long gap with little
    work of its own means that others kept it from running. The log line holds durations only."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        work: Callable[[], float] = time.thread_time,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._work = work
        self._last: float | None = None
        self._worked = 0.0
        self.worst_ms = 0.0
        self.worst_work_ms = 0.0
        self.stalls: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self.beat)

    def start(self) -> None:
        """Begin to measure."""
        self._last, self._worked = self._clock(), self._work()
        self._timer.start()

    def stop(self) -> None:
        """Stop measuring."""
        self._timer.stop()

    def beat(self) -> None:
        """One turn of the event loop."""
        now, worked = self._clock(), self._work()
        own = (worked - self._worked) * 1000
        if self._last is not None:
            late = (now - self._last) * 1000 - _INTERVAL_MS
            self.worst_ms = max(self.worst_ms, late)
            self.worst_work_ms = max(self.worst_work_ms, own)
            if late > LIMIT_MS:
                self.stalls = [*self.stalls[-99:], late]
                _log.warning("screen blocked for %.0f ms, %.0f ms of it its own work", late, own)
        self._last, self._worked = now, worked
