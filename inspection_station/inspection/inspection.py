"""An inspection as it stands: everything known, nothing derived. ``workflow.advance`` is the only way to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from inspection_station.inspection.biometrics import ComparisonResult, FaceSample, FingerprintCapture, NotCompared
from inspection_station.inspection.chip import ChipReading
from inspection_station.inspection.clearance import ClearanceResult
from inspection_station.inspection.disposition import Decision
from inspection_station.inspection.document import TravelDocument
from inspection_station.inspection.evidence import Evidence, Taken, Waived
from inspection_station.inspection.face_search import FaceSearchResult
from inspection_station.inspection.findings import Override
from inspection_station.inspection.person_class import ClassEvidence, Collection, Exemption, PersonClass, collection
from inspection_station.inspection.scenario import Scenario, Step
from inspection_station.inspection.watchlist import WatchlistResult


class Stage(StrEnum):
    """Where the officer stands: the first step without evidence, then the decision, then closed."""

    DOCUMENT = "document"
    CHIP = "chip"
    FACE = "face"
    FINGERPRINTS = "fingerprints"
    CLEARANCE = "clearance"
    COMPARISON = "comparison"
    GROUPS = "groups"
    WATCHLIST = "watchlist"
    DECISION = "decision"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Inspection:
    """Frozen; the mappings are never changed in place.

    ``attempts`` counts how often a step was asked for; ``running`` are the steps asked for and not yet answered.
    """

    inspection_id: str
    scenario: Scenario
    mission_id: str
    officer_id: str
    started_at: str
    today: date
    supersedes: str | None = None
    evidence: Mapping[Step, Evidence] = field(default_factory=dict)
    attempts: Mapping[Step, int] = field(default_factory=dict)
    running: frozenset[Step] = frozenset()
    taiwan_id_valid: bool = False
    expired: bool | None = None
    document_says: PersonClass | None = None
    confirmed_class: PersonClass | None = None
    exemption: Exemption | None = None
    overrides: tuple[Override, ...] = ()
    notes: tuple[str, ...] = ()
    decision: Decision | None = None
    decided_at: str = ""
    sealed_hash: str | None = None
    sealing_fault: str = ""

    @property
    def stage(self) -> Stage:
        """Derived, so it cannot disagree with the evidence."""
        if self.sealed_hash is not None:
            return Stage.CLOSED
        if self.decision is not None:
            return Stage.DECISION
        for step in self.scenario.steps:
            if step not in self.evidence:
                return Stage(step.value)
        return Stage.DECISION

    def attempt(self, step: Step) -> int:
        """Number of the newest attempt, 0 when the step was never asked for."""
        return self.attempts.get(step, 0)

    @property
    def document(self) -> TravelDocument | None:
        """The document, when it was read."""
        result = self._taken(Step.DOCUMENT)
        return result if isinstance(result, TravelDocument) else None

    @property
    def chip(self) -> ChipReading | None:
        """The chip reading, when there is one."""
        result = self._taken(Step.CHIP)
        return result if isinstance(result, ChipReading) else None

    @property
    def face(self) -> FaceSample | None:
        """The live face, when one was captured."""
        result = self._taken(Step.FACE)
        return result if isinstance(result, FaceSample) else None

    @property
    def fingers(self) -> FingerprintCapture | None:
        """The fingers, when they were captured."""
        result = self._taken(Step.FINGERPRINTS)
        return result if isinstance(result, FingerprintCapture) else None

    @property
    def clearance(self) -> ClearanceResult | None:
        """The whitelist's answer, when it was asked."""
        result = self._taken(Step.CLEARANCE)
        return result if isinstance(result, ClearanceResult) else None

    @property
    def comparisons(self) -> tuple[ComparisonResult, ...]:
        """Comparison results, empty when none was made."""
        result = self._taken(Step.COMPARISON)
        return tuple(r for r in result if isinstance(r, ComparisonResult)) if isinstance(result, tuple) else ()

    @property
    def not_compared(self) -> tuple[NotCompared, ...]:
        """References that could not be compared with."""
        result = self._taken(Step.COMPARISON)
        return tuple(r for r in result if isinstance(r, NotCompared)) if isinstance(result, tuple) else ()

    @property
    def face_search(self) -> FaceSearchResult | None:
        """What the search in groups gave, when it was made."""
        result = self._taken(Step.GROUPS)
        return result if isinstance(result, FaceSearchResult) else None

    @property
    def watchlist(self) -> WatchlistResult | None:
        """What the lists said, when they were searched."""
        result = self._taken(Step.WATCHLIST)
        return result if isinstance(result, WatchlistResult) else None

    @property
    def collection(self) -> Collection:
        """What article 91 allows for this person, as far as it is known now."""
        document = self.document
        if document is None:
            if self.confirmed_class is None:
                return Collection(PersonClass.UNKNOWN, None, "")
            nothing = ClassEvidence("", "", "", False, None)
            return collection(nothing, self.today, confirmed=self.confirmed_class, exemption=self.exemption)
        evidence = ClassEvidence.of(document.mrz, self.taiwan_id_valid, self.document_says)
        return collection(evidence, self.today, confirmed=self.confirmed_class, exemption=self.exemption)

    def waived(self, step: Step) -> Waived | None:
        """The waiver of a step, when it has one."""
        evidence = self.evidence.get(step)
        return evidence if isinstance(evidence, Waived) else None

    def _taken(self, step: Step) -> object:
        evidence = self.evidence.get(step)
        return evidence.result if isinstance(evidence, Taken) else None
