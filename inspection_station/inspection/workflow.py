"""The machine: ``advance(inspection, event)`` gives the next inspection and the work it asks for. Pure.

The table below is the whole of it: which event is taken at which stages, by which rule. ``diagram`` draws it for the
docs. Answers to an older attempt are dropped, not refused: they are honest, only late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from inspection_station.inspection import events as e
from inspection_station.inspection.asking import DEPENDENTS, ask
from inspection_station.inspection.biometrics import ComparisonResult, FingerprintCapture, NotCompared
from inspection_station.inspection.effects import CancelStep, DiscardBiometrics, Effect, SealRecord
from inspection_station.inspection.errors import EventNotAllowed
from inspection_station.inspection.evidence import Evidence, Missing, Taken, Waived
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.offers import decision_blockers, override_blockers
from inspection_station.inspection.record_builder import record_of
from inspection_station.inspection.scenario import SCENARIOS, Step


@dataclass(frozen=True, slots=True)
class Transition:
    """What an event led to. ``dropped``: a late answer that changed nothing."""

    inspection: Inspection
    effects: tuple[Effect, ...]
    dropped: bool = False


def advance(inspection: Inspection | None, event: e.Event) -> Transition:
    """Apply one event. ``None`` is the inspection before InspectionStarted.

    Raises EventNotAllowed with stable reason keys when the event cannot happen now.
    """
    if isinstance(event, e.InspectionStarted):
        if inspection is not None:
            raise EventNotAllowed("InspectionStarted", ("started",))
        return _start(event)
    if inspection is None:
        raise EventNotAllowed(type(event).__name__, ("not-started",))
    row = TABLE[type(event)]
    decided = inspection.decision is not None
    if inspection.stage not in row.stages or decided is not row.after_decision:
        if row.answer:
            return Transition(inspection, (), dropped=True)
        reason = "decided" if decided else f"stage:{inspection.stage.value}"
        raise EventNotAllowed(type(event).__name__, (reason,))
    return row.rule(inspection, event)


def replay(events: Iterable[e.Event]) -> Inspection | None:
    """The inspection these events lead to; what they asked for is not asked again."""
    inspection: Inspection | None = None
    for event in events:
        inspection = advance(inspection, event).inspection
    return inspection


def resume(inspection: Inspection) -> tuple[Effect, ...]:
    """Work to ask for after a crash: every step still running is asked for again under its own attempt number,
    and a decision that was not sealed is sealed."""
    if inspection.decision is not None:
        if inspection.sealed_hash is not None:
            return ()
        return (SealRecord(record_of(inspection, inspection.decision, inspection.decided_at)),)
    attempts = {step: max(0, n - 1) if step in inspection.running else n for step, n in inspection.attempts.items()}
    return ask(replace(inspection, running=frozenset(), attempts=attempts))[1]


def _start(event: e.InspectionStarted) -> Transition:
    scenario = SCENARIOS.get(event.scenario)
    if scenario is None:
        raise EventNotAllowed("InspectionStarted", ("unknown-scenario",))
    inspection = Inspection(
        inspection_id=event.inspection_id,
        scenario=scenario,
        mission_id=event.mission_id,
        officer_id=event.officer_id,
        started_at=event.at,
        today=date.fromisoformat(event.today),
        supersedes=event.supersedes,
    )
    return Transition(*ask(inspection))


def _settle(inspection: Inspection, step: Step, attempt: int, evidence: Evidence, **extra: Any) -> Transition:
    """Take an answer, unless it is late or nobody asked."""
    if attempt != inspection.attempt(step) or step not in inspection.running:
        return Transition(inspection, (), dropped=True)
    changed = replace(
        inspection,
        evidence={**inspection.evidence, step: evidence},
        running=inspection.running - {step},
        **extra,
    )
    return Transition(*ask(changed))


def _document_read(inspection: Inspection, event: e.DocumentRead) -> Transition:
    taken = Taken(event.document, event.total_ms, event.device_ms)
    return _settle(
        inspection,
        Step.DOCUMENT,
        event.attempt,
        taken,
        taiwan_id_valid=event.taiwan_id_valid,
        expired=event.expired,
        document_says=event.document_says,
    )


def _answer(step: Step, attribute: str) -> Callable[[Inspection, Any], Transition]:
    def rule(inspection: Inspection, event: Any) -> Transition:
        taken = Taken(getattr(event, attribute), event.total_ms, event.device_ms)
        return _settle(inspection, step, event.attempt, taken)

    return rule


def _fingerprints_captured(inspection: Inspection, event: e.FingerprintsCaptured) -> Transition:
    taken = Taken(
        FingerprintCapture(event.samples, event.not_taken, event.comparisons, event.search),
        event.total_ms,
        event.device_ms,
    )
    return _settle(inspection, Step.FINGERPRINTS, event.attempt, taken)


def _faces_compared(inspection: Inspection, event: e.FacesCompared) -> Transition:
    results: tuple[ComparisonResult | NotCompared, ...] = (*event.results, *event.not_compared)
    taken = Taken(results, event.total_ms, event.device_ms)
    return _settle(inspection, Step.COMPARISON, event.attempt, taken)


def _step_failed(inspection: Inspection, event: e.StepFailed) -> Transition:
    return _settle(inspection, event.step, event.attempt, Missing(event.code, event.detail))


def _forget(inspection: Inspection, steps: tuple[Step, ...]) -> tuple[Inspection, tuple[Effect, ...]]:
    """Drop the evidence of steps, cancel what of them runs, and void overrides of their findings."""
    cancelled = tuple(CancelStep(s, inspection.attempt(s)) for s in steps if s in inspection.running)
    prefixes = tuple(f"{s.value}:" for s in steps)
    return (
        replace(
            inspection,
            evidence={s: v for s, v in inspection.evidence.items() if s not in steps},
            running=inspection.running - set(steps),
            overrides=tuple(o for o in inspection.overrides if not o.finding_key.startswith(prefixes)),
        ),
        cancelled,
    )


def _step_retried(inspection: Inspection, event: e.StepRetried) -> Transition:
    step = event.step
    if step not in inspection.scenario.steps:
        raise EventNotAllowed("StepRetried", ("scenario",))
    waiver = inspection.waived(step)
    if waiver is not None and waiver.officer_id is None:
        raise EventNotAllowed("StepRetried", ("article-91",))
    dependents = tuple(s for s in DEPENDENTS[step] if s in inspection.scenario.steps)
    changed, cancelled = _forget(inspection, (step, *dependents))
    if step is Step.DOCUMENT:
        # Another document may be another person: class, exemption and biometrics start afresh.
        changed = replace(
            changed,
            attempts={**changed.attempts, step: max(1, changed.attempt(step))},
            taiwan_id_valid=False,
            expired=None,
            document_says=None,
            confirmed_class=None,
            exemption=None,
        )
    changed, asked = ask(changed)
    return Transition(changed, cancelled + asked)


def _step_waived(inspection: Inspection, event: e.StepWaived) -> Transition:
    evidence = inspection.evidence.get(event.step)
    if not isinstance(evidence, Missing):
        raise EventNotAllowed("StepWaived", ("not-missing",))
    if not event.reason:
        raise EventNotAllowed("StepWaived", ("reason",))
    waiver = Waived(event.reason, event.officer_id)
    changed = replace(inspection, evidence={**inspection.evidence, event.step: waiver})
    # What is missing only because this step is missing goes with it.
    for dependent in DEPENDENTS[event.step]:
        settled = changed.evidence.get(dependent)
        if dependent is Step.COMPARISON and isinstance(settled, Missing) and settled.code in ("BIO-07", "BIO-08"):
            changed = replace(changed, evidence={**changed.evidence, dependent: waiver})
    return Transition(*ask(changed))


def _class_confirmed(inspection: Inspection, event: e.PersonClassConfirmed) -> Transition:
    before = inspection.collection.allowed
    changed = replace(inspection, confirmed_class=event.person_class, exemption=event.exemption)
    after = changed.collection.allowed
    if before == after:
        return Transition(*ask(changed))
    biometric = (Step.FACE, Step.FINGERPRINTS, Step.CLEARANCE, Step.COMPARISON, Step.GROUPS)
    affected = tuple(s for s in biometric if s in changed.scenario.steps)
    if Step.CHIP in changed.scenario.steps and _chip_depends_on_class(changed, before):
        affected = (Step.CHIP, *affected)
    changed, effects = _forget(changed, affected)
    if after is False:
        effects += (DiscardBiometrics(changed.inspection_id),)
    changed, asked = ask(changed)
    return Transition(changed, effects + asked)


def _chip_depends_on_class(inspection: Inspection, before: bool | None) -> bool:
    """A chip read under the other rule has a portrait too many or one too few: it is read again."""
    return before is not None and (Step.CHIP in inspection.running or inspection.chip is not None)


def _finding_overridden(inspection: Inspection, event: e.FindingOverridden) -> Transition:
    against = override_blockers(inspection, event.override)
    if against:
        raise EventNotAllowed("FindingOverridden", against)
    others = tuple(o for o in inspection.overrides if o.finding_key != event.override.finding_key)
    return Transition(replace(inspection, overrides=(*others, event.override)), ())


def _note_added(inspection: Inspection, event: e.NoteAdded) -> Transition:
    return Transition(replace(inspection, notes=(*inspection.notes, event.text)), ())


def _decision_taken(inspection: Inspection, event: e.DecisionTaken) -> Transition:
    against = decision_blockers(inspection, event.decision)
    if against:
        raise EventNotAllowed("DecisionTaken", against)
    record = record_of(inspection, event.decision, event.at)
    running = (step for step in inspection.scenario.steps if step in inspection.running)
    cancelled = tuple(CancelStep(step, inspection.attempt(step)) for step in running)
    decided = replace(inspection, decision=event.decision, decided_at=event.at, running=frozenset())
    return Transition(decided, (*cancelled, SealRecord(record)))


def _record_sealed(inspection: Inspection, event: e.RecordSealed) -> Transition:
    return Transition(replace(inspection, sealed_hash=event.record_hash, sealing_fault=""), ())


def _sealing_failed(inspection: Inspection, event: e.SealingFailed) -> Transition:
    return Transition(replace(inspection, sealing_fault=event.code), ())


def _sealing_retried(inspection: Inspection, event: e.SealingRetried) -> Transition:
    if inspection.decision is None or not inspection.sealing_fault:
        raise EventNotAllowed("SealingRetried", ("nothing-to-retry",))
    record = record_of(inspection, inspection.decision, inspection.decided_at)
    return Transition(replace(inspection, sealing_fault=""), (SealRecord(record),))


@dataclass(frozen=True, slots=True)
class Row:
    """``stages``: where the event is taken, and whether before or after the decision.

    ``answer``: elsewhere it is a late answer and dropped; other events are refused there.
    """

    rule: Callable[[Inspection, Any], Transition]
    stages: frozenset[Stage]
    answer: bool = False
    after_decision: bool = False


_OPEN = frozenset(Stage) - {Stage.CLOSED}
_AFTER_DOCUMENT = _OPEN - {Stage.DOCUMENT}
_AT_DECISION = frozenset({Stage.DECISION})

TABLE: dict[type, Row] = {
    e.DocumentRead: Row(_document_read, _OPEN, answer=True),
    e.ChipRead: Row(_answer(Step.CHIP, "reading"), _AFTER_DOCUMENT, answer=True),
    e.FaceCaptured: Row(_answer(Step.FACE, "sample"), _AFTER_DOCUMENT, answer=True),
    e.FingerprintsCaptured: Row(_fingerprints_captured, _AFTER_DOCUMENT, answer=True),
    e.ClearanceChecked: Row(_answer(Step.CLEARANCE, "result"), _AFTER_DOCUMENT, answer=True),
    e.FacesCompared: Row(_faces_compared, _AFTER_DOCUMENT, answer=True),
    e.FaceGroupsSearched: Row(_answer(Step.GROUPS, "result"), _AFTER_DOCUMENT, answer=True),
    e.WatchlistsSearched: Row(_answer(Step.WATCHLIST, "result"), _AFTER_DOCUMENT, answer=True),
    e.StepFailed: Row(_step_failed, _OPEN, answer=True),
    e.StepRetried: Row(_step_retried, _OPEN),
    e.StepWaived: Row(_step_waived, _OPEN),
    e.PersonClassConfirmed: Row(_class_confirmed, _AFTER_DOCUMENT),
    e.FindingOverridden: Row(_finding_overridden, _OPEN),
    e.NoteAdded: Row(_note_added, _OPEN),
    e.DecisionTaken: Row(_decision_taken, _OPEN),
    e.RecordSealed: Row(_record_sealed, _AT_DECISION, answer=True, after_decision=True),
    e.SealingFailed: Row(_sealing_failed, _AT_DECISION, answer=True, after_decision=True),
    e.SealingRetried: Row(_sealing_retried, _AT_DECISION, after_decision=True),
}
