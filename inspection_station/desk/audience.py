"""Who looks at the desk: the newest snapshot, and those who want every one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock

from inspection_station.desk.view import DeskSnapshot

log = logging.getLogger(__name__)


class Audience:
    """Safe from any thread; listeners are called on the thread that shows, one after the other."""

    def __init__(self, first: DeskSnapshot) -> None:
        self._lock = Lock()
        self._listeners: list[Callable[[DeskSnapshot], None]] = []
        self._snapshot = first

    def snapshot(self) -> DeskSnapshot:
        """The newest."""
        with self._lock:
            return self._snapshot

    def add(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]:
        """``listener`` gets every snapshot from now on; what is returned ends that."""
        with self._lock:
            self._listeners.append(listener)

        def remove() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return remove

    def show(self, snapshot: DeskSnapshot) -> None:
        """The newest snapshot from now on. A listener that raises keeps it from nobody else."""
        with self._lock:
            self._snapshot = snapshot
            listeners = tuple(self._listeners)
        for listener in listeners:
            try:
                listener(snapshot)
            except Exception:
                log.exception("a listener to the desk raised")
