"""Moving the store to a fresh key: at any instant the old file or the new one is there, whole, with its key.

The fresh key is kept first; then the database is written anew under it, checked and made durable beside the old one;
then one renaming puts it in the old one's place; then the fresh key is the key, and the old one is nowhere any more. A
crash before the renaming leaves the old store, one after it the new store, which opens with the key that was to come.
What was destroyed before lies in no file that a key opens, whatever a disk keeps of old blocks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from inspection_station.durable_names import make_names_durable
from inspection_station.storage.check import check_store
from inspection_station.storage.connection import (
    DATABASE,
    Connection,
    open_database,
    open_reader,
    transaction,
    translated,
)
from inspection_station.storage.errors import AlreadyOpen, NotADatabase, StoreDamaged
from inspection_station.storage.keys import KeySource
from inspection_station.storage.tables import row_counts

MOVING = DATABASE + ".moving"
_INSTRUCTIONS = 20_000  # of SQLite's machine between two looks at how far the copy is
_PATIENCE_MS = 500  # with whoever reads the database at the moment of changing places


def working_key(folder: Path, source: KeySource) -> bytes:
    """The key that opens the database now, which after a crash may be the one to come. Raises as ``KeySource``."""
    key = source.key(create=False)
    coming = source.coming_key()
    if coming is None or not (folder / DATABASE).exists() or opens(folder, key) or not opens(folder, coming):
        return key
    return coming


def opens(folder: Path, key: bytes) -> bool:
    """Whether the key is the database's. Raises StoreUnavailable for other faults."""
    try:
        open_reader(folder, key).close()
    except NotADatabase:
        return False
    return True


def end_move(folder: Path, source: KeySource) -> bytes:
    """Take up where a crash left a move, under the folder's lock; returns the key. Nothing to do costs nothing."""
    with translated(folder):
        forget_copy(folder)
    key = working_key(folder, source)
    if key != source.key(create=False):
        source.take_coming_key()
    return key


def forget_copy(folder: Path) -> None:
    """Remove a copy that never took the store's place."""
    for name in (MOVING, MOVING + "-journal", MOVING + "-wal", MOVING + "-shm"):
        (folder / name).unlink(missing_ok=True)


def write_copy(
    connection: Connection,
    folder: Path,
    key: bytes,
    last_words: Callable[[Connection], None],
    share: Callable[[float], None],
) -> None:
    """The whole store under ``key`` beside the old one, checked and durable. ``last_words`` writes into the copy alone.

    Outside a transaction. ``share``: 0…1 while it is copied. Raises StoreUnavailable; then no copy is left.
    """
    path = folder / MOVING
    with translated(folder):
        forget_copy(folder)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600))
        try:
            _export(connection, folder, path, key, share)
            _complete(connection, path, key, last_words)
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        except BaseException:
            forget_copy(folder)
            raise


def _export(connection: Connection, folder: Path, path: Path, key: bytes, share: Callable[[float], None]) -> None:
    whole = max(1, (folder / DATABASE).stat().st_size)

    def look() -> int:
        share(min(1.0, path.stat().st_size / whole))
        return 0

    connection.execute(f"attach database ? as moving key \"x'{key.hex()}'\"", (str(path),))
    try:
        connection.set_progress_handler(look, _INSTRUCTIONS)
        connection.execute("select sqlcipher_export('moving')").fetchone()
    finally:
        connection.set_progress_handler(None, 0)
        connection.execute("detach database moving")


def _complete(connection: Connection, path: Path, key: bytes, last_words: Callable[[Connection], None]) -> None:
    copy = open_database(path, key)
    try:
        if row_counts(copy) != row_counts(connection):
            raise StoreDamaged("the copy under the fresh key lacks rows")
        with transaction(copy):
            last_words(copy)
        report = check_store(copy)
    finally:
        copy.close()
    if not report.sound:
        raise StoreDamaged("the copy contradicts itself: " + report.problems[0])


def leave_log(connection: Connection, folder: Path) -> None:
    """The log beside the database goes into it and away. Raises AlreadyOpen, and nothing happened, while anybody else
    has the database open: what he holds of its log must not meet the new file.
    """
    with translated(folder):
        connection.execute(f"pragma busy_timeout = {_PATIENCE_MS}")
        try:
            mode = connection.execute("pragma journal_mode = delete").fetchone()[0]
        finally:
            connection.execute("pragma busy_timeout = 5000")
        if mode != "delete":
            raise AlreadyOpen("another program reads the store: end it, then try again")


def put_in_place(folder: Path) -> None:
    """Let the copy take the old store's place, which nobody has open any more."""
    with translated(folder):
        (folder / MOVING).replace(folder / DATABASE)
        make_names_durable(folder)
