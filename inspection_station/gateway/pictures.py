"""Pictures by their hash in a folder that all workers share. The length of a partial file is the truth about how far an
upload came; nothing else remembers it, so nothing can disagree.

Appending holds the lock of that one picture, across all workers: without it a stalled connection that wakes up again
writes into the same file as its successor. Nothing is published before its hash was checked.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from inspection_station.durable_names import make_names_durable
from inspection_station.gateway.file_sync import sync_together
from inspection_station.headquarters.ports import Reached

_BLOCK = 1 << 20
_LEFT_BEHIND_SECONDS = 86_400.0


class OtherOffset(Exception):
    """The upload stands elsewhere; ``reached`` tells where."""

    def __init__(self, reached: Reached) -> None:
        super().__init__("the upload stands elsewhere")
        self.reached = reached


class PictureStore(Protocol):
    """Where pictures lie: a folder here, an object storage elsewhere. Safe from any thread, process and machine."""

    def reached(self, sha256: bytes) -> Reached: ...
    def append(self, sha256: bytes, size: int, offset: int, part: bytes) -> Reached:
        """Append; publish when whole. A whole picture with another hash begins at nothing. Raises OtherOffset."""
        ...

    def keep(self, pictures: Iterable[tuple[bytes, bytes]]) -> None:
        """Publish whole pictures (hash, content) together. One that is not what its hash says is left out."""
        ...

    def read(self, sha256: bytes) -> bytes | None: ...
    def unfinished(self) -> tuple[int, int]:
        """How many pictures are here in part, and their bytes."""
        ...


class FolderPictures:
    """``published/ab/abcd…`` and ``partial/abcd…``; ``together/…/abcd…`` while many are published at once."""

    def __init__(self, folder: Path) -> None:
        self._published = folder / "published"
        self._partial = folder / "partial"
        self._together = folder / "together"
        for place in (self._published, self._partial, self._together):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        for place in (folder.parent, folder):
            make_names_durable(place)

    def reached(self, sha256: bytes) -> Reached:
        """How far the picture is here."""
        try:
            return Reached(self._place(sha256).stat().st_size, True)
        except FileNotFoundError:
            pass
        try:
            return Reached((self._partial / sha256.hex()).stat().st_size, False)
        except FileNotFoundError:
            return Reached(0, False)

    def append(self, sha256: bytes, size: int, offset: int, part: bytes) -> Reached:
        """See ``PictureStore``."""
        with self._locked(sha256) as file:
            here = self.reached(sha256)
            if here.published:
                return here
            length = file.seek(0, os.SEEK_END)
            if offset != length or offset + len(part) > size:
                raise OtherOffset(Reached(length, False))
            file.write(part)
            file.flush()
            os.fsync(file.fileno())
            if length + len(part) < size:
                return Reached(length + len(part), False)
            return self._publish(sha256, file)

    def keep(self, pictures: Iterable[tuple[bytes, bytes]]) -> None:
        """See ``PictureStore``. All contents are on the medium before the first name is given, and all names after."""
        self._clear_left_behind()
        with tempfile.TemporaryDirectory(dir=self._together) as staging:
            names = {name for picture in pictures if (name := self._staged(staging, *picture))}
            sync_together(self._together, (Path(staging, name) for name in names), ())
            folders = {self._published / name[:2] for name in names}
            for folder in folders:
                folder.mkdir(exist_ok=True, mode=0o700)
            for name in names:
                os.replace(os.path.join(staging, name), self._published / name[:2] / name)
            sync_together(self._published, (), (*folders, self._published))
        for name in names:
            if (self._partial / name).exists():
                with self._locked(bytes.fromhex(name)):
                    pass  # what a broken upload left goes when its lock is let go

    def _staged(self, staging: str, sha256: bytes, content: bytes) -> str:
        """The name under which the picture waits; empty when it is there already or is another than its hash says."""
        if self.reached(sha256).published or hashlib.sha256(content).digest() != sha256:
            return ""
        with open(os.path.join(staging, sha256.hex()), "wb") as file:
            file.write(content)
        return sha256.hex()

    def _clear_left_behind(self) -> None:
        """Remove what a crash left of publishing together: a day is longer than any import takes."""
        for folder in self._together.iterdir():
            if time.time() - folder.stat().st_mtime > _LEFT_BEHIND_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)

    def read(self, sha256: bytes) -> bytes | None:
        """A published picture."""
        try:
            return self._place(sha256).read_bytes()
        except FileNotFoundError:
            return None

    def unfinished(self) -> tuple[int, int]:
        """See ``PictureStore``."""
        count = size = 0
        for partial in os.scandir(self._partial):
            with suppress(FileNotFoundError):  # published meanwhile
                count, size = count + 1, size + partial.stat().st_size
        return count, size

    def _publish(self, sha256: bytes, file: BinaryIO) -> Reached:
        digest = hashlib.sha256()
        size = file.seek(0)
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
        if digest.digest() != sha256:
            file.truncate(0)
            os.fsync(file.fileno())
            return Reached(0, False)
        place = self._place(sha256)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        (self._partial / sha256.hex()).replace(place)
        for folder in (place.parent, self._published):
            make_names_durable(folder)
        return Reached(size, True)

    def _place(self, sha256: bytes) -> Path:
        name = sha256.hex()
        return self._published / name[:2] / name

    @contextmanager
    def _locked(self, sha256: bytes) -> Iterator[BinaryIO]:
        """The partial file, locked. It may have been published while we waited: then the lock is on a moved file, and
        the caller sees the published one.
        """
        path = self._partial / sha256.hex()
        with path.open("a+b") as file:
            _lock(file.fileno())
            try:
                yield file
            finally:
                if self._place(sha256).exists() and path.exists():
                    path.unlink(missing_ok=True)  # an empty file that a late comer made


try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
