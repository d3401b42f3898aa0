"""Closing a voyage: destroy what may be destroyed, then move the store to a fresh key. Runs on the writer's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from inspection_station.storage import moving, receipts
from inspection_station.storage.audit_log import append_audit
from inspection_station.storage.clock import Clock, iso
from inspection_station.storage.connection import Connection, open_writer, transaction, translated
from inspection_station.storage.errors import InspectionOpen, StoreUnavailable
from inspection_station.storage.keys import KeySource
from inspection_station.storage.reader import StoreReader
from inspection_station.storage.retention import AT_ONCE, inspection_open, purge_due

log = logging.getLogger(__name__)


class ClosingStep(StrEnum):
    """Where closing a voyage is; the value is a stable key."""

    PURGE = "purge"
    COPY = "copy"
    CHECK = "check"
    CHANGE = "change"
    DONE = "done"


Progress = Callable[[ClosingStep, float], None]
"""Called on the writer's thread with the step and how far it is, 0…1; it must return at once."""


@dataclass(frozen=True, slots=True)
class VoyageClosed:
    """What closing came to. ``kept``: records whose content stays, for want of a receipt or of age, or for a case.

    ``old_key_destroyed`` False: the key store did not take the change; the next opening makes up for it.
    """

    purged: int
    kept: int
    waiting: int
    old_key_destroyed: bool


class VoyageClosing:
    """One closing. ``reader`` lets go of the database for the moment of changing places."""

    def __init__(
        self, folder: Path, keys: KeySource, reader: StoreReader, clock: Clock, kept_for: timedelta, progress: Progress
    ) -> None:
        self._folder, self._keys, self._reader, self._clock = folder, keys, reader, clock
        self._kept_for, self._progress = kept_for, progress

    def __call__(self, connection: Connection, adopt: Callable[[Connection], None]) -> VoyageClosed:
        """Outside a transaction; hands the writer its new connection. Raises StoreUnavailable: InspectionOpen,
        AlreadyOpen (somebody reads), DiskFull, key store. Whatever it raises, the store goes on.
        """
        if inspection_open(connection):
            raise InspectionOpen("an inspection is open: finish it first")
        with translated(self._folder):
            purged = self._purge(connection)
            kept = connection.execute("select count(*) from inspection_key").fetchone()[0]
            waiting = connection.execute("select sum(messages) from waiting").fetchone()[0]
        self._progress(ClosingStep.COPY, 0.0)
        key = self._keys.draw_coming_key()
        words, share = self._last_words(purged), partial(self._progress, ClosingStep.COPY)
        moving.write_copy(connection, self._folder, key, words, share)
        self._progress(ClosingStep.CHANGE, 0.0)
        try:
            self._reader.while_closed(lambda: self._change(connection, key, adopt))
        finally:
            moving.forget_copy(self._folder)  # where it did not take the place
        destroyed = self._take_key()
        self._progress(ClosingStep.DONE, 1.0)
        return VoyageClosed(purged, int(kept), int(waiting or 0), destroyed)

    def _purge(self, connection: Connection) -> int:
        self._progress(ClosingStep.PURGE, 0.0)
        purged = 0
        while True:
            with transaction(connection):
                count = purge_due(connection, self._clock.now(), self._kept_for, AT_ONCE)
            purged += count
            if count < AT_ONCE:
                return purged
            self._progress(ClosingStep.PURGE, 0.5)

    def _last_words(self, purged: int) -> Callable[[Connection], None]:
        """In the same file as what they tell of: a voyage is closed with the change of places, or not at all."""

        def write(copy: Connection) -> None:
            self._progress(ClosingStep.CHECK, 0.0)
            at = iso(self._clock.now())
            receipts.set_budget(copy, at, receipts.exchange_state(copy).budget_bytes)
            append_audit(copy, at, "station", "voyage closed", "", f"{purged} records purged, store under a fresh key")

        return write

    def _change(self, connection: Connection, key: bytes, adopt: Callable[[Connection], None]) -> bytes:
        before = self._keys.key(create=False)
        moving.leave_log(connection, self._folder)
        connection.close()
        try:
            moving.put_in_place(self._folder)
        except StoreUnavailable:
            adopt(open_writer(self._folder, before))
            raise
        adopt(open_writer(self._folder, key))
        return key

    def _take_key(self) -> bool:
        try:
            self._keys.take_coming_key()
        except StoreUnavailable as fault:
            log.warning("the key of the closed voyage stands until the next start", extra={"code": fault.code})
            return False
        return True
