"""F1 pressed shows every key; held it shows what is hidden. Without a keyboard, forms have a keypad and a way back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from desk_props import FakeDesk, Script, a_hit
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit
from screen_events import settle_events

from inspection_station.desk import commands as c
from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.inspection.scenario import Step
from inspection_station.ui.keyboard import TAP_SECONDS, Keyboard, handle_of
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.presenters.console import Console, Fill, Form, Keys
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.press import press
from inspection_station.ui.presenters.screen import screen
from inspection_station.wording import Wording, catalogue

NO_FINGERS = {Step.FINGERPRINTS: "DEV-02"}
OpenWindow = Callable[..., MainWindow]


class Hand:
    """A hand on the keyboard whose time the test tells."""

    def __init__(self, window: MainWindow) -> None:
        self.window, self.now = window, 50.0
        keyboard = Keyboard(window.press, window.reveal, window, clock=lambda: self.now)
        handle_of(window).installEventFilter(keyboard)

    def f1(self, seconds: float) -> bool:
        """Press F1 for so long; returns whether hidden things were shown meanwhile."""
        QTest.keyPress(handle_of(self.window), Qt.Key.Key_F1)
        shown = self.window.console.revealed
        self.now += seconds
        QTest.keyRelease(handle_of(self.window), Qt.Key.Key_F1)
        settle_events()
        return shown


def test_f1_pressed_opens_the_overview_and_closes_it(open_window: OpenWindow) -> None:
    window = open_window(FakeDesk())
    hand = Hand(window)
    hand.f1(TAP_SECONDS / 2)
    assert window.view.stack.currentWidget() is window.view.overview
    read = {label.text() for label in window.view.overview.findChildren(QLabel) if label.isVisible()}
    assert {key.value for key in Key if key.value.startswith("F")} <= read
    hand.f1(TAP_SECONDS / 2)
    assert window.view.stack.currentWidget() is not window.view.overview


def test_f1_held_shows_what_is_hidden_and_opens_nothing(open_window: OpenWindow) -> None:
    window = open_window(FakeDesk(Script(failing=NO_FINGERS, hits=(a_hit(),))).begin())
    assert Hand(window).f1(TAP_SECONDS * 3)
    assert window.console.panel is None
    assert not window.console.revealed


def test_between_two_travellers_enter_closes_the_overview_and_calls_nobody() -> None:
    desk = FakeDesk()
    console, sent = press(Console(panel=Keys()), Key.ENTER, desk.snapshot(), 0.0)
    assert (console.panel, sent) == (None, ())


@pytest.mark.parametrize("key", [Key.F1, Key.F12])
def test_what_is_being_typed_is_not_lost_over_another_panel(key: Key) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS)).begin()
    before = Console(panel=Fill(Form.NOTE))
    console, _ = press(before, key, desk.snapshot(), 0.0)
    assert console.panel == before.panel
    assert console.hint


def test_every_shape_of_the_screen_is_explained() -> None:
    shown = screen(FakeDesk().snapshot(), Console(panel=Keys()), Wording("en"), now=0.0)
    words = {item.label for item in shown.panel.shapes}  # type: ignore[union-attr]
    assert {"passed", "not checked"} <= words


def touch(window: MainWindow, text: str) -> None:
    for character in text:
        window.view.keypad.buttons[character].click()
    settle_events()


def stopped() -> FakeDesk:
    return FakeDesk(Script(failing=NO_FINGERS, band=ComparisonBand.NO_MATCH, score=0.8)).begin()


def test_on_a_cart_two_officers_sign_by_touch_alone(open_window: OpenWindow) -> None:
    desk = stopped()
    window = open_window(desk, touch=True)
    window.activateWindow()
    settle_events()
    window.view.bar.buttons[Key.F9].click()
    settle_events()
    window.view.list_panel.rows[0].click()
    settle_events()
    assert window.view.keypad.isVisible()
    officer, code = window.view.form_panel.findChildren(QLineEdit)[:2]
    note = window.view.form_panel.findChildren(QPlainTextEdit)[0]
    officer.setFocus()
    touch(window, "T-002↵")
    assert code.hasFocus() or QApplication.focusWidget() is code
    touch(window, "2222↵")
    assert note.hasFocus()
    touch(window, "SAME␣FACE␣AND␣EARSX⌫")
    window.view.bar.buttons[Key.ENTER].click()
    settle_events()
    sent = desk.posted[-1]
    assert isinstance(sent, c.OverrideFinding)
    assert (sent.second_officer_id, sent.second_officer_code, sent.note) == ("T-002", "2222", "SAME FACE AND EARS")


def test_whoever_has_a_keyboard_sees_the_checks_instead_of_the_keypad(open_window: OpenWindow) -> None:
    window = open_window(stopped())
    window.press(Key.F4)
    settle_events()
    assert not window.view.keypad.isVisible()
    assert window.view.checks.isVisible()


def test_a_list_and_a_form_can_be_left_by_touch(open_window: OpenWindow) -> None:
    window = open_window(stopped(), touch=True)
    for key, panel in ((Key.F2, window.view.list_panel), (Key.F4, window.view.form_panel)):
        window.view.bar.buttons[key].click()
        settle_events()
        assert window.view.stack.currentWidget() is panel
        panel.back.click()
        settle_events()
        assert window.view.stack.currentWidget() is not panel


def test_the_second_officer_reads_what_is_signed_for(open_window: OpenWindow) -> None:
    window = open_window(stopped())
    window.press(Key.F9)
    window.press(Key.D1)
    settle_events()
    assert catalogue("zh_TW")["error.BIO-03.what"] in window.view.form_panel.title.text()
