"""Samples, references and comparisons. Terms: ISO/IEC 2382-37 (probe, reference, comparison, candidate)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.face_search import FaceProbe


class Modality(StrEnum):
    FACE = "face"
    FINGERPRINT = "fingerprint"


class ReferenceKind(StrEnum):
    """What the live probe is compared with."""

    CHIP_PORTRAIT = "chip portrait"
    CLEARANCE = "pre-clearance portrait"
    CHIP_FINGER = "chip finger"
    HISTORY = "history photograph"
    GROUP = "group"


class ComparisonBand(StrEnum):
    """Never a percentage: the band the officer sees. Uncalibrated: compare by eye."""

    MATCH = "match"
    INCONCLUSIVE = "inconclusive"
    NO_MATCH = "no match"
    UNCALIBRATED = "uncalibrated"


class FingerPosition(StrEnum):
    """ISO/IEC 19794-2 finger positions, in the legal order of substitutes a hand (Biometric Data Regulation art. 6)."""

    RIGHT_INDEX = "right index"
    RIGHT_THUMB = "right thumb"
    RIGHT_MIDDLE = "right middle"
    RIGHT_RING = "right ring"
    RIGHT_LITTLE = "right little"
    LEFT_INDEX = "left index"
    LEFT_THUMB = "left thumb"
    LEFT_MIDDLE = "left middle"
    LEFT_RING = "left ring"
    LEFT_LITTLE = "left little"


@dataclass(frozen=True, slots=True)
class FaceSample:
    """A captured face. ``quality`` 0…1 of what could be assessed; ``not_assessed`` names what could not."""

    image: BlobRef
    quality: float
    not_assessed: tuple[str, ...] = ()
    presentation_attack: str = "not performed; the officer observes"


@dataclass(frozen=True, slots=True)
class FingerprintSample:
    """A captured finger; ``quality`` 0…100."""

    image: BlobRef
    position: FingerPosition
    quality: int
    quality_method: str


class FingerAbsence(StrEnum):
    """Why a finger that the law names first was not taken (Biometric Data Regulation art. 6)."""

    MISSING = "missing"
    INJURED = "injured"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class FingerNotTaken:
    """A finger that could not be taken, noted so that the next of the hand may stand for it."""

    position: FingerPosition
    why: FingerAbsence


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """One comparison. ``score`` in the model's own unit, higher is more alike; ``threshold`` the match bound.

    ``one_in`` is 1/false-match rate where a calibration gives it, else None. ``probe`` is what stands on the other
    side; ``reference_image`` the picture compared with, where it is none of the inspection's own.
    """

    modality: Modality
    reference: ReferenceKind
    score: float
    threshold: float
    band: ComparisonBand
    model_id: str
    one_in: float | None = None
    probe: FaceProbe = FaceProbe.LIVE
    reference_image: BlobRef | None = None


@dataclass(frozen=True, slots=True)
class NotCompared:
    """A reference that could not be compared with; ``code`` is the officer's code, "" where there simply is none."""

    reference: ReferenceKind
    code: str
    detail: str = ""


ENROLLED = "biometric-enrolled"
"""生物特徵建檔人員: whose biometrics were taken once, which is no suspicion (BM-04)."""


@dataclass(frozen=True, slots=True)
class FingerCandidate:
    """Somebody who may have these fingers, by the reference of the system that says so. An officer judges.

    ``same_document``: the system keeps them under the document that was shown.
    """

    group: str
    reference: str
    score: float
    same_document: bool = False

    @property
    def known(self) -> bool:
        """The traveller's own earlier fingers, of whom nothing is said but that they were taken. Whoever is found in a
        group of controlled persons is a candidate under any document."""
        return self.same_document and self.group == ENROLLED


@dataclass(frozen=True, slots=True)
class FingerSearch:
    """Fingers against all that an agency's system keeps (BM-09), asked online. ``online_at``: ISO 8601, UTC, by its
    clock; ``searched``: fingers compared with. ``code``: why nobody looked, "" where somebody did.
    """

    system: str
    online_at: str = ""
    searched: int = 0
    candidates: tuple[FingerCandidate, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class FingerprintCapture:
    """What the step of the fingers gave: at most one finger a hand, what stood in its way, and the comparisons with the
    same fingers of the chip. No sample: every finger was noted as one that cannot be taken. ``search`` None: nobody was
    asked who else has these fingers.
    """

    samples: tuple[FingerprintSample, ...]
    not_taken: tuple[FingerNotTaken, ...] = ()
    comparisons: tuple[ComparisonResult, ...] = ()
    search: FingerSearch | None = None
