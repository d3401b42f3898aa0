"""USB cameras (UVC) through OpenCV. Its calls may hang for ever, so they run on a thread of their own with a limit.

With ``isolate`` the camera runs in a child process as well, which also survives a crash inside the driver.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any, Final, Protocol

import numpy as np

from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DeviceInfo, DeviceKind, DriverSettings, Frame, Image
from inspection_station.hardware.settings import SettingsReader

log = logging.getLogger(__name__)

DRIVER: Final = "uvc-camera"
_POLL_SECONDS: Final = 0.05
_FAILURES_IN_ROW: Final = 5


class Capture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used."""

    def isOpened(self) -> bool: ...
    def read(self) -> tuple[bool, Any]: ...
    def release(self) -> None: ...


OpenCapture = Callable[[str, int, int, int], Capture]
"""Source (number, path), width, height in pixels, frames a second."""


def open_capture(source: str, width: int, height: int, rate: int) -> Capture:
    """OpenCV's capture of a camera number, a device path or a video file; MJPEG is asked for, since raw is slow."""
    import cv2

    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_ERROR
    )  # its own complaints about absent devices say nothing more than our error does
    if os.name == "posix" and (source.isdigit() or source.startswith("/dev/")):
        capture = cv2.VideoCapture(int(source) if source.isdigit() else source, cv2.CAP_V4L2)
    else:
        capture = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if capture.isOpened():
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, rate)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


class _Grabber:
    """Owns one capture on one thread: opens it, keeps the newest frame, releases it. Never touched by two threads."""

    def __init__(self, open_it: Callable[[], Capture], rotate: int, pause: float, first: int) -> None:
        self._open_it = open_it
        self._turns = rotate // 90
        self._pause = pause
        self.next_sequence = first
        self.changed = Condition()
        self.opened: bool | None = None
        self.newest: Frame | None = None
        self.fault: DeviceError | None = None
        self._ending = False
        self._thread = Thread(target=self._run, name="uvc-camera", daemon=True)
        self._thread.start()

    def end(self, patience: float) -> bool:
        """False when the thread hangs in OpenCV; it then ends by itself when the call returns."""
        with self.changed:
            self._ending = True
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            capture = self._open_it()
        except Exception as fault:  # OpenCV raises its own error class, vendors' back ends anything
            self._tell(fault=DeviceNotFound(f"the camera cannot be opened: {type(fault).__name__}"))
            return
        try:
            if capture.isOpened():
                self._tell(opened=True)
                self._grab(capture)
            else:
                self._tell(fault=DeviceNotFound("no such camera, or another program uses it"))
        except Exception as fault:  # as above; the waiting call raises it as a fault of the device
            self._tell(fault=DeviceUnplugged(f"the camera failed: {type(fault).__name__}"))
        finally:
            capture.release()

    def _grab(self, capture: Capture) -> None:
        failures = 0
        while not self._ending:
            good, picture = capture.read()
            if not good:
                failures += 1
                if failures >= _FAILURES_IN_ROW:
                    self._tell(fault=DeviceUnplugged("the camera gives no more pictures"))
                    return
                time.sleep(_POLL_SECONDS / 5)
                continue
            failures = 0
            try:
                image = _as_image(picture, self._turns)
            except DeviceGarbage as fault:
                self._tell(fault=fault)
                return
            self._tell(newest=Frame(image, time.monotonic(), self.next_sequence))
            self.next_sequence += 1
            if self._pause:
                time.sleep(self._pause)

    def _tell(
        self, *, opened: bool | None = None, newest: Frame | None = None, fault: DeviceError | None = None
    ) -> None:
        with self.changed:
            self.opened = opened if opened is not None else self.opened
            self.newest = newest or self.newest
            self.fault = fault or self.fault
            self.changed.notify_all()


def _as_image(picture: Any, turns: int) -> Image:
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim not in (2, 3):
        raise DeviceGarbage("the camera gave something that is no picture")
    if picture.ndim == 3 and picture.shape[2] != 3:
        raise DeviceGarbage(f"the camera gave a picture with {picture.shape[2]} channels")
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    return np.ascontiguousarray(np.rot90(picture, -turns) if turns else picture)


class UvcCamera:
    """A camera by number or path. ``rotate`` degrees clockwise; limits in seconds."""

    def __init__(self, settings: DriverSettings, open_with: OpenCapture = open_capture) -> None:
        reader = SettingsReader(DRIVER, settings)
        self._source = reader.take("source", "0")
        size = reader.take("width", 1280, low=160, high=7680), reader.take("height", 720, low=120, high=4320)
        rate = reader.take("rate", 30, low=1, high=240)
        self._rotate = reader.take("rotate", 0, among=(0, 90, 180, 270))
        self._open_limit = reader.take("open_seconds", 5.0, low=0.1, high=60.0)
        self._frame_limit = reader.take("frame_seconds", 2.0, low=0.1, high=60.0)
        reader.finish()
        self._open_it = lambda: open_with(self._source, *size, rate)
        is_file = not self._source.isdigit() and Path(self._source).is_file()
        self._pause = 1.0 / rate if is_file else 0.0  # a film has no clock of its own
        self._grabber: _Grabber | None = None
        self._next_sequence = 0  # goes on after reopening, so that «after» keeps its meaning
        self._info = DeviceInfo(DeviceKind.CAMERA, DRIVER, f"camera {self._source}", frozenset({"frames"}))

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def open(self) -> None:
        """Raises DeviceNotFound, or DeviceStalled when OpenCV does not answer within ``open_seconds``."""
        if self._grabber is not None:
            return
        grabber = _Grabber(self._open_it, self._rotate, self._pause, self._next_sequence)
        with grabber.changed:
            settled = grabber.changed.wait_for(lambda: grabber.opened or grabber.fault, self._open_limit)
            fault = grabber.fault
        if settled and fault is None:
            self._grabber = grabber
            return
        grabber.end(0.0)
        raise fault or DeviceStalled(f"the camera did not open within {self._open_limit:g} s")

    def close(self) -> None:
        grabber, self._grabber = self._grabber, None
        if grabber is None:
            return
        if not grabber.end(1.0):
            log.warning("the camera hangs while it is being closed")
        self._next_sequence = grabber.next_sequence

    def probe(self) -> None:
        grabber = self._opened()
        with grabber.changed:
            fault, newest = grabber.fault, grabber.newest
        if fault is None and newest is not None and time.monotonic() - newest.monotonic > self._frame_limit:
            fault = DeviceStalled("the camera has stopped giving pictures")
        if fault is not None:
            self.close()
            raise fault

    def next_frame(self, cancel: Event, after: int = -1) -> Frame:
        """The newest frame after ``after``. DeviceStalled when none comes within ``frame_seconds``."""
        grabber = self._opened()
        until = time.monotonic() + self._frame_limit
        while True:
            with grabber.changed:
                fault, newest = grabber.fault, grabber.newest
                if fault is None and (newest is None or newest.sequence <= after) and not cancel.is_set():
                    grabber.changed.wait(_POLL_SECONDS)
                    fault, newest = grabber.fault, grabber.newest
            if cancel.is_set():
                raise CaptureCancelled("no longer waiting for a picture")
            if newest is not None and newest.sequence > after:
                return newest
            if fault is None and time.monotonic() > until:
                fault = DeviceStalled(f"no picture within {self._frame_limit:g} s")
            if fault is not None:
                self.close()
                raise fault

    def _opened(self) -> _Grabber:
        if self._grabber is None:
            raise DeviceError("the camera is closed")
        return self._grabber


class UvcCameraFactory:
    """Entry point ``uvc-camera``."""

    kind = DeviceKind.CAMERA

    def __call__(self, settings: DriverSettings) -> Any:
        values = dict(settings.values)
        isolate = SettingsReader(DRIVER, DriverSettings({"isolate": values.pop("isolate", False)}))
        if isolate.take("isolate", False):
            from inspection_station.hardware.child import ChildCamera

            UvcCamera(DriverSettings(values))  # refuses a wrong setting here, not only in the child
            return ChildCamera("inspection_station.hardware.drivers.uvc_camera:factory", DriverSettings(values))
        return UvcCamera(DriverSettings(values))

    def attached(self) -> tuple[DeviceInfo, ...]:
        """Capture nodes that the kernel lists, without opening any. Elsewhere than on Linux: nothing."""
        found = []
        for node in sorted(Path("/dev").glob("video*"), key=lambda p: (len(p.name), p.name)):
            number = re.fullmatch(r"video(\d+)", node.name)
            if number is None or _text(Path("/sys/class/video4linux") / node.name / "index") not in ("0", ""):
                continue  # a camera's further nodes give metadata, not pictures
            name = _text(Path("/sys/class/video4linux") / node.name / "name") or "camera"
            found.append(DeviceInfo(self.kind, DRIVER, f"{node}: {name}", frozenset({"frames"})))
        return tuple(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


factory = UvcCameraFactory()
