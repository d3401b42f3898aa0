"""The banner: where the inspection stands, why, and the one next action."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.desk.view import DeskSnapshot, Notice
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Missing, Waived
from inspection_station.inspection.finding_rules import barring, findings
from inspection_station.inspection.findings import Severity
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.offers import offered
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.checks import blocks, finding_detail, zone_detail
from inspection_station.ui.presenters.console import class_is_open, document_to_mend
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording


@dataclass(frozen=True, slots=True)
class Banner:
    """``title`` large, ``reason`` beneath, ``code`` at the end."""

    tone: Tone
    title: str
    reason: str
    code: str = ""


def banner(snapshot: DeskSnapshot, wording: Wording) -> Banner:
    """The verdict as it stands; never green before every step has settled."""
    inspection = snapshot.inspection
    if inspection is None and snapshot.stopped:
        error = wording.error(snapshot.stopped)
        return Banner(Tone.BAR, error.what, error.do, error.code)
    if inspection is None:
        return Banner(Tone.NOTE, wording.text("banner.ready.title"), wording.text("banner.ready.reason"))
    if inspection.decision is not None:
        return _sealing(inspection, wording)
    if class_is_open(snapshot):
        return Banner(Tone.LOOK, wording.text("banner.class.title"), wording.text("banner.class.reason"), "BIO-05")
    if document_to_mend(inspection):
        return _unread(inspection, wording)
    if inspection.stage is not Stage.DECISION:
        return _running(snapshot, inspection, wording)
    return _verdict(inspection, wording)


def passing(inspection: Inspection) -> Disposition | None:
    """The decision that Enter takes: the first that lets pass and is offered now."""
    if inspection.stage is not Stage.DECISION:
        return None
    return next((d for d in offered(inspection) if d.lets_pass), None)


def missing_steps(inspection: Inspection) -> tuple[Step, ...]:
    """Required steps that are missing, in order."""
    return tuple(s for s in inspection.scenario.steps if blocks(inspection.scenario, s, inspection.evidence.get(s)))


def unchecked(inspection: Inspection) -> int:
    """How many things were not checked: grey findings and steps that were let go or skipped by law."""
    grey = {f.key for f in findings(inspection) if f.severity is Severity.UNCHECKED}
    skipped = {f"{step.value}:waived" for step, evidence in inspection.evidence.items() if isinstance(evidence, Waived)}
    return len(grey | skipped)


def document_trouble(snapshot: DeskSnapshot) -> Notice | None:
    """Why what was laid down last could not be read, while the reader waits for it once more."""
    inspection = snapshot.inspection
    if inspection is None or inspection.stage is not Stage.DOCUMENT:
        return None
    return next((n for n in reversed(snapshot.notices) if n.code.startswith("DOC-")), None)


def notice_detail(notice: Notice, wording: Wording) -> str:
    """Which device, or which places or lengths of the zone's lines; the rest are technical words for the log."""
    if of_zone := zone_detail(notice.code, notice.detail, wording):
        return of_zone
    return wording.text_or(f"health.{notice.detail}", "") if notice.code.startswith("DEV-") else ""


def _unread(inspection: Inspection, wording: Wording) -> Banner:
    evidence = inspection.evidence[Step.DOCUMENT]
    error = wording.error(evidence.code if isinstance(evidence, Missing) else "")
    return Banner(Tone.LOOK, error.what, error.do, error.code)


def _sealing(inspection: Inspection, wording: Wording) -> Banner:
    if inspection.sealing_fault:
        error = wording.error(inspection.sealing_fault)
        return Banner(Tone.BAR, error.what, error.do, error.code)
    decision = inspection.decision
    name = wording.text(f"disposition.{decision.disposition.value}") if decision else ""
    return Banner(
        Tone.RUNNING, wording.text("banner.sealing.title", decision=name), wording.text("banner.sealing.reason")
    )


def _running(snapshot: DeskSnapshot, inspection: Inspection, wording: Wording) -> Banner:
    stage = inspection.stage
    notice = document_trouble(snapshot)
    if notice is not None:
        error, detail = wording.error(notice.code), notice_detail(notice, wording)
        what = wording.text("banner.with-detail", what=error.what, detail=detail) if detail else error.what
        return Banner(Tone.LOOK, what, error.do, error.code)
    title = wording.text(f"banner.running.{stage.value}")
    if stage is Stage.FACE and snapshot.face_prompt is not None:
        title = wording.text(f"prompt.{snapshot.face_prompt.value}")
    stopping = barring(inspection)
    if stopping:
        bars = any(f.severity is Severity.BAR for f in stopping)
        first = next((f for f in stopping if f.severity is Severity.BAR), stopping[0])
        # The trouble is the headline; what the traveller is being asked stands on the page beneath it.
        return Banner(Tone.BAR if bars else Tone.LOOK, wording.error(first.code).what, title, first.code)
    return Banner(Tone.RUNNING, title, wording.text("banner.running.reason"))


def _verdict(inspection: Inspection, wording: Wording) -> Banner:
    stopping = barring(inspection)
    bars = [f for f in stopping if f.severity is Severity.BAR]
    missing = missing_steps(inspection)
    for found, tone, title in ((bars, Tone.BAR, "bar"), (list(stopping), Tone.LOOK, "look")):
        if found:
            first = found[0]
            error = wording.error(first.code)
            detail = finding_detail(first, wording, inspection)
            reason = wording.text("banner.with-detail", what=error.what, detail=detail) if detail else error.what
            return Banner(tone, wording.text(f"banner.{title}.title", count=len(stopping)), reason, first.code)
    if missing:
        evidence = inspection.evidence[missing[0]]
        code = evidence.code if isinstance(evidence, Missing) else ""
        steps = wording.text("list-separator").join(wording.text(f"step.{s.value}") for s in missing)
        reason = wording.error(code).what if code else ""
        return Banner(Tone.LOOK, wording.text("banner.missing.title", steps=steps), reason, code)
    grey = unchecked(inspection)
    disposition = passing(inspection)
    if disposition is None:
        return Banner(Tone.LOOK, wording.text("banner.nothing.title"), wording.text("banner.nothing.reason"))
    title = wording.text("banner.clear.title", decision=wording.text(f"disposition.{disposition.value}"))
    reason = wording.text("banner.clear.some", count=grey) if grey else wording.text("banner.clear.all")
    return Banner(Tone.OK, title, reason)
