"""The whole screen as one frozen value: what a snapshot and the console's own state show in a language."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.desk.late_hits import LATE_HIT
from inspection_station.desk.view import DeskSnapshot, Notice
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.scenario import SCENARIOS, Step
from inspection_station.ui.presenters.action import Action
from inspection_station.ui.presenters.actions import actions
from inspection_station.ui.presenters.candidates_page import CandidatesPage, candidates_page
from inspection_station.ui.presenters.checks import CheckRow, check_rows, empty_rows
from inspection_station.ui.presenters.chip_page import ChipPage, chip_page
from inspection_station.ui.presenters.console import (
    Choose,
    Console,
    Exchange,
    Explain,
    Fill,
    Form,
    Keys,
    Panel,
    is_beside,
    open_panel,
    stage_shown,
)
from inspection_station.ui.presenters.exchange_panel import ExchangePanel, exchange_panel
from inspection_station.ui.presenters.exchange_press import closing_form
from inspection_station.ui.presenters.exchange_strip import ExchangeStrip, exchange_strip
from inspection_station.ui.presenters.fingers_page import FingersPage, fingers_page
from inspection_station.ui.presenters.forms import FormPanel, form_panel
from inspection_station.ui.presenters.identity import Identity, identity
from inspection_station.ui.presenters.key_overview import KeyOverview, key_overview
from inspection_station.ui.presenters.late_hit import late_hit_text
from inspection_station.ui.presenters.options import ListPanel, list_panel
from inspection_station.ui.presenters.result_pages import (
    ComparisonPage,
    DecisionPage,
    ListsPage,
    ReadyPage,
    comparison_page,
    decision_page,
    lists_page,
    ready_page,
    undo_text,
)
from inspection_station.ui.presenters.step_pages import (
    DocumentPage,
    FacePage,
    PlainPage,
    Trouble,
    document_page,
    face_page,
    plain_page,
)
from inspection_station.ui.presenters.tone import Tone, worst
from inspection_station.ui.presenters.top_bar import TopBar, top_bar
from inspection_station.ui.presenters.verdict import Banner, banner, document_trouble, notice_detail
from inspection_station.wording import Wording

Page = (
    ReadyPage
    | DocumentPage
    | ChipPage
    | FacePage
    | FingersPage
    | PlainPage
    | ComparisonPage
    | CandidatesPage
    | ListsPage
    | DecisionPage
)
PanelModel = ListPanel | FormPanel | Trouble | ExchangePanel | KeyOverview


@dataclass(frozen=True, slots=True)
class StepMark:
    """One mark of the path over the page. ``here``: this page is shown."""

    stage: Stage
    label: str
    tone: Tone
    word: str
    here: bool


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything that is drawn. ``panel_of`` is the open panel behind ``panel``."""

    top: TopBar
    banner: Banner
    identity: Identity
    path: tuple[StepMark, ...]
    page: Page
    panel: PanelModel | None
    panel_of: Panel | None
    checks: tuple[CheckRow, ...]
    actions: tuple[Action, ...]
    hint: str
    undo: str
    strip: ExchangeStrip | None = None


def screen(
    snapshot: DeskSnapshot, console: Console, wording: Wording, *, now: float, battery: int | None = None
) -> Screen:
    """Compose the screen. ``now`` is monotonic seconds, ``battery`` per cent or None."""
    inspection = snapshot.inspection
    panel_of = open_panel(console, snapshot) if inspection is not None or snapshot.late_hits else None
    if is_beside(console.panel):
        panel_of = console.panel
    bar = actions(snapshot, console, wording)
    steps = SCENARIOS[snapshot.scenario].steps if snapshot.scenario in SCENARIOS else ()
    rows = check_rows(inspection, wording) if inspection is not None else empty_rows(steps, wording)
    return Screen(
        top_bar(snapshot, wording, now, battery),
        banner(snapshot, wording),
        identity(inspection, wording),
        _path(inspection, console, rows, wording),
        _page(snapshot, console, wording, now),
        _panel(panel_of, snapshot, rows, wording, console.revealed),
        panel_of,
        rows,
        bar,
        _hint(console, snapshot.notices, bar, wording),
        undo_text(snapshot.last_decision, wording, now),
        exchange_strip(snapshot.exchange, wording),
    )


def _page(snapshot: DeskSnapshot, console: Console, wording: Wording, now: float) -> Page:
    inspection = snapshot.inspection
    if inspection is None:
        return ready_page(snapshot, wording, now)
    stage = console.looked_at or stage_shown(inspection)
    if stage is Stage.DOCUMENT:
        notice = document_trouble(snapshot)
        told = (notice.code, notice_detail(notice, wording)) if notice is not None else None
        return document_page(inspection, wording, told)
    if stage is Stage.CHIP:
        return chip_page(inspection, wording)
    if stage is Stage.FACE:
        return face_page(snapshot, inspection, wording)
    if stage is Stage.COMPARISON:
        return comparison_page(inspection, wording, revealed=console.revealed)
    if stage is Stage.GROUPS:
        return candidates_page(inspection, wording, revealed=console.revealed, page=console.candidate_page)
    if stage is Stage.WATCHLIST:
        return lists_page(snapshot, inspection, wording, revealed=console.revealed)
    if stage is Stage.FINGERPRINTS:
        return fingers_page(snapshot, inspection, wording, revealed=console.revealed)
    if stage is Stage.CLEARANCE:
        return plain_page(inspection, Step(stage.value), wording)
    return decision_page(inspection, wording)


def _panel(
    panel: Panel | None, snapshot: DeskSnapshot, rows: tuple[CheckRow, ...], wording: Wording, revealed: bool
) -> PanelModel | None:
    inspection = snapshot.inspection
    if isinstance(panel, Exchange):
        return None if snapshot.exchange is None else exchange_panel(panel, snapshot.exchange, wording)
    if isinstance(panel, Keys):
        return key_overview(wording)
    if isinstance(panel, Fill) and panel.what is Form.CLOSE_VOYAGE:
        return closing_form(wording)
    if isinstance(panel, Explain):
        otherwise = Tone.BAR if panel.code == LATE_HIT else Tone.LOOK
        row = next((row for row in rows if (row.key == panel.key if panel.key else row.code == panel.code)), None)
        error = wording.error(panel.code)
        if panel.code == LATE_HIT and snapshot.late_hits:
            return Trouble(otherwise, error, late_hit_text(snapshot.late_hits, wording, revealed=revealed))
        detail = row.detail if row is not None and panel.key else panel.detail
        return Trouble(row.tone if row is not None else otherwise, error, detail if detail != error.what else "")
    if panel is None or inspection is None:
        return None
    if isinstance(panel, Fill):
        return form_panel(panel, inspection, wording)
    assert isinstance(panel, Choose)
    return list_panel(panel, inspection, wording)


def _path(
    inspection: Inspection | None, console: Console, rows: tuple[CheckRow, ...], wording: Wording
) -> tuple[StepMark, ...]:
    if inspection is None:
        return ()
    here = console.looked_at or stage_shown(inspection)
    marks = []
    for step in inspection.scenario.steps:
        tone = worst(tuple(r.tone for r in rows if r.step is step))
        word = wording.text(f"tone.{tone.value}")
        marks.append(
            StepMark(Stage(step.value), wording.text(f"step.{step.value}"), tone, word, here.value == step.value)
        )
    at_decision = here in (Stage.DECISION, Stage.CLOSED)
    tone = Tone.NOTE if inspection.stage in (Stage.DECISION, Stage.CLOSED) else Tone.UNCHECKED
    word = wording.text(f"tone.{tone.value}")
    marks.append(StepMark(Stage.DECISION, wording.text("step.decision"), tone, word, at_decision))
    return tuple(marks)


def _hint(console: Console, notices: tuple[Notice, ...], bar: tuple[Action, ...], wording: Wording) -> str:
    if console.hint:
        primary = bar[-1]
        if console.hint == "why.not-offered" and primary.why:
            return primary.why
        return wording.text(console.hint)
    if console.green_since is not None:
        return wording.text("hint.by-itself")
    if notices:
        notice = notices[-1]
        error = wording.error(notice.code)
        detail = notice_detail(notice, wording)
        what = wording.text("banner.with-detail", what=error.what, detail=detail) if detail else error.what
        return wording.text("hint.notice", what=what, do=error.do, code=notice.code)
    return bar[-1].why
