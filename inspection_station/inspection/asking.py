"""What to ask for next: every step whose inputs are there is asked for at once, so that what can run side by side does.

A step whose inputs cannot come becomes missing by itself; article 91 waives by rule; a waived input waives what
hangs on it.
"""

from __future__ import annotations

from dataclasses import replace

from inspection_station.inspection.biometrics import ReferenceKind
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.effects import (
    CaptureFace,
    CaptureFingerprints,
    CheckClearance,
    CompareFaces,
    Effect,
    ReadChip,
    ReadDocument,
    SearchFaceGroups,
    SearchWatchlists,
)
from inspection_station.inspection.evidence import Missing, Waived
from inspection_station.inspection.face_search import FaceProbe
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Demand, Scenario, Step

# Which steps must be taken again when a step is (the page decides the key, the face decides the comparison).
DEPENDENTS: dict[Step, tuple[Step, ...]] = {
    Step.DOCUMENT: tuple(step for step in Step if step is not Step.DOCUMENT),
    Step.CHIP: (Step.COMPARISON, Step.GROUPS),
    Step.FACE: (Step.COMPARISON, Step.GROUPS),
    Step.FINGERPRINTS: (),
    Step.CLEARANCE: (Step.COMPARISON,),
    Step.COMPARISON: (),
    Step.GROUPS: (),
    Step.WATCHLIST: (),
}


def ask(inspection: Inspection) -> tuple[Inspection, tuple[Effect, ...]]:
    """Settle what settles itself and ask for what can be asked. Repeats until nothing changes."""
    effects: list[Effect] = []
    if inspection.decision is not None:
        return inspection, ()
    changed = True
    while changed:
        changed = False
        for step in inspection.scenario.steps:
            if step in inspection.evidence or step in inspection.running:
                continue
            outcome = _ready(inspection, step)
            if outcome is None:
                continue
            changed = True
            if isinstance(outcome, (Missing, Waived)):
                inspection = replace(inspection, evidence={**inspection.evidence, step: outcome})
            else:
                attempt = inspection.attempt(step) + 1
                inspection = replace(
                    inspection,
                    attempts={**inspection.attempts, step: attempt},
                    running=inspection.running | {step},
                )
                effects.append(_effect(inspection, step, attempt))
    return inspection, tuple(effects)


class _Ask:
    """The step can be asked for."""


_ASK = _Ask()


def _ready(inspection: Inspection, step: Step) -> _Ask | Missing | Waived | None:
    """Ask, settle by itself, or None: wait."""
    if step is Step.DOCUMENT:
        # A document that is only «if available» is asked for by the officer, not waited for.
        wanted = inspection.scenario.demand(step) is Demand.REQUIRED or inspection.attempt(step) > 0
        return _ASK if wanted else Missing("", "not asked for")
    if step in (Step.CHIP, Step.WATCHLIST):
        return _ready_with_document(inspection, step)
    if step in (Step.FACE, Step.FINGERPRINTS):
        return _ready_if_collectable(inspection)
    if step is Step.CLEARANCE:
        return _ready_for_the_list(inspection)
    if step is Step.GROUPS:
        return _ready_to_search(inspection)
    return _ready_to_compare(inspection)


def _ready_with_document(inspection: Inspection, step: Step) -> _Ask | Missing | Waived | None:
    evidence = inspection.evidence.get(Step.DOCUMENT)
    if evidence is None:
        return None
    if inspection.document is None:
        if isinstance(evidence, Waived) and step is Step.CHIP:
            return evidence
        code = "CHP-10" if step is Step.CHIP else "LST-02"
        return Missing(code, "no document data")
    if step is Step.CHIP and inspection.collection.allowed is None:
        return None  # whether DG2 may be opened waits for the officer
    return _ASK


def _ready_if_collectable(inspection: Inspection) -> _Ask | Waived | None:
    """Article 91: nothing biometric is asked for before the class is known, and nothing of an excluded person ever."""
    if Step.DOCUMENT not in inspection.evidence:
        return None
    collection = inspection.collection
    if collection.allowed is None:
        return None
    return _ASK if collection.allowed else Waived(collection.reason)


def _ready_for_the_list(inspection: Inspection) -> _Ask | Missing | None:
    """The list is asked by document number, of everybody: of a person whom article 91 excludes without the portrait."""
    if Step.DOCUMENT not in inspection.evidence:
        return None
    document = inspection.document
    if document is None or not document.mrz.document_number:
        return Missing("PRE-03", "no document number")
    return None if inspection.collection.allowed is None else _ASK


def _ready_to_compare(inspection: Inspection) -> _Ask | Missing | Waived | None:
    scenario = inspection.scenario
    inputs = [s for s in (_reference_step(scenario), Step.FACE) if scenario.demand(s) is not Demand.NOT_DONE]
    if any(s not in inspection.evidence for s in (Step.DOCUMENT, *inputs) if scenario.demand(s) is not Demand.NOT_DONE):
        return None
    if inspection.collection.allowed is False:
        return Waived(inspection.collection.reason)
    for step in reversed(inputs):
        waiver = inspection.waived(step)
        if waiver is not None:
            return waiver
    if Step.FACE in inputs and inspection.face is None:
        return Missing("BIO-08", "no live face")
    if _portrait(inspection) is None:
        return Missing("BIO-07", "no portrait to compare with")
    return _ASK


def _reference_step(scenario: Scenario) -> Step:
    """The step that gives the portrait: the chip's own reading, else what the pre-clearance left of it."""
    return Step.CHIP if scenario.demand(Step.CHIP) is not Demand.NOT_DONE else Step.CLEARANCE


def _portrait(inspection: Inspection) -> BlobRef | None:
    chip, clearance = inspection.chip, inspection.clearance
    if _reference_step(inspection.scenario) is Step.CHIP:
        return chip.portrait if chip is not None else None
    return clearance.portrait if clearance is not None else None


def _ready_to_search(inspection: Inspection) -> _Ask | Missing | Waived | None:
    """The live face is looked for, else the chip's portrait; of a person whom article 91 excludes neither."""
    if Step.DOCUMENT not in inspection.evidence:
        return None
    collection = inspection.collection
    if collection.allowed is None:
        return None
    if not collection.allowed:
        return Waived(collection.reason)
    for step in (Step.FACE, Step.CHIP):
        if inspection.scenario.demand(step) is Demand.NOT_DONE:
            continue
        if step not in inspection.evidence:
            return None
        if _probe(inspection) is not None:
            return _ASK
    return Missing("GRP-02", "no face to look for")


def _probe(inspection: Inspection) -> tuple[BlobRef, FaceProbe] | None:
    if inspection.face is not None:
        return inspection.face.image, FaceProbe.LIVE
    if inspection.chip is not None and inspection.chip.portrait is not None:
        return inspection.chip.portrait, FaceProbe.CHIP_PORTRAIT
    return None


def _effect(inspection: Inspection, step: Step, attempt: int) -> Effect:
    document, chip, face = inspection.document, inspection.chip, inspection.face
    if step is Step.CHIP and document is not None:
        return ReadChip(attempt, document.mrz, with_portrait=inspection.collection.allowed is True)
    if step is Step.WATCHLIST and document is not None:
        return SearchWatchlists(attempt, document.mrz)
    if step is Step.FACE:
        return CaptureFace(attempt)
    if step is Step.FINGERPRINTS:
        read = Step.CHIP in inspection.running or chip is not None
        number, state = (document.mrz.document_number, document.mrz.issuing_state) if document else ("", "")
        return CaptureFingerprints(attempt, inspection.attempt(Step.CHIP) if read else 0, number, state)
    if step is Step.CLEARANCE and document is not None:
        with_portrait = inspection.collection.allowed is True
        return CheckClearance(attempt, document.mrz.document_number, document.mrz.issuing_state, with_portrait)
    if step is Step.COMPARISON:
        portrait = _portrait(inspection)
        # Without the traveller (pre-clearance) the portrait itself is the probe, for history and groups.
        number = document.mrz.document_number if document else ""
        if face is None:
            return CompareFaces(attempt, portrait, None, number)
        from_chip = _reference_step(inspection.scenario) is Step.CHIP
        kind = ReferenceKind.CHIP_PORTRAIT if from_chip else ReferenceKind.CLEARANCE
        return CompareFaces(attempt, face.image, portrait, number, kind)
    if step is Step.GROUPS and (probe := _probe(inspection)) is not None:
        return SearchFaceGroups(attempt, *probe)
    return ReadDocument(attempt)
