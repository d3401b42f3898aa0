"""Carries out effects: on the device's thread, in the matching pool, and answers with events of the same attempt.

Device faults become a missing step here, once. The runner never touches the inspection.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import Any, Protocol

from inspection_station.desk.face_capture import FaceCapture
from inspection_station.desk.face_work import FaceWork, media_type
from inspection_station.desk.finger_capture import FingersCapture
from inspection_station.desk.finger_ports import FingerJudge, FingerSearcher, FingersShown
from inspection_station.desk.finger_work import FingerWork
from inspection_station.desk.ports import (
    ChipAnswer,
    ChipInspector,
    Clearances,
    Clock,
    FaceComparer,
    FaceGroups,
    HistoryPhotographs,
    ListSearcher,
    StepFault,
    ZoneReader,
)
from inspection_station.desk.vault import Vault
from inspection_station.desk.view import FrameSlot
from inspection_station.hardware.errors import CaptureCancelled, DeviceError
from inspection_station.hardware.ports import DeviceKind, DocumentScan
from inspection_station.hardware.supervisor import DeviceRack
from inspection_station.hardware.worker import DeviceCall
from inspection_station.inspection import effects as fx
from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import FaceSample, FingerAbsence, FingerPosition
from inspection_station.inspection.document import MachineReadableZone, MrzSource, TravelDocument
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FacePrompt

log = logging.getLogger(__name__)

_Running = DeviceCall[Any] | FaceCapture | FingersCapture


class Answers(Protocol):
    """Where results go: the desk's mailbox. Safe from any thread."""

    def answer(self, inspection_id: str, event: e.Event) -> None: ...
    def prompt(self, inspection_id: str, prompt: FacePrompt | None) -> None: ...
    def fingers(self, inspection_id: str, shown: FingersShown | None) -> None: ...
    def document_fault(self, inspection_id: str, attempt: int, code: str, detail: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Instruments:
    """Everything that does work for an inspection. ``chip_timeout``, ``face_timeout`` and ``finger_timeout`` (for one
    finger) in seconds. ``fingers`` None: fingers cannot be judged, so none are taken. ``finger_search`` None: nobody is
    asked who else has them. ``waiting``: where steps that may wait for headquarters run instead of ``pool``.
    """

    rack: DeviceRack
    zones: ZoneReader
    chips: ChipInspector
    faces: FaceComparer
    lists: ListSearcher
    pool: Executor
    clock: Clock
    chip_timeout: float = 5.0
    face_timeout: float = 30.0
    groups: FaceGroups | None = None
    history: HistoryPhotographs | None = None
    fingers: FingerJudge | None = None
    finger_timeout: float = 60.0
    clearances: Clearances | None = None
    finger_search: FingerSearcher | None = None
    waiting: Executor | None = None


_MAY_WAIT = frozenset({Step.WATCHLIST, Step.GROUPS, Step.FINGERPRINTS})


class EffectRunner:
    """Runs one inspection's effects at a time; ``cancel_all`` when it closes."""

    def __init__(
        self, instruments: Instruments, vault: Vault, frames: FrameSlot, finger_frames: FrameSlot, answers: Answers
    ) -> None:
        self._tools = instruments
        self._vault = vault
        self._faces = FaceWork(instruments.faces, instruments.groups, instruments.history, vault, instruments.clock)
        self._fingers = FingerWork(vault, instruments.clock, instruments.finger_search)
        self._frames = frames
        self._finger_frames = finger_frames
        self._answers = answers
        self._lock = Lock()
        self._calls: dict[tuple[Step, int], _Running] = {}
        self._can = ("", "")

    def run(self, inspection_id: str, effect: fx.Effect) -> None:
        """Start the work and return at once. Documents come by the armed reader, records go through ``sealing``."""
        match effect:
            case fx.ReadChip():
                self._read_chip(inspection_id, effect)
            case fx.CaptureFace(attempt):
                self._capture_face(inspection_id, attempt)
            case fx.CaptureFingerprints():
                self._capture_fingers(inspection_id, effect)
            case fx.CheckClearance():
                self._in_pool(inspection_id, Step.CLEARANCE, effect.attempt, lambda: self._cleared(effect))
            case fx.CompareFaces():
                self._in_pool(inspection_id, Step.COMPARISON, effect.attempt, lambda: self._faces.compared(effect))
            case fx.SearchFaceGroups():
                self._in_pool(inspection_id, Step.GROUPS, effect.attempt, lambda: self._faces.searched(effect))
            case fx.SearchWatchlists(attempt, mrz):
                self._in_pool(inspection_id, Step.WATCHLIST, attempt, lambda: self._search(attempt, mrz))
            case fx.CancelStep(step, attempt):
                self._cancel(step, attempt)
            case fx.DiscardBiometrics():
                self._fingers.clear()
                self._vault.clear()
            case fx.ReadDocument() | fx.SealRecord():
                raise TypeError(f"not the runner's work: {type(effect).__name__}")

    def cancel_all(self) -> None:
        """Stop whatever still runs; its answers would be late anyway."""
        with self._lock:
            keys = tuple(self._calls)
        for step, attempt in keys:
            self._cancel(step, attempt)
        self._fingers.clear()

    def note_finger(self, position: FingerPosition, why: FingerAbsence) -> bool:
        """The finger that is asked for cannot be taken; False when another one is by now."""
        return self._fingers.note(position, why)

    def use_can(self, inspection_id: str, can: str) -> None:
        """The chip of this inspection is opened with the number until its zone is read anew."""
        self._can = (inspection_id, can)

    def typed(self, inspection_id: str, attempt: int, today: date, first: str, second: str) -> None:
        """A zone typed twice answers the running document step."""
        started = self._tools.clock.monotonic()

        def work() -> None:
            try:
                mrz = self._tools.zones.from_typing(first, second, today)
            except StepFault as fault:
                self._answers.document_fault(inspection_id, attempt, fault.code, fault.detail)
                return
            self._document_read(inspection_id, attempt, today, mrz, MrzSource.MANUAL, None, started, 0.0)

        self._tools.pool.submit(self._guarded(inspection_id, Step.DOCUMENT, attempt, work))

    # Documents

    def read_zone(self, inspection_id: str, attempt: int, today: date, scan: DocumentScan) -> None:
        """Read the zone of a scan in the pool; answers DocumentRead, or tells the desk why not."""
        started = self._tools.clock.monotonic()

        def work() -> None:
            try:
                if scan.text is not None:
                    mrz = self._tools.zones.from_text(scan.text, today)
                elif scan.image is not None:
                    mrz = self._tools.zones.from_image(scan.image, today)
                else:
                    raise StepFault("DOC-01", "the reader gave neither text nor picture")
            except StepFault as fault:
                self._answers.document_fault(inspection_id, attempt, fault.code, fault.detail)
                return
            self._document_read(inspection_id, attempt, today, mrz, scan.source, scan.image, started, scan.device_ms)

        self._tools.pool.submit(self._guarded(inspection_id, Step.DOCUMENT, attempt, work))

    def _document_read(
        self,
        inspection_id: str,
        attempt: int,
        today: date,
        mrz: MachineReadableZone,
        source: MrzSource,
        image: bytes | None,
        started: float,
        device_ms: float,
    ) -> None:
        self._can = ("", "")
        zones = self._tools.zones
        page = self._vault.put(image, media_type(image)) if image is not None else None
        spent = (self._tools.clock.monotonic() - started) * 1000
        self._answers.answer(
            inspection_id,
            e.DocumentRead(
                attempt,
                spent + device_ms,
                device_ms,
                TravelDocument(mrz, source, page),
                zones.taiwan_id_valid(mrz),
                zones.expired(mrz, today),
                zones.holder(mrz),
            ),
        )

    # Chip

    def _read_chip(self, inspection_id: str, effect: fx.ReadChip) -> None:
        reader = self._tools.rack.of_kind(DeviceKind.CHIP_READER)
        attempt = effect.attempt
        if reader is None:
            self._fail(inspection_id, Step.CHIP, attempt, "DEV-01", "no chip reader in this profile")
            return
        clock, chips, timeout = self._tools.clock, self._tools.chips, self._tools.chip_timeout
        can = self._can[1] if self._can[0] == inspection_id else ""
        started = clock.monotonic()

        def work(device: Any, cancel: Any) -> ChipAnswer | StepFault:
            before = clock.monotonic()
            connection = device.connect(cancel, timeout)
            waited = (clock.monotonic() - before) * 1000
            try:
                answer = chips.read(
                    connection,
                    effect.mrz,
                    with_portrait=effect.with_portrait,
                    at=clock.now(),
                    cancel=cancel,
                    reconnect=lambda: device.connect(cancel, timeout),
                    can=can,
                )
            except StepFault as fault:  # the chip's fault: raised on, the supervisor would take it for the reader's
                return fault
            finally:
                connection.disconnect()
            return replace(answer, device_ms=answer.device_ms + waited)

        self._fingers.chip.reading(attempt)
        call = reader.submit(work)
        self._remember(Step.CHIP, attempt, call)

        def done(future: Future[ChipAnswer | StepFault]) -> None:
            self._drop(Step.CHIP, attempt, call)
            fault = CaptureCancelled("not begun") if future.cancelled() else future.exception()
            answer = fault or future.result()
            fingers = answer.fingers if isinstance(answer, ChipAnswer) and effect.with_portrait else ()
            self._fingers.chip.read(attempt, fingers)
            if isinstance(fault, CaptureCancelled):
                return
            if not isinstance(answer, ChipAnswer):
                self._fail(inspection_id, Step.CHIP, attempt, *_officer_code(answer))
                return
            if answer.portrait is not None and answer.reading.portrait is not None and effect.with_portrait:
                self._vault.put(answer.portrait, answer.reading.portrait.media_type)
            spent = (clock.monotonic() - started) * 1000
            self._answers.answer(inspection_id, e.ChipRead(attempt, spent, answer.device_ms, answer.reading))

        call.add_done_callback(done)

    # Faces and lists

    def _capture_face(self, inspection_id: str, attempt: int) -> None:
        camera = self._tools.rack.of_kind(DeviceKind.CAMERA)
        if camera is None:
            self._fail(inspection_id, Step.FACE, attempt, "DEV-01", "no camera in this profile")
            return
        capture = FaceCapture(
            camera,
            self._tools.faces.burst(),
            self._tools.pool,
            self._frames,
            self._tools.clock,
            timeout=self._tools.face_timeout,
            on_prompt=lambda prompt: self._answers.prompt(inspection_id, prompt),
        )
        self._remember(Step.FACE, attempt, capture)

        def done() -> None:
            self._drop(Step.FACE, attempt, capture)
            self._answers.prompt(inspection_id, None)
            outcome = capture.outcome
            if isinstance(outcome, BaseException):
                if not isinstance(outcome, CaptureCancelled):
                    self._fail(inspection_id, Step.FACE, attempt, *_officer_code(outcome))
                return
            if outcome is None:
                return
            image = self._vault.put(outcome.face.picture, outcome.face.media_type, outcome.face.template)
            sample = FaceSample(image, outcome.face.quality, outcome.face.not_assessed)
            self._answers.answer(inspection_id, e.FaceCaptured(attempt, outcome.total_ms, outcome.device_ms, sample))

        capture.start(done)

    def _capture_fingers(self, inspection_id: str, effect: fx.CaptureFingerprints) -> None:
        attempt, judge = effect.attempt, self._tools.fingers
        reader = self._tools.rack.of_kind(DeviceKind.FINGERPRINT_READER)
        if reader is None or judge is None:
            code, detail = ("DEV-02", "no fingerprint reader in this profile") if reader is None else ("SYS-04", "")
            self._fail(inspection_id, Step.FINGERPRINTS, attempt, code, detail)
            return
        capture = FingersCapture(
            reader,
            judge,
            self._tools.pool,
            self._finger_frames,
            self._tools.clock,
            timeout=self._tools.finger_timeout,
            on_shown=lambda shown: self._answers.fingers(inspection_id, shown),
        )
        self._remember(Step.FINGERPRINTS, attempt, capture)
        self._fingers.begin(capture)

        def done() -> None:
            self._drop(Step.FINGERPRINTS, attempt, capture)
            self._answers.fingers(inspection_id, None)
            outcome = capture.outcome
            if isinstance(outcome, BaseException):
                if not isinstance(outcome, CaptureCancelled):
                    self._fail(inspection_id, Step.FINGERPRINTS, attempt, *_officer_code(outcome))
                return
            if outcome is None:
                return

            def answer() -> e.Event:
                return self._fingers.answer(judge, effect, outcome)

            # The chip may still be read; its fingers are waited for without holding a thread.
            self._fingers.chip.when_read(
                effect.chip_attempt, lambda: self._in_pool(inspection_id, Step.FINGERPRINTS, attempt, answer)
            )

        capture.start(done)

    def _search(self, attempt: int, mrz: MachineReadableZone) -> e.Event:
        started = self._tools.clock.monotonic()
        result = self._tools.lists.search(mrz, self._tools.clock.now())
        return e.WatchlistsSearched(attempt, (self._tools.clock.monotonic() - started) * 1000, 0.0, result)

    def _cleared(self, effect: fx.CheckClearance) -> e.Event:
        if self._tools.clearances is None:
            raise StepFault("PRE-04", "no whitelist is loaded")
        started = self._tools.clock.monotonic()
        number, state = effect.document_number, effect.issuing_state
        answer = self._tools.clearances.check(
            number, state, self._tools.clock.now(), with_portrait=effect.with_portrait
        )
        result = answer.result
        if answer.portrait is not None and effect.with_portrait:
            result = replace(result, portrait=self._vault.put(answer.portrait, media_type(answer.portrait)))
        return e.ClearanceChecked(effect.attempt, (self._tools.clock.monotonic() - started) * 1000, 0.0, result)

    # Common

    def _in_pool(self, inspection_id: str, step: Step, attempt: int, work: Callable[[], e.Event]) -> None:
        pool = self._tools.waiting if step in _MAY_WAIT and self._tools.waiting is not None else self._tools.pool
        pool.submit(self._guarded(inspection_id, step, attempt, lambda: self._answers.answer(inspection_id, work())))

    def _guarded(self, inspection_id: str, step: Step, attempt: int, work: Callable[[], None]) -> Callable[[], None]:
        """A step always gets an answer: an unforeseen fault is a missing step with its kind, and a log line."""

        def run() -> None:
            try:
                work()
            except StepFault as fault:
                self._fail(inspection_id, step, attempt, fault.code, fault.detail)
            except Exception as fault:
                log.exception("step %s failed", step.value)
                self._fail(inspection_id, step, attempt, "SYS-01", type(fault).__name__)

        return run

    def _fail(self, inspection_id: str, step: Step, attempt: int, code: str, detail: str) -> None:
        self._answers.answer(inspection_id, e.StepFailed(step, attempt, code, detail))

    def _remember(self, step: Step, attempt: int, call: _Running) -> None:
        with self._lock:
            self._calls[(step, attempt)] = call

    def _drop(self, step: Step, attempt: int, call: _Running) -> None:
        """The next traveller's call may stand in the same place already."""
        with self._lock:
            if self._calls.get((step, attempt)) is call:
                del self._calls[(step, attempt)]

    def _cancel(self, step: Step, attempt: int) -> None:
        with self._lock:
            call = self._calls.pop((step, attempt), None)
        if call is not None:
            call.stop()


def _officer_code(fault: BaseException) -> tuple[str, str]:
    """Code and detail of a device's or reader's fault; what nobody foresaw is logged by its kind."""
    if isinstance(fault, (StepFault, DeviceError)):
        return fault.code, fault.detail
    log.error("unforeseen fault in a step: %s", type(fault).__name__, exc_info=fault)
    return "SYS-01", type(fault).__name__
