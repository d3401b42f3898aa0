"""Full-page readers whose maker's program saves each page as a file: the station takes pages from a folder.

A page is taken when its file has stopped growing, and removed from the folder: it is personal data and belongs to the
record alone. What lay there before the wait began is not taken for the present traveller, only removed.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from typing import Final

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind, DocumentScan, DriverSettings
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.document import MrzSource

DRIVER: Final = "folder-document"
LARGEST_PAGE: Final = 64 * 1024 * 1024
"""Bytes. A full page at 600 dots per inch as an uncompressed bitmap has 26 MB."""
_POLL_SECONDS: Final = 0.05
_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".jp2"})
_SIGNATURES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"II*\x00", b"MM\x00*", b"BM", b"\x00\x00\x00\x0cjP  ")

_Stamp = tuple[int, int]


class FolderDocumentReader:
    """Pages out of ``folder``. ``settle_seconds`` without growth make a page whole."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        folder = reader.take("folder", "")
        self._settle = reader.take("settle_seconds", 0.2, low=0.05, high=10.0)
        self._half_page = reader.take("half_page", False)
        reader.finish()
        if not folder:
            raise ValueError(f"{DRIVER}: setting 'folder' is needed")
        self._folder = Path(folder).expanduser()
        self._open = False
        self._info = DeviceInfo(DeviceKind.DOCUMENT_READER, DRIVER, "page reader (folder)", frozenset({"page image"}))

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def open(self) -> None:
        if not self._folder.is_dir():
            raise DeviceNotFound("the page reader's folder does not exist")
        self._open = True

    def close(self) -> None:
        self._open = False

    def probe(self) -> None:
        if not self._open:
            raise DeviceError("the page reader's folder is closed")
        if not self._folder.is_dir():
            self._open = False
            raise DeviceUnplugged("the page reader's folder is gone")

    def await_document(self, cancel: Event) -> DocumentScan:
        """The next page as the file's bytes. Raises DeviceGarbage for a file that is no picture or too large."""
        self.probe()
        for path in self._stamps():
            self._remove(path)
        growing: dict[Path, tuple[_Stamp, float]] = {}
        while True:
            if cancel.wait(_POLL_SECONDS):
                raise CaptureCancelled("no longer waiting for a page")
            self.probe()
            now = time.monotonic()
            for path, stamp in self._stamps().items():
                seen, since = growing.get(path, (None, now))
                if seen != stamp:
                    growing[path] = (stamp, now)
                elif now - since >= self._settle:
                    return self._take(path, stamp[0])

    def _stamps(self) -> dict[Path, _Stamp]:
        """Page files with size and time of change, oldest first. A file that vanishes meanwhile is left out."""
        found: dict[Path, _Stamp] = {}
        try:
            for path in self._folder.iterdir():
                if path.suffix.lower() in _SUFFIXES and path.is_file():
                    status = path.stat()
                    found[path] = (status.st_size, status.st_mtime_ns)
        except FileNotFoundError:
            return found
        except OSError as fault:
            raise DeviceUnplugged(f"the page reader's folder cannot be listed: {type(fault).__name__}") from None
        return dict(sorted(found.items(), key=lambda item: item[1][1]))

    def _take(self, path: Path, size: int) -> DocumentScan:
        if size > LARGEST_PAGE:
            self._remove(path)
            raise DeviceGarbage(f"a page file of {size} bytes", code="DOC-01")
        try:
            page = path.read_bytes()
        except OSError as fault:
            raise DeviceUnplugged(f"a page file cannot be read: {type(fault).__name__}") from None
        self._remove(path)
        if not page.startswith(_SIGNATURES):
            raise DeviceGarbage(f"a page file of {size} bytes that is no picture", code="DOC-01")
        source = MrzSource.HALF_PAGE if self._half_page else MrzSource.FULL_PAGE
        return DocumentScan(source, image=page)

    @staticmethod
    def _remove(path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as fault:
            raise DeviceError(f"a page cannot be removed from its folder: {type(fault).__name__}") from None


class FolderDocumentFactory:
    """Entry point ``folder-document``."""

    kind = DeviceKind.DOCUMENT_READER

    def __call__(self, settings: DriverSettings) -> FolderDocumentReader:
        return FolderDocumentReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        """Nothing: only the profile knows the folder."""
        return ()

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.hardware.drivers.swipe_rehearsal import folder_rehearsal

        return folder_rehearsal()


factory = FolderDocumentFactory()
