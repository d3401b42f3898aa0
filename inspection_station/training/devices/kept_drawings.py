"""Drawings kept in the cache: a lesson that is given again, and the next test, need not draw its travellers anew.

Everything in it is invented, by a seed, like the lesson itself. A drawing is found again only by the same program: its
name is a digest of the order, of all code and tables that draw, and of the libraries' versions. Where nothing can be
read or written, it is drawn.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import PIL

import inspection_station
from inspection_station.matching.embedder_setup import cache_directory
from inspection_station.resource_path import resource

PLACE: Final = "STATION_DRAWINGS"
"""Environment variable: another folder for drawings, or ``none``."""
ROOM: Final = 1 << 30
"""Bytes of all drawings together, some three hundred travellers; the longest unused make room."""

_DRAWS: Final = ("training", "matching/fingerprint")
_log = logging.getLogger(__name__)


def kept(what: str, of: object, draw: Callable[[], Sequence[bytes]], *, room: int = ROOM) -> tuple[bytes, ...]:
    """What ``draw`` gives, or gave at an earlier time for the same order. ``repr(of)`` must tell all of it."""
    folder = _folder()
    if folder is None:
        return tuple(draw())
    path = folder / f"{hashlib.sha256(_program() + f'{what} {of!r}'.encode()).hexdigest()[:40]}.npz"
    known = _read(path)
    if known is not None:
        return known
    made = tuple(draw())
    try:
        _write(path, made)
        _make_room(folder, room)
    except OSError as fault:
        _log.info("a drawing is not kept: %s", type(fault).__name__)
    return made


def _folder() -> Path | None:
    place = os.environ.get(PLACE)
    if place == "none":
        return None
    return Path(place) if place else cache_directory() / "drawings"


@lru_cache(maxsize=1)
def _program() -> bytes:
    """Digest of what decides a drawing beside its order."""
    digest = hashlib.sha256(f"{cv2.__version__} {np.__version__} {PIL.__version__}".encode())
    here = Path(inspection_station.__file__).parent
    files = [path for part in _DRAWS for path in (here / part).rglob("*.py")]
    for path in sorted(files) + sorted(resource("tables").iterdir()):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def _read(path: Path) -> tuple[bytes, ...] | None:
    """None where it is not kept, or torn: the form bears checksums."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            parts = tuple(kept[f"part{number}"].tobytes() for number in range(len(kept.files)))
        os.utime(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return parts


def _write(path: Path, parts: Sequence[bytes]) -> None:
    """Whole or not at all: several stations and tests share the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        try:
            np.savez(
                file,
                allow_pickle=False,
                **{f"part{number}": np.frombuffer(part, np.uint8) for number, part in enumerate(parts)},
            )
            file.close()
            os.replace(file.name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(file.name)
            raise


def _make_room(folder: Path, room: int) -> None:
    """Remove the longest unused, and what a killed process left half written long ago."""
    kept = []
    for entry in os.scandir(folder):
        with suppress(OSError):  # another process has removed it
            state = entry.stat()
            kept.append((state.st_mtime, state.st_size, entry.path))
    kept.sort(reverse=True)
    used = 0
    for _, size, path in kept:
        used += size
        if used > room:
            with suppress(OSError):
                os.unlink(path)
