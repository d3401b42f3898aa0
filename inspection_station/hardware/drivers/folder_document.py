"""Full-page readers whose maker's program saves each page as a file: the station takes pages from a folder.

When a file is taken, and that it is then removed, is said in ``settled_folder``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from typing import Final

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.drivers.settled_folder import SettledFolder
from inspection_station.hardware.errors import DeviceGarbage
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind, DocumentScan, DriverSettings
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.document import MrzSource

DRIVER: Final = "folder-document"
LARGEST_PAGE: Final = 64 * 1024 * 1024
"""Bytes. A full page at 600 dots per inch as an uncompressed bitmap has 26 MB."""
_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".jp2"})
_SIGNATURES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"II*\x00", b"MM\x00*", b"BM", b"\x00\x00\x00\x0cjP  ")


class FolderDocumentReader:
    """Pages out of ``folder``. ``settle_seconds`` without growth make a page whole."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        folder = reader.take("folder", "")
        settle = reader.take("settle_seconds", 0.2, low=0.05, high=10.0)
        self._half_page = reader.take("half_page", False)
        reader.finish()
        if not folder:
            raise ValueError(f"{DRIVER}: setting 'folder' is needed")
        self._files = SettledFolder(
            Path(folder).expanduser(), "page reader", suffixes=_SUFFIXES, settle=settle, largest=LARGEST_PAGE
        )
        self._info = DeviceInfo(DeviceKind.DOCUMENT_READER, DRIVER, "page reader (folder)", frozenset({"page image"}))

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def open(self) -> None:
        self._files.open()

    def close(self) -> None:
        self._files.close()

    def probe(self) -> None:
        self._files.check()

    def await_document(self, cancel: Event) -> DocumentScan:
        """The next page as the file's bytes. Raises DeviceGarbage for a file that is no picture or too large."""
        try:
            page = self._files.await_file(cancel)
        except DeviceGarbage as refused:
            raise DeviceGarbage(refused.detail, code="DOC-01") from None
        if not page.startswith(_SIGNATURES):
            raise DeviceGarbage(f"a page file of {len(page)} bytes that is no picture", code="DOC-01")
        source = MrzSource.HALF_PAGE if self._half_page else MrzSource.FULL_PAGE
        return DocumentScan(source, image=page)


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

        return folder_rehearsal(self)


factory = FolderDocumentFactory()
