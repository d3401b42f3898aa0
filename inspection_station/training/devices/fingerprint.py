"""The training fingerprint reader: whoever stands on the stage lays down the finger that is asked for.

Fingers are invented (``personas.fingerprint``) and drawn where travellers are drawn (``drawing``); the wait for one can
be cancelled. Each capture is another impression of the same finger, some of them poor.
"""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillDrawing
from contextlib import AbstractContextManager
from threading import Event
from typing import Any, Final

import cv2
import numpy as np

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import CaptureCancelled, DeviceError, DeviceGarbage
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
from inspection_station.training.devices.backstage import POLL_SECONDS, Backstage, common_settings
from inspection_station.training.devices.stage import TOGETHER, Laid
from inspection_station.training.faults import Fault

DRIVER: Final = "training-fingerprint"
_LAYING_SECONDS: Final = 1.2
"""From being asked to the finger lying still."""
_PLATEN: Final = 235
_SETTLING: Final = (0.35, 0.7)
"""Contrast of the previews while the finger is laid down."""
_DRY_PATCHES: Final = 6.0
"""Width in pixels of the patches in which a dry finger leaves ridges, a fifth of its area, and those faintly."""


class TrainingFingerprintReader:
    """``pace`` scales the time that laying a finger down takes."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        stage, pace = common_settings(reader)
        reader.finish()
        info = DeviceInfo(
            DeviceKind.FINGERPRINT_READER, DRIVER, "training fingerprint reader", frozenset({"finger image"}), True
        )
        self._backstage = Backstage(info, stage, pace)
        self._shown = -1
        self._attempts: dict[FingerPosition, int] = {}

    @property
    def info(self) -> DeviceInfo:
        return self._backstage.info

    def open(self) -> None:
        self._backstage.open()
        self._backstage.stage.fingers_too()

    def close(self) -> None:
        self._backstage.close()

    def probe(self) -> None:
        self._backstage.check()

    def capture(
        self, cancel: Event, finger: FingerPosition | None = None, on_preview: FingerPreview | None = None
    ) -> FingerImage:
        """Any finger asked for is the right index. Waits for somebody to stand there."""
        position = finger or FingerPosition.RIGHT_INDEX
        traveller = self._somebody(cancel)
        self._backstage.stall_if_told(cancel)
        attempt = self._attempt(position)
        together, place = divmod(attempt, TOGETHER)
        drawing = self._backstage.stage.props.impressions(traveller, position, together * TOGETHER)
        for contrast in _SETTLING:
            self._backstage.take_time(cancel, _LAYING_SECONDS / (len(_SETTLING) + 1))
            image = self._drawn(drawing, cancel)[place]
            self._backstage.lost_if_told(Fault.FINGER_READER_LOST)
            if on_preview is not None:
                on_preview(FingerImage(_faint(image.image, contrast), image.dpi))
        self._backstage.take_time(cancel, _LAYING_SECONDS / (len(_SETTLING) + 1))
        if self._backstage.struck_by(Fault.GARBAGE) or self._backstage.struck_by(Fault.FINGER_GARBAGE):
            raise DeviceGarbage("the training fingerprint reader sent a broken picture")
        if self._backstage.struck_by(Fault.DRY_FINGERS):
            return FingerImage(_dry(image.image, attempt), image.dpi)
        return image

    def _somebody(self, cancel: Event) -> Any:
        """Who stands on the stage, once somebody does."""
        since = -1
        while True:
            if cancel.is_set():
                raise CaptureCancelled("no longer waiting for a finger")
            self._backstage.check()
            presence = self._backstage.stage.wait_for_change(since, POLL_SECONDS)
            if presence.traveller is not None:
                if presence.number != self._shown:
                    self._shown, self._attempts = presence.number, {}
                return presence.traveller
            since = presence.number

    def _attempt(self, position: FingerPosition) -> int:
        attempt = self._attempts.get(position, 0)
        self._attempts[position] = attempt + 1
        return attempt

    def _drawn(self, drawing: Future[Laid], cancel: Event) -> Laid:
        while True:
            try:
                return drawing.result(POLL_SECONDS)
            except StillDrawing:
                if cancel.is_set():
                    raise CaptureCancelled("no longer waiting for a finger") from None
                self._backstage.check()
            except DeviceError:
                raise
            except Exception as fault:
                raise DeviceError("a training finger could not be drawn") from fault


def _dry(image: np.ndarray[Any, np.dtype[np.uint8]], seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    chance = np.random.default_rng(seed).normal(size=image.shape).astype(np.float32)
    patches = cv2.GaussianBlur(chance, (0, 0), _DRY_PATCHES)
    touching = np.clip(2 * (patches / patches.std() - 0.8), 0, 0.6)
    return np.ascontiguousarray(_PLATEN + (image.astype(np.float32) - _PLATEN) * touching, np.uint8)


def _faint(image: np.ndarray[Any, np.dtype[np.uint8]], contrast: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.ascontiguousarray(_PLATEN + (image.astype(np.float32) - _PLATEN) * contrast, np.uint8)


class TrainingFingerprintFactory:
    """Entry point ``training-fingerprint``."""

    kind = DeviceKind.FINGERPRINT_READER

    def __call__(self, settings: DriverSettings) -> TrainingFingerprintReader:
        return TrainingFingerprintReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        return (TrainingFingerprintReader(DriverSettings()).info,)

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.training.devices.rehearsal import stage_rehearsal

        return stage_rehearsal(self)


factory = TrainingFingerprintFactory()
