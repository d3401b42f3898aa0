"""From a decided inspection to its record. Article 91 is applied here once more, whatever happened before."""

from __future__ import annotations

from dataclasses import replace

from inspection_station.inspection.clearance import ClearanceResult
from inspection_station.inspection.disposition import Decision
from inspection_station.inspection.evidence import Evidence, Missing, Taken, Waived
from inspection_station.inspection.finding_rules import findings
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.record import InspectionRecord, KeptBlob, StepSummary
from inspection_station.inspection.scenario import Step


def record_of(inspection: Inspection, decision: Decision, decided_at: str) -> InspectionRecord:
    """The record of this inspection with this decision. Pure: the same inputs give the same record."""
    collection = inspection.collection
    document, chip = inspection.document, inspection.chip
    return InspectionRecord(
        inspection_id=inspection.inspection_id,
        scenario=inspection.scenario.name,
        mission_id=inspection.mission_id,
        officer_id=inspection.officer_id,
        started_at=inspection.started_at,
        decided_at=decided_at,
        decision=decision,
        person_class=collection.person_class,
        collection_reason="" if collection.allowed else (collection.reason or "K??"),
        mrz=document.mrz if document else None,
        mrz_source=document.source if document else None,
        chip_access=chip.access if chip else None,
        chip_checks=chip.checks if chip else (),
        comparisons=inspection.comparisons,
        watchlist=inspection.watchlist,
        findings=findings(inspection),
        overrides=inspection.overrides,
        steps=tuple(_summary(inspection, step) for step in inspection.scenario.steps),
        blobs=_kept(inspection) if collection.allowed else (),
        notes=inspection.notes,
        supersedes=inspection.supersedes,
        face_search=inspection.face_search if collection.allowed else None,
        not_compared=inspection.not_compared,
        fingers=inspection.fingers if collection.allowed else None,
        clearance=_clearance(inspection),
    )


def _clearance(inspection: Inspection) -> ClearanceResult | None:
    """Without the portrait: the record of the pre-clearance keeps it, where article 91 lets it be kept."""
    return None if inspection.clearance is None else replace(inspection.clearance, portrait=None)


def _summary(inspection: Inspection, step: Step) -> StepSummary:
    evidence: Evidence | None = inspection.evidence.get(step)
    attempts = inspection.attempt(step)
    if isinstance(evidence, Taken):
        return StepSummary(step, "taken", "", round(evidence.total_ms, 1), round(evidence.device_ms, 1), attempts)
    if isinstance(evidence, Missing):
        return StepSummary(step, "missing", evidence.code, 0.0, 0.0, attempts)
    if isinstance(evidence, Waived):
        return StepSummary(step, "waived", evidence.reason, 0.0, 0.0, attempts)
    return StepSummary(step, "not done", "", 0.0, 0.0, attempts)


def _kept(inspection: Inspection) -> tuple[KeptBlob, ...]:
    """Pictures kept with the record. The page shows the holder's face, so article 91 governs it too."""
    kept: list[KeptBlob] = []
    if inspection.document is not None and inspection.document.page_image is not None:
        kept.append(KeptBlob("page", inspection.document.page_image))
    if inspection.chip is not None and inspection.chip.portrait is not None:
        kept.append(KeptBlob("portrait", inspection.chip.portrait))
    if inspection.face is not None:
        kept.append(KeptBlob("live face", inspection.face.image))
    if inspection.fingers is not None:
        kept.extend(KeptBlob(f"finger {s.position.value}", s.image) for s in inspection.fingers.samples)
    return tuple(kept)
