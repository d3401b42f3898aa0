"""A folder into which another program saves pictures: each is taken once, when its file has stopped growing.

Taken files are removed: they are personal data and belong to the record alone. What lay there before a wait began
belongs to nobody present and is only removed.
"""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Final

from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceUnplugged,
)

_POLL_SECONDS: Final = 0.05

_Stamp = tuple[int, int]


class SettledFolder:
    """``whose`` names the reader in error texts, which never name a file. ``settle`` seconds without growth make a
    file whole; files over ``largest`` bytes are refused unread.
    """

    def __init__(self, folder: Path, whose: str, *, suffixes: frozenset[str], settle: float, largest: int) -> None:
        self._folder = folder
        self._whose = whose
        self._suffixes = suffixes
        self._settle = settle
        self._largest = largest
        self._open = False

    def open(self) -> None:
        if not self._folder.is_dir():
            raise DeviceNotFound(f"the {self._whose}'s folder does not exist")
        self._open = True

    def close(self) -> None:
        self._open = False

    def check(self) -> None:
        """Raise DeviceError when closed, DeviceUnplugged when the folder is gone."""
        if not self._open:
            raise DeviceError(f"the {self._whose}'s folder is closed")
        if not self._folder.is_dir():
            self._open = False
            raise DeviceUnplugged(f"the {self._whose}'s folder is gone")

    def await_file(self, cancel: Event) -> bytes:
        """Contents of the next file, which is then removed. Raises DeviceGarbage for one that is too large."""
        self.check()
        for path in self._stamps():
            self._remove(path)
        growing: dict[Path, tuple[_Stamp, float]] = {}
        while True:
            if cancel.wait(_POLL_SECONDS):
                raise CaptureCancelled(f"no longer waiting for the {self._whose}")
            self.check()
            now = time.monotonic()
            for path, stamp in self._stamps().items():
                seen, since = growing.get(path, (None, now))
                if seen != stamp:
                    growing[path] = (stamp, now)
                elif now - since >= self._settle:
                    return self._take(path, stamp[0])

    def _stamps(self) -> dict[Path, _Stamp]:
        """Files with size and time of change, oldest first. One that vanishes meanwhile is left out."""
        found: dict[Path, _Stamp] = {}
        try:
            for path in self._folder.iterdir():
                if path.suffix.lower() in self._suffixes and path.is_file():
                    status = path.stat()
                    found[path] = (status.st_size, status.st_mtime_ns)
        except FileNotFoundError:
            return found
        except OSError as fault:
            raise DeviceUnplugged(f"the {self._whose}'s folder cannot be listed: {type(fault).__name__}") from None
        return dict(sorted(found.items(), key=lambda item: item[1][1]))

    def _take(self, path: Path, size: int) -> bytes:
        if size > self._largest:
            self._remove(path)
            raise DeviceGarbage(f"a file of {size} bytes in the {self._whose}'s folder")
        try:
            content = path.read_bytes()
        except OSError as fault:
            raise DeviceUnplugged(f"a file of the {self._whose} cannot be read: {type(fault).__name__}") from None
        self._remove(path)
        return content

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as fault:
            raise DeviceError(f"a file of the {self._whose} cannot be removed: {type(fault).__name__}") from None
