"""How this process's allocator behaves: the memory of one picture is that of the next.

Left alone, glibc keeps an arena a thread, and each keeps what a day of frames and pages left in it. Giving every
picture back keeps a process smallest, but costs more than reading it, since the system clears each page of memory anew
(measured on a virtual machine: a document's zone read in 374 ms instead of 245, a traveller drawn in twice the time).
So pictures stay in two heaps, where the next one takes their place.
"""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD = -1  # malloc.h
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_MAPPED_FROM = 32 << 20  # bytes, the most glibc takes: frames and pages stay below it
_SPARE = 128 << 20  # bytes free at a heap's end before they go back
_ARENAS = 2


def reuse_picture_memory() -> bool:
    """Set it up, once, before threads start. False where the allocator is another one (Windows, macOS, musl)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    asked = ((_M_MMAP_THRESHOLD, _MAPPED_FROM), (_M_TRIM_THRESHOLD, _SPARE), (_M_ARENA_MAX, _ARENAS))
    done = [bool(mallopt(what, value)) for what, value in asked]
    return all(done)
