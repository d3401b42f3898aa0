"""An update of the program that headquarters sent: verified, laid ready in the data folder, and told.

It is never installed by the station itself: that is an administrator's, between two duties.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from inspection_station.headquarters.packs import PackAge, PackKind, PackRefused, PackShelf
from inspection_station.headquarters.packs_release import MalformedRelease, release_of

log = logging.getLogger(__name__)

UPDATES: Final = "updates"
_MAKING_SECONDS: Final = 3600.0


class StagedUpdate:
    """Keeps ``DATA/updates/VERSION`` at the newest installed release that comes after ``running``, and nothing else."""

    def __init__(self, vault: PackShelf, data_folder: Path, running: str, now: Callable[[], datetime]) -> None:
        self._vault, self._folder, self._running, self._now = vault, data_folder, running, now

    def look(self) -> str:
        """Lay ready what is installed now; the version that lies ready, "" for none. Raises nothing of a pack's."""
        try:
            return self._looked()
        except (PackRefused, MalformedRelease, OSError) as fault:
            log.error("an update cannot be laid ready", extra={"code": getattr(fault, "code", "PCK-01")})
            return ""

    def _looked(self) -> str:
        now = self._now()
        usable = [one for one in self._vault.labels(PackKind.APPLICATION) if one.age(now) is not PackAge.RED]
        newest = max(usable, key=lambda one: (one.issued_at, one.version), default=None)
        parts = {} if newest is None else self._vault.content(newest)
        release = release_of(parts) if parts else None
        if release is None or not release.newer_than(self._running):
            shutil.rmtree(self._folder / UPDATES, ignore_errors=True)
            return ""
        place = self._folder / UPDATES / release.version
        if not place.is_dir():
            _lay(place, {name: parts[name] for name in release.files})
            log.info("an update lies ready", extra={"version": release.version})
        for other in place.parent.iterdir():  # an older one, or what a crash left of one
            if other != place and not _in_the_making(other):
                shutil.rmtree(other, ignore_errors=True)
        return release.version


def _lay(place: Path, files: dict[str, bytes]) -> None:
    """All files or none: written beside, made durable, then renamed."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Path(tempfile.mkdtemp(prefix=".", suffix=".new", dir=place.parent))
    try:
        for name, data in files.items():
            with (made / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        made.replace(place)
    except BaseException as fault:
        shutil.rmtree(made, ignore_errors=True)
        if not (isinstance(fault, OSError) and place.is_dir()):  # another process was faster with the same
            raise


def _in_the_making(place: Path) -> bool:
    """By another process, just now."""
    try:
        return place.name.startswith(".") and time.time() - place.stat().st_mtime < _MAKING_SECONDS
    except OSError:
        return False
