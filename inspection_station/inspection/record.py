"""What is kept of an inspection: one frozen value, sealed once, corrected only by a later one (FLOWS 5.4)."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.inspection.biometrics import ComparisonResult, FingerprintCapture, NotCompared
from inspection_station.inspection.chip import AccessProtocol, ChipCheck
from inspection_station.inspection.clearance import ClearanceResult
from inspection_station.inspection.disposition import Decision
from inspection_station.inspection.document import BlobRef, MachineReadableZone, MrzSource
from inspection_station.inspection.face_search import FaceSearchResult
from inspection_station.inspection.findings import Finding, Override
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.watchlist import WatchlistResult


@dataclass(frozen=True, slots=True)
class StepSummary:
    """How a step ended: ``taken``, ``missing`` or ``waived``; ``code`` says why not taken; times in milliseconds."""

    step: Step
    outcome: str
    code: str
    total_ms: float
    device_ms: float
    attempts: int


@dataclass(frozen=True, slots=True)
class KeptBlob:
    """A picture kept with the record, and what it is: ``portrait``, ``live face``, ``page``, ``finger`` …"""

    purpose: str
    blob: BlobRef


@dataclass(frozen=True, slots=True)
class InspectionRecord:
    """The record. Times are ISO 8601 UTC as the station's clock gave them.

    ``supersedes`` names the record this one corrects. Biometric blobs appear only where article 91 allows. ``packs``
    are the data packs that were in use when it was made («kind/name version»).
    """

    inspection_id: str
    scenario: str
    mission_id: str
    officer_id: str
    started_at: str
    decided_at: str
    decision: Decision
    person_class: PersonClass
    collection_reason: str
    mrz: MachineReadableZone | None
    mrz_source: MrzSource | None
    chip_access: AccessProtocol | None
    chip_checks: tuple[ChipCheck, ...]
    comparisons: tuple[ComparisonResult, ...]
    watchlist: WatchlistResult | None
    findings: tuple[Finding, ...]
    overrides: tuple[Override, ...]
    steps: tuple[StepSummary, ...]
    blobs: tuple[KeptBlob, ...]
    notes: tuple[str, ...] = ()
    supersedes: str | None = None
    app_version: str = ""
    face_search: FaceSearchResult | None = None
    not_compared: tuple[NotCompared, ...] = ()
    fingers: FingerprintCapture | None = None
    clearance: ClearanceResult | None = None
    packs: tuple[str, ...] = ()
