"""The desk: a mailbox and one thread. Everything posts to it and reads snapshots; nothing waits for it.

While it is ready the document reader is already armed, so that placing a document is what starts an inspection.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Thread, current_thread
from typing import Any

from inspection_station.desk import commands as c
from inspection_station.desk.audience import Audience
from inspection_station.desk.case import Case, pictures_of
from inspection_station.desk.desk_settings import TAIPEI, DeskSettings
from inspection_station.desk.desk_state import DeskState, snapshot_of
from inspection_station.desk.effect_runner import EffectRunner, Instruments
from inspection_station.desk.finger_ports import FingersShown
from inspection_station.desk.interrupted import InterruptedInspections
from inspection_station.desk.late_hits import LateHitBook, NoLateHits, to_read
from inspection_station.desk.officer_acts import OfficerActs
from inspection_station.desk.officer_session import OfficerSession
from inspection_station.desk.ports import RecordStore
from inspection_station.desk.ready_reader import ReadyReader
from inspection_station.desk.resumed_capture import resumed
from inspection_station.desk.sealing import STORE_FAULT
from inspection_station.desk.undo import VOID, WITHDRAWN, LastTraveller, carried_over
from inspection_station.desk.vault import Vault
from inspection_station.desk.view import DeskSnapshot, FrameSlot, LastDecision
from inspection_station.hardware.errors import DeviceError
from inspection_station.hardware.ports import DeviceKind, DeviceState, DocumentScan
from inspection_station.hardware.supervisor import DeviceStatus
from inspection_station.inspection import events as e
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.errors import EventNotAllowed
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FacePrompt

log = logging.getLogger(__name__)

__all__ = ["TAIPEI", "DeskSettings", "InspectionDesk"]


class InspectionDesk:
    """Implements ``view.Desk``. ``start`` once, ``stop`` once; both from the composition root."""

    def __init__(
        self,
        settings: DeskSettings,
        instruments: Instruments,
        store: RecordStore,
        session: OfficerSession,
        late_hits: LateHitBook | None = None,
        who: Callable[[str], str] = lambda inspection_id: "",
    ) -> None:
        self._settings = settings
        self._tools = instruments
        self._store = store
        self._session = session
        self._late_hits = late_hits if late_hits is not None else NoLateHits()
        self._who = who
        self._vault = Vault()
        self._frames, self._finger_frames = FrameSlot(), FrameSlot()
        self._mailbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._reader = ReadyReader(instruments.rack, self._scanned, self._reader_fault)
        self._runner = EffectRunner(instruments, self._vault, self._frames, self._finger_frames, self)
        self._case = Case(
            store,
            self._vault,
            self._runner,
            self._reader,
            self.answer,
            self._notice,
            settings.app_version,
            settings.packs,
        )
        self._acts = OfficerActs(self._case, self._runner, self._reader, session, instruments.clock, self._notice)
        self._last: LastTraveller | None = None
        self._interrupted = InterruptedInspections(store, self._notice)
        self._store_fault = STORE_FAULT  # the last, or what a seal told
        self._mailbox.put(self._take_up)  # before anything a device or a screen may post
        self._state = DeskState(settings.scenario, settings.station_name, settings.training, session.officer_id)
        self._audience = Audience(snapshot_of(self._state, None, instruments))
        self._thread = Thread(target=self._loop, name="desk", daemon=True)

    # What screens and the command line use

    @property
    def frames(self) -> FrameSlot:
        return self._frames

    @property
    def finger_frames(self) -> FrameSlot:
        return self._finger_frames

    def snapshot(self) -> DeskSnapshot:
        return self._audience.snapshot()

    def post(self, command: c.Command) -> None:
        self._mailbox.put(lambda: self._command(command))

    def picture(self, ref: BlobRef) -> bytes | None:
        return self._vault.get(ref)

    @property
    def pictures_held(self) -> int:
        """Pictures in memory: of the inspection in hand, and of the last one while it can be taken back."""
        return len(self._vault)

    def subscribe(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]:
        """Every snapshot from now on, the first one soon; the listener is called on the desk's thread alone."""
        remove = self._audience.add(listener)
        self._mailbox.put(_nothing)
        return remove

    # Composition root

    def start(self) -> None:
        """Start the thread; take up an inspection that a crash interrupted, else arm the reader."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel what runs and join. An open inspection stays in the journal and is taken up at the next start."""
        self._mailbox.put(None)
        if self._thread.is_alive() and current_thread() is not self._thread:
            self._thread.join()
        self._reader.disarm()
        self._runner.cancel_all()
        self._vault.clear()

    def device_changed(self, status: DeviceStatus) -> None:
        """A device's state changed; called by the rack from any thread."""
        self._reader.device_changed(status)
        well = status.kind is DeviceKind.DOCUMENT_READER and status.state is DeviceState.READY

        def tell() -> None:
            if well:
                self._state = self._state.without_notice(DeviceError.code)
            again = resumed(self._case.inspection, status)
            if again is not None:
                self._case.apply(again)

        self._mailbox.put(tell)

    def late_hits_arrived(self) -> None:
        """Headquarters found hits after the decision; from any thread."""
        self._mailbox.put(self._show_late_hits)

    def tell(self, code: str) -> None:
        """Show a notice; from any thread."""
        self._mailbox.put(lambda: self._notice(code))

    def store_changed(self, code: str | None) -> None:
        """The store cannot write (its code), or can again (None); from any thread."""

        def tell() -> None:
            self._state = replace(self._state, stopped=code or "")
            if code is not None:
                self._store_fault = code
                self._notice(code)
                return
            self._state = self._state.without_notice(self._store_fault)
            if self._case.inspection is not None and self._case.inspection.sealing_fault:
                self._acts.carry_out(c.RetrySealing())

        self._mailbox.put(tell)

    # Answers, from any thread

    def answer(self, inspection_id: str, event: e.Event) -> None:
        self._mailbox.put(lambda: self._answered(inspection_id, event))

    def prompt(self, inspection_id: str, prompt: FacePrompt | None) -> None:
        self._mailbox.put(lambda: self._show(inspection_id, face_prompt=prompt))

    def fingers(self, inspection_id: str, shown: FingersShown | None) -> None:
        self._mailbox.put(lambda: self._show(inspection_id, fingers=shown))

    def document_fault(self, inspection_id: str, attempt: int, code: str, detail: str) -> None:
        def tell() -> None:
            inspection = self._case.inspection
            if inspection is None or not self._is_current(inspection_id) or Step.DOCUMENT not in inspection.running:
                return
            if inspection.attempt(Step.DOCUMENT) == attempt:
                # Armed again at once: the officer flattens the page, types it (F5) or waives it.
                self._notice(code, detail)
                self._reader.arm()

        self._mailbox.put(tell)

    # The desk thread

    def _loop(self) -> None:
        while True:
            try:
                job = self._mailbox.get(timeout=self._undo_seconds_left())
            except Empty:
                job = _nothing
            if job is None:
                return
            if self._last is not None and not self._undo_open():
                self._forget_last()
            self._guarded(job)
            self._guarded(self._publish)

    def _guarded(self, job: Callable[[], None]) -> None:
        """Whatever a message does, the next one is carried out."""
        try:
            job()
        except EventNotAllowed as refusal:
            self._notice("REF-01", ", ".join(refusal.reasons))
        except Exception as fault:
            log.exception("the desk could not carry out a message")
            self._notice(getattr(fault, "code", "SYS-01"))

    def _publish(self) -> None:
        self._state = replace(self._state, sequence=self._state.sequence + 1)
        self._audience.show(snapshot_of(self._state, self._case.inspection, self._tools))

    def _show_late_hits(self) -> None:
        self._state = replace(self._state, late_hits=to_read(self._late_hits, self._who))

    def _take_up(self) -> None:
        self._count()
        self._guarded(self._show_late_hits)
        self._interrupted.load()
        self._make_ready()

    def _make_ready(self) -> None:
        """On to the next inspection that a crash interrupted, or else to the next traveller."""
        events = self._interrupted.take_next()
        if events is None:
            self._reader.arm()
            return
        self._state = replace(self._state, elapsed_since=self._tools.clock.monotonic())
        self._notice("RES-01")
        self._case.take_up(events, write=False)

    def _scanned(self, scan: DocumentScan) -> None:
        self._mailbox.put(lambda: self._document_placed(scan))

    def _reader_fault(self, code: str, detail: str) -> None:
        self._mailbox.put(lambda: self._notice(code, detail))

    def _document_placed(self, scan: DocumentScan) -> None:
        inspection = self._case.inspection
        if inspection is None:
            self._begin(scan)
        elif Step.DOCUMENT in inspection.running:
            attempt = inspection.attempt(Step.DOCUMENT)
            self._runner.read_zone(inspection.inspection_id, attempt, inspection.today, scan)

    def _begin(self, scan: DocumentScan | None) -> None:
        if self._state.stopped:  # what is in hand is finished; nothing is begun that might not be kept
            self._notice(self._state.stopped)
            return
        now = self._tools.clock.now()
        self._state = replace(self._state.blank(), elapsed_since=self._tools.clock.monotonic())
        self._case.apply(
            e.InspectionStarted(
                self._settings.new_id(),
                self._settings.scenario,
                self._settings.mission_now,
                self._session.officer_id,
                now.isoformat(timespec="milliseconds"),
                now.astimezone(self._settings.zone).date().isoformat(),
            ),
            scan,
        )
        begun = self._case.inspection
        if scan is not None and begun is not None and Step.DOCUMENT not in begun.running:
            # The scenario does not ask for a document by itself; one that is laid down is read all the same.
            self._case.apply(e.StepRetried(Step.DOCUMENT, self._session.officer_id), scan)

    def _answered(self, inspection_id: str, event: e.Event) -> None:
        if not self._is_current(inspection_id):
            self._case.forget_late(event)
            return
        if not self._case.apply(event):
            return  # late: what waits for a newer answer goes on waiting
        if isinstance(event, e.DocumentRead):
            self._reader.disarm()
            self._state = replace(self._state, notices=())
        if isinstance(event, e.SealingFailed):
            self._notice(event.code)
        if self._case.inspection is not None and self._case.inspection.stage is Stage.CLOSED:
            self._closed()

    def _closed(self) -> None:
        closed = self._case.close()
        if closed is None:
            return
        inspection, journal = closed
        decision, pictures = inspection.decision, pictures_of(inspection)
        withdrawn = decision is not None and decision.reasons[:1] == (WITHDRAWN,)
        self._last, shown = None, None
        if decision is not None and not withdrawn:
            until = self._tools.clock.monotonic() + self._settings.undo_seconds
            shown = LastDecision(inspection.inspection_id, decision.disposition.value, until)
            self._last = LastTraveller(shown, tuple(journal), pictures)
        self._case.keep(pictures)
        self._state = replace(self._state.blank(), elapsed_since=None, last_decision=shown)
        if self._state.stopped:
            self._notice(self._state.stopped)  # it stands, whoever the traveller is
        self._count()
        if withdrawn:
            self._state = replace(self._state, elapsed_since=self._tools.clock.monotonic())
            self._case.take_up(carried_over(journal, self._settings.new_id(), inspection.inspection_id), write=True)
            self._case.let_go()
        else:
            self._make_ready()

    def _count(self) -> None:
        try:
            outbox = self._store.outbox_status()
            zone = self._settings.zone
            done = self._store.count_today(self._tools.clock.now().astimezone(zone).date(), zone)
        except Exception as fault:
            log.error("the store cannot be counted: %s", type(fault).__name__)
            self._notice(getattr(fault, "code", STORE_FAULT))
            return
        self._state = replace(
            self._state, unsent=outbox.unsent, oldest_unsent_seconds=outbox.oldest_seconds, done_today=done
        )

    # Commands

    def _command(self, command: c.Command) -> None:
        if isinstance(command, c.UndoDecision):
            self._undo()
        elif isinstance(command, c.BeginInspection):
            if self._case.inspection is None:
                self._begin(None)
        elif isinstance(command, c.FeedText):
            self._reader.feed(command.text)
        elif isinstance(command, c.ReadLateHit):
            self._late_hits.seen(bytes.fromhex(command.late_hit_id), self._session.officer_id)
            self._show_late_hits()
        else:
            if self._case.inspection is None:
                if not isinstance(command, c.TypeDocument):
                    return
                self._begin(None)
            self._acts.carry_out(command)

    def _undo_open(self) -> bool:
        return self._last is not None and self._last.can_be_taken_back(self._tools.clock.monotonic())

    def _undo_seconds_left(self) -> float | None:
        """How long to wait for a message before the last traveller goes from memory; None: as long as it takes."""
        if self._last is None:
            return None
        return max(0.0, self._last.decision.undo_until - self._tools.clock.monotonic()) + 0.01

    def _forget_last(self) -> None:
        self._last = None
        self._state = replace(self._state, last_decision=None)
        self._case.let_go()

    def _undo(self) -> None:
        """A voiding record first, so that a crash in between leaves no admission standing; then the traveller again."""
        last, current = self._last, self._case.inspection
        if last is None or not self._undo_open():
            self._notice("UND-01")
            return
        if current is not None and current.evidence:
            self._notice("UND-02")  # the next traveller is already before the officer
            return
        self._reader.disarm()
        if current is not None:
            self._case.close()
            self._interrupted.discard(current.inspection_id)
        self._last = None
        self._state = replace(self._state, last_decision=None, elapsed_since=self._tools.clock.monotonic())
        voided = last.decision.inspection_id
        self._case.take_up(carried_over(last.journal, self._settings.new_id(), voided), write=True)
        self._acts.carry_out(c.Decide(VOID, (WITHDRAWN,)))

    def _show(self, inspection_id: str, **shown: Any) -> None:
        if self._is_current(inspection_id):
            self._state = replace(self._state, **shown)

    def _is_current(self, inspection_id: str) -> bool:
        return self._case.inspection is not None and self._case.inspection.inspection_id == inspection_id

    def _notice(self, code: str, detail: str = "") -> None:
        self._state = self._state.with_notice(code, detail)


def _nothing() -> None:
    """A message that only makes the loop look at the time and publish."""
