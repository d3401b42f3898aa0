"""Space kept back, so that the record in hand is written even when the disk has run full (STO-01, FLOWS error table).

The file holds nothing. It is given up when a write fails for want of space, and taken again when there is room.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

FILE: Final = "reserve.space"
MOST: Final = 8 << 20  # bytes; an inspection with all its pictures, in the log and in the database
_SHARE: Final = 8  # at most this part of the disk, so that a small one is not filled by its own reserve
_CHUNK: Final = 1 << 16


class Reserve:
    """Used by the thread that writes, alone. Never raises: a disk that gives no reserve is only less comfortable."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    @property
    def held(self) -> bool:
        """Whether there is space kept back."""
        return self._path.exists()

    def take(self) -> bool:
        """Keep space back, if there is as much again beside it. True when it is (or was) there."""
        if self.held:
            return True
        try:
            disk = shutil.disk_usage(self._path.parent)
            size = min(MOST, disk.total // _SHARE)
            if disk.free < 2 * size:
                return False
            self._fill(size)
        except OSError as error:
            log.info("no space kept back", extra={"fault": type(error).__name__})
            self.give_up()
            return False
        return True

    def give_up(self) -> bool:
        """Let the space go. True when there was some."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def _fill(self, size: int) -> None:
        with self._path.open("wb", buffering=0) as file:
            os.chmod(self._path, 0o600)
            for written in range(0, size, _CHUNK):  # written rather than allocated: some file systems only promise
                file.write(b"\xa5" * min(_CHUNK, size - written))
            os.fsync(file.fileno())
