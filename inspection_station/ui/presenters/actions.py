"""The action bar: what each key does now, and why it does nothing where it does nothing."""

from __future__ import annotations

from inspection_station.desk.view import DeskSnapshot
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.finding_rules import barring
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.offers import blockers
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.action import Action, Role
from inspection_station.ui.presenters.console import Choose, Console, Fill, open_panel, stage_shown
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.options import list_panel, set_aside_targets
from inspection_station.ui.presenters.verdict import missing_steps, passing
from inspection_station.wording import Wording


def actions(snapshot: DeskSnapshot, console: Console, wording: Wording) -> tuple[Action, ...]:
    """All buttons in screen order, the primary last."""
    inspection = snapshot.inspection
    other_language = wording.text("action.other-language")
    theme = wording.text(f"theme.{console.theme}")
    return (
        Action(Key.F1, wording.text("action.keys"), Role.PLAIN),
        _action(Key.F4, "note", why_not_open(inspection), wording),
        _action(Key.F5, "type-can" if types_can(inspection, console) else "type", why_not_open(inspection), wording),
        Action(
            Key.F6,
            _retry_label(inspection, console, wording),
            Role.PLAIN,
            _why(why_no_retry(inspection, console), wording),
        ),
        _action(Key.F7, "other", why_not_open(inspection), wording),
        _action(Key.F8, "print", "why.no-printer", wording),
        _action(Key.F9, "set-aside", why_nothing_to_set_aside(inspection), wording),
        Action(Key.F10, other_language, Role.PLAIN),
        Action(Key.F11, theme, Role.PLAIN),
        _action(Key.F3, "refuse", why_not_open(inspection), wording, Role.STOP),
        _action(Key.F2, "refer", why_not_open(inspection), wording, Role.STOP),
        _primary(snapshot, console, wording),
    )


def types_can(inspection: Inspection | None, console: Console) -> bool:
    """Whether F5 asks for the chip's access number: where the officer looks at a chip that did not open."""
    if inspection is None or inspection.document is None or inspection.collection.allowed is None:
        return False
    unread = isinstance(inspection.evidence.get(Step.CHIP), Missing)
    return unread and console.looked_at is Stage.CHIP


def why_not_open(inspection: Inspection | None) -> str:
    """Wording key of why nothing can be done to an inspection; empty when one is open and undecided."""
    if inspection is None:
        return "why.nobody"
    return "why.decided" if inspection.decision is not None else ""


def why_no_retry(inspection: Inspection | None, console: Console) -> str:
    """Why F6 does nothing."""
    key = why_not_open(inspection)
    if key or inspection is None:
        return key
    return "" if retry_target(inspection, console) is not None else "why.no-retry"


def why_nothing_to_set_aside(inspection: Inspection | None) -> str:
    """Why F9 does nothing."""
    key = why_not_open(inspection)
    if key or inspection is None:
        return key
    return "" if set_aside_targets(inspection) else "why.nothing-to-set-aside"


def refusal(inspection: Inspection) -> Disposition | None:
    """What F3 decides here: refusal of entry, or of departure where the scenario has no other."""
    for disposition in (Disposition.RE, Disposition.XP):
        if not blockers(inspection, disposition):
            return disposition
    return None


def retry_target(inspection: Inspection, console: Console) -> Step | None:
    """The step F6 takes again: the one looked at, else the first that stops, else the one that runs, else the face."""
    steps = inspection.scenario.steps
    candidates: list[Step] = []
    if console.looked_at is not None and console.looked_at.value in [s.value for s in steps]:
        candidates += [_mending(inspection, Step(console.looked_at.value)), Step(console.looked_at.value)]
    stopping = [Step(f.key.partition(":")[0]) for f in barring(inspection)]
    candidates += [_mending(inspection, s) for s in (*stopping, *missing_steps(inspection))]
    if inspection.stage.value in [s.value for s in steps]:
        candidates.append(Step(stage_shown(inspection).value))
    candidates += [Step.FACE, Step.DOCUMENT]
    return next((s for s in candidates if s in steps and _retriable(inspection, s)), None)


def _mending(inspection: Inspection, step: Step) -> Step:
    """What to take again to mend a step: another comparison of the same pictures says the same, another picture may
    not; without a portrait it is the chip that must be read again."""
    if step is Step.GROUPS and Step.FACE in inspection.scenario.steps:
        return Step.FACE
    if step is not Step.COMPARISON:
        return step
    if inspection.chip is not None and inspection.chip.portrait is not None:
        return Step.FACE
    return Step.CHIP


def _retriable(inspection: Inspection, step: Step) -> bool:
    waiver = inspection.waived(step)
    if waiver is not None and waiver.officer_id is None:
        return False  # article 91: never asked for
    return step in inspection.evidence or step in inspection.running


def _retry_label(inspection: Inspection | None, console: Console, wording: Wording) -> str:
    target = retry_target(inspection, console) if inspection is not None else None
    return wording.text(f"retry.{target.value}") if target is not None else wording.text("action.retry")


def _primary(snapshot: DeskSnapshot, console: Console, wording: Wording) -> Action:
    inspection = snapshot.inspection
    panel = open_panel(console, snapshot)
    if inspection is not None and isinstance(panel, Choose):
        shown = list_panel(panel, inspection, wording)
        if shown.by_enter is not None:
            return Action(Key.ENTER, wording.text("action.confirm"), Role.PRIMARY)
        return Action(Key.ENTER, wording.text("action.confirm"), Role.PRIMARY, wording.text("why.choose"))
    if isinstance(panel, Fill):
        return Action(Key.ENTER, wording.text(f"form.{panel.what.value}.send"), Role.PRIMARY)
    if panel is not None:
        unread = wording.text("why.late-hit") if console.panel is None and snapshot.late_hits else ""
        return Action(Key.ENTER, wording.text("action.back"), Role.PRIMARY, unread)
    if inspection is None:
        why = wording.error(snapshot.stopped).what if snapshot.stopped else ""
        return Action(Key.ENTER, wording.text("action.begin"), Role.PRIMARY, why)
    if inspection.decision is not None:
        if inspection.sealing_fault:
            return Action(Key.ENTER, wording.text("action.seal"), Role.PRIMARY)
        return Action(Key.ENTER, wording.text("action.pass"), Role.PRIMARY, wording.text("why.sealing"))
    disposition = passing(inspection)
    if disposition is not None:
        return Action(Key.ENTER, wording.text(f"pass.{disposition.value}"), Role.PRIMARY)
    return Action(Key.ENTER, wording.text("action.pass"), Role.PRIMARY, why_not_passing(inspection, wording))


def why_not_passing(inspection: Inspection, wording: Wording) -> str:
    """The first thing that keeps Enter from passing the traveller."""
    stopping = barring(inspection)
    if stopping:
        first = next((f for f in stopping if f.severity.value == "bar"), stopping[0])
        return wording.text("why.finding", what=wording.error(first.code).what, code=first.code)
    missing = missing_steps(inspection)
    if missing:
        return wording.text("why.missing", step=wording.text(f"step.{missing[0].value}"))
    if inspection.stage is not Stage.DECISION:
        return wording.text("why.running", step=wording.text(f"step.{inspection.stage.value}"))
    return wording.text("why.not-offered")


def _action(key: Key, name: str, why: str, wording: Wording, role: Role = Role.PLAIN) -> Action:
    return Action(key, wording.text(f"action.{name}"), role, _why(why, wording))


def _why(key: str, wording: Wording) -> str:
    return wording.text(key) if key else ""
