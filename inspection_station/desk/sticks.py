"""Media that can be taken out, and what lies on them for this station. Looked for on a thread that may wait."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from inspection_station.desk.exchange_view import Stick, StickFile
from inspection_station.headquarters.sealed_bundle import TO_STATION, read_header
from inspection_station.headquarters.wire import WireError

log = logging.getLogger(__name__)

SUFFIX = ".bundle"
_REMOVABLE = 2  # DRIVE_REMOVABLE of GetDriveTypeW
_MOST = 9  # one digit each
_ROOTS = {"linux": ("/media", "/run/media"), "darwin": ("/Volumes",)}


def sticks(places: Sequence[Path] | None = None) -> tuple[Stick, ...]:
    """The media in ``places`` (default: where the system mounts them), at most nine, by path."""
    found = []
    for place in sorted(_mounted() if places is None else places):
        try:
            found.append(Stick(str(place), _label(place), shutil.disk_usage(place).free, _files(place)))
        except OSError as error:
            log.warning("a medium cannot be looked at", extra={"fault": type(error).__name__})
    return tuple(found[:_MOST])


def _mounted() -> list[Path]:
    if sys.platform == "win32":
        return _windows_drives()
    roots = tuple(Path(root) for root in _ROOTS.get(sys.platform, ()))
    return [place for place in _below(roots) if os.path.ismount(place)]


def _below(roots: tuple[Path, ...]) -> Iterator[Path]:
    """Folders one and two levels down: ``/media/LABEL``, ``/media/USER/LABEL``."""
    for root in roots:
        for one in _folders(root):
            yield one
            yield from _folders(one)


def _folders(root: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return  # another user's media


def _windows_drives() -> list[Path]:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    present = int(kernel.GetLogicalDrives())
    letters = (chr(ord("A") + n) for n in range(26) if present >> n & 1)
    return [Path(f"{one}:\\") for one in letters if kernel.GetDriveTypeW(f"{one}:\\") == _REMOVABLE]


def _label(place: Path) -> str:
    return place.name or str(place)


def _files(place: Path) -> tuple[StickFile, ...]:
    """Bundles for stations and folders of packs in the root of the medium, newest first."""
    found = []
    for path in place.iterdir():
        if path.is_file() and path.suffix == SUFFIX and _is_for_a_station(path):
            found.append((path.stat().st_mtime, StickFile(str(path), path.name, "bundle")))
        elif path.is_dir() and (path / "metadata" / "timestamp.json").is_file():
            found.append((path.stat().st_mtime, StickFile(str(path), path.name, "packs")))
    return tuple(file for _, file in sorted(found, key=lambda one: one[0], reverse=True)[:_MOST])


def _is_for_a_station(path: Path) -> bool:
    try:
        return read_header(path).direction == TO_STATION
    except (WireError, OSError, ValueError):
        return False
