"""The only crossing from the desk's threads into Qt: one queued signal, the newest snapshot wins.

The desk's thread never waits for the screen and the screen never waits for the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from PySide6.QtCore import QObject, Qt, Signal, Slot

from inspection_station.desk.commands import Command
from inspection_station.desk.view import Desk, DeskSnapshot


class DeskBridge(QObject):
    """Turns snapshots that arrive on any thread into ``changed`` on the GUI thread. Several between two turns of the
    event loop become one, so a busy desk cannot flood the screen."""

    changed = Signal()
    _arrived = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._lock = Lock()
        self._newest = desk.snapshot()
        self._waiting = False
        self._shown = self._newest
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe: Callable[[], None] | None = desk.subscribe(self._on_snapshot)

    @property
    def snapshot(self) -> DeskSnapshot:
        """The snapshot on the screen."""
        return self._shown

    def post(self, command: Command) -> None:
        """Hand a command to the desk; returns at once."""
        self._desk.post(command)

    def close(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _on_snapshot(self, snapshot: DeskSnapshot) -> None:
        with self._lock:
            if snapshot.sequence < self._newest.sequence:
                return
            self._newest = snapshot
            if self._waiting:
                return
            self._waiting = True
        self._arrived.emit()

    @Slot()
    def _take(self) -> None:
        with self._lock:
            self._shown = self._newest
            self._waiting = False
        self.changed.emit()
