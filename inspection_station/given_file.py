"""Opening a file that somebody named: it may be a pipe that nobody writes to, or a device without end."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from io import BufferedReader, BufferedWriter
from pathlib import Path

WRITER_SECONDS = 0.5  # for a named pipe's other end to be opened; somebody who means to write waits there already
PATIENCE_SECONDS = 5.0  # for the next byte of somebody who holds the other end
_PAUSE_SECONDS = 0.02
_PART_BYTES = 1 << 20


def read_given(path: Path, most: int) -> bytes:
    """The file's bytes, at most ``most`` + 1 of them: more than ``most`` means that it is longer than wanted.

    Opening a named pipe would wait for its writer for ever, and so would reading a terminal. Here TimeoutError is
    raised, an OSError with its reason in ``strerror``, when nobody opens the pipe's other end within
    ``WRITER_SECONDS``, or nothing comes for ``PATIENCE_SECONDS``. Other OSErrors are those of opening and reading.
    """
    with _opened(path) as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) or not hasattr(os, "O_NONBLOCK"):
            return file.read(min(most, max(status.st_size, _PART_BYTES)) + 1)  # room is taken for all that is asked
        return _gathered(file.fileno(), most + 1, pipe=stat.S_ISFIFO(status.st_mode))


def open_given(path: Path) -> BufferedReader:
    """An ordinary file, to be read in parts. A pipe or device is refused, as it can be neither measured nor read twice.

    Raises OSError with its reason in ``strerror``.
    """
    file = _opened(path)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "Not an ordinary file")
    return file


def create_given(path: Path) -> BufferedWriter:
    """A file to be written anew. Raises OSError, at once for a named pipe that nobody reads."""
    file = open(path, "wb", opener=_at_once)  # noqa: SIM115 - whoever called closes it
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(file.fileno(), True)
    return file


def _opened(path: Path) -> BufferedReader:
    return open(path, "rb", opener=_at_once)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def _gathered(descriptor: int, most: int, *, pipe: bool) -> bytes:
    """What comes, until it ends. A pipe without a writer reads as ended and one without bytes yet refuses: both may
    still come.
    """
    data = bytearray()
    began = latest = time.monotonic()
    while len(data) < most:
        try:
            part = os.read(descriptor, min(most - len(data), _PART_BYTES))
        except BlockingIOError:  # its writer is there and has written nothing yet
            if time.monotonic() - latest > PATIENCE_SECONDS:
                raise _silent() from None
            _await(descriptor)
            continue
        if part:
            data += part
            latest = time.monotonic()
        elif data or not pipe:
            break
        elif time.monotonic() - began > WRITER_SECONDS:
            raise _silent()
        else:
            time.sleep(_PAUSE_SECONDS)
    return bytes(data)


def _await(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.poll(round(_PAUSE_SECONDS * 1000))


def _silent() -> OSError:
    return TimeoutError(errno.ETIMEDOUT, "A pipe that nothing comes through")
