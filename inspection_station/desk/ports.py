"""What the desk needs of the rooms below it, so that real ones and fakes of the same shape drive it alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from threading import Event as Cancel
from typing import Protocol

from inspection_station.documents.emrtd.finger_images import FingerImage
from inspection_station.hardware.ports import ChipConnection, Image
from inspection_station.inspection.biometrics import ComparisonResult
from inspection_station.inspection.chip import ChipReading
from inspection_station.inspection.clearance import ClearanceResult
from inspection_station.inspection.document import MachineReadableZone
from inspection_station.inspection.events import Event
from inspection_station.inspection.face_search import FaceProbe, FaceSearchResult
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.watchlist import ListConsulted, WatchlistResult
from inspection_station.matching.ports import FacePrompt
from inspection_station.storage.values import SealedRecord


class Clock(Protocol):
    """Time is passed in. ``now`` is UTC and aware; ``monotonic`` in seconds."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


class StepFault(Exception):
    """A step that cannot be done: ``code`` for the officer, ``detail`` without personal data."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail


class ZoneReader(Protocol):
    """Zones from a page picture or from text. Raises StepFault (DOC-…)."""

    def from_image(self, data: bytes, today: date) -> MachineReadableZone: ...
    def from_text(self, text: str, today: date) -> MachineReadableZone: ...
    def from_typing(self, first: str, second: str, today: date) -> MachineReadableZone: ...
    def taiwan_id_valid(self, mrz: MachineReadableZone) -> bool: ...
    def holder(self, mrz: MachineReadableZone) -> PersonClass | None: ...
    def expired(self, mrz: MachineReadableZone, today: date) -> bool | None: ...


@dataclass(frozen=True, slots=True)
class ChipAnswer:
    """A reading and the bytes that ``reading.portrait`` refers to; ``device_ms`` is the device's part of the time;
    ``fingers`` are the encoded pictures of DG3, which go nowhere but into a comparison.
    """

    reading: ChipReading
    portrait: bytes | None
    device_ms: float
    fingers: tuple[FingerImage, ...] = field(default=(), repr=False)


class ChipInspector(Protocol):
    """Opens, reads and verifies a chip; ``reconnect`` waits for a document that was moved in the middle of it. ``can``:
    the access number printed on it, which opens it instead of the zone. Raises StepFault (CHP-…) and DeviceError.
    """

    def read(
        self,
        connection: ChipConnection,
        mrz: MachineReadableZone,
        *,
        with_portrait: bool,
        at: datetime,
        cancel: Cancel,
        reconnect: Callable[[], ChipConnection] | None = None,
        can: str = "",
    ) -> ChipAnswer: ...


@dataclass(frozen=True, slots=True)
class CapturedFace:
    """The best frame of a burst: encoded picture, quality 0…1, what was not assessed.

    ``template`` is the comparer's own, over the whole burst; it lives and goes with the picture.
    """

    picture: bytes
    media_type: str
    quality: float
    not_assessed: tuple[str, ...]
    template: object | None = None


class FaceBurst(Protocol):
    """One capture. ``feed`` judges a frame and says the prompt; ``result`` is there once enough frames were good."""

    def feed(self, image: Image, sequence: int) -> FacePrompt: ...
    def result(self) -> CapturedFace | None: ...


class FaceComparer(Protocol):
    """Faces for the desk. ``compare`` takes encoded pictures; raises StepFault (BIO-…).

    ``probe_template``: the template that was captured with the probe, where there is one. Nothing is kept of either.
    """

    def burst(self) -> FaceBurst: ...
    def compare(
        self, probe: bytes, reference: bytes, probe_template: object | None = None
    ) -> tuple[ComparisonResult, ...]: ...


@dataclass(frozen=True, slots=True)
class GroupsAnswer:
    """A search with the encoded photographs of candidates by (group, reference id), where the station holds one."""

    result: FaceSearchResult
    pictures: Mapping[tuple[str, str], bytes] = field(default_factory=dict, repr=False)


class FaceGroups(Protocol):
    """Groups of people on this station. Raises StepFault (GRP-…). Nothing is kept of the probe.

    ``template``: the one that was captured with the picture, where there is one.
    """

    def search(self, picture: bytes, template: object | None, probe: FaceProbe, now: datetime) -> GroupsAnswer: ...


class HistoryPhotographs(Protocol):
    """Photographs of earlier entries by document number, encoded; None: there is none. Raises StepFault (HIS-01)."""

    def photograph(self, document_number: str, now: datetime) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class ClearanceAnswer:
    """What the list says, and the chip's portrait as the pre-clearance left it, encoded."""

    result: ClearanceResult
    portrait: bytes | None = field(default=None, repr=False)


class Clearances(Protocol):
    """Who was inspected before landing. Raises StepFault (PRE-03, PRE-04, PRE-05): not checked."""

    def check(
        self, document_number: str, issuing_state: str, now: datetime, *, with_portrait: bool
    ) -> ClearanceAnswer: ...


class ListSearcher(Protocol):
    """Control lists at hand."""

    def search(self, mrz: MachineReadableZone, now: datetime) -> WatchlistResult: ...
    def lists(self, now: datetime) -> Sequence[tuple[ListConsulted, float]]: ...


class OutboxView(Protocol):
    """What waits for headquarters."""

    @property
    def unsent(self) -> int: ...
    @property
    def oldest_seconds(self) -> float | None: ...


class Unfinished(Protocol):
    """An inspection that a crash interrupted, with its events in order."""

    @property
    def inspection_id(self) -> str: ...
    @property
    def events(self) -> Sequence[Event]: ...


class RecordStore(Protocol):
    """The store as the desk uses it. ``seal``'s future fails with an exception that has ``code``."""

    def journal(self, inspection_id: str, event: Event) -> None: ...
    def seal(self, record: InspectionRecord, blobs: Mapping[str, bytes], event: Event) -> Future[SealedRecord]: ...
    def unfinished(self) -> Sequence[Unfinished]: ...
    def discard_journal(self, inspection_id: str) -> None: ...
    def count_today(self, day: date, zone: tzinfo) -> int: ...
    def outbox_status(self) -> OutboxView: ...
