"""Inspections that a crash interrupted: their journals, one after the other, as far as they can be gone on with."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from inspection_station.desk.ports import RecordStore, Unfinished
from inspection_station.desk.sealing import STORE_FAULT
from inspection_station.inspection.errors import EventNotAllowed
from inspection_station.inspection.events import Event
from inspection_station.inspection.workflow import replay

log = logging.getLogger(__name__)


class InterruptedInspections:
    """Used by the desk thread alone. A store that cannot be read or written shows its code and raises nothing."""

    def __init__(self, store: RecordStore, notify: Callable[[str], None]) -> None:
        self._store = store
        self._notify = notify
        self._waiting: deque[Unfinished] = deque()

    def load(self) -> None:
        """Read the journals, oldest first."""
        try:
            self._waiting.extend(self._store.unfinished())
        except Exception as fault:
            self._tell("the journal cannot be read", fault)

    def take_next(self) -> list[Event] | None:
        """The events of the next one; None when there is none. One without any evidence is discarded: nobody had been
        before the officer yet. One that cannot be replayed is left where it is."""
        while self._waiting:
            unfinished = self._waiting.popleft()
            try:
                inspection = replay(unfinished.events)
            except EventNotAllowed:
                log.error("an interrupted journal cannot be replayed and is left as it is")
                continue
            if inspection is not None and inspection.evidence:
                return list(unfinished.events)
            self.discard(unfinished.inspection_id)
        return None

    def discard(self, inspection_id: str) -> None:
        """Forget a journal."""
        try:
            self._store.discard_journal(inspection_id)
        except Exception as fault:
            self._tell("a journal cannot be discarded", fault)

    def _tell(self, what: str, fault: Exception) -> None:
        log.error("%s: %s", what, type(fault).__name__)
        self._notify(getattr(fault, "code", STORE_FAULT))
