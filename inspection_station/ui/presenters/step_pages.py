"""Pages of the steps that read something: document and face, and the plain page of the other steps."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.desk.view import DeskSnapshot
from inspection_station.hardware.errors import DeviceError
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.evidence import Missing, Taken, Waived
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FacePrompt
from inspection_station.ui.presenters.checks import check_rows, zone_detail
from inspection_station.ui.presenters.identity import FieldRow, field_rows
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import ErrorWording, Wording


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stands in the way, in full: what happened, why, do this, code."""

    tone: Tone
    error: ErrorWording
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """A line of the zone; ``doubted`` and ``repaired`` are columns from 0."""

    text: str
    doubted: frozenset[int]
    repaired: frozenset[int]


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """The page picture, the zone as read, its fields. ``guide`` says what to do while nothing is there."""

    picture: BlobRef | None
    no_picture: str
    source: str
    lines: tuple[ZoneLine, ...]
    fields: tuple[FieldRow, ...]
    guide: str
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class Reference:
    """What the live face is compared with, by machine or by eye. ``whole``: a page, to be shown uncut."""

    picture: BlobRef | None
    caption: str
    absent: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class FacePage:
    """The live picture with one prompt at a time, the portrait beside it, and the captured face."""

    portrait: Reference
    captured: BlobRef | None
    live: bool
    prompt: str
    prompt_tone: Tone
    facts: tuple[FieldRow, ...]
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class PlainPage:
    """A step without a page of its own here."""

    title: str
    word: str
    tone: Tone
    guide: str
    trouble: Trouble | None


def trouble_of(inspection: Inspection, step: Step, wording: Wording) -> Trouble | None:
    """Why a step is missing; None when it is not. Of the detail, which is English and for support, only places in a
    zone and lengths of its lines are shown.
    """
    evidence = inspection.evidence.get(step)
    if not isinstance(evidence, Missing) or not evidence.code:
        return None
    return Trouble(Tone.LOOK, wording.error(evidence.code), zone_detail(evidence.code, evidence.detail, wording))


def document_page(inspection: Inspection, wording: Wording, told: tuple[str, str] | None = None) -> DocumentPage:
    """Page of the document step. ``told``: code and detail of what was laid down last and could not be read."""
    document = inspection.document
    trouble = trouble_of(inspection, Step.DOCUMENT, wording)
    if trouble is None and told is not None:
        trouble = Trouble(Tone.LOOK, wording.error(told[0]), told[1])
    if document is None:
        return DocumentPage(None, wording.text("picture.page"), "", (), (), wording.text("guide.document"), trouble)
    doubts = [(d.line, d.column) for d in document.mrz.doubts]
    repairs = [(r.line, r.column) for r in document.mrz.repairs]
    lines = tuple(
        ZoneLine(text, frozenset(c for n, c in doubts if n == at), frozenset(c for n, c in repairs if n == at))
        for at, text in enumerate(document.mrz.lines)
    )
    source = wording.text("document.source", source=wording.text(f"source.{document.source.value}"))
    return DocumentPage(
        document.page_image,
        wording.text("picture.no-page"),
        source,
        lines,
        field_rows(inspection, wording),
        "",
        trouble,
    )


def reference_of(inspection: Inspection, wording: Wording) -> Reference:
    """The chip's portrait; where no chip is read the one that the pre-clearance left; else the page, for the eye."""
    absent = portrait_absent(inspection, wording)
    caption = wording.text("picture.caption-portrait")
    if inspection.collection.allowed is False:
        return Reference(None, caption, absent)
    chip, cleared, document = inspection.chip, inspection.clearance, inspection.document
    if chip is not None and chip.portrait is not None:
        return Reference(chip.portrait, caption, absent)
    if cleared is not None and cleared.portrait is not None:
        return Reference(cleared.portrait, wording.text("reference.pre-clearance portrait"), absent)
    if document is not None and document.page_image is not None and Step.CHIP not in inspection.running:
        return Reference(document.page_image, wording.text("picture.caption-page"), absent, whole=True)
    if Step.CHIP not in inspection.scenario.steps:
        return Reference(None, wording.text("reference.pre-clearance portrait"), wording.text("picture.no-portrait"))
    return Reference(None, caption, absent)


def portrait_absent(inspection: Inspection, wording: Wording) -> str:
    """Why there is no portrait of this person: not read yet, not there, or not allowed."""
    if inspection.collection.allowed is False:
        return wording.text("picture.not-collected")
    settled = Step.CHIP in inspection.evidence
    return wording.text("picture.no-portrait" if settled else "picture.portrait")


_WHAT_WAS_WRONG = frozenset(prompt.value for prompt in FacePrompt) - {FacePrompt.GOOD.value}


def face_page(snapshot: DeskSnapshot, inspection: Inspection, wording: Wording) -> FacePage:
    """Page of the face step. Nothing live is shown of a person from whom nothing may be collected."""
    sample = inspection.face
    running = Step.FACE in inspection.running
    evidence = inspection.evidence.get(Step.FACE)
    tone, prompt = Tone.NOTE, wording.text("guide.face")
    if running and snapshot.face_prompt is not None:
        good = snapshot.face_prompt is FacePrompt.GOOD
        tone, prompt = (Tone.OK if good else Tone.LOOK), wording.text(f"prompt.{snapshot.face_prompt.value}")
    elif isinstance(evidence, Taken):
        tone, prompt = Tone.OK, wording.text("face.captured")
    elif isinstance(evidence, Missing) and evidence.code == DeviceError.code:
        tone, prompt = Tone.LOOK, wording.text("face.camera-lost")
    elif isinstance(evidence, Missing) and evidence.detail in _WHAT_WAS_WRONG:
        tone, prompt = Tone.LOOK, wording.text(f"prompt.{evidence.detail}")  # what the capture ended on
    elif isinstance(evidence, Waived):
        tone, prompt = (
            Tone.UNCHECKED,
            wording.text("picture.not-collected" if evidence.officer_id is None else "word.waived"),
        )
    facts: tuple[FieldRow, ...] = ()
    if sample is not None:
        not_assessed = (wording.text_or(f"measure.{name}", name) for name in sample.not_assessed)
        facts = (
            FieldRow(wording.text("face.quality"), wording.text("unit.of-100", value=round(sample.quality * 100))),
            FieldRow(wording.text("face.attack"), wording.text("face.attack-observed"), Tone.UNCHECKED),
            FieldRow(
                wording.text("face.not-assessed"),
                wording.text("list-separator").join(not_assessed) or "—",
                Tone.UNCHECKED,
            ),
        )
    return FacePage(
        reference_of(inspection, wording),
        sample.image if sample else None,
        running and inspection.collection.allowed is True,
        prompt,
        tone,
        facts,
        trouble_of(inspection, Step.FACE, wording),
    )


def plain_page(inspection: Inspection, step: Step, wording: Wording) -> PlainPage:
    """Page of the clearance."""
    rows = [r for r in check_rows(inspection, wording) if r.step is step]
    row = rows[0]
    return PlainPage(
        wording.text(f"step.{step.value}"),
        row.word,
        row.tone,
        wording.text(f"guide.{step.value}"),
        trouble_of(inspection, step, wording),
    )
