"""The details of the exchange as a panel in the page: lanes, lists, the last fault in full, what digits do."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.desk.commands import (
    Command,
    ExportToStick,
    ImportFromStick,
    LookForSticks,
    SyncNow,
    UsePortLink,
)
from inspection_station.desk.exchange_view import Act, ActView, ExchangeView, LaneView, ListAge
from inspection_station.ui.presenters.console import Exchange, Fill, Form, Pane, Panel
from inspection_station.ui.presenters.exchange_strip import (
    FRESHNESS_TONE,
    is_control_list,
    lane_name,
    link_item,
    list_name,
    moment_text,
    size_text,
    time_text,
    worst_first,
)
from inspection_station.ui.presenters.identity import FieldRow
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.options import Option
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.presenters.top_bar import HealthItem, age_text
from inspection_station.wording import Wording

LISTS_PAGE = 5
"""Lists that have room on a laptop's screen; ← and → turn the page."""


@dataclass(frozen=True, slots=True)
class ActLine:
    """What was asked for last, how it goes or came out, or what stands in the way. ``share`` 0…1 while it is known."""

    tone: Tone
    text: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class ExchangePanel:
    """As it is drawn. ``options``: what the digits do in this pane."""

    title: str
    link: HealthItem
    facts: str
    lanes_title: str
    lanes: tuple[FieldRow, ...]
    lists_title: str
    lists: tuple[FieldRow, ...]
    trouble: ActLine | None
    act: ActLine | None
    intro: str
    options: tuple[tuple[Key, Option], ...]
    columns: int


def exchange_panel(panel: Exchange, view: ExchangeView, wording: Wording) -> ExchangePanel:
    """The panel in the pane that is open."""
    standing = panel.pane is Pane.STANDING
    ordered = worst_first(view.lists)
    pages = max(1, -(-len(ordered) // LISTS_PAGE))
    page = panel.page % pages
    lists = ordered[page * LISTS_PAGE : (page + 1) * LISTS_PAGE]
    title = wording.text("exchange.lists")
    if pages > 1:
        title = wording.text("exchange.lists-page", page=page + 1, pages=pages)
    return ExchangePanel(
        wording.text(f"exchange.title.{panel.pane.value}"),
        link_item(view, wording),
        _facts(view, wording) if standing else "",
        wording.text("exchange.lanes"),
        tuple(_lane(lane, wording) for lane in view.lanes) if standing else (),
        title,
        tuple(_list(one, wording) for one in lists) if standing else (),
        _trouble(view, wording),
        _act(view.act, wording),
        _intro(panel, view, wording),
        options(panel, view, wording),
        5 if standing else 2,
    )


def options(panel: Exchange, view: ExchangeView, wording: Wording) -> tuple[tuple[Key, Option], ...]:
    """What digits do; drawing and pressing use the same rows."""
    if panel.pane is Pane.STANDING:
        rows = _standing(view, wording)
    elif panel.pane is Pane.EXPORT:
        rows = [
            Option(
                wording.text("exchange.place", label=stick.label, free=size_text(stick.free, wording)),
                "",
                ExportToStick(stick.path),
            )
            for stick in view.sticks or ()
        ]
    else:
        rows = [
            Option(
                wording.text(f"exchange.file.{file.form}", name=file.name, label=stick.label),
                "",
                ImportFromStick(file.path),
            )
            for stick in view.sticks or ()
            for file in stick.files
        ]
    found = tuple((Key(str(n)), row) for n, row in enumerate(rows[:9], 1))
    if panel.pane is not Pane.STANDING:
        found = (*found, (Key.D0, Option(wording.text("exchange.option.look-again"), "", LookForSticks())))
    return found


def _standing(view: ExchangeView, wording: Wording) -> list[Option]:
    cheap = "dear-link" if view.port_link else "port-link"
    actions: tuple[tuple[str, Command | Panel], ...] = (
        ("sync", SyncNow()),
        ("export", Exchange(Pane.EXPORT)),
        ("import", Exchange(Pane.IMPORT)),
        (cheap, UsePortLink(not view.port_link)),
        ("close-voyage", Fill(Form.CLOSE_VOYAGE)),
    )
    return [Option(wording.text(f"exchange.option.{name}"), "", action) for name, action in actions]


def _intro(panel: Exchange, view: ExchangeView, wording: Wording) -> str:
    if panel.pane is Pane.STANDING:
        return ""
    if view.sticks is None:
        return wording.text("exchange.intro.looking")
    if not view.sticks:
        return wording.text("exchange.intro.no-stick")
    if panel.pane is Pane.IMPORT and not any(stick.files for stick in view.sticks):
        return wording.text("exchange.intro.no-file")
    return wording.text(f"exchange.intro.{panel.pane.value}")


def _facts(view: ExchangeView, wording: Wording) -> str:
    found = [wording.text("exchange.fact.contact", at=moment_text(view.last_contact, wording))]
    if view.own_packs:
        found.append(wording.text("exchange.fact.own-packs"))
    else:
        found.append(wording.text("exchange.fact.packs", at=moment_text(view.packs_checked, wording)))
    if view.waiting:
        found.append(wording.text("exchange.fact.left", time=time_text(view.seconds_left, wording)))
    if view.port_link:
        found.append(wording.text("exchange.budget.port-link"))
    elif view.budget_bytes is not None:
        used, limit = size_text(view.used_bytes, wording), size_text(view.budget_bytes, wording)
        spent = "spent" if view.used_bytes >= view.budget_bytes else "used"
        found.append(wording.text(f"exchange.budget.{spent}", used=used, limit=limit))
    return wording.text("exchange.fact.separator").join(found)


def _lane(lane: LaneView, wording: Wording) -> FieldRow:
    name = lane_name(lane.lane, wording)
    if not lane.messages:
        tone, word = (Tone.OK, "exchange.state.empty") if not lane.held else (Tone.LOOK, "exchange.state.held")
        return FieldRow(name, wording.text("exchange.row.empty"), tone, wording.text(word, count=lane.held))
    size = size_text(lane.bytes, wording)
    if lane.later and lane.later == lane.bytes:
        value = wording.text("exchange.row.later", count=lane.messages, size=size)
        return FieldRow(name, value, Tone.UNCHECKED, wording.text("exchange.state.later"))
    value = wording.text("exchange.row.waiting", count=lane.messages, size=size, time=time_text(lane.seconds, wording))
    if lane.held:
        return FieldRow(name, value, Tone.LOOK, wording.text("exchange.state.held", count=lane.held))
    return FieldRow(name, value, Tone.NOTE, wording.text("exchange.state.waiting"))


def _list(one: ListAge, wording: Wording) -> FieldRow:
    tone, word = FRESHNESS_TONE[one.freshness], wording.text(f"exchange.age.{one.freshness.value}")
    name = list_name(one, wording)
    if one.hours is None:
        return FieldRow(name, wording.text("exchange.row.missing"), tone, word)
    value = wording.text(
        "exchange.row.list",
        name="" if is_control_list(one, wording) else f"{one.name} ",  # its kind tells which
        version=one.version,
        age=age_text(max(0.0, one.hours), wording),
        stale=moment_text(one.stale_after, wording),
    )
    if one.valid_until is not None:
        value = wording.text("exchange.row.valid", list=value, until=moment_text(one.valid_until, wording))
    return FieldRow(name, value, tone, word)


def _trouble(view: ExchangeView, wording: Wording) -> ActLine | None:
    """The fault of what was asked for last, else of the link, else of packs: what happened, why, do this, code."""
    act = view.act
    code = act.code if act is not None and not act.running and act.code else view.fault or view.packs_fault
    if not code:
        return None
    error = wording.error(code)
    text = wording.text("exchange.trouble", what=error.what, why=error.why, do=error.do, code=code)
    return ActLine(Tone.LOOK, text)


def _act(act: ActView | None, wording: Wording) -> ActLine | None:
    if act is None:
        return None
    name = f"exchange.act.{act.act.value}"
    if act.running:
        step = wording.text(f"exchange.step.{act.step}") if act.step else ""
        text = wording.text(f"{name}.running")
        if step:
            text = wording.text("exchange.act.step", act=text, step=step)
        return ActLine(Tone.RUNNING, text, act.share)
    if act.code:
        return ActLine(Tone.LOOK, wording.text(f"{name}.failed", code=act.code))
    figures = dict(act.figures)
    if "bytes" in figures:
        figures["size"] = size_text(int(figures["bytes"]), wording)
    if act.act is Act.CLOSE_VOYAGE:
        figures["old"] = wording.text(f"exchange.key.{figures.pop('key', 'standing')}")
    return ActLine(Tone.OK, wording.text(f"{name}.done", **figures))
