"""Keys while the exchange's details are open, and the form of two officers that closes a voyage. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from inspection_station.desk.commands import CloseVoyage, Command, LookForSticks
from inspection_station.desk.view import DeskSnapshot
from inspection_station.ui.presenters.console import (
    Choose,
    Console,
    Exchange,
    Explain,
    Fill,
    Form,
    Keys,
    Pane,
    Panel,
)
from inspection_station.ui.presenters.exchange_panel import options
from inspection_station.ui.presenters.forms import FieldKind, FormField, FormPanel
from inspection_station.ui.presenters.keys import Key
from inspection_station.wording import Wording

Outcome = tuple[Console, tuple[Command, ...]]


def exchange_pressed(console: Console, key: Key, snapshot: DeskSnapshot) -> Outcome | None:
    """What a key does to the details; None where it is none of theirs."""
    panel = console.panel
    if key is Key.F12:
        if snapshot.exchange is None:
            return replace(console, hint="why.no-exchange"), ()
        if isinstance(panel, Fill) and panel.what is not Form.CLOSE_VOYAGE:
            return replace(console, hint="why.form-open"), ()  # what is being typed is not lost over it
        return replace(console, panel=None if isinstance(panel, Exchange) else Exchange()), ()
    if isinstance(panel, Fill) and panel.what is Form.CLOSE_VOYAGE and key is Key.ESC:
        return replace(console, panel=Exchange()), ()
    if not isinstance(panel, Exchange) or snapshot.exchange is None:
        return None
    if key in (Key.ESC, Key.ENTER):
        return replace(console, panel=None if panel.pane is Pane.STANDING else Exchange()), ()
    if key in (Key.LEFT, Key.RIGHT) and panel.pane is Pane.STANDING:
        return replace(console, panel=replace(panel, page=panel.page + (1 if key is Key.RIGHT else -1))), ()
    rows = dict(options(panel, snapshot.exchange, Wording(console.language)))
    option = rows.get(key)
    if option is None:
        return replace(console, hint="why.choose"), ()
    return exchange_chosen(console, option.action)


def exchange_chosen(console: Console, action: Command | Panel) -> Outcome:
    """An option of the details: another pane or form, or a command; the details stay open to show how it goes."""
    if isinstance(action, Exchange):
        return replace(console, panel=action), (LookForSticks(),)
    if isinstance(action, Choose | Fill | Explain | Keys):
        return replace(console, panel=action), ()
    if isinstance(action, LookForSticks):
        return console, (action,)
    return replace(console, panel=Exchange()), (action,)


def closing_form(wording: Wording) -> FormPanel:
    """Two officers close a voyage: the second signs here."""
    return FormPanel(
        wording.text("form.close-voyage.title"),
        wording.text("form.close-voyage.intro"),
        (
            FormField("second_officer", wording.text("form.override.officer"), FieldKind.LINE),
            FormField("second_code", wording.text("form.override.code"), FieldKind.SECRET),
        ),
    )


def closing_sent(console: Console, values: Mapping[str, str], snapshot: DeskSnapshot) -> Outcome:
    """Enter in that form."""
    officer, code = values.get("second_officer", "").strip(), values.get("second_code", "")
    if not officer or not code:
        return replace(console, hint="hint.second-officer"), ()
    if officer == snapshot.officer_id:
        return replace(console, hint="hint.same-officer"), ()
    return replace(console, panel=Exchange(), hint=""), (CloseVoyage(officer, code),)
