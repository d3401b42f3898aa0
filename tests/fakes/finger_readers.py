"""A fingerprint reader for a child process: two live pictures, then the finger; which finger is its grey value."""

from __future__ import annotations

from threading import Event

import numpy as np

from inspection_station.hardware.ports import DeviceInfo, DeviceKind, DriverSettings, FingerImage
from inspection_station.inspection.biometrics import FingerPosition


class PreviewingReader:
    info = DeviceInfo(DeviceKind.FINGERPRINT_READER, "previewing", "reader with live pictures")

    def open(self) -> None:
        """Always there."""

    def close(self) -> None:
        """Nothing to give back."""

    def probe(self) -> None:
        """Always there."""

    def capture(self, cancel: Event, finger=None, on_preview=None) -> FingerImage:
        value = 0 if finger is None else 1 + list(FingerPosition).index(finger)
        image = FingerImage(np.full((20, 10), value, np.uint8), 500)
        if on_preview is not None:
            on_preview(image)
            on_preview(image)
        return image


class PreviewingFactory:
    kind = DeviceKind.FINGERPRINT_READER

    def __call__(self, settings: DriverSettings) -> PreviewingReader:
        return PreviewingReader()

    def attached(self):
        return ()


factory = PreviewingFactory()
