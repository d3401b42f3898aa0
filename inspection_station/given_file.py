"""Reading a file that somebody named: it may be a pipe that nobody writes to, or a device without end."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

PATIENCE_SECONDS = 5.0  # for the first byte out of a named pipe; somebody who writes has long begun
_PAUSE_SECONDS = 0.02


def read_given(path: Path, most: int) -> bytes:
    """The file's bytes, at most ``most`` + 1 of them: more than ``most`` means that it is longer than wanted.

    Opening a named pipe would wait for its writer for ever. Here TimeoutError is raised, an OSError with its reason in
    ``strerror``, when nothing comes through it within ``PATIENCE_SECONDS``. Other OSErrors are those of opening and
    reading.
    """
    with open(path, "rb", opener=_at_once) as file:
        descriptor = file.fileno()
        first = _first_of_pipe(descriptor) if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else b""
        _wait_from_here(descriptor)
        return first + file.read(most + 1 - len(first))


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _wait_from_here(descriptor: int) -> None:
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(descriptor, True)


def _first_of_pipe(descriptor: int) -> bytes:
    """The first byte. A pipe without a writer reads as ended and one without bytes yet refuses: both may still come."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if byte := os.read(descriptor, 1):
                return byte
        except BlockingIOError:
            pass  # its writer is there and has written nothing yet
        time.sleep(_PAUSE_SECONDS)
    raise TimeoutError(None, "A pipe that nothing comes through")
