"""What a driver implements. Each port is small, blocking, and cancelled by an Event polled at least every 100 ms.

A driver runs on its own device thread and knows nothing of inspections, Qt or the store. Rules every driver keeps
(checked by ``hardware.conformance``): ``open`` twice is harmless, ``close`` always succeeds, a call on a closed device
raises DeviceError, an unplugged device raises DeviceUnplugged and can be opened again, garbage raises DeviceGarbage, a
set cancel event ends any wait within 300 ms with CaptureCancelled, and no error text holds personal data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.inspection.document import MrzSource

Image = npt.NDArray[np.uint8]
"""Height x width x 3, BGR, or height x width grey; contiguous."""


class DeviceKind(StrEnum):
    """What a device is for; a profile names one driver a kind."""

    DOCUMENT_READER = "document reader"
    CHIP_READER = "chip reader"
    CAMERA = "camera"
    FINGERPRINT_READER = "fingerprint reader"


class DeviceState(StrEnum):
    """As the health strip shows it."""

    ABSENT = "absent"
    OPENING = "opening"
    READY = "ready"
    BUSY = "busy"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """Who a device is. ``capabilities`` says what it gives: ``page image``, ``mrz``, ``chip`` ..."""

    kind: DeviceKind
    driver: str
    name: str
    capabilities: frozenset[str] = frozenset()
    training: bool = False


@dataclass(frozen=True, slots=True)
class DocumentScan:
    """One presented document. ``text`` is what a swipe or wedge reader sent (undecoded lines joined by newlines);
    ``image`` is an encoded page picture (JPEG, PNG) where the reader gives one. At least one of the two is there.
    ``device_ms`` is what the device took from the document lying still to the scan, 0 where it cannot tell.
    """

    source: MrzSource
    text: str | None = None
    image: bytes | None = None
    device_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A live camera picture: BGR, height x width x 3. ``monotonic`` in seconds."""

    image: Image
    monotonic: float
    sequence: int


@dataclass(frozen=True, slots=True)
class FingerImage:
    """A live finger: grey, height x width, ridges dark, with its resolution in dots per inch."""

    image: Image
    dpi: int


@runtime_checkable
class Device(Protocol):
    """Common to all. ``open`` raises DeviceNotFound; ``probe`` raises DeviceError when an open device has gone away."""

    @property
    def info(self) -> DeviceInfo: ...
    def open(self) -> None: ...
    def close(self) -> None: ...
    def probe(self) -> None: ...


class DocumentReader(Device, Protocol):
    """Waits for a document to be placed or swiped and returns it once."""

    def await_document(self, cancel: Event) -> DocumentScan: ...


class ChipConnection(Protocol):
    """An open channel to one chip. ``transmit`` takes a command APDU and returns data + status word (ISO/IEC 7816-4).

    Raises CardRemoved when the chip leaves the field, DeviceGarbage for an answer shorter than two bytes.
    """

    @property
    def answer_to_reset(self) -> bytes: ...
    def transmit(self, command: bytes) -> bytes: ...
    def disconnect(self) -> None: ...


class ChipReader(Device, Protocol):
    """Waits for a chip in the field. Raises NoCard after ``timeout`` seconds."""

    def connect(self, cancel: Event, timeout: float) -> ChipConnection: ...


class Camera(Device, Protocol):
    """Gives the newest frame; blocks until one newer than ``after`` (a sequence number) is there."""

    def next_frame(self, cancel: Event, after: int = -1) -> Frame: ...


FingerPreview = Callable[[FingerImage], None]
"""Called on the device thread with each live picture before the final one; must return quickly and not raise."""


class FingerprintReader(Device, Protocol):
    """Waits for a finger and returns its picture.

    ``finger`` is what the traveller was asked for; readers that cannot tell fingers apart take any. One finger laid
    down is one picture: it must be lifted before the next capture gives another.
    """

    def capture(
        self, cancel: Event, finger: FingerPosition | None = None, on_preview: FingerPreview | None = None
    ) -> FingerImage: ...


@dataclass(frozen=True, slots=True)
class DriverSettings:
    """The profile's table for one device, e.g. ``{"port": "/dev/ttyUSB0"}``. The factory raises ValueError for an
    unknown key.
    """

    values: Mapping[str, Any] = field(default_factory=dict)


class DriverFactory(Protocol):
    """An entry point of the group ``inspection_station.drivers``: makes a device, without opening it.

    ``kind`` tells the registry what it makes; ``attached`` lists what can be seen now (used by ``doctor``).
    """

    @property
    def kind(self) -> DeviceKind: ...
    def __call__(self, settings: DriverSettings) -> Device: ...
    def attached(self) -> tuple[DeviceInfo, ...]: ...
