"""From an officer's command to the event it means. Refusals are raised by the workflow and shown by the desk."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from inspection_station.desk import commands as c
from inspection_station.desk.case import Case
from inspection_station.desk.effect_runner import EffectRunner
from inspection_station.desk.officer_session import OfficerSession
from inspection_station.desk.ports import Clock
from inspection_station.desk.ready_reader import ReadyReader
from inspection_station.desk.reasons import SHORTEST_NOTE, reason_table
from inspection_station.inspection import events as e
from inspection_station.inspection.disposition import Decision
from inspection_station.inspection.effects import CancelStep
from inspection_station.inspection.errors import EventNotAllowed
from inspection_station.inspection.finding_rules import REFUSED
from inspection_station.inspection.findings import Override
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.scenario import Step

LONGEST_TEXT = 2000


class OfficerActs:
    """Used by the desk thread alone."""

    def __init__(
        self,
        case: Case,
        runner: EffectRunner,
        reader: ReadyReader,
        session: OfficerSession,
        clock: Clock,
        notify: Callable[[str], None],
    ) -> None:
        self._case = case
        self._runner = runner
        self._reader = reader
        self._session = session
        self._clock = clock
        self._notify = notify

    def carry_out(self, command: c.Command) -> None:
        """Raises EventNotAllowed when the workflow refuses it, TypeError for a command that is not an officer's act."""
        inspection, officer = self._case.inspection, self._session.officer_id
        if inspection is None:
            return
        match command:
            case c.RetryStep(step):
                self._case.apply(e.StepRetried(step, officer))
            case c.WaiveStep(step, reason):
                self._waive(inspection, step, reason)
            case c.NoteFinger(position, why):
                self._runner.note_finger(position, why)  # one that is not asked for any longer was taken meanwhile
            case c.RefuseFingers():
                self._refuse(inspection)
            case c.TypeDocument(first, second):
                self._type(inspection, first, second)
            case c.TypeCan(can):
                self._runner.use_can(inspection.inspection_id, written(can))
                self._case.apply(e.StepRetried(Step.CHIP, officer))
            case c.ConfirmPersonClass(person_class, exemption):
                if person_class is PersonClass.UNKNOWN:  # nothing may be collected of somebody nobody has classed
                    raise EventNotAllowed("PersonClassConfirmed", ("class",))
                self._case.apply(e.PersonClassConfirmed(officer, person_class, exemption))
            case c.OverrideFinding():
                self._override(command)
            case c.AddNote(text):
                if clean := written(text):
                    self._case.apply(e.NoteAdded(officer, clean))
            case c.Decide(disposition, reasons, note):
                at = self._clock.now().isoformat(timespec="milliseconds")
                grounds = tuple(ground for reason in reasons if (ground := written(reason)))
                self._case.apply(e.DecisionTaken(Decision(disposition, officer, grounds, written(note)), at))
            case c.RetrySealing():
                self._case.apply(e.SealingRetried(officer))
            case _:
                raise TypeError(f"not an officer's act: {type(command).__name__}")

    def _waive(self, inspection: Inspection, step: Step, reason: str) -> None:
        reason = written(reason)
        if not reason:
            raise EventNotAllowed("StepWaived", ("reason",))
        if step in inspection.running:  # the officer does not wait for it any longer
            attempt = inspection.attempt(step)
            self._runner.run(inspection.inspection_id, CancelStep(step, attempt))
            if step is Step.DOCUMENT:
                self._reader.disarm()
            self._case.apply(e.StepFailed(step, attempt, "WAV-02", "given up by the officer"))
        self._case.apply(e.StepWaived(step, self._session.officer_id, reason))

    def _refuse(self, inspection: Inspection) -> None:
        """Offered while fingers are taken; what was taken of a person who then refuses goes with the capture."""
        step = Step.FINGERPRINTS
        if step not in inspection.running:
            raise EventNotAllowed("StepFailed", ("not-running",))
        attempt = inspection.attempt(step)
        self._runner.run(inspection.inspection_id, CancelStep(step, attempt))
        self._case.apply(e.StepFailed(step, attempt, REFUSED, "refused"))

    def _type(self, inspection: Inspection, first: str, second: str) -> None:
        if Step.DOCUMENT not in inspection.running:
            self._case.apply(e.StepRetried(Step.DOCUMENT, self._session.officer_id))
        current = self._case.inspection
        if current is not None:
            self._runner.typed(current.inspection_id, current.attempt(Step.DOCUMENT), current.today, first, second)

    def _override(self, command: c.OverrideFinding) -> None:
        second = command.second_officer_id
        if second is not None and not self._session.confirm_second(second, command.second_officer_code):
            self._notify("SEC-02")
            return
        reason, note = written(command.reason), written(command.note)
        row = reason_table().of(reason)
        if row is not None and row.note_needed and len(note) < SHORTEST_NOTE:
            raise EventNotAllowed("FindingOverridden", ("note",))
        override = Override(command.finding_key, self._session.officer_id, second, reason, note)
        self._case.apply(e.FindingOverridden(override))


def written(text: str) -> str:
    """What an officer wrote, as it can be kept: at most 2,000 characters, no control characters but line breaks.

    Keyboards and clipboards may send half characters (lone surrogates), which no file can hold and no store would seal.
    """
    kept = (ch for ch in text[:LONGEST_TEXT] if ch in "\n\t" or unicodedata.category(ch) not in ("Cc", "Cs"))
    return "".join(kept).strip()
