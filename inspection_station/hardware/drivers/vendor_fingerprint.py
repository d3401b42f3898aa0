"""Readers that need their maker's library (the tenprint readers of border control): loaded in a child process.

The library keeps to ``installer/vendor/station_fingerprint.h``. Its crash is DeviceUnplugged, its hang DeviceStalled;
the station lives on and the supervisor starts another process. No maker's library has been tried yet.
"""

from __future__ import annotations

from threading import Event
from typing import Final, cast

from inspection_station.hardware.child import ChildDevice
from inspection_station.hardware.drivers.vendor_library import DONE, DRIVER, INFO, PREVIEW
from inspection_station.hardware.errors import CaptureCancelled
from inspection_station.hardware.ports import (
    DeviceInfo,
    DeviceKind,
    DriverSettings,
    FingerImage,
    FingerPreview,
)
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.biometrics import FingerPosition

_TARGET: Final = "inspection_station.hardware.drivers.vendor_library:factory"
POSITION_CODES: Final = {
    FingerPosition.RIGHT_THUMB: 1,
    FingerPosition.RIGHT_INDEX: 2,
    FingerPosition.RIGHT_MIDDLE: 3,
    FingerPosition.RIGHT_RING: 4,
    FingerPosition.RIGHT_LITTLE: 5,
    FingerPosition.LEFT_THUMB: 6,
    FingerPosition.LEFT_INDEX: 7,
    FingerPosition.LEFT_MIDDLE: 8,
    FingerPosition.LEFT_RING: 9,
    FingerPosition.LEFT_LITTLE: 10,
}
"""As ISO/IEC 19794-2 numbers them."""


class VendorFingerprintReader(ChildDevice):
    """``stall_seconds``: how long one call into the library may last; it is asked to wait 100 ms at a time."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        library = reader.take("library", "")
        options = reader.take("options", "")
        self._stall_seconds = reader.take("stall_seconds", 3.0, low=0.5, high=30.0)
        reader.finish()
        if not library:
            raise ValueError(f"{DRIVER}: setting 'library' is needed")
        super().__init__(_TARGET, DriverSettings({"library": library, "options": options}), INFO)

    def capture(
        self, cancel: Event, finger: FingerPosition | None = None, on_preview: FingerPreview | None = None
    ) -> FingerImage:
        code = 0 if finger is None else POSITION_CODES[finger]
        while True:
            asked = self._ask("poll", code, cancel=cancel, limit=self._stall_seconds)
            outcome, image = cast(tuple[int, FingerImage | None], asked)
            if outcome == DONE and image is not None:
                return image
            if cancel.is_set():
                raise CaptureCancelled("no longer waiting for a finger")
            if outcome == PREVIEW and image is not None and on_preview is not None:
                on_preview(image)


class VendorFingerprintFactory:
    """Entry point ``vendor-fingerprint``."""

    kind = DeviceKind.FINGERPRINT_READER

    def __call__(self, settings: DriverSettings) -> VendorFingerprintReader:
        return VendorFingerprintReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        """Nothing: only the profile knows the library, and it is not loaded just to look."""
        return ()


factory = VendorFingerprintFactory()
