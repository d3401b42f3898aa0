"""A document camera or a full-page reader that shows itself as a USB camera: the page is taken when it lies still."""

from __future__ import annotations

from threading import Event
from typing import Final

import cv2
import numpy as np

from inspection_station.hardware.drivers.uvc_camera import UvcCameraFactory
from inspection_station.hardware.errors import DeviceError, DeviceGarbage
from inspection_station.hardware.ports import (
    Camera,
    DeviceInfo,
    DeviceKind,
    DocumentScan,
    DriverSettings,
    Frame,
    Image,
)
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.document import MrzSource

DRIVER: Final = "camera-document"
_WIDTH: Final = 240
"""Pixels to which a frame is reduced before it is judged: enough to see lines of print, 0.3 ms a frame."""
_OWN: Final = frozenset({"still_seconds", "movement", "detail", "quality", "full_page"})


class StillPage:
    """Judges frames: is there something printed, does it lie still, and is it another than the last one taken?

    ``movement``: mean difference of grey levels (0…255) below which two frames show the same; ``detail``: mean of the
    Laplacian's absolute value above which a frame shows print rather than a bare table.
    """

    def __init__(self, still_seconds: float, movement: float, detail: float) -> None:
        self._still_seconds = still_seconds
        self._movement = movement
        self._detail = detail
        self._before: Image | None = None
        self._taken: Image | None = None
        self._still_since = 0.0

    def is_ready(self, frame: Frame) -> bool:
        """True once for a page that has been lying still; again only after the scene has changed."""
        small = _reduced(frame.image)
        before, self._before = self._before, small
        if before is None or before.shape != small.shape or _difference(before, small) > self._movement:
            self._still_since = frame.monotonic
            return False
        if self._taken is not None and self._taken.shape == small.shape:
            if _difference(self._taken, small) <= 2 * self._movement:
                return False
            self._taken = None
        if frame.monotonic - self._still_since < self._still_seconds or _detail(small) < self._detail:
            return False
        self._taken = small
        return True


class CameraDocumentReader:
    """Waits before a camera. The page goes on as JPEG in the camera's own size; finding the zone is not done here."""

    def __init__(self, camera: Camera, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        self._still = (
            reader.take("still_seconds", 0.4, low=0.0, high=10.0),
            reader.take("movement", 2.5, low=0.1, high=50.0),
            reader.take("detail", 4.0, low=0.1, high=100.0),
        )
        self._quality = reader.take("quality", 95, low=50, high=100)
        self._source = MrzSource.FULL_PAGE if reader.take("full_page", False) else MrzSource.CAMERA
        reader.finish()
        self._camera = camera
        self._page = StillPage(*self._still)
        name = f"document {camera.info.name}"
        self._info = DeviceInfo(DeviceKind.DOCUMENT_READER, DRIVER, name, frozenset({"page image"}))

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def open(self) -> None:
        self._camera.open()

    def close(self) -> None:
        self._camera.close()
        self._page = StillPage(*self._still)

    def probe(self) -> None:
        self._camera.probe()

    def await_document(self, cancel: Event) -> DocumentScan:
        """The next page that lies still. A page that stays after it was taken is not taken twice."""
        sequence = -1
        while True:
            frame = self._camera.next_frame(cancel, sequence)
            sequence = frame.sequence
            if self._page.is_ready(frame):
                good, encoded = cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, self._quality])
                if not good:
                    raise DeviceError("a picture of the page cannot be encoded")
                return DocumentScan(self._source, image=encoded.tobytes())


def _reduced(image: Image) -> Image:
    if image.size == 0 or min(image.shape[:2]) < 8:
        raise DeviceGarbage("the document camera gave an empty picture", code="DOC-01")
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    height = max(1, round(grey.shape[0] * _WIDTH / grey.shape[1]))
    return np.asarray(cv2.resize(grey, (_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)


def _difference(one: Image, other: Image) -> float:
    return float(cv2.absdiff(one, other).mean())


def _detail(small: Image) -> float:
    return float(np.abs(cv2.Laplacian(small, cv2.CV_16S)).mean())


class CameraDocumentFactory:
    """Entry point ``camera-document``: its own settings, and all those of ``uvc-camera``."""

    kind = DeviceKind.DOCUMENT_READER

    def __call__(self, settings: DriverSettings) -> CameraDocumentReader:
        own = {key: value for key, value in settings.values.items() if key in _OWN}
        camera = {key: value for key, value in settings.values.items() if key not in _OWN}
        return CameraDocumentReader(UvcCameraFactory()(DriverSettings(camera)), DriverSettings(own))

    def attached(self) -> tuple[DeviceInfo, ...]:
        """The cameras: which of them looks at documents only the profile knows."""
        return tuple(
            DeviceInfo(self.kind, DRIVER, info.name, frozenset({"page image"}))
            for info in UvcCameraFactory().attached()
        )


factory = CameraDocumentFactory()
