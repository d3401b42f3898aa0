"""What a list panel offers: a digit a row. Drawing and pressing use the same rows, so they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass, replace

from inspection_station.desk.commands import Command, ConfirmPersonClass, Decide, OverrideFinding, WaiveStep
from inspection_station.desk.reasons import Reason, codes_of, reason_table, suggested
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.finding_rules import barring, findings
from inspection_station.inspection.findings import Finding, OverrideRule
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.offers import blockers
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.checks import finding_detail
from inspection_station.ui.presenters.console import Choice, Choose, Fill, Form, Panel
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.verdict import missing_steps
from inspection_station.wording import Wording

PAGE = 9


@dataclass(frozen=True, slots=True)
class Option:
    """One row: ``action`` is a command to post or the next panel."""

    label: str
    code: str
    action: Command | Panel
    suggested: bool = False


@dataclass(frozen=True, slots=True)
class ListPanel:
    """A page of options. ``by_enter`` is what Enter does, worded in ``enter_label``; None: a digit is needed."""

    title: str
    intro: str
    rows: tuple[tuple[Key, Option], ...]
    page: int
    pages: int
    by_enter: Command | None = None
    enter_label: str = ""


def list_panel(panel: Choose, inspection: Inspection, wording: Wording) -> ListPanel:
    """The panel as it is drawn."""
    options = _OFFERS[panel.what](panel, inspection, wording)
    pages = max(1, -(-len(options) // PAGE))
    page = panel.page % pages
    shown = options[page * PAGE : (page + 1) * PAGE]
    rows = tuple((Key(str(n)), option) for n, option in enumerate(shown, 1))
    title, intro = _heading(panel, inspection, wording)
    command, label = _by_enter(panel, inspection, wording)
    return ListPanel(title, intro, rows, page, pages, command, label)


def turned(panel: Choose, by: int) -> Choose:
    """The next or the previous page; ``list_panel`` wraps round."""
    return replace(panel, page=panel.page + by)


def _heading(panel: Choose, inspection: Inspection, wording: Wording) -> tuple[str, str]:
    if panel.what is Choice.REASON:
        return wording.text("panel.reason.title", decision=wording.text(f"disposition.{panel.target}")), wording.text(
            "panel.reason.intro"
        )
    if panel.what is Choice.WAIVE:
        return wording.text("panel.waive.title", step=wording.text(f"step.{panel.target}")), wording.text(
            "panel.waive.intro"
        )
    if panel.what is Choice.OVERRIDE:
        finding = finding_of(inspection, panel.target)
        what = wording.error(finding.code).what if finding else ""
        return wording.text("panel.override.title", what=what), wording.text("panel.override.intro")
    if panel.what is Choice.PERSON_CLASS:
        proposed = wording.text(f"class.{inspection.collection.person_class.value}")
        return wording.text("panel.class.title"), wording.text("panel.class.intro", proposed=proposed)
    key = "other" if panel.what is Choice.OTHER else "set-aside"
    return wording.text(f"panel.{key}.title"), wording.text(f"panel.{key}.intro")


def _by_enter(panel: Choose, inspection: Inspection, wording: Wording) -> tuple[Command | None, str]:
    if panel.what is Choice.REASON:
        disposition = Disposition(panel.target)
        rows = [r for r in suggested(_reasons(inspection, disposition), _codes(inspection)) if not r.note_needed]
        if rows:
            codes = tuple(r.code for r in rows)
            label = wording.text("panel.reason.enter", codes=wording.text("list-separator").join(codes))
            return Decide(disposition, codes), label
    if panel.what is Choice.PERSON_CLASS:
        proposed = inspection.collection.person_class
        if proposed is not PersonClass.UNKNOWN:
            label = wording.text("panel.class.enter", proposed=wording.text(f"class.{proposed.value}"))
            return ConfirmPersonClass(proposed), label
    return None, ""


def decide(inspection: Inspection, disposition: Disposition) -> Command | Panel:
    """A decision at once, or the list of its grounds first."""
    if disposition.needs_reason or _reasons(inspection, disposition):
        return Choose(Choice.REASON, disposition.value)
    return Decide(disposition)


def finding_of(inspection: Inspection, key: str) -> Finding | None:
    """The finding with this key, when it still stands."""
    return next((f for f in findings(inspection) if f.key == key), None)


def set_aside_targets(inspection: Inspection) -> tuple[Choose, ...]:
    """What an officer can let go now: findings that one or two persons may set aside, and required steps that are
    missing. A step that is only «if available» stops nobody and needs no waiver."""
    aside = tuple(
        Choose(Choice.OVERRIDE, f.key)
        for f in barring(inspection)
        if f.override in (OverrideRule.ONE_PERSON, OverrideRule.TWO_PERSONS)
    )
    return (*aside, *(Choose(Choice.WAIVE, s.value) for s in missing_steps(inspection)))


def _codes(inspection: Inspection) -> tuple[str, ...]:
    missing = [e.code for e in inspection.evidence.values() if isinstance(e, Missing)]
    if Step.CHIP not in inspection.scenario.steps:
        missing = [code for code in missing if code != "BIO-07"]  # no chip is read here: it is not for want of one
    return (*codes_of(barring(inspection)), *missing)


def _reasons(inspection: Inspection, disposition: Disposition) -> tuple[Reason, ...]:
    person_class = inspection.collection.person_class
    return reason_table().for_decision(disposition, person_class, _codes(inspection))


def _reason_options(panel: Choose, inspection: Inspection, wording: Wording) -> tuple[Option, ...]:
    disposition = Disposition(panel.target)
    rows = _reasons(inspection, disposition)
    marked = suggested(rows, _codes(inspection))

    def action(reason: Reason) -> Command | Panel:
        if reason.note_needed:
            return Fill(Form.DECISION, disposition.value, reason.code)
        return Decide(disposition, (reason.code,))

    return tuple(Option(r.text(wording.language), r.code, action(r), r in marked) for r in rows)


def _other_options(panel: Choose, inspection: Inspection, wording: Wording) -> tuple[Option, ...]:
    dispositions = (d for d in inspection.scenario.dispositions if not blockers(inspection, d))
    rows = [Option(wording.text(f"disposition.{d.value}"), d.value, decide(inspection, d)) for d in dispositions]
    if inspection.document is not None:
        rows.append(Option(wording.text("panel.other.class"), "", Choose(Choice.PERSON_CLASS)))
    return tuple(rows)


def _set_aside_options(panel: Choose, inspection: Inspection, wording: Wording) -> tuple[Option, ...]:
    rows = []
    for target in set_aside_targets(inspection):
        if target.what is Choice.WAIVE:
            label = wording.text("panel.set-aside.step", step=wording.text(f"step.{target.target}"))
            rows.append(Option(label, "", target))
            continue
        finding = finding_of(inspection, target.target)
        if finding is not None:
            detail = finding_detail(finding, wording, inspection)
            what = wording.error(finding.code).what
            label = wording.text("banner.with-detail", what=what, detail=detail) if detail else what
            rows.append(Option(label, finding.code, target))
    return tuple(rows)


def _waive_options(panel: Choose, inspection: Inspection, wording: Wording) -> tuple[Option, ...]:
    step = Step(panel.target)
    return tuple(
        Option(r.text(wording.language), r.code, WaiveStep(step, r.code)) for r in reason_table().for_waiver(step)
    )


def _override_options(panel: Choose, inspection: Inspection, wording: Wording) -> tuple[Option, ...]:
    finding = finding_of(inspection, panel.target)
    if finding is None:
        return ()
    two = finding.override is OverrideRule.TWO_PERSONS
    rows = reason_table().for_override(finding.code)

    def action(reason: Reason) -> Command | Panel:
        if two or reason.note_needed:
            return Fill(Form.OVERRIDE, finding.key, reason.code)
        return OverrideFinding(finding.key, reason.code)

    marked = suggested(rows, (finding.code,))
    return tuple(Option(r.text(wording.language), r.code, action(r), r in marked) for r in rows)


def _class_options(panel: Choose, inspection: Inspection, wording: Wording) -> tuple[Option, ...]:
    proposed = inspection.collection.person_class
    classes = [c for c in PersonClass if c is not PersonClass.UNKNOWN]
    rows = [Option(wording.text(f"class.{c.value}"), "", ConfirmPersonClass(c), c is proposed) for c in classes]
    exempt = proposed if proposed is not PersonClass.UNKNOWN else PersonClass.FOREIGNER
    for exemption in Exemption:
        reason = reason_table().of(exemption.value)
        label = reason.text(wording.language) if reason else exemption.value
        rows.append(Option(label, exemption.value, ConfirmPersonClass(exempt, exemption)))
    return tuple(rows)


_OFFERS = {
    Choice.REASON: _reason_options,
    Choice.OTHER: _other_options,
    Choice.SET_ASIDE: _set_aside_options,
    Choice.WAIVE: _waive_options,
    Choice.OVERRIDE: _override_options,
    Choice.PERSON_CLASS: _class_options,
}
