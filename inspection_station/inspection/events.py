"""Events: facts in the past tense. The events of an inspection are its journal; replay gives the same inspection.

Results carry the ``attempt`` they answer: an answer to an older attempt is dropped. No event holds biometric bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.inspection.biometrics import (
    ComparisonResult,
    FaceSample,
    FingerNotTaken,
    FingerprintSample,
    FingerSearch,
    NotCompared,
)
from inspection_station.inspection.chip import ChipReading
from inspection_station.inspection.clearance import ClearanceResult
from inspection_station.inspection.disposition import Decision
from inspection_station.inspection.document import TravelDocument
from inspection_station.inspection.face_search import FaceSearchResult
from inspection_station.inspection.findings import Override
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.watchlist import WatchlistResult


@dataclass(frozen=True, slots=True)
class InspectionStarted:
    """``at`` is ISO 8601 UTC; ``today`` the date the checks use (YYYY-MM-DD)."""

    inspection_id: str
    scenario: str
    mission_id: str
    officer_id: str
    at: str
    today: str
    supersedes: str | None = None


@dataclass(frozen=True, slots=True)
class _StepDone:
    attempt: int
    total_ms: float
    device_ms: float


@dataclass(frozen=True, slots=True)
class DocumentRead(_StepDone):
    """``taiwan_id_valid``: the optional data hold a valid national ID number (decides article 91, PL-05).

    ``expired``: True, False, or None where the zone does not tell. ``document_says``: the holder's class where the
    kind of document tells it and the nationality printed does not (passports of Hong Kong and Macao print CHN).
    """

    document: TravelDocument
    taiwan_id_valid: bool
    expired: bool | None
    document_says: PersonClass | None = None


@dataclass(frozen=True, slots=True)
class ChipRead(_StepDone):
    reading: ChipReading


@dataclass(frozen=True, slots=True)
class FaceCaptured(_StepDone):
    sample: FaceSample


@dataclass(frozen=True, slots=True)
class FingerprintsCaptured(_StepDone):
    """``comparisons``: with the same fingers of the chip, where it gave them; ``search``: among all, online."""

    samples: tuple[FingerprintSample, ...]
    not_taken: tuple[FingerNotTaken, ...] = ()
    comparisons: tuple[ComparisonResult, ...] = ()
    search: FingerSearch | None = None


@dataclass(frozen=True, slots=True)
class ClearanceChecked(_StepDone):
    result: ClearanceResult


@dataclass(frozen=True, slots=True)
class FacesCompared(_StepDone):
    results: tuple[ComparisonResult, ...]
    not_compared: tuple[NotCompared, ...] = ()


@dataclass(frozen=True, slots=True)
class FaceGroupsSearched(_StepDone):
    result: FaceSearchResult


@dataclass(frozen=True, slots=True)
class WatchlistsSearched(_StepDone):
    result: WatchlistResult


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step that could not be done; ``code`` is the officer's code, ``detail`` free of personal data."""

    step: Step
    attempt: int
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StepRetried:
    """The officer asked for the step again (recapture, reread)."""

    step: Step
    officer_id: str


@dataclass(frozen=True, slots=True)
class StepWaived:
    """The officer lets a missing step go, with a reason code."""

    step: Step
    officer_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PersonClassConfirmed:
    """The officer confirmed or corrected the class, or named an exemption of article 91(2)."""

    officer_id: str
    person_class: PersonClass
    exemption: Exemption | None = None


@dataclass(frozen=True, slots=True)
class FindingOverridden:
    override: Override


@dataclass(frozen=True, slots=True)
class NoteAdded:
    officer_id: str
    text: str


@dataclass(frozen=True, slots=True)
class DecisionTaken:
    """``at`` is ISO 8601 UTC."""

    decision: Decision
    at: str


@dataclass(frozen=True, slots=True)
class RecordSealed:
    """The store holds the record and its outbox message; only now is the inspection closed."""

    record_hash: str


@dataclass(frozen=True, slots=True)
class SealingFailed:
    """The store could not write. Nothing is lost: the decision stands and is sealed on the next try."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SealingRetried:
    officer_id: str


Event = (
    InspectionStarted
    | DocumentRead
    | ChipRead
    | FaceCaptured
    | FingerprintsCaptured
    | ClearanceChecked
    | FacesCompared
    | FaceGroupsSearched
    | WatchlistsSearched
    | StepFailed
    | StepRetried
    | StepWaived
    | PersonClassConfirmed
    | FindingOverridden
    | NoteAdded
    | DecisionTaken
    | RecordSealed
    | SealingFailed
    | SealingRetried
)
