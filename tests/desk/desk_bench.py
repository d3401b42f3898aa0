"""A desk on the bench: the real desk and store, with devices and instruments whose every answer a test writes down."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from core_builders import compared, searched, zone

from inspection_station.desk.commands import Command
from inspection_station.desk.effect_runner import Instruments
from inspection_station.desk.inspection_desk import DeskSettings, InspectionDesk
from inspection_station.desk.officer_session import OfficerSession, new_entry
from inspection_station.desk.ports import CapturedFace, ChipAnswer, StepFault
from inspection_station.desk.view import DeskSnapshot
from inspection_station.hardware.errors import CaptureCancelled, DeviceError, DeviceNotFound, DeviceUnplugged
from inspection_station.hardware.ports import DeviceInfo, DeviceKind, DocumentScan, Frame
from inspection_station.hardware.supervisor import DeviceRack, Rhythm
from inspection_station.inspection.biometrics import ComparisonResult
from inspection_station.inspection.chip import AccessProtocol, CheckResult, ChipCheck, ChipReading
from inspection_station.inspection.document import BlobRef, MachineReadableZone, MrzSource
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.watchlist import ListConsulted, WatchlistResult
from inspection_station.matching.ports import FacePrompt
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore
from inspection_station.storage.values import StoredRecord

PATIENCE = 10.0
PAGE = b"\xff\xd8 the page "
SCAN = DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"1", device_ms=3.0)


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

    def expired(self, mrz: MachineReadableZone, today: date) -> bool | None:
        return False


class BenchChips:
    """Reads a portrait of its own from every chip, or raises what is in ``faults``."""

    portraits = (b"a chip portrait %d" % n for n in itertools.count())

    def __init__(self) -> None:
        self.faults: deque[Exception] = deque()
        self.with_portrait: list[bool] = []

    def read(
        self, connection: Any, mrz: MachineReadableZone, *, with_portrait: bool, at: datetime, cancel: Event
    ) -> ChipAnswer:
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


class BenchClock:
    """The machine's clock, which a test may push forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def push(self, seconds: float) -> None:
        self._ahead += seconds

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead


class Bench:
    """Everything of one desk. ``place`` lays a document down, ``until`` waits for a snapshot."""

    _ids = itertools.count(1)

    def __init__(
        self,
        folder: Path,
        *,
        scenario: str = "quayside",
        undo_seconds: float = 10.0,
        face_timeout: float = 30.0,
        zones: Any = None,
        wrap_store: Callable[[StationStore], Any] = lambda store: store,
        start: bool = True,
    ) -> None:
        self.clock = BenchClock()
        mark_training_folder(folder)
        self.folder = folder
        self.store = StationStore.open(folder, TrainingFolderKeys(folder), station_id="B-1", clock=self.clock)
        self.zones = BenchZones()
        self.chips, self.faces, self.lists = BenchChips(), BenchFaces(), BenchLists()
        self.reader, self.chip, self.camera = BenchReader(), BenchChip(), BenchCamera()
        self.pool = ThreadPoolExecutor(2)
        self.rack = DeviceRack(
            (self.reader, self.chip, self.camera),
            self._device_changed,
            rhythm=Rhythm(probe=0.05, first=0.02, longest=0.05),
        )
        session = OfficerSession(
            "o-1", (new_entry("o-1", "1", may_second=True), new_entry("o-2", "2", may_second=True))
        )
        instruments = Instruments(
            self.rack,
            zones or self.zones,
            self.chips,
            self.faces,
            self.lists,
            self.pool,
            self.clock,
            chip_timeout=1.0,
            face_timeout=face_timeout,
        )
        settings = DeskSettings(
            scenario, "m-1", "bench", True, "test", lambda: f"i-{next(Bench._ids):04d}", undo_seconds=undo_seconds
        )
        self.kept_store = wrap_store(self.store)
        self.desk = InspectionDesk(settings, instruments, self.kept_store, session)
        self.store.on_fault(lambda fault: self.desk.store_changed(fault.code if fault is not None else None))
        self._changed = threading.Condition()
        self.snapshots: list[DeskSnapshot] = []
        self.desk.subscribe(self._seen)
        self._closed = False
        if start:
            self.desk.start()
            self.until(lambda s: s.sequence > 0)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for gate in (self.chip.gate, self.zones.gate, self.faces.gate):
            gate.open()
        self.desk.stop()
        self.rack.close()
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.store.close()

    def place(self, scan: DocumentScan = SCAN) -> None:
        self.reader.scans.append(scan)

    def post(self, *commands: Command) -> None:
        for command in commands:
            self.desk.post(command)

    def until(self, wanted: Callable[[DeskSnapshot], object], seconds: float = PATIENCE) -> DeskSnapshot:
        """The first snapshot from now on, or the newest, of which ``wanted`` is true."""
        until = time.monotonic() + seconds
        while not wanted(snapshot := self.desk.snapshot()):
            if time.monotonic() > until:
                raise AssertionError(f"never came: {describe(snapshot)}")
            with self._changed:
                self._changed.wait(0.02)
        return snapshot

    def until_stage(self, stage: Stage) -> DeskSnapshot:
        return self.until(
            lambda s: s.inspection is not None and s.inspection.stage is stage and not s.inspection.running
        )

    def until_ready(self) -> DeskSnapshot:
        return self.until(lambda s: s.inspection is None)

    def until_armed(self) -> None:
        if not self.reader.waiting.wait(PATIENCE):
            raise AssertionError("the reader waits for no document")

    def settle(self) -> DeskSnapshot:
        """After everything posted so far."""
        before = self.desk.snapshot().sequence
        unsubscribe = self.desk.subscribe(lambda snapshot: None)  # posts a message of its own
        snapshot = self.until(lambda s: s.sequence > before)
        unsubscribe()
        return snapshot

    def records(self) -> list[StoredRecord]:
        """Oldest first."""
        return list(reversed(self.store.records(1000)))

    def alive(self) -> bool:
        """Whether the desk still carries out messages."""
        self.settle()
        return True

    def _seen(self, snapshot: DeskSnapshot) -> None:
        with self._changed:
            self.snapshots.append(snapshot)
            self._changed.notify_all()

    def _device_changed(self, status: Any) -> None:
        desk = getattr(self, "desk", None)
        if desk is not None:
            desk.device_changed(status)


def describe(snapshot: DeskSnapshot) -> str:
    inspection = snapshot.inspection
    if inspection is None:
        return f"ready, notices {[n.code for n in snapshot.notices]}"
    evidence = {step.value: type(found).__name__ for step, found in inspection.evidence.items()}
    notices = [(n.code, n.detail) for n in snapshot.notices]
    return f"{inspection.stage.value}, running {sorted(inspection.running)}, {evidence}, notices {notices}"


def blobs_of(record: StoredRecord) -> set[str]:
    return {kept.purpose for kept in record.record.blobs} if record.record is not None else set()
