"""Files and names onto the medium: one by one, or a whole file system at once where that is possible (Linux)."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterable
from pathlib import Path

from inspection_station.durable_names import make_names_durable


def sync_file(path: Path) -> None:
    """Wait until the file's content is on the medium. Raises OSError."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_together(top: Path, files: Iterable[Path], folders: Iterable[Path]) -> None:
    """The same for many files and folders below ``top``: one request to the file system (``syncfs``: 0.05 s for
    500 pictures) where one by one is a request each (1.5 s). Raises OSError.
    """
    if platform.system() == "Linux":
        descriptor = os.open(top, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) == 0:
                return
            raise OSError(ctypes.get_errno(), "the file system could not be synchronised")
        finally:
            os.close(descriptor)
    for path in files:
        sync_file(path)
    for folder in folders:
        make_names_durable(folder)
