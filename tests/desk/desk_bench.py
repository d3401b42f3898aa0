"""A desk on the bench: the real desk and store, with devices and instruments whose every answer a test writes down."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench_instruments import (
    PATIENCE,
    BenchBurst,
    BenchCamera,
    BenchChip,
    BenchChips,
    BenchFaces,
    BenchLists,
    BenchReader,
    BenchZones,
    chip_reading,
)

from inspection_station.desk.commands import Command
from inspection_station.desk.effect_runner import Instruments
from inspection_station.desk.inspection_desk import DeskSettings, InspectionDesk
from inspection_station.desk.late_hits import person_on
from inspection_station.desk.officer_session import OfficerSession, new_entry
from inspection_station.desk.view import DeskSnapshot
from inspection_station.hardware.ports import DocumentScan
from inspection_station.hardware.supervisor import DeviceRack, Rhythm
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.inspection import Stage
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore
from inspection_station.storage.values import StoredRecord

__all__ = ["PAGE", "SCAN", "Bench", "BenchBurst", "BenchCamera", "BenchChips", "blobs_of", "chip_reading"]

PAGE = b"\xff\xd8 the page "
SCAN = DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"1", device_ms=3.0)


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
        groups: Any = None,
        history: Any = None,
        fingers: Any = None,
        finger_reader: Any = None,
        finger_timeout: float = 30.0,
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
            (self.reader, self.chip, self.camera, *([finger_reader] if finger_reader is not None else [])),
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
            groups=groups,
            history=history,
            fingers=fingers,
            finger_timeout=finger_timeout,
        )
        settings = DeskSettings(
            scenario, "m-1", "bench", True, "test", lambda: f"i-{next(Bench._ids):04d}", undo_seconds=undo_seconds
        )
        self.kept_store = wrap_store(self.store)
        self.desk = InspectionDesk(settings, instruments, self.kept_store, session, self.store.late_hits, self._person)
        self.store.late_hits.on_arrival = self.desk.late_hits_arrived
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

    def _person(self, inspection_id: str) -> str:
        return person_on(self.store.record(inspection_id))

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
