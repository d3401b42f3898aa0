"""Devices and instruments on the bench: every answer is written down by the test beforehand."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import deque
from collections.abc import Sequence
from datetime import date, datetime
from threading import Event
from typing import Any

import numpy as np
from core_builders import compared, searched, zone

from inspection_station.desk.ports import CapturedFace, ChipAnswer, StepFault
from inspection_station.hardware.errors import CaptureCancelled, DeviceError, DeviceNotFound, DeviceUnplugged
from inspection_station.hardware.ports import DeviceInfo, DeviceKind, DocumentScan, Frame
from inspection_station.inspection.biometrics import ComparisonResult
from inspection_station.inspection.chip import AccessProtocol, CheckResult, ChipCheck, ChipReading
from inspection_station.inspection.document import BlobRef, MachineReadableZone
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.watchlist import ListConsulted, WatchlistResult
from inspection_station.matching.ports import FacePrompt

PATIENCE = 60.0


class Gate:
    """Work passes while it is open."""

    def __init__(self) -> None:
        self._open = Event()
        self._open.set()
        self.reached = Event()

    def shut(self) -> None:
        self.reached.clear()
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def pass_through(self, cancel: Event | None = None) -> None:
        self.reached.set()
        until = time.monotonic() + PATIENCE
        while not self._open.wait(0.005):
            if cancel is not None and cancel.is_set():
                raise CaptureCancelled("stopped")
            if time.monotonic() > until:
                raise AssertionError("a gate was never opened")


class BenchDevice:
    """What all devices on the bench have: a plug, and faults to raise at the next call."""

    def __init__(self, kind: DeviceKind) -> None:
        self.info = DeviceInfo(kind, "bench", f"bench {kind.value}")
        self.plugged = True
        self.faults: deque[BaseException] = deque()
        self.gate = Gate()
        self._open = False

    def open(self) -> None:
        if not self.plugged:
            raise DeviceNotFound("nothing attached")
        self._open = True

    def close(self) -> None:
        self._open = False

    def probe(self) -> None:
        if not self._open:
            raise DeviceError("closed")
        if not self.plugged:
            raise DeviceUnplugged("pulled out")

    def ready(self) -> None:
        self.probe()
        if self.faults:
            raise self.faults.popleft()


class BenchReader(BenchDevice):
    def __init__(self) -> None:
        super().__init__(DeviceKind.DOCUMENT_READER)
        self.scans: deque[DocumentScan] = deque()
        self.waiting = Event()

    def await_document(self, cancel: Event) -> DocumentScan:
        while True:
            self.ready()
            self.waiting.set()
            if self.scans:
                self.waiting.clear()
                return self.scans.popleft()
            if cancel.wait(0.003):
                self.waiting.clear()
                raise CaptureCancelled("stopped")


class BenchChip(BenchDevice):
    def __init__(self) -> None:
        super().__init__(DeviceKind.CHIP_READER)
        self.heeds_cancel = True

    def connect(self, cancel: Event, timeout: float) -> Any:
        self.ready()
        self.gate.pass_through(cancel if self.heeds_cancel else None)
        self.ready()
        return self

    answer_to_reset = b""

    def transmit(self, command: bytes) -> bytes:
        return b"\x90\x00"

    def disconnect(self) -> None:
        """Nothing is held."""


class BenchCamera(BenchDevice):
    def __init__(self) -> None:
        super().__init__(DeviceKind.CAMERA)
        self._number = 0

    def next_frame(self, cancel: Event, after: int = -1) -> Frame:
        self.ready()
        if cancel.wait(0.002):
            raise CaptureCancelled("stopped")
        self._number = max(self._number, after) + 1
        return Frame(np.zeros((4, 4, 3), np.uint8), time.monotonic(), self._number)


class BenchZones:
    """``zones`` or faults are given in order; then the plain zone for ever."""

    def __init__(self) -> None:
        self.answers: deque[MachineReadableZone | Exception] = deque()
        self.gate = Gate()
        self.taiwan_id = False

    def _next(self) -> MachineReadableZone:
        answer = self.answers.popleft() if self.answers else zone()
        self.gate.pass_through()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def from_image(self, data: bytes, today: date) -> MachineReadableZone:
        return self._next()

    def from_text(self, text: str, today: date) -> MachineReadableZone:
        return self._next()

    def from_typing(self, first: str, second: str, today: date) -> MachineReadableZone:
        if first != second:
            raise StepFault("DOC-09", "1:3")
        return self._next()

    def taiwan_id_valid(self, mrz: MachineReadableZone) -> bool:
        return self.taiwan_id

    def holder(self, mrz: MachineReadableZone) -> PersonClass | None:
        return None

    def expired(self, mrz: MachineReadableZone, today: date) -> bool | None:
        return False


class BenchChips:
    """Reads a portrait of its own from every chip, or raises what is in ``faults``."""

    portraits = (b"a chip portrait %d" % n for n in itertools.count())

    def __init__(self) -> None:
        self.faults: deque[Exception] = deque()
        self.with_portrait: list[bool] = []
        self.numbers: list[str] = []

    def read(
        self,
        connection: Any,
        mrz: MachineReadableZone,
        *,
        with_portrait: bool,
        at: datetime,
        cancel: Event,
        reconnect: object = None,
        can: str = "",
    ) -> ChipAnswer:
        self.numbers.append(can)
        self.with_portrait.append(with_portrait)
        if self.faults:
            raise self.faults.popleft()
        data = next(self.portraits) if with_portrait else None
        return ChipAnswer(chip_reading(data), data, 5.0)


def chip_reading(portrait: bytes | None) -> ChipReading:
    ref = BlobRef(hashlib.sha256(portrait).hexdigest(), "image/jp2", len(portrait)) if portrait else None
    good = ChipCheck("5.6.4.2", "data-group-hash", CheckResult.SUCCESSFUL, "DG1 DG2")
    return ChipReading(AccessProtocol.BAC, (), None, ref, (good,))


class BenchFaces:
    """A capture is complete with the third frame; ``prompt`` other than GOOD keeps it from that. No two are alike."""

    numbers = itertools.count()

    def __init__(self) -> None:
        self.prompt = FacePrompt.GOOD
        self.faults: deque[Exception] = deque()
        self.results: tuple[ComparisonResult, ...] = compared().results
        self.templates: list[object | None] = []
        self.gate = Gate()

    def burst(self) -> BenchBurst:
        return BenchBurst(self)

    def compare(
        self, probe: bytes, reference: bytes, probe_template: object | None = None
    ) -> tuple[ComparisonResult, ...]:
        self.gate.pass_through()
        self.templates.append(probe_template)
        if self.faults:
            raise self.faults.popleft()
        return self.results


class BenchBurst:
    def __init__(self, owner: BenchFaces) -> None:
        self._owner = owner
        self._good = 0

    def feed(self, image: Any, sequence: int) -> FacePrompt:
        if self._owner.faults:
            raise self._owner.faults.popleft()
        self._good += self._owner.prompt is FacePrompt.GOOD
        return self._owner.prompt

    def result(self) -> CapturedFace | None:
        if self._good < 3:
            return None
        return CapturedFace(b"\xff\xd8 a live face %d" % next(self._owner.numbers), "image/jpeg", 0.9, (), "template")


class BenchLists:
    def __init__(self) -> None:
        self.result: WatchlistResult = searched().result
        self.faults: deque[Exception] = deque()

    def search(self, mrz: MachineReadableZone, now: datetime) -> WatchlistResult:
        if self.faults:
            raise self.faults.popleft()
        return self.result

    def lists(self, now: datetime) -> Sequence[tuple[ListConsulted, float]]:
        return [(consulted, 1.0) for consulted in self.result.consulted]
