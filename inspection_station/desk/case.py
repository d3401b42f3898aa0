"""The inspection in hand with its journal: every event goes through ``apply``, and only there ``advance`` is called."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from inspection_station.desk.effect_runner import EffectRunner
from inspection_station.desk.ports import RecordStore
from inspection_station.desk.ready_reader import ReadyReader
from inspection_station.desk.sealing import STORE_FAULT, seal
from inspection_station.desk.vault import Vault
from inspection_station.hardware.ports import DocumentScan
from inspection_station.inspection import effects as fx
from inspection_station.inspection import events as e
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.effects import CancelStep, DiscardBiometrics, Effect, ReadDocument, SealRecord
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.redaction import without_biometrics
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.workflow import advance, replay, resume

log = logging.getLogger(__name__)


class Case:
    """Used by the desk thread alone. ``notify`` shows an officer's code; ``answer`` posts to the mailbox."""

    def __init__(
        self,
        store: RecordStore,
        vault: Vault,
        runner: EffectRunner,
        reader: ReadyReader,
        answer: Callable[[str, e.Event], None],
        notify: Callable[[str], None],
        app_version: str,
        packs: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._store = store
        self._vault = vault
        self._runner = runner
        self._reader = reader
        self._answer = answer
        self._notify = notify
        self._app_version = app_version
        self._packs = packs
        self._decided: e.DecisionTaken | None = None
        self._kept: tuple[BlobRef, ...] = ()
        self.inspection: Inspection | None = None
        self.journal: list[e.Event] = []

    def apply(self, event: e.Event, scan: DocumentScan | None = None) -> bool:
        """Advance by one event, write it down, start what it asks for. False when it was a late answer.

        Raises EventNotAllowed; the inspection is then as before.
        """
        before = self.inspection
        transition = advance(before, event)
        if transition.dropped:
            self.forget_late(event)
            return False
        self.inspection = transition.inspection
        if before is not None:  # a picture taken again replaces the older one at once
            self._forget(pictures_of(before))
        if isinstance(event, e.DecisionTaken):
            self._decided = event  # written with the record, in one transaction
        elif not isinstance(event, (e.RecordSealed, e.SealingFailed, e.SealingRetried)):
            self.journal.append(event)
            self._write(event)
        for effect in transition.effects:
            self._start(effect, scan)
        return True

    def take_up(self, journal: list[e.Event], *, write: bool) -> None:
        """Go on with an inspection from its events: after a crash, or reopened. Running steps are asked for again, and
        steps whose pictures are gone are taken again (pictures are never written before sealing)."""
        self.inspection, self.journal = replay(journal), list(journal)
        if self.inspection is None:
            return
        if write:
            for event in journal:
                self._write(event)
        gone = [step for step, ref in _pictured(self.inspection) if self._vault.get(ref) is None]
        for effect in resume(self.inspection):
            self._start(effect, None)
        for step in dict.fromkeys(gone):
            if step is Step.DOCUMENT or step not in self.inspection.evidence:
                continue  # the page need not be placed again only for its picture
            self.apply(e.StepRetried(step, self.inspection.officer_id))

    def close(self) -> tuple[Inspection, list[e.Event]] | None:
        """Let go of the inspection; what still runs is cancelled. Its pictures stay until ``keep`` drops them."""
        if self.inspection is None:
            return None
        closed = (self.inspection, self.journal)
        self._runner.cancel_all()
        self.inspection, self.journal, self._decided = None, [], None
        return closed

    def keep(self, pictures: Iterable[BlobRef]) -> None:
        """Between two inspections: hold the last traveller's, while the decision can be taken back, and no other."""
        self._kept = tuple(pictures)
        self._vault.keep_only(self._kept)

    def let_go(self) -> None:
        """The pictures of ``keep`` are not needed any longer; an inspection in hand keeps its own."""
        pictures, self._kept = self._kept, ()
        self._forget(pictures)

    def forget_late(self, event: e.Event) -> None:
        """A late answer leaves no picture behind, least of all of a person who may not be collected."""
        refs: list[BlobRef | None] = []
        if isinstance(event, e.DocumentRead):
            refs.append(event.document.page_image)
        elif isinstance(event, e.ChipRead):
            refs.append(event.reading.portrait)
        elif isinstance(event, e.FaceCaptured):
            refs.append(event.sample.image)
        elif isinstance(event, e.FingerprintsCaptured):
            refs.extend(sample.image for sample in event.samples)
        elif isinstance(event, e.ClearanceChecked):
            refs.append(event.result.portrait)
        elif isinstance(event, e.FacesCompared):
            refs.extend(result.reference_image for result in event.results)
        elif isinstance(event, e.FaceGroupsSearched):
            refs.extend(candidate.picture for candidate in event.result.candidates)
        self._forget(ref for ref in refs if ref is not None)

    def _forget(self, refs: Iterable[BlobRef]) -> None:
        own = pictures_of(self.inspection) if self.inspection is not None else ()
        wanted = {ref.sha256 for ref in (*own, *self._kept)}
        self._vault.forget(ref for ref in refs if ref.sha256 not in wanted)

    def _start(self, effect: Effect, scan: DocumentScan | None) -> None:
        """Carry out an effect; one that cannot even be started is a missing step and does not hold up the others."""
        try:
            self._carry_out(effect, scan)
        except Exception as fault:
            log.exception("work for an inspection could not be started")
            step = _STEP_OF.get(type(effect))
            if self.inspection is not None and step is not None:
                attempt = self.inspection.attempt(step)
                failed = e.StepFailed(step, attempt, "SYS-01", type(fault).__name__)
                self._answer(self.inspection.inspection_id, failed)

    def _carry_out(self, effect: Effect, scan: DocumentScan | None) -> None:
        inspection = self.inspection
        if inspection is None:
            return
        if isinstance(effect, SealRecord):
            self._seal(effect)
        elif isinstance(effect, ReadDocument):
            if scan is None:
                self._reader.arm()
            else:
                self._runner.read_zone(inspection.inspection_id, effect.attempt, inspection.today, scan)
        else:
            if isinstance(effect, CancelStep) and effect.step is Step.DOCUMENT:
                self._reader.disarm()
            if isinstance(effect, DiscardBiometrics):
                self._discard_biometrics(inspection)
                return
            self._runner.run(inspection.inspection_id, effect)

    def _discard_biometrics(self, inspection: Inspection) -> None:
        """Article 91: the pictures go from memory, and the journal is written anew without what came of them."""
        page = inspection.document.page_image if inspection.document is not None else None
        self._vault.keep_only([page] if page is not None else [])  # still shown to the officer, never stored
        self.journal = without_biometrics(self.journal)
        self._store.discard_journal(inspection.inspection_id)
        for event in self.journal:
            self._write(event)

    def _seal(self, effect: SealRecord) -> None:
        decided = self._decided
        if decided is None:
            log.error("a record without its decision is not sealed")
            return
        record = replace(effect.record, app_version=self._app_version, packs=self._packs())
        inspection_id = record.inspection_id
        seal(self._store, self._vault, record, decided, lambda event: self._answer(inspection_id, event))

    def _write(self, event: e.Event) -> None:
        if self.inspection is None:
            return
        try:
            self._store.journal(self.inspection.inspection_id, event)
        except Exception as fault:
            log.error("the journal cannot be written: %s", type(fault).__name__)
            self._notify(getattr(fault, "code", STORE_FAULT))


_STEP_OF: dict[type, Step] = {
    fx.ReadDocument: Step.DOCUMENT,
    fx.ReadChip: Step.CHIP,
    fx.CaptureFace: Step.FACE,
    fx.CaptureFingerprints: Step.FINGERPRINTS,
    fx.CheckClearance: Step.CLEARANCE,
    fx.CompareFaces: Step.COMPARISON,
    fx.SearchFaceGroups: Step.GROUPS,
    fx.SearchWatchlists: Step.WATCHLIST,
}


def pictures_of(inspection: Inspection) -> tuple[BlobRef, ...]:
    """Every picture an inspection refers to."""
    return tuple(ref for _, ref in _pictured(inspection))


def _pictured(inspection: Inspection) -> list[tuple[Step, BlobRef]]:
    found: list[tuple[Step, BlobRef]] = []
    if inspection.document is not None and inspection.document.page_image is not None:
        found.append((Step.DOCUMENT, inspection.document.page_image))
    if inspection.chip is not None and inspection.chip.portrait is not None:
        found.append((Step.CHIP, inspection.chip.portrait))
    if inspection.face is not None:
        found.append((Step.FACE, inspection.face.image))
    if inspection.fingers is not None:
        found.extend((Step.FINGERPRINTS, sample.image) for sample in inspection.fingers.samples)
    if inspection.clearance is not None and inspection.clearance.portrait is not None:
        found.append((Step.CLEARANCE, inspection.clearance.portrait))
    found.extend((Step.COMPARISON, r.reference_image) for r in inspection.comparisons if r.reference_image is not None)
    candidates = inspection.face_search.candidates if inspection.face_search is not None else ()
    found.extend((Step.GROUPS, one.picture) for one in candidates if one.picture is not None)
    return found
