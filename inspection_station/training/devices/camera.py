"""The training camera: films whoever stands on the stage, an empty wall otherwise."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from threading import Event
from typing import Final

import cv2
import numpy as np

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import DeviceGarbage
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind, DriverSettings, Frame, Image
from inspection_station.hardware.settings import SettingsReader
from inspection_station.training.devices.backstage import Backstage, common_settings
from inspection_station.training.devices.stage import LivePicture
from inspection_station.training.faults import Fault

DRIVER: Final = "training-camera"
FRAME_SECONDS: Final = 1 / 30
_BREATH_SECONDS: Final = 0.005
"""Even without pace: drawing frames nobody can judge in time would take the processor from those who judge."""
_LOST_AT_FRAME: Final = 3
"""In the middle of a capture: people have been seen, none of the frames is enough yet."""
_WALL_SIZE: Final = (720, 1280, 3)


class TrainingCamera:
    """Thirty frames a second, times ``pace``; with pace 0 as fast as they can be drawn."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        stage, pace = common_settings(reader)
        reader.finish()
        info = DeviceInfo(DeviceKind.CAMERA, DRIVER, "training camera", frozenset({"frames"}), training=True)
        self._backstage = Backstage(info, stage, pace)
        self._sequence = -1
        self._last = 0.0
        self._filmed = -1
        self._index = 0
        self._live: LivePicture | None = None
        self._wall = np.ascontiguousarray(_wall(_WALL_SIZE))

    @property
    def info(self) -> DeviceInfo:
        return self._backstage.info

    def open(self) -> None:
        self._backstage.open()

    def close(self) -> None:
        self._backstage.close()

    def probe(self) -> None:
        self._backstage.check()

    def next_frame(self, cancel: Event, after: int = -1) -> Frame:
        """A fresh frame, numbered above ``after``."""
        self._backstage.check()
        self._backstage.stall_if_told(cancel)
        since = time.monotonic() - self._last
        self._backstage.take_time(cancel, max(0.0, FRAME_SECONDS - since) if self._backstage.pace else 0.0)
        time.sleep(_BREATH_SECONDS)
        if self._backstage.struck_by(Fault.GARBAGE):
            raise DeviceGarbage("the training camera sent a broken picture")
        image = self._picture()
        if self._index == _LOST_AT_FRAME:
            self._backstage.lost_if_told(Fault.CAMERA_LOST)
        self._last = time.monotonic()
        self._sequence = max(self._sequence, after) + 1
        return Frame(image, self._last, self._sequence)

    def _picture(self) -> Image:
        stage = self._backstage.stage
        presence = stage.presence
        if presence.traveller is None:
            self._live = None
            return self._wall
        if self._live is None or presence.number != self._filmed:
            self._live, self._filmed, self._index = stage.props.live(presence.traveller), presence.number, 0
        image = self._live.frame(self._index)
        self._index += 1
        if image.shape != self._wall.shape:
            self._wall = np.ascontiguousarray(_wall(image.shape))
        return self._spoilt(image)

    def _spoilt(self, image: Image) -> Image:
        if self._backstage.struck_by(Fault.NO_FACE):
            image = self._wall
        if self._backstage.struck_by(Fault.THREE_FACES):
            image = _three_of(image, self._wall)
        if self._backstage.struck_by(Fault.DARK):
            image = cv2.convertScaleAbs(image, alpha=0.08)
        return np.ascontiguousarray(image, np.uint8)


def _three_of(image: Image, wall: Image) -> Image:
    """The middle of the picture three times side by side, in the picture's own size."""
    height, width = image.shape[:2]
    side = min(height, width)
    left = (width - side) // 2
    small = cv2.resize(image[:, left : left + side], (width // 3, width // 3), interpolation=cv2.INTER_AREA)
    small = small[: min(height, small.shape[0])]
    together = wall.copy()
    top = (height - small.shape[0]) // 2
    for place in range(3):
        x = place * small.shape[1]
        together[top : top + small.shape[0], x : x + small.shape[1]] = small if place != 1 else small[:, ::-1]
    return together


def _wall(shape: tuple[int, ...]) -> Image:
    """An empty wall: a soft fall of light, nothing a detector could take for a face."""
    height, width = shape[:2]
    light = np.linspace(205, 168, height)[:, None] + np.linspace(-6, 6, width)[None, :]
    return np.repeat(light.astype(np.uint8)[:, :, None], 3, axis=2)


class TrainingCameraFactory:
    """Entry point ``training-camera``."""

    kind = DeviceKind.CAMERA

    def __call__(self, settings: DriverSettings) -> TrainingCamera:
        return TrainingCamera(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        return (TrainingCamera(DriverSettings()).info,)

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.training.devices.rehearsal import stage_rehearsal

        return stage_rehearsal(self)


factory = TrainingCameraFactory()
