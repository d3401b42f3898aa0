"""Encrypted connections, and the one place where faults of SQLite and the file system become ours.

SQLCipher 4 with a raw 32-byte key (a passphrase would cost a key derivation at every open). WAL with
``synchronous=FULL``: a commit is on the medium before it is reported; NORMAL loses committed rows at a power cut.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3
from sqlcipher3 import dbapi2

from inspection_station.storage.errors import (
    AlreadyOpen,
    DiskFull,
    NotADatabase,
    StoreDamaged,
    StoreMissing,
    StoreUnavailable,
)

DATABASE = "station.db"
_LOCK = "station.lock"
KEY_BYTES = 32

Connection = Any  # sqlcipher3 ships no types
_SCARCE = 1 << 20  # an input/output error with less free space than this is taken for a full disk


def open_writer(folder: Path, key: bytes) -> Connection:
    """The one writing connection, created with the file where there is none. Use it on one thread at a time.

    Raises StoreUnavailable.
    """
    with translated(folder):
        _keep_to_owner(folder)
        connection = sqlcipher3.connect(folder / DATABASE, isolation_level=None, check_same_thread=False)
        try:
            _unlock(connection, key)
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute("pragma secure_delete = on")
            connection.execute("pragma foreign_keys = on")
            connection.execute("pragma journal_size_limit = 4194304")
            connection.execute("pragma busy_timeout = 5000")
        except BaseException:
            connection.close()
            raise
    return connection


def _keep_to_owner(folder: Path) -> None:
    """The database and what lies beside it belong to the owner alone, in whatever folder; SQLite gives the files it
    makes the permissions of the database.
    """
    _require_file(folder / DATABASE)
    os.close(os.open(folder / DATABASE, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600))
    if os.name != "posix":
        return
    for path in folder.glob("station.*"):
        if path.is_file() and path.stat().st_mode & 0o077:
            path.chmod(0o600)


def open_reader(folder: Path, key: bytes) -> Connection:
    """A connection that cannot write. Raises StoreMissing where there is no store, else StoreUnavailable."""
    path = folder / DATABASE
    if not path.exists():
        raise StoreMissing("no store in this folder")
    _require_file(path)
    with translated(folder):
        connection = sqlcipher3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            _unlock(connection, key)
            connection.execute("pragma query_only = on")
            connection.execute("pragma busy_timeout = 5000")
        except BaseException:
            connection.close()
            raise
    return connection


def open_database(path: Path, key: bytes) -> Connection:
    """Any file of ours, by its own name: a copy that is made or looked at. Raises StoreUnavailable."""
    _require_file(path)
    with translated(path.parent):
        connection = sqlcipher3.connect(path, isolation_level=None)
        try:
            _unlock(connection, key)
        except BaseException:
            connection.close()
            raise
    return connection


def _require_file(path: Path) -> None:
    """SQLite would wait for ever for what comes through a pipe."""
    if path.exists() and not path.is_file():
        raise NotADatabase("what lies in the store's place is no ordinary file")


def _unlock(connection: Connection, key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError("the store's key has 32 bytes")
    connection.execute("pragma cipher_log_level = none")  # it would write to standard error
    connection.execute(f"pragma key = \"x'{key.hex()}'\"")
    connection.execute("pragma temp_store = memory")  # nothing of a query ever goes to a temporary file
    connection.execute("select count(*) from sqlite_master").fetchone()


@contextmanager
def transaction(connection: Connection) -> Iterator[Connection]:
    """BEGIN IMMEDIATE … COMMIT; rolled back as a whole on any exception."""
    connection.execute("begin immediate")
    try:
        yield connection
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # SQLite has rolled back by itself after some faults
            connection.execute("rollback")
        raise


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Faults of SQLite and of the file system leave as StoreUnavailable."""
    try:
        yield
    except (dbapi2.Error, OSError) as error:
        raise translate(error, folder) from error


def translate(error: BaseException, folder: Path) -> StoreUnavailable:
    """The typed fault for an error. The text is SQLite's own, which names tables and never values."""
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return DiskFull("the disk is full")
        return StoreUnavailable(f"the data folder cannot be used: {errno.errorcode.get(error.errno or 0, 'unknown')}")
    name = str(getattr(error, "sqlite_errorname", ""))
    if name == "SQLITE_FULL":
        return DiskFull("the disk is full")
    if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and _space(folder) < _SCARCE:
        return DiskFull("the disk is full")
    if name == "SQLITE_NOTADB":
        return NotADatabase("the file is not a database under this key")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return AlreadyOpen("another program holds the store")
    if is_damage(error) or name.startswith("SQLITE_CONSTRAINT"):
        return StoreDamaged(f"the store contradicts itself ({name})")
    return StoreUnavailable(f"the store cannot be used ({name or type(error).__name__})")


def is_damage(error: BaseException) -> bool:
    """Whether SQLite came upon what it cannot have written."""
    return str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_CORRUPT")


def _space(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return _SCARCE


class FolderLock:
    """One station to a store. The operating system lets go of it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Raises AlreadyOpen when another opening, of this or another process, holds it."""
        with translated(folder):
            self._file = (folder / _LOCK).open("a+b")
        try:
            _lock(self._file.fileno())
        except OSError as error:
            self._file.close()
            raise AlreadyOpen("another running station holds this store") from error
        self._guard = threading.Lock()

    @staticmethod
    def was_held(folder: Path) -> bool:
        """Whether a station was ever opened in this folder."""
        return (folder / _LOCK).exists()

    def release(self) -> None:
        """Let go; a second call does nothing."""
        with self._guard:
            self._file.close()


try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
