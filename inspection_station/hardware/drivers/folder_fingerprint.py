"""Fingerprint readers whose maker's program saves each finger as a picture: the station takes them from a folder."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from typing import Final

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.drivers.finger_file import LARGEST_FILE, decoded_finger
from inspection_station.hardware.drivers.settled_folder import SettledFolder
from inspection_station.hardware.ports import (
    Device,
    DeviceInfo,
    DeviceKind,
    DriverSettings,
    FingerImage,
    FingerPreview,
)
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.biometrics import FingerPosition

DRIVER: Final = "folder-fingerprint"
_SUFFIXES: Final = frozenset({".png", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg", ".wsq"})


class FolderFingerprintReader:
    """Fingers out of ``folder``. ``dpi`` holds where a file does not state a reader's resolution itself.

    Which finger a file shows only the other program knows: the one asked for is assumed.
    """

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        folder = reader.take("folder", "")
        settle = reader.take("settle_seconds", 0.2, low=0.05, high=10.0)
        self._dpi = reader.take("dpi", 500, low=300, high=1200)
        reader.finish()
        if not folder:
            raise ValueError(f"{DRIVER}: setting 'folder' is needed")
        self._files = SettledFolder(
            Path(folder).expanduser(), "fingerprint reader", suffixes=_SUFFIXES, settle=settle, largest=LARGEST_FILE
        )
        self._info = DeviceInfo(
            DeviceKind.FINGERPRINT_READER, DRIVER, "fingerprint reader (folder)", frozenset({"finger image"})
        )

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def open(self) -> None:
        self._files.open()

    def close(self) -> None:
        self._files.close()

    def probe(self) -> None:
        self._files.check()

    def capture(
        self, cancel: Event, finger: FingerPosition | None = None, on_preview: FingerPreview | None = None
    ) -> FingerImage:
        """The next file, decoded; there are no live pictures. Raises DeviceGarbage for what is no picture."""
        return decoded_finger(self._files.await_file(cancel), self._dpi)


class FolderFingerprintFactory:
    """Entry point ``folder-fingerprint``."""

    kind = DeviceKind.FINGERPRINT_READER

    def __call__(self, settings: DriverSettings) -> FolderFingerprintReader:
        return FolderFingerprintReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        """Nothing: only the profile knows the folder."""
        return ()

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.hardware.drivers.finger_rehearsal import folder_finger_rehearsal

        return folder_finger_rehearsal(self)


factory = FolderFingerprintFactory()
