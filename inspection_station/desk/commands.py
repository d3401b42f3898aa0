"""What an officer can ask of the desk. Posted from any thread; carried out one after the other on the desk thread."""

from __future__ import annotations

from dataclasses import dataclass, field

from inspection_station.inspection.biometrics import FingerAbsence, FingerPosition
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import Step


@dataclass(frozen=True, slots=True)
class BeginInspection:
    """Start the next traveller (Enter on the ready page, or a document placed on the reader)."""


@dataclass(frozen=True, slots=True)
class RetryStep:
    step: Step


@dataclass(frozen=True, slots=True)
class WaiveStep:
    step: Step
    reason: str


@dataclass(frozen=True, slots=True)
class NoteFinger:
    """The finger that is asked for is missing, injured or cannot be read: the next of the hand is taken."""

    position: FingerPosition
    why: FingerAbsence


@dataclass(frozen=True, slots=True)
class RefuseFingers:
    """The traveller refuses to have fingers taken (art. 91(3))."""


@dataclass(frozen=True, slots=True)
class TypeDocument:
    """Manual entry (F5): the zone typed twice; differences come back as a notice, by position."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class TypeCan:
    """The access number printed on the document: the chip is read again with it instead of the zone. Kept nowhere."""

    can: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FeedText:
    """A burst from a keyboard wedge, as the event filter assembled it."""

    text: str


@dataclass(frozen=True, slots=True)
class ReadLateHit:
    """The officer has read the notice of a late hit (its id, as the snapshot gives it)."""

    late_hit_id: str


@dataclass(frozen=True, slots=True)
class ConfirmPersonClass:
    person_class: PersonClass
    exemption: Exemption | None = None


@dataclass(frozen=True, slots=True)
class OverrideFinding:
    """``second_officer_id`` and ``second_officer_code`` where two persons are asked for (FLOWS 5.3)."""

    finding_key: str
    reason: str
    note: str = ""
    second_officer_id: str | None = None
    second_officer_code: str = ""


@dataclass(frozen=True, slots=True)
class AddNote:
    text: str


@dataclass(frozen=True, slots=True)
class Decide:
    disposition: Disposition
    reasons: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class UndoDecision:
    """Within ten seconds: writes a voiding record and opens the same traveller again; afterwards only a correction."""


@dataclass(frozen=True, slots=True)
class RetrySealing:
    """Try again to write the record after STO-01."""


@dataclass(frozen=True, slots=True)
class SyncNow:
    """Ask headquarters at once, whatever pause was kept."""


@dataclass(frozen=True, slots=True)
class UsePortLink:
    """The link costs nothing from now on (``cheap``), or is dear again."""

    cheap: bool


@dataclass(frozen=True, slots=True)
class LookForSticks:
    """See which media that can be taken out are there, and what lies on them."""


@dataclass(frozen=True, slots=True)
class ExportToStick:
    """Everything that waits, sealed for headquarters, in one new file in ``folder``."""

    folder: str


@dataclass(frozen=True, slots=True)
class ImportFromStick:
    """Headquarters' receipts and packs out of a bundle, or packs out of a repository's folder."""

    path: str


@dataclass(frozen=True, slots=True)
class CloseVoyage:
    """Destroy what may be destroyed and move to a store under a fresh key: two officers (FLOWS 5.3, purge)."""

    second_officer_id: str
    second_officer_code: str = field(repr=False)


ExchangeCommand = SyncNow | UsePortLink | LookForSticks | ExportToStick | ImportFromStick | CloseVoyage

Command = (
    BeginInspection
    | RetryStep
    | WaiveStep
    | NoteFinger
    | RefuseFingers
    | TypeDocument
    | TypeCan
    | FeedText
    | ReadLateHit
    | ConfirmPersonClass
    | OverrideFinding
    | AddNote
    | Decide
    | UndoDecision
    | RetrySealing
    | SyncNow
    | UsePortLink
    | LookForSticks
    | ExportToStick
    | ImportFromStick
    | CloseVoyage
)
