"""The exchange on the screen: the strip under the top bar, the details by key, and what officers ask for there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from desk_props import FakeDesk, Script
from exchange_props import EMPTY, EXPORTED, OFFLINE, STANDING, STICKS, STRANGER, VIEWS
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from screen_events import settle_events
from test_window_layout import label_clipped, visible_widgets

from inspection_station.desk import commands as c
from inspection_station.desk.exchange_view import ExchangeView, Freshness, LaneView, ListAge
from inspection_station.desk.view import LateHitView
from inspection_station.inspection.scenario import Step
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.presenters.console import Console, Exchange, Fill, Form, Pane, Panel
from inspection_station.ui.presenters.exchange_panel import exchange_panel
from inspection_station.ui.presenters.exchange_strip import exchange_strip
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.press import press, settle
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import LANGUAGES, Wording

OpenWindow = Callable[..., MainWindow]
SIZES = ((1366, 768), (1920, 1080))
EN = Wording("en")


def desk(view: ExchangeView | None = STANDING, *, inspecting: bool = False) -> FakeDesk:
    made = FakeDesk(Script(failing={Step.FINGERPRINTS: "DEV-02"}), exchange=view)
    return made.begin() if inspecting else made


def shown(
    open_window: OpenWindow,
    made: FakeDesk,
    panel: Panel | None,
    language: str = "zh_TW",
    *,
    size: tuple[int, int] = SIZES[0],
    touch: bool = False,
) -> MainWindow:
    window = open_window(made, size, language=language, touch=touch)
    window.console = replace(window.console, panel=panel)
    for _ in range(3):
        window.draw()
        settle_events()
    return window


def tapped(window: MainWindow, *keys: Qt.Key) -> None:
    for one in keys:
        window.press({Qt.Key.Key_F12: Key.F12, Qt.Key.Key_Escape: Key.ESC}.get(one) or Key(chr(int(one))))
        settle_events()


# What is said


def test_every_lane_tells_what_waits_how_much_and_how_long() -> None:
    rows = exchange_panel(Exchange(), STANDING, EN).lanes
    assert [row.label for row in rows] == ["Alerts", "Decisions", "Chip photos", "Live photos", "Originals"]
    assert rows[2].value == "120 · 1.4 MB · about 2 min"
    assert rows[1].word == "1 kept apart"
    assert (rows[4].tone, rows[4].word) == (Tone.UNCHECKED, "for the port link")


def test_ages_are_green_amber_and_red_and_the_worst_come_first_on_the_strip() -> None:
    strip = exchange_strip(STANDING, EN)
    assert strip is not None
    assert [item.tone for item in strip.lists] == [Tone.BAR] * 2 + [Tone.LOOK] * 2 + [Tone.OK] * 4
    first, second = (exchange_panel(Exchange(page=page), STANDING, EN).lists for page in (0, 1))
    assert [row.tone for row in (*first, *second)] == [item.tone for item in strip.lists]
    assert pressed(Exchange(), Key.RIGHT)[0] == Exchange(page=1)


def test_a_list_that_should_be_here_is_red_and_says_not_checked() -> None:
    (row,) = exchange_panel(
        Exchange(), replace(STANDING, lists=(ListAge("missing", "x", "", Freshness.RED),)), EN
    ).lists
    assert row.tone is Tone.BAR
    assert "not checked" in row.value


def test_offline_is_grey_never_red_and_names_the_last_contact() -> None:
    strip = exchange_strip(OFFLINE, EN)
    assert strip is not None
    assert strip.link.tone is Tone.UNCHECKED
    assert "Offline" in strip.link.label
    panel = exchange_panel(Exchange(), OFFLINE, EN)
    assert panel.trouble is not None
    assert "NET-02" in panel.trouble.text


def test_a_training_station_without_a_root_is_told_to_live_off_its_own_packs_and_of_no_trouble() -> None:
    panel = exchange_panel(Exchange(), replace(STANDING, packs_checked=None, own_packs=True), EN)
    assert "packs: training's own" in panel.facts
    assert "never" not in panel.facts
    assert panel.trouble is None


def test_an_unknown_pace_is_said_and_nothing_waiting_too() -> None:
    assert "time unknown" in exchange_panel(Exchange(), OFFLINE, EN).facts
    strip = exchange_strip(EMPTY, EN)
    assert strip is not None
    assert (strip.waiting.label, strip.lanes) == ("Nothing waits", None)


def test_a_spent_budget_is_told_beside_what_waits_for_the_port_link() -> None:
    lanes = (*STANDING.lanes[:2], LaneView(2, 5, 60_000, 60_000, 0, None))
    view = replace(OFFLINE, lanes=lanes)
    assert "voyage budget used up (50.0 MB of 50.0 MB)" in exchange_panel(Exchange(), view, EN).facts
    strip = exchange_strip(view, EN)
    assert strip is not None
    assert "60 kB for the port link" in strip.waiting.label


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
def test_every_state_can_be_said(view: ExchangeView, language: str) -> None:
    for pane in Pane:
        assert exchange_panel(Exchange(pane), view, Wording(language)).title


def test_an_export_tells_what_it_came_to() -> None:
    act = exchange_panel(Exchange(), EXPORTED, EN).act
    assert act is not None
    assert act.text == "Exported: messages 16, photos 360 (8.6 MB): KEL-03-20261123T130000Z.bundle"


# Keys


def pressed(panel: Panel | None, key: Key) -> tuple[Panel | None, tuple[c.Command, ...]]:
    console, commands = press(Console(panel=panel), key, desk(STICKS).snapshot(), 0.0)
    return console.panel, commands


def test_f12_opens_and_closes_the_details_with_and_without_a_traveller() -> None:
    for inspecting in (False, True):
        snapshot = desk(inspecting=inspecting).snapshot()
        console, commands = press(Console(), Key.F12, snapshot, 0.0)
        assert (console.panel, commands) == (Exchange(), ())
        assert press(console, Key.F12, snapshot, 0.0)[0].panel is None


def test_a_desk_without_an_exchange_says_so() -> None:
    console, _ = press(Console(), Key.F12, desk(None).snapshot(), 0.0)
    assert (console.panel, console.hint) == (None, "why.no-exchange")


def test_each_act_has_its_digit() -> None:
    assert pressed(Exchange(), Key.D1) == (Exchange(), (c.SyncNow(),))
    assert pressed(Exchange(), Key.D2) == (Exchange(Pane.EXPORT), (c.LookForSticks(),))
    assert pressed(Exchange(), Key.D3) == (Exchange(Pane.IMPORT), (c.LookForSticks(),))
    assert pressed(Exchange(), Key.D4) == (Exchange(), (c.UsePortLink(True),))
    assert pressed(Exchange(), Key.D5) == (Fill(Form.CLOSE_VOYAGE), ())
    assert pressed(Exchange(Pane.EXPORT), Key.D2) == (Exchange(), (c.ExportToStick("/media/two"),))
    assert pressed(Exchange(Pane.IMPORT), Key.D1) == (Exchange(), (c.ImportFromStick("/media/one/back.bundle"),))
    assert pressed(Exchange(Pane.IMPORT), Key.D0) == (Exchange(Pane.IMPORT), (c.LookForSticks(),))
    assert pressed(Exchange(Pane.IMPORT), Key.ESC) == (Exchange(), ())
    assert pressed(Exchange(), Key.ESC) == (None, ())


def test_enter_in_the_details_passes_nobody() -> None:
    made = desk(inspecting=True)
    console, commands = press(Console(panel=Exchange()), Key.ENTER, made.snapshot(), 0.0)
    assert (console.panel, commands) == (None, ())
    assert press(Console(panel=Exchange()), Key.F2, made.snapshot(), 0.0)[1] == ()


# On the window


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "full-hd"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
def test_nothing_of_the_details_is_clipped(
    open_window: OpenWindow, view: ExchangeView, language: str, size: tuple[int, int]
) -> None:
    window = shown(open_window, desk(view), Exchange(), language, size=size)
    assert (window.width(), window.height()) == size
    clipped = [w.text() for w in visible_widgets(window, QLabel) if isinstance(w, QLabel) and label_clipped(w)]
    clipped += [w.accessibleName() for w in visible_widgets(window, QWidget) if hasattr(w, "clipped") and w.clipped()]
    assert clipped == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("panel", [Exchange(Pane.EXPORT), Exchange(Pane.IMPORT), Fill(Form.CLOSE_VOYAGE)], ids=str)
@pytest.mark.parametrize("touch", [False, True], ids=["desk", "cart"])
def test_panes_and_the_form_of_two_officers_fit_and_can_be_touched(
    open_window: OpenWindow, panel: Panel, language: str, touch: bool
) -> None:
    window = shown(open_window, desk(STICKS), panel, language, touch=touch)
    assert [w.text() for w in visible_widgets(window, QLabel) if isinstance(w, QLabel) and label_clipped(w)] == []
    least = 56 if touch else 44
    buttons = [w for w in visible_widgets(window, QAbstractButton) if w.height() < least]
    assert buttons == []


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "full-hd"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", [STANDING, OFFLINE, STRANGER], ids=["standing", "offline", "stranger"])
def test_the_strip_leaves_room_for_the_inspection(
    open_window: OpenWindow, view: ExchangeView, language: str, size: tuple[int, int]
) -> None:
    window = shown(open_window, desk(view, inspecting=True), None, language, size=size)
    strip = window.view.strip
    assert strip.isVisible()
    assert (window.width(), window.height()) == size
    assert [w.text() for w in visible_widgets(window, QLabel) if isinstance(w, QLabel) and label_clipped(w)] == []
    last = max(mark.geometry().right() for mark in strip.marks if mark.isVisible())
    assert last < strip.width() - strip.key.width()


def test_there_is_no_strip_where_nobody_tells_how_it_stands(open_window: OpenWindow) -> None:
    window = shown(open_window, desk(None), None)
    assert not window.view.strip.isVisible()


def test_touching_the_strip_opens_the_details(open_window: OpenWindow) -> None:
    window = shown(open_window, desk(), None)
    QTest.mouseClick(window.view.strip, Qt.MouseButton.LeftButton)
    settle_events()
    assert window.console.panel == Exchange()
    assert window.view.stack.currentWidget() is window.view.exchange_panel


def test_a_stick_is_written_by_four_keys(open_window: OpenWindow) -> None:
    made = desk(STICKS)
    window = shown(open_window, made, None)
    tapped(window, Qt.Key.Key_F12, Qt.Key.Key_2, Qt.Key.Key_1)
    assert made.posted[-1] == c.ExportToStick("/media/one")


def test_a_voyage_is_closed_by_two_officers(open_window: OpenWindow) -> None:
    made = desk()
    window = shown(open_window, made, None)
    tapped(window, Qt.Key.Key_F12, Qt.Key.Key_5)
    window.send({"second_officer": "T-001", "second_code": "x"})
    assert window.console.hint == "hint.same-officer"
    window.send({"second_officer": "", "second_code": ""})
    assert window.console.hint == "hint.second-officer"
    window.send({"second_officer": "T-002", "second_code": "secret"})
    assert made.posted[-1] == c.CloseVoyage("T-002", "secret")
    assert "secret" not in repr(made.posted[-1])
    assert window.console.panel == Exchange()


def test_an_act_that_ends_is_seen_without_a_key(open_window: OpenWindow) -> None:
    made = desk()
    window = shown(open_window, made, Exchange())
    made.publish(exchange=EXPORTED)
    settle_events()
    window.draw()
    assert "360" in window.view.exchange_panel.act_text.text()


def test_a_late_hit_takes_the_place_of_the_details() -> None:
    before = desk().snapshot()
    hit = LateHitView("l", "i", "wanted-1", "wanted", "e", (), (), "7", "2026-11-23T13:00:00Z", "2026-11-23T13:01:00Z")
    after = replace(before, late_hits=(hit,))
    assert settle(Console(panel=Exchange()), before, after).panel is None
    assert settle(Console(panel=Exchange()), before, before).panel == Exchange()


def test_the_next_traveller_takes_the_place_of_the_details(open_window: OpenWindow) -> None:
    made = desk()
    window = shown(open_window, made, Exchange())
    made.begin()
    settle_events()
    assert window.console.panel is None
