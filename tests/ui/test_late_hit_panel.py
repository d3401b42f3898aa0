"""A late hit on the screen: it interrupts, Enter does not take it away, «back» does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from desk_props import FakeDesk, Script
from PySide6.QtWidgets import QLabel
from screen_events import settle_events

from inspection_station.desk import commands as c
from inspection_station.desk.late_hits import LATE_HIT, notices_of
from inspection_station.desk.view import DeskSnapshot, LateHitView
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.presenters.console import Choice, Choose, Console, Explain, open_panel
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.press import press
from inspection_station.ui.presenters.screen import Screen, screen
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording

LATE = LateHitView("ab" * 32, "i-7", "wanted", "wanted", "W-9", ("name",), (), "2", "2026-11-23", "2026-11-23")


def interrupted(desk: FakeDesk) -> DeskSnapshot:
    return replace(desk.snapshot(), late_hits=(LATE,), notices=notices_of((LATE,)))


def shown(snapshot: DeskSnapshot, console: Console) -> Screen:
    return screen(snapshot, console, Wording("en"), now=0.0, battery=None)


def test_it_is_told_in_full_between_travellers_and_before_one() -> None:
    for desk in (FakeDesk(Script()), FakeDesk(Script()).begin()):
        model = shown(interrupted(desk), Console(language="en"))
        assert model.panel is not None
        assert getattr(model.panel, "tone", None) is Tone.BAR
        assert "i-7" in str(model.panel)
        assert model.actions[-1].why == Wording("en").text("why.late-hit")
        assert model.panel_of == Explain(LATE_HIT, "i-7 · wanted W-9")


def test_enter_neither_begins_nor_admits_before_it_was_read() -> None:
    for desk in (FakeDesk(Script()), FakeDesk(Script()).begin()):
        console, commands = press(Console(language="en"), Key.ENTER, interrupted(desk), 0.0)
        assert commands == ()
        assert shown(interrupted(desk), console).hint == Wording("en").text("why.late-hit")


def test_back_says_that_it_was_read() -> None:
    _, commands = press(Console(), Key.ESC, interrupted(FakeDesk(Script())), 0.0)
    assert commands == (c.ReadLateHit(LATE.late_hit_id),)


def test_what_the_officer_has_open_is_not_taken_from_under_his_hands() -> None:
    console = Console(panel=Choose(Choice.REASON, "RF"))
    snapshot = interrupted(FakeDesk(Script()).begin())
    assert open_panel(console, snapshot) == console.panel
    closed, commands = press(console, Key.ESC, snapshot, 0.0)
    assert (closed.panel, commands) == (None, ())
    assert open_panel(closed, snapshot) == Explain(LATE_HIT, "i-7 · wanted W-9")


def test_the_officer_reads_who_it_is_and_of_which_list_only_while_holding_the_key() -> None:
    known = replace(LATE, person="VALTONEN, ILVA · U7431905A")
    snapshot = replace(interrupted(FakeDesk(Script())), late_hits=(known, LATE))
    hidden, told = (shown(snapshot, Console(language="en", revealed=r)).panel.detail for r in (False, True))
    assert "VALTONEN, ILVA · U7431905A" in hidden
    assert "1 more" in hidden
    assert "W-9" not in hidden
    assert "Wanted persons W-9" in told
    assert "VALTONEN" not in repr(snapshot.late_hits)


def texts(window: MainWindow) -> str:
    return "\n".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())


def test_the_window_shows_it_between_travellers_and_over_one_until_back_is_pressed(
    open_window: Callable[..., MainWindow],
) -> None:
    for desk in (FakeDesk(Script()), FakeDesk(Script()).begin()):
        window = open_window(desk)
        what = window.wording.error(LATE_HIT).what
        assert what not in texts(window)
        desk.publish(late_hits=(LATE,), notices=notices_of((LATE,)))
        settle_events()
        assert what in texts(window)
        assert "i-7" in texts(window)
        window.press(Key.ENTER)
        window.press(Key.ESC)
        settle_events()
        assert desk.posted[-1] == c.ReadLateHit(LATE.late_hit_id)
        desk.publish(late_hits=(), notices=())
        settle_events()
        assert what not in texts(window)
        window.leave()
