"""The store for those who only read: it needs no lock, so a record can be looked up while the station runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import TypeVar

from sqlcipher3 import dbapi2

from inspection_station.storage import journal, records
from inspection_station.storage.audit_log import append_audit, newest_entries
from inspection_station.storage.check import check_store
from inspection_station.storage.clock import Clock, iso
from inspection_station.storage.connection import (
    DATABASE,
    Connection,
    FolderLock,
    is_damage,
    open_reader,
    open_writer,
    transaction,
    translated,
)
from inspection_station.storage.errors import KeyStoreRefused, StoreClosed, StoreDamaged, StoreMissing, StoreUnavailable
from inspection_station.storage.keys import KeySource, is_training_folder
from inspection_station.storage.migrations import require_current
from inspection_station.storage.moving import working_key
from inspection_station.storage.values import AuditEntry, JournaledInspection, OutboxStatus, StoreCheck, StoredRecord

_T = TypeVar("_T")
_INSTRUCTIONS = 100_000  # of SQLite's machine between two questions whether to stop


class StoreReader:
    """Reads from any thread, one question at a time. Every call may raise StoreUnavailable."""

    def __init__(self, folder: Path, key: bytes, clock: Clock) -> None:
        self._folder = folder
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: Connection | None = open_reader(folder, key)
        with translated(folder):
            require_current(self._connection)

    @classmethod
    def open(cls, folder: Path, key_source: KeySource, *, clock: Clock) -> StoreReader:
        """Open an existing store without touching it. Raises StoreUnavailable (StoreMissing, key store, schema)."""
        require_same_side(folder, key_source)
        if size_of(folder) == 0:
            require_nothing_lost(folder, key_source, FolderLock.was_held(folder))
            raise StoreMissing("no store in this folder")
        return cls(folder, working_key(folder, key_source), clock)

    def records(self, limit: int = 50, before: int | None = None) -> tuple[StoredRecord, ...]:
        """Newest first, without content; ``before`` is the position of the last one seen."""
        return self.ask(lambda connection: records.list_records(connection, limit, before))

    def record(self, inspection_id: str) -> StoredRecord | None:
        """One record with content and history; None when the id is unknown."""
        return self.ask(lambda connection: records.read_record(connection, inspection_id))

    def envelope(self, inspection_id: str) -> bytes | None:
        """The bytes whose SHA-256 is the record's hash."""
        return self.ask(lambda connection: records.read_envelope(connection, inspection_id))

    def picture(self, inspection_id: str, sha256: str) -> bytes | None:
        """A kept picture."""
        return self.ask(lambda connection: records.read_picture(connection, inspection_id, sha256))

    def message(self, message_id: str) -> bytes | None:
        """What a message of the outbox carries."""
        return self.ask(lambda connection: records.read_message(connection, message_id))

    def count_today(self, day: date, zone: tzinfo = UTC) -> int:
        """Records decided on a day of the time zone."""
        return self.ask(lambda connection: records.count_decided(connection, day, zone))

    def outbox_status(self) -> OutboxStatus:
        """What waits to be sent."""
        return self.ask(lambda connection: records.outbox_status(connection, self._now()))

    def unfinished(self) -> tuple[JournaledInspection, ...]:
        """Inspections that were begun and not sealed, as far as they are on the medium."""
        return self.ask(journal.unfinished)

    def audit(self, limit: int = 50) -> tuple[AuditEntry, ...]:
        """Newest entries of the audit first."""
        return self.ask(lambda connection: newest_entries(connection, limit))

    def look_over(self, stop: Callable[[], bool]) -> StoreDamaged | None:
        """Every page against its seal and the file's structure, on a connection of its own: seconds for a large store.
        None where it is sound, or ``stop`` said True meanwhile; it is called now and then.
        """
        try:
            connection = open_reader(self._folder, self._key)
            connection.set_progress_handler(lambda: int(stop()), _INSTRUCTIONS)
            with closing(connection), translated(self._folder):
                found = connection.execute("pragma quick_check(1)").fetchone()[0]
        except StoreDamaged as damage:
            return damage
        except StoreUnavailable:
            return None  # stopped, or in the middle of a voyage's close: nothing was found
        return None if found == "ok" else StoreDamaged("the file's structure does not hold together")

    def check(self) -> StoreCheck:
        """The full check, on a connection of its own so that nobody waits for it."""
        with translated(self._folder):
            connection = open_reader(self._folder, self._key)
            try:
                connection.execute("pragma cache_size = -65536")  # KiB: the check goes to and fro over the whole file
                return check_store(connection)
            finally:
                connection.close()

    def note_access(self, actor: str, act: str, subject: str = "") -> None:
        """Write into the audit that a person looked (SC-15). Waits up to 5 s while the station writes."""
        connection = open_writer(self._folder, self._key)
        try:
            with translated(self._folder), transaction(connection):
                append_audit(connection, iso(self._now()), actor, act, subject)
        finally:
            connection.close()

    def while_closed(self, act: Callable[[], bytes]) -> None:
        """Let go of the database, ``act``, and open it under the key that it gives; questions wait meanwhile.

        What ``act`` raises passes, and the database is open again as before. Raises StoreUnavailable.
        """
        with self._lock:
            if self._connection is None:
                raise StoreClosed("the store is closed")
            self._connection.close()
            self._connection = None
            try:
                self._key = act()
            finally:
                self._connection = open_reader(self._folder, self._key)

    def close(self) -> None:
        """End; a second call does nothing."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _now(self) -> datetime:
        return self._clock.now()

    def ask(self, question: Callable[[Connection], _T]) -> _T:
        """Ask anything, one question at a time; it must not write. Raises StoreUnavailable."""
        with self._lock, translated(self._folder):
            if self._connection is None:
                raise StoreClosed("the store is closed")
            try:
                return question(self._connection)
            except dbapi2.DatabaseError as error:
                if is_damage(error):  # after a page that does not open, this connection reads no other either
                    self._connection.close()
                    self._connection = None
                    self._connection = open_reader(self._folder, self._key)
                raise


def require_same_side(folder: Path, key_source: KeySource) -> None:
    """Raises KeyStoreRefused where a live key meets a training folder or the other way round."""
    if is_training_folder(folder) != key_source.training:
        raise KeyStoreRefused("training and live stores do not mix: wrong folder for this profile")


def size_of(folder: Path) -> int:
    """Bytes of the database's file; 0 where there is none."""
    with translated(folder):
        return (folder / DATABASE).stat().st_size if (folder / DATABASE).exists() else 0


def require_nothing_lost(folder: Path, key_source: KeySource, used: bool) -> None:
    """Where the database is empty or not there: SQLite would throw away a log that lies beside it, and a new store
    would hide that the old one is gone. Whoever means to begin anew moves the whole folder away. ``used``: a station
    was opened here before. Raises StoreDamaged.
    """
    with translated(folder):
        log = folder / (DATABASE + "-wal")
        left = log.exists() and log.stat().st_size > 0
    if left or (used and key_source.read_anchor() is not None):
        raise StoreDamaged("the file of the records is empty or gone")
