"""Captures that stand in for OpenCV's, and a camera that plays a list of pictures."""

from __future__ import annotations

import time
from threading import Event

import numpy as np

from inspection_station.hardware.errors import CaptureCancelled, DeviceError
from inspection_station.hardware.ports import DeviceInfo, DeviceKind, Frame


class PluggableCapture:
    """One camera on a bus: ``plugged``, ``hanging`` (until released) and ``picture`` are set by the test."""

    def __init__(self) -> None:
        self.plugged = True
        self.hang_on_open = Event()
        self.hang_on_read = Event()
        self.hang_on_open.set()
        self.hang_on_read.set()
        self.picture: object = np.full((48, 64, 3), 90, np.uint8)
        self.released = 0

    def __call__(self, source: str, width: int, height: int, rate: int) -> PluggableCapture:
        self.hang_on_open.wait(20)
        return self

    def isOpened(self) -> bool:
        return self.plugged

    def read(self) -> tuple[bool, object]:
        self.hang_on_read.wait(20)
        time.sleep(0.005)
        return self.plugged, self.picture

    def release(self) -> None:
        self.released += 1


class PlayedCamera:
    """Plays pictures with a clock of its own, 30 a second; when they end, the wait is cancelled."""

    def __init__(self, pictures: list[np.ndarray]) -> None:
        self.info = DeviceInfo(DeviceKind.CAMERA, "played", "played camera")
        self.pictures = pictures
        self.position = 0
        self.is_open = False

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def probe(self) -> None:
        if not self.is_open:
            raise DeviceError("closed")

    def next_frame(self, cancel: Event, after: int = -1) -> Frame:
        self.probe()
        if cancel.is_set() or self.position >= len(self.pictures):
            raise CaptureCancelled("the pictures have ended")
        picture = self.pictures[self.position]
        self.position += 1
        return Frame(picture, self.position / 30, self.position)
