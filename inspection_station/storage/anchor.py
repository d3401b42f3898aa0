"""Keeps the anchor up to date on a thread of its own: a key store that stops to ask the user must not stop a seal."""

from __future__ import annotations

import logging
from threading import Condition, Thread

from inspection_station.storage.errors import StoreUnavailable
from inspection_station.storage.keys import KeySource

log = logging.getLogger(__name__)

_LAST_WORD = 2.0  # seconds that closing waits for the key store


class AnchorKeeper:
    """Writes the newest anchor; older ones that were not written yet are skipped."""

    def __init__(self, key_source: KeySource) -> None:
        self._source = key_source
        self._wake = Condition()
        self._newest: str | None = None
        self._closing = False
        self._thread = Thread(target=self._run, name="store-anchor", daemon=True)
        self._thread.start()

    def put(self, text: str) -> None:
        """Have this written soon."""
        with self._wake:
            self._newest = text
            self._wake.notify()

    def close(self) -> None:
        """Write what is left, or give up after two seconds: a late anchor only costs a new incarnation."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(_LAST_WORD)

    def _run(self) -> None:
        while True:
            with self._wake:
                while self._newest is None and not self._closing:
                    self._wake.wait()
                text, self._newest = self._newest, None
            if text is None:
                return
            try:
                self._source.write_anchor(text)
            except StoreUnavailable as error:
                log.warning("anchor not written", extra={"code": error.code, "fault": type(error).__name__})
