"""The window driven by keys alone, and by touch alone; a reader that types; a language that changes under way."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import psutil
import pytest
from desk_props import FakeDesk, Script, a_hit, a_zone
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from screen_events import settle_events, soon

from inspection_station.desk import commands as c
from inspection_station.desk.view import Notice
from inspection_station.hardware.ports import DeviceKind, DeviceState
from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FacePrompt
from inspection_station.ui.keyboard import Keyboard, handle_of
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.translations import QtTexts
from inspection_station.ui.wedge_filter import WedgeFilter
from inspection_station.wording import catalogue

OpenWindow = Callable[..., MainWindow]
NO_FINGERS = {Step.FINGERPRINTS: "DEV-02"}


@pytest.fixture
def at_the_counter(open_window: OpenWindow) -> Callable[[FakeDesk], MainWindow]:
    """A window with its keyboard filters, as the application installs them."""

    def make(desk: FakeDesk) -> MainWindow:
        window = open_window(desk)
        keyboard = Keyboard(window.press, window.reveal, window)
        wedge = WedgeFilter(lambda text: desk.post(c.FeedText(text)), window)
        for one in (keyboard, wedge):
            handle_of(window).installEventFilter(one)
        window.activateWindow()
        settle_events()
        return window

    return make


def key(window: MainWindow, *keys: Qt.Key) -> None:
    for one in keys:
        QTest.keyClick(handle_of(window), one)
        QTest.qWait(60)
        settle_events()


def strike(window: MainWindow, letter: str, at: int) -> None:
    """A key with its letter and the time at which the system saw it (ms)."""
    key, text = (Qt.Key.Key_Return, "\r") if letter == "\n" else (Qt.Key(ord(letter.upper())), letter)
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text)
        event.setTimestamp(at)
        QApplication.sendEvent(handle_of(window), event)


def said(window: MainWindow) -> str:
    return "\n".join(w.text() for w in window.findChildren(QLabel) if w.isVisible())


def test_a_traveller_is_inspected_and_admitted_with_enter_alone(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS))
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_Return, Qt.Key.Key_Return)
    assert [d.disposition for d in desk.sealed] == [Disposition.AD]
    assert window.view.undo.isVisible()


def test_each_page_follows_the_inspection_by_itself(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(hold=frozenset(Step), failing=NO_FINGERS))
    window = at_the_counter(desk)
    pages = [type(window.view.stack.currentWidget()).__name__]
    key(window, Qt.Key.Key_Return)
    pages.append(type(window.view.stack.currentWidget()).__name__)
    for step in (Step.DOCUMENT, Step.CHIP, Step.FACE, Step.FINGERPRINTS, Step.COMPARISON, Step.GROUPS, Step.WATCHLIST):
        desk.release(step)
        settle_events()
        pages.append(type(window.view.stack.currentWidget()).__name__)
    assert pages == [
        "ReadyView", "DocumentView", "ChipView", "FaceView", "FingersView", "ComparisonView", "CandidatesView",
        "ListsView", "DecisionView",
    ]  # fmt: skip


def test_a_hit_is_referred_with_two_keys(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS, hits=(a_hit(),)))
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_Return, Qt.Key.Key_Return)
    assert desk.sealed == []
    key(window, Qt.Key.Key_F2, Qt.Key.Key_1)
    assert [(d.disposition, d.reasons) for d in desk.sealed] == [(Disposition.RF, ("S08",))]


def test_undo_is_one_chord(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS))
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_Return, Qt.Key.Key_Return)
    QTest.keyClick(handle_of(window), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.posted[-1] == c.UndoDecision()


def test_a_note_is_typed_and_kept_with_enter(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS)).begin()
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_F4)
    for n, letter in enumerate("left arm 2"):
        strike(window, letter, 90_000 + 100 * n)
        QTest.qWait(40)
    key(window, Qt.Key.Key_Return)
    assert desk.posted[-1] == c.AddNote("left arm 2")


def test_the_zone_is_typed_twice_by_keyboard_and_the_first_is_hidden(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing={Step.DOCUMENT: "DOC-01"})).begin()
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_F5)
    form = window.view.form_panel
    lines = "\n".join(a_zone().lines)
    for name in ("first", "second"):
        edit = form._edits[name]
        assert QApplication.focusWidget() is edit
        edit.setPlainText(lines)  # type: ignore[union-attr]
        settle_events()
        if name == "second":
            assert not form._edits["first"].viewport().isVisible()  # type: ignore[union-attr]
        key(window, Qt.Key.Key_Return)
    assert desk.posted[-1] == c.TypeDocument(lines, lines)


def test_typed_personal_data_do_not_stay_when_the_traveller_goes(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS)).begin()
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_F4)
    window.view.form_panel._edits["note"].setPlainText("something about a person")  # type: ignore[union-attr]
    key(window, Qt.Key.Key_Escape)
    desk.post(c.Decide(Disposition.AD))
    settle_events()
    assert set(window.view.form_panel.values().values()) == {""}


@pytest.mark.parametrize("busy_seconds", [0.0, 0.05])
def test_a_reader_that_types_never_writes_into_a_field(
    at_the_counter: Callable[..., MainWindow], busy_seconds: float
) -> None:
    desk = FakeDesk(Script(failing={Step.DOCUMENT: "DOC-01"})).begin()
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_F4)
    zone = "\n".join(a_zone().lines)
    for n, letter in enumerate(zone):
        strike(window, letter, 90_000 + 8 * n)
        if n in (3, 30):
            time.sleep(busy_seconds)  # the screen is busy, the reader types on
    soon(lambda: desk.posted and desk.posted[-1] == c.FeedText(zone))
    assert window.view.form_panel.values() == {"note": ""}


def test_enter_presses_the_button_that_tab_reached_and_no_other(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS)).begin()
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_Tab)
    reached = QApplication.focusWidget()
    assert isinstance(reached, QAbstractButton)
    pressed: list[int] = []
    reached.clicked.connect(lambda: pressed.append(1))
    key(window, Qt.Key.Key_Return)
    assert pressed == [1]
    assert desk.sealed == []
    reached.clearFocus()
    reached.setFocus(Qt.FocusReason.MouseFocusReason)  # touched, not tabbed to: Enter is the officer's own key again
    key(window, Qt.Key.Key_Return)
    assert pressed == [1]


def test_a_held_enter_admits_nobody_twice(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS))
    window = at_the_counter(desk)
    for n in range(6):
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", n > 0)
        QApplication.sendEvent(handle_of(window), event)
        settle_events()
    assert desk.posted == [c.BeginInspection()]


def test_the_whole_way_by_touch_alone(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS, band=ComparisonBand.NO_MATCH, score=0.8))
    window = at_the_counter(desk)
    bar = window.view.bar.buttons
    QTest.mouseClick(bar[Key.ENTER], Qt.MouseButton.LeftButton)
    settle_events()
    QTest.mouseClick(bar[Key.ENTER], Qt.MouseButton.LeftButton)
    settle_events()
    assert desk.sealed == []
    assert "BIO-03" in window.view.bar.hint.text()
    QTest.mouseClick(bar[Key.F2], Qt.MouseButton.LeftButton)
    settle_events()
    QTest.mouseClick(window.view.list_panel.rows[0], Qt.MouseButton.LeftButton)
    settle_events()
    assert [(d.disposition, d.reasons) for d in desk.sealed] == [(Disposition.RF, ("S05",))]


def test_hits_are_hidden_until_the_key_is_held(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS, hits=(a_hit(),))).begin()
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_Left)
    hidden = said(window)
    QTest.keyPress(handle_of(window), Qt.Key.Key_F1)
    settle_events()
    shown = said(window)
    QTest.keyRelease(handle_of(window), Qt.Key.Key_F1)
    settle_events()
    match = "、".join(catalogue("zh_TW")[f"identifier.{name}"] for name in ("name", "date_of_birth"))
    assert match in shown
    assert match not in hidden
    assert match not in said(window)


def test_the_language_changes_under_way_without_losing_the_place(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS, hits=(a_hit(),))).begin()
    window = at_the_counter(desk)
    key(window, Qt.Key.Key_F2)
    before = said(window)
    key(window, Qt.Key.Key_F10)
    after = said(window)
    assert catalogue("zh_TW")["disposition.RF"] in before
    assert "Refer to the second line" in after
    left = [ch for ch in after if "\u4e00" <= ch <= "\u9fff"]
    assert left == []
    assert window.view.stack.currentWidget() is window.view.list_panel


def test_qts_own_texts_come_in_chinese() -> None:
    texts = QtTexts()
    assert texts.install("zh_TW")
    assert QApplication.translate("QPlatformTheme", "Cancel") == "取消"
    texts.install("en")


def test_the_class_of_person_is_asked_on_the_screen(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(zone=a_zone(nationality="TWN", issuing_state="TWN"), failing=NO_FINGERS)).begin()
    window = at_the_counter(desk)
    assert window.view.stack.currentWidget() is window.view.list_panel
    key(window, Qt.Key.Key_5)
    assert desk.posted[-1] == c.ConfirmPersonClass(PersonClass.REGISTERED_NATIONAL)
    assert desk.inspection is not None
    assert desk.inspection.face is None
    assert catalogue("zh_TW")["word.skipped"] in said(window)


def test_a_lost_device_and_a_notice_are_said_with_what_to_do(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk()
    window = at_the_counter(desk)
    devices = tuple(
        d if d.kind is not DeviceKind.CAMERA else type(d)(d.kind, d.name, DeviceState.FAULTY, "DEV-01")
        for d in desk.snapshot().devices
    )
    desk.publish(devices=devices, notices=(Notice("DEV-01", "camera", 1),))
    settle_events()
    assert catalogue("zh_TW")["error.DEV-01.do"] in said(window)
    key(window, Qt.Key.Key_Return)
    assert desk.posted[-1] == c.BeginInspection()


def test_one_prompt_at_a_time_is_shown_to_the_traveller(at_the_counter: Callable[..., MainWindow]) -> None:
    desk = FakeDesk(Script(hold=frozenset({Step.FACE, Step.FINGERPRINTS}))).begin()
    window = at_the_counter(desk)
    shown = []
    for prompt in FacePrompt:
        desk.prompt(prompt)
        settle_events()
        shown.append(window.view.banner.title.text())
    assert shown == [catalogue("zh_TW")[f"prompt.{p.value}"] for p in FacePrompt]


def test_a_kiosk_ignores_alt_f4_and_leaves_when_it_is_told_to(open_window: OpenWindow) -> None:
    window = open_window(FakeDesk(), kiosk=True)
    window.close()
    assert window.isVisible()
    window.leave()
    assert not window.isVisible()


@pytest.mark.slow
def test_five_hundred_travellers_in_a_row_by_keyboard_leave_no_memory_behind(
    at_the_counter: Callable[..., MainWindow],
) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS))
    window = at_the_counter(desk)
    process = psutil.Process()

    def one() -> None:
        for _ in range(2):
            QTest.keyClick(handle_of(window), Qt.Key.Key_Return)
            settle_events()
        desk.posted.clear()

    for _ in range(50):
        one()
    gc.collect()
    before = process.memory_info().rss
    for _ in range(450):
        one()
    gc.collect()
    assert len(desk.sealed) == 500
    assert process.memory_info().rss - before < 50 * 1024 * 1024
