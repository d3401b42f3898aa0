"""Standard streams that can be relied on: UTF-8 everywhere, and nothing broken when one of them is closed or full."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress


def prepare_streams() -> None:
    """Write UTF-8 whatever the locale or code page says; a stream that the caller closed swallows what is written.

    What UTF-8 cannot hold (the odd bytes of a file name) is written as ``\\udcff``, which JSON reads back as it was.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # Else the next file to be opened, perhaps the store, would become standard output.
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the program
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def abandon_output() -> None:
    """Nobody reads standard output any more, or it is full: drop what is still buffered, also at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):  # a stream in memory has no number
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def output_full(error: OSError) -> bool:
    """Whether writing failed for want of space."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
