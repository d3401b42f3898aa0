"""What a key does: (console, key, snapshot) gives the next console and the commands to post. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from inspection_station.desk.commands import (
    BeginInspection,
    Command,
    Decide,
    ReadLateHit,
    RetrySealing,
    RetryStep,
    UndoDecision,
)
from inspection_station.desk.view import DeskSnapshot
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.actions import (
    refusal,
    retry_target,
    types_can,
    why_no_retry,
    why_not_open,
    why_nothing_to_set_aside,
)
from inspection_station.ui.presenters.console import (
    Choice,
    Choose,
    Console,
    Exchange,
    Explain,
    Fill,
    Form,
    Keys,
    Panel,
    class_is_open,
    open_panel,
    stage_shown,
)
from inspection_station.ui.presenters.exchange_press import closing_sent, exchange_chosen, exchange_pressed
from inspection_station.ui.presenters.fingers_page import fingers_asked, noted
from inspection_station.ui.presenters.forms import submit
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.options import decide, list_panel, set_aside_targets, turned
from inspection_station.ui.presenters.pass_by_itself import stopped
from inspection_station.ui.presenters.verdict import passing
from inspection_station.wording import LANGUAGES, Wording

THEMES = ("day", "dusk", "night")
Outcome = tuple[Console, tuple[Command, ...]]


def press(console: Console, key: Key, snapshot: DeskSnapshot, now: float) -> Outcome:
    """Apply one key. ``now`` is monotonic seconds (for the ten seconds of undo)."""
    console, counted = replace(console, hint=""), console.green_since is not None
    if key is not Key.ENTER:
        console = stopped(console, snapshot)
        if key is Key.SPACE and counted:
            return console, ()
    if key is Key.F10:
        following = LANGUAGES[(LANGUAGES.index(console.language) + 1) % len(LANGUAGES)]
        return replace(console, language=following), ()
    if key is Key.F11:
        return replace(console, theme=THEMES[(THEMES.index(console.theme) + 1) % len(THEMES)]), ()
    if key is Key.F1:
        return _overview(console)
    if (of_exchange := exchange_pressed(console, key, snapshot)) is not None:
        return of_exchange
    if key is Key.F8:
        return replace(console, hint="why.no-printer"), ()
    if key is Key.UNDO:
        return _undo(console, snapshot, now)
    if key in (Key.ESC, Key.ENTER) and console.panel is None and snapshot.late_hits:
        # Read by «back» alone: Enter is pressed for every traveller and must not take away what nobody has read.
        if key is Key.ENTER:
            return replace(console, hint="why.late-hit"), ()
        return console, (ReadLateHit(snapshot.late_hits[0].late_hit_id),)
    if key is Key.ESC:
        return _back(console, snapshot), ()
    inspection = snapshot.inspection
    if key is Key.ENTER:
        return _enter(console, snapshot)
    if inspection is None:
        return replace(console, hint="why.nobody"), ()
    if key.digit is not None:
        return _digit(console, key, snapshot, inspection)
    if key in (Key.LEFT, Key.RIGHT):
        return _sideways(console, inspection, snapshot, 1 if key is Key.RIGHT else -1), ()
    return _function(console, key, inspection)


def settle(console: Console, before: DeskSnapshot, after: DeskSnapshot) -> Console:
    """What a new snapshot closes: another traveller, a decision or another attempt closes panels and the page."""
    old, new = before.inspection, after.inspection
    if len(after.late_hits) > len(before.late_hits) and isinstance(console.panel, Exchange):
        console = replace(console, panel=None)  # a late hit interrupts whoever looks at the exchange
    if new is None or old is None or old.inspection_id != new.inspection_id:
        if old is new:
            return console
        fresh = replace(console, panel=None, looked_at=None, hint="", revealed=False, green_since=None)
        return replace(fresh, class_postponed=False, candidate_page=0)
    if old.decision is None and new.decision is not None:
        return replace(console, panel=None, looked_at=None, hint="")
    if old.evidence != new.evidence or old.running != new.running:
        console = replace(console, hint="", green_since=None)  # what it said may no longer be so
    if old.stage is not new.stage:
        console = replace(console, looked_at=None, class_postponed=console.class_postponed and class_is_open(after))
    if old.document != new.document:
        console = replace(console, class_postponed=False)
    if isinstance(console.panel, Choose) and old.evidence != new.evidence:
        return replace(console, panel=None) if _stale(console.panel, new) else console
    return console


def send(console: Console, values: Mapping[str, str], snapshot: DeskSnapshot) -> Outcome:
    """Enter in a form."""
    inspection = snapshot.inspection
    if isinstance(console.panel, Fill) and console.panel.what is Form.CLOSE_VOYAGE:
        return closing_sent(console, values, snapshot)
    if inspection is None or not isinstance(console.panel, Fill):
        return replace(console, panel=None), ()
    outcome = submit(console.panel, values, inspection)
    if isinstance(outcome, str):
        return replace(console, hint=outcome), ()
    return replace(console, panel=None, hint=""), (outcome,)


def choose(console: Console, action: Command | Panel) -> Outcome:
    """Take an option: a panel opens, a command is posted and closes the panel."""
    if isinstance(console.panel, Exchange):
        return exchange_chosen(console, action)
    if isinstance(action, Choose | Fill | Explain | Exchange | Keys):
        return replace(console, panel=action), ()
    return replace(console, panel=None, looked_at=None, class_postponed=False), (action,)


def _stale(panel: Choose, inspection: Inspection) -> bool:
    if panel.what in (Choice.WAIVE, Choice.OVERRIDE):
        return panel.target not in [t.target for t in set_aside_targets(inspection)]
    return panel.what is Choice.SET_ASIDE and not set_aside_targets(inspection)


def _undo(console: Console, snapshot: DeskSnapshot, now: float) -> Outcome:
    last = snapshot.last_decision
    if last is None or now >= last.undo_until:
        return replace(console, hint="why.no-undo"), ()
    return replace(console, panel=None), (UndoDecision(),)


def _overview(console: Console) -> Outcome:
    """F1 opens the overview of keys and closes it; what is being typed is not lost over it."""
    if isinstance(console.panel, Fill):
        return replace(console, hint="why.form-open"), ()
    return replace(console, panel=None if isinstance(console.panel, Keys) else Keys()), ()


def _back(console: Console, snapshot: DeskSnapshot) -> Console:
    if console.panel is not None:
        return replace(console, panel=None)
    if open_panel(console, snapshot) is not None:
        return replace(console, class_postponed=True)
    return replace(console, looked_at=None)


def _enter(console: Console, snapshot: DeskSnapshot) -> Outcome:
    inspection = snapshot.inspection
    if isinstance(console.panel, Explain | Keys):
        return replace(console, panel=None), ()
    if inspection is None:
        return replace(console, panel=None, hint="hint.called"), (BeginInspection(),)
    panel = open_panel(console, snapshot)
    if isinstance(panel, Choose):
        shown = list_panel(panel, inspection, Wording(console.language))
        if shown.by_enter is None:
            return replace(console, hint="why.choose"), ()
        return choose(console, shown.by_enter)
    if isinstance(panel, Explain):
        return replace(console, panel=None), ()
    if panel is not None:
        return console, ()  # the form sends itself
    if inspection.decision is not None:
        return (console, (RetrySealing(),)) if inspection.sealing_fault else (replace(console, hint="why.sealing"), ())
    if class_is_open(snapshot):
        return replace(console, class_postponed=False), ()
    disposition = passing(inspection)
    if disposition is None:
        return replace(console, hint="why.not-offered"), ()
    return replace(console, looked_at=None), (Decide(disposition),)


def _digit(console: Console, key: Key, snapshot: DeskSnapshot, inspection: Inspection) -> Outcome:
    panel = open_panel(console, snapshot)
    here = console.looked_at or stage_shown(inspection)
    if panel is None and here is Stage.FINGERPRINTS and (shown := fingers_asked(snapshot, inspection)) is not None:
        command = noted(key, shown)
        return console, (command,) if command is not None else ()
    if panel is None and key is Key.D0 and here is Stage.GROUPS:
        return replace(console, candidate_page=console.candidate_page + 1), ()
    if not isinstance(panel, Choose):
        return console, ()
    if key is Key.D0:
        return replace(console, panel=turned(panel, 1)), ()
    rows = dict(list_panel(panel, inspection, Wording(console.language)).rows)
    option = rows.get(key)
    if option is None:
        return replace(console, hint="why.choose"), ()
    return choose(console, option.action)


def _sideways(console: Console, inspection: Inspection, snapshot: DeskSnapshot, by: int) -> Console:
    panel = open_panel(console, snapshot)
    if isinstance(panel, Choose):
        return replace(console, panel=turned(panel, by))
    if panel is not None:
        return console
    pages = [Stage(s.value) for s in inspection.scenario.steps] + [Stage.DECISION]
    follows = stage_shown(inspection)
    here = console.looked_at or (follows if follows in pages else Stage.DECISION)
    at = min(len(pages) - 1, max(0, pages.index(here) + by))
    return replace(console, looked_at=None if pages[at] is follows else pages[at])


def _function(console: Console, key: Key, inspection: Inspection) -> Outcome:
    why = {Key.F6: why_no_retry(inspection, console), Key.F9: why_nothing_to_set_aside(inspection)}.get(
        key, why_not_open(inspection)
    )
    if why:
        return replace(console, hint=why), ()
    if key is Key.F2:
        return choose(console, decide(inspection, Disposition.RF))
    if key is Key.F3:
        disposition = refusal(inspection)
        return choose(console, decide(inspection, disposition)) if disposition else (console, ())
    if key is Key.F4:
        return choose(console, Fill(Form.NOTE))
    if key is Key.F5:
        return choose(console, Fill(Form.CAN if types_can(inspection, console) else Form.ZONE))
    if key is Key.F6:
        step = retry_target(inspection, console)
        return (replace(console, panel=None, looked_at=None), (RetryStep(step),)) if step else (console, ())
    if key is Key.F7:
        return choose(console, Choose(Choice.OTHER))
    if key is Key.F9:
        targets = set_aside_targets(inspection)
        return choose(console, targets[0] if len(targets) == 1 else Choose(Choice.SET_ASIDE))
    if key is Key.SPACE and console.panel is None and Step.FACE in inspection.scenario.steps:
        if inspection.collection.allowed is not True or Stage.DOCUMENT is inspection.stage:
            return replace(console, hint="why.no-retry"), ()
        return replace(console, looked_at=None), (RetryStep(Step.FACE),)
    return console, ()
