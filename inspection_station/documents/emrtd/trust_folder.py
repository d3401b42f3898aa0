"""A trust directory that may change while the station works: what is new counts from the next document on.

Something good is never given up for something torn. A file that changed and cannot be used, that was touched in this
very second, or that is gone for less than that, stays what it was; a directory that cannot be read leaves everything as
it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from inspection_station.documents.emrtd.trust_files import (
    SUFFIXES,
    TrustFile,
    assemble,
    list_roots,
    read_file,
    refusal_of,
)
from inspection_station.documents.emrtd.trust_store import TrustProblem, TrustStore

SETTLING_SECONDS = 1.0
_Mark = tuple[int, int, int]
"""Size, time of the last change and inode: whether a file is still the one that was read."""
_log = logging.getLogger(__name__)


class TrustFolder:
    """Implements ``trust_store.TrustSource``. NotADirectoryError where there is no such directory at the beginning."""

    def __init__(self, directory: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._directory, self._clock = directory, clock
        self._lock = Lock()
        self._good: dict[str, tuple[_Mark, TrustFile]] = {}
        self._refused: dict[str, tuple[_Mark, str]] = {}
        self._gone_since: dict[str, float] = {}
        self._store: TrustStore | None = None
        self._settled = False
        self._seen: dict[str, _Mark] = {}
        self.problem: str | None = None
        if not directory.is_dir():
            raise NotADirectoryError("the trust directory does not exist")
        self.current()

    def current(self) -> TrustStore:
        """The store as the directory stands now; nothing is read where nothing changed."""
        with self._lock:
            try:
                seen = self._look()
            except OSError as fault:
                self.problem = fault.strerror or "cannot be read"
                return self._store if self._store is not None else TrustStore()
            self.problem = None
            if self._store is None or seen != self._seen or not self._settled:
                self._take(seen)
            assert self._store is not None
            return self._store

    def _look(self) -> dict[str, _Mark]:
        found: dict[str, _Mark] = {}
        for path in self._directory.iterdir():
            if path.suffix.lower() in SUFFIXES:
                status = path.stat()
                found[path.name] = (status.st_size, status.st_mtime_ns, status.st_ino)
        return found

    def _take(self, seen: dict[str, _Mark]) -> None:
        now, first = self._clock(), self._store is None
        self._settled = True
        self._drop_what_is_gone(seen, now)
        fresh: dict[str, tuple[_Mark, TrustFile]] = {}
        for name in sorted(seen):
            mark, held = seen[name], self._good.get(name)
            if held is not None and held[0] == mark:
                self._refused.pop(name, None)
                continue
            if name in self._refused and self._refused[name][0] == mark:
                continue
            if 0 <= now - mark[1] / 1e9 < SETTLING_SECONDS:
                self._settled = False
                if not first:
                    continue
            fresh[name] = (mark, read_file(self._directory / name))
        self._judge(fresh)
        before = self._store.version if self._store is not None else None
        problems = [TrustProblem(name, reason) for name, (_, reason) in sorted(self._refused.items())]
        self._store = assemble([file for _, (_, file) in sorted(self._good.items())], problems)
        self._seen = seen
        if before is not None and before != self._store.version:
            _log.info("trust store %s is in use instead of %s", self._store.version, before)

    def _drop_what_is_gone(self, seen: dict[str, _Mark], now: float) -> None:
        """A file may be away for a moment while somebody puts another in its place."""
        for name in [*self._good, *self._refused]:
            if name in seen:
                self._gone_since.pop(name, None)
            elif now - self._gone_since.setdefault(name, now) < SETTLING_SECONDS:
                self._settled = False
            else:
                self._good.pop(name, None)
                self._refused.pop(name, None)
                self._gone_since.pop(name, None)

    def _judge(self, fresh: dict[str, tuple[_Mark, TrustFile]]) -> None:
        """New files in the place of old ones, as far as they can be used."""
        usable = {name: entry for name, entry in fresh.items() if entry[1].fault is None}
        roots = list_roots(assemble([file for _, file in (self._good | usable).values()]))
        for name, (mark, file) in fresh.items():
            found = file.master_list or file.defect_list
            reason = file.fault
            if found is not None and not file.by_hand and name in self._good:
                reason = refusal_of(found, roots)  # without one before it, ``assemble`` says so
            if reason is None:
                self._good[name] = (mark, file)
                self._refused.pop(name, None)
            else:
                kept = "; what was there before stays in use" if name in self._good else ""
                self._refused[name] = (mark, reason + kept)
                _log.warning("%s in the trust directory cannot be used: %s%s", name, reason, kept)
