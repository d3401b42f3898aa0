"""Effects: work the machine asks for. The desk carries them out and answers with an event of the same attempt."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.inspection.biometrics import ReferenceKind
from inspection_station.inspection.document import BlobRef, MachineReadableZone
from inspection_station.inspection.face_search import FaceProbe
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.scenario import Step


@dataclass(frozen=True, slots=True)
class ReadDocument:
    attempt: int


@dataclass(frozen=True, slots=True)
class ReadChip:
    """``with_portrait`` False: article 91 keeps DG2 closed."""

    attempt: int
    mrz: MachineReadableZone
    with_portrait: bool


@dataclass(frozen=True, slots=True)
class CaptureFace:
    attempt: int


@dataclass(frozen=True, slots=True)
class CaptureFingerprints:
    """``chip_attempt``: the reading of the chip whose fingers the traveller's are compared with, 0: none. Number and
    issuing state of the document, "" where none was read: whoever searches tells its holder's own fingers by them."""

    attempt: int
    chip_attempt: int = 0
    document_number: str = ""
    issuing_state: str = ""


@dataclass(frozen=True, slots=True)
class CheckClearance:
    """Look the document up in the voyage's list. ``with_portrait`` False: article 91 keeps the picture closed."""

    attempt: int
    document_number: str
    issuing_state: str
    with_portrait: bool


@dataclass(frozen=True, slots=True)
class CompareFaces:
    """Live face with the chip portrait, and each with the history photograph of the document's number.

    Without the traveller (pre-clearance) the chip portrait is the ``probe`` and there is no ``reference``. ``kind`` is
    the reference's: where no chip is read, the portrait is the one that the pre-clearance left.
    """

    attempt: int
    probe: BlobRef | None
    reference: BlobRef | None
    document_number: str = ""
    kind: ReferenceKind = ReferenceKind.CHIP_PORTRAIT


@dataclass(frozen=True, slots=True)
class SearchFaceGroups:
    """One face against every group at hand."""

    attempt: int
    face: BlobRef
    probe: FaceProbe


@dataclass(frozen=True, slots=True)
class SearchWatchlists:
    attempt: int
    mrz: MachineReadableZone


@dataclass(frozen=True, slots=True)
class CancelStep:
    """An answer to this attempt is no longer wanted; devices stop at once."""

    step: Step
    attempt: int


@dataclass(frozen=True, slots=True)
class DiscardBiometrics:
    """Article 91: wipe every sample of this inspection from memory; nothing of it was or will be written."""

    inspection_id: str


@dataclass(frozen=True, slots=True)
class SealRecord:
    """Write record and outbox message in one transaction."""

    record: InspectionRecord


Effect = (
    ReadDocument
    | ReadChip
    | CaptureFace
    | CaptureFingerprints
    | CheckClearance
    | CompareFaces
    | SearchFaceGroups
    | SearchWatchlists
    | CancelStep
    | DiscardBiometrics
    | SealRecord
)
