"""Copies of the store, and putting one back. A copy opens under the same key, so it is no safer and no more open than
the store itself; without this machine's key store it is noise.

A store that was put back is told from its anchor: it begins a new incarnation and offers headquarters again what it
does not know to be there. Records sealed since the copy are gone from here; headquarters has those it receipted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from inspection_station.durable_names import make_names_durable
from inspection_station.storage.check import check_store
from inspection_station.storage.clock import Clock, iso
from inspection_station.storage.connection import (
    DATABASE,
    Connection,
    FolderLock,
    open_database,
    open_reader,
    translated,
)
from inspection_station.storage.errors import StoreDamaged, StoreMissing, StoreUnavailable
from inspection_station.storage.keys import KeySource
from inspection_station.storage.migrations import require_known, shipped, version
from inspection_station.storage.moving import working_key
from inspection_station.storage.reader import require_same_side
from inspection_station.storage.values import StoreCheck

_PAGES = 512  # a step of copying: the running station writes between two steps


def back_up(
    folder: Path, key_source: KeySource, target: Path, progress: Callable[[int, int], None] | None = None
) -> StoreCheck:
    """Copy the store, also while the station runs, and check the copy; ``target`` appears whole or not at all.

    Raises StoreUnavailable; FileExistsError where there is a file already.
    """
    require_same_side(folder, key_source)
    if target.exists():
        raise FileExistsError("there is a file of this name already")
    key = working_key(folder, key_source)
    source = open_reader(folder, key)
    unfinished = target.with_name(target.name + ".unfinished")
    try:
        with translated(target.parent):
            unfinished.unlink(missing_ok=True)
            copy = open_database(unfinished, key)
            try:
                source.backup(copy, pages=_PAGES, progress=_told(progress))
                copy.execute("pragma journal_mode = delete")
                report = check_store(copy)
            finally:
                copy.close()
            if not report.sound:
                raise StoreDamaged("the copy contradicts itself: " + report.problems[0])
            _make_durable(unfinished)
            unfinished.replace(target)
            make_names_durable(target.parent)
    finally:
        source.close()
        unfinished.unlink(missing_ok=True)
    return report


def put_back(folder: Path, key_source: KeySource, source: Path, clock: Clock) -> Path | None:
    """Put a copy in the store's place. The station must not run. What was there is kept beside, and its path returned.

    Raises StoreUnavailable: AlreadyOpen, StoreMissing (no such copy), NotADatabase or WrongKey (another station's),
    StoreDamaged, SchemaTooNew.
    """
    require_same_side(folder, key_source)
    if not source.is_file():
        raise StoreMissing("no such copy")
    key = working_key(folder, key_source)
    lock = FolderLock(folder)
    try:
        with translated(folder):
            arrived = folder / (DATABASE + ".arriving")
            shutil.copyfile(source, arrived)
            try:
                _require_sound(arrived, key)
            except StoreUnavailable:
                arrived.unlink(missing_ok=True)
                raise
            _make_durable(arrived)
            before = _set_aside(folder, iso(clock.now()))
            arrived.replace(folder / DATABASE)
            make_names_durable(folder)
            return before
    finally:
        lock.release()


def _require_sound(path: Path, key: bytes) -> None:
    connection = open_database(path, key)
    try:
        require_known(connection, shipped())
        report = check_store(connection) if _is_current(connection) else None
    finally:
        connection.close()
    if report is not None and not report.sound:
        raise StoreDamaged("the copy contradicts itself: " + report.problems[0])


def _is_current(connection: Connection) -> bool:
    """A copy of an older program is migrated, and can be checked, once the station starts on it."""
    return version(connection) == len(shipped())


def _set_aside(folder: Path, at: str) -> Path | None:
    if not (folder / DATABASE).exists():
        return None
    aside = folder / ("before-" + at.replace(":", "").replace(".", ""))
    aside.mkdir(mode=0o700)
    for name in (DATABASE + "-wal", DATABASE + "-shm", DATABASE):
        if (folder / name).exists():
            (folder / name).replace(aside / name)
    return aside / DATABASE


def _make_durable(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _told(progress: Callable[[int, int], None] | None) -> Callable[[int, int, int], None] | None:
    if progress is None:
        return None
    return lambda status, left, pages: progress(pages - left, pages)
