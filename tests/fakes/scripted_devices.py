"""Devices whose every answer is written down beforehand, for tests of worker, supervisor and child process."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from threading import Event

from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import (
    DeviceInfo,
    DeviceKind,
    DocumentScan,
    DriverSettings,
)
from inspection_station.inspection.document import MrzSource


class PluggableReader:
    """A document reader that gives what was put into ``scans`` and can be pulled out by ``plugged = False``."""

    def __init__(self, name: str = "scripted") -> None:
        self.info = DeviceInfo(DeviceKind.DOCUMENT_READER, name, name, frozenset({"mrz"}))
        self.plugged = True
        self.openings = 0
        self.is_open = False
        self.scans: deque[DocumentScan | BaseException] = deque()

    def open(self) -> None:
        self.openings += 1
        if not self.plugged:
            raise DeviceNotFound("nothing attached")
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def probe(self) -> None:
        if not self.is_open:
            raise DeviceError("closed")
        if not self.plugged:
            raise DeviceUnplugged("pulled out")

    def await_document(self, cancel: Event) -> DocumentScan:
        while True:
            self.probe()
            if cancel.wait(0.005):
                raise CaptureCancelled("stopped")
            if self.scans:
                scan = self.scans.popleft()
                if isinstance(scan, BaseException):
                    raise scan
                return scan


class TreacherousReader(PluggableReader):
    """Runs in a child process and does there what C libraries do: crash, hang, talk nonsense."""

    def __init__(self, deed: str) -> None:
        super().__init__("treacherous")
        self.deed = deed

    def await_document(self, cancel: Event) -> DocumentScan:
        deeds: dict[str, Callable[[], None]] = {
            "crash": lambda: os.kill(os.getpid(), 9),
            "abort": os.abort,
            "hang": lambda: time.sleep(60),
            "garbage": self._garbage,
            "bug": self._bug,
            "wait": lambda: None,
        }
        if self.deed == "scan":
            return DocumentScan(MrzSource.SWIPE, "A line")
        deeds[self.deed]()
        return super().await_document(cancel)

    def probe(self) -> None:
        if self.deed == "hang in probe":
            time.sleep(60)
        super().probe()

    @staticmethod
    def _garbage() -> None:
        raise DeviceGarbage("nonsense", code="DOC-01")

    @staticmethod
    def _bug() -> None:
        raise ZeroDivisionError("a bug")


class TreacherousFactory:
    """``module:attribute`` target for the child process."""

    kind = DeviceKind.DOCUMENT_READER

    def __call__(self, settings: DriverSettings) -> TreacherousReader:
        return TreacherousReader(str(settings.values.get("deed", "scan")))

    def attached(self) -> tuple[DeviceInfo, ...]:
        return ()


treacherous = TreacherousFactory()
