"""What the screen adds to a snapshot: an open panel, the page looked at, the language, the last hint. Frozen, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.desk.late_hits import notices_of
from inspection_station.desk.view import DeskSnapshot
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.scenario import Demand, Step


class Choice(StrEnum):
    """What is chosen from a list by digit. ``target`` of the panel says of what: a disposition, a step, a finding."""

    REASON = "reason"
    OTHER = "other"
    SET_ASIDE = "set-aside"
    WAIVE = "waive"
    OVERRIDE = "override"
    PERSON_CLASS = "person-class"


class Form(StrEnum):
    """What is filled in."""

    NOTE = "note"
    ZONE = "zone"
    CAN = "can"
    OVERRIDE = "override"
    DECISION = "decision"
    CLOSE_VOYAGE = "close-voyage"


@dataclass(frozen=True, slots=True)
class Choose:
    """A list by digits; nine a page, 0 turns the page."""

    what: Choice
    target: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True)
class Fill:
    """A form; ``target`` is a finding's key or a disposition, ``reason`` a reason code."""

    what: Form
    target: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Explain:
    """An officer's code in full: what, why, do this. ``key`` names the check it was touched at, whose detail then
    follows the language.
    """

    code: str
    detail: str = ""
    key: str = ""


class Pane(StrEnum):
    """What of the exchange is open: how it stands, where to export to, what to take in."""

    STANDING = "standing"
    EXPORT = "export"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Exchange:
    """The details of the exchange with headquarters; open also between two travellers. ``page`` of the lists."""

    pane: Pane = Pane.STANDING
    page: int = 0


@dataclass(frozen=True, slots=True)
class Keys:
    """The overview of keys and shapes; open also between two travellers."""


Panel = Choose | Fill | Explain | Exchange | Keys


@dataclass(frozen=True, slots=True)
class Console:
    """The screen's own state. ``looked_at`` None: the page follows the inspection. ``hint``: a wording key, why a key
    that was pressed did nothing. ``revealed``: hits and scores are shown while the key is held. ``green_since``:
    monotonic seconds, while a verdict is about to pass by itself; ``stopped_for``: the inspection for which the officer
    stopped that.
    """

    language: str = "zh_TW"
    theme: str = "day"
    panel: Panel | None = None
    looked_at: Stage | None = None
    hint: str = ""
    revealed: bool = False
    class_postponed: bool = False
    candidate_page: int = 0
    green_since: float | None = None
    stopped_for: str = ""


def open_panel(console: Console, snapshot: DeskSnapshot) -> Panel | None:
    """The panel on the screen: the officer's own, or a late hit nobody has read, or the class that must be confirmed
    before anything biometric.
    """
    if console.panel is not None:
        return console.panel
    if snapshot.late_hits:
        (notice,) = notices_of(snapshot.late_hits)
        return Explain(notice.code, notice.detail)
    if class_is_open(snapshot) and not console.class_postponed:
        return Choose(Choice.PERSON_CLASS)
    return None


def is_beside(panel: Panel | None) -> bool:
    """Whether the panel belongs to no inspection, so that it is open without one too."""
    return isinstance(panel, Explain | Exchange | Keys) or (isinstance(panel, Fill) and panel.what is Form.CLOSE_VOYAGE)


def class_is_open(snapshot: DeskSnapshot) -> bool:
    """Whether article 91 waits for the officer."""
    inspection = snapshot.inspection
    if inspection is None or inspection.decision is not None or inspection.stage is Stage.DOCUMENT:
        return False
    if inspection.stage is Stage.DECISION or document_to_mend(inspection):
        return False
    return inspection.collection.allowed is None


def document_to_mend(inspection: Inspection) -> bool:
    """Whether the required document could not be read: read again, typed or let go before anything else is asked."""
    evidence = inspection.evidence.get(Step.DOCUMENT)
    required = inspection.scenario.demand(Step.DOCUMENT) is Demand.REQUIRED
    return required and isinstance(evidence, Missing) and inspection.decision is None


def stage_shown(inspection: Inspection) -> Stage:
    """The page that follows the inspection: its stage, or the document while that has to be mended."""
    return Stage.DOCUMENT if document_to_mend(inspection) else inspection.stage
