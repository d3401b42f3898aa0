"""On two screens, in two languages and three lights: nothing is clipped, all has a name and a size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from desk_props import FakeDesk, Script, a_hit, a_zone, candidates, chip_checks, grey_picture
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPlainTextEdit, QWidget
from screen_events import settle_events

from inspection_station.desk.commands import Decide
from inspection_station.desk.view import Notice
from inspection_station.inspection.biometrics import ComparisonBand, NotCompared, ReferenceKind
from inspection_station.inspection.chip import CheckResult
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.face_search import HEADQUARTERS_ONLY, GroupNotSearched, GroupUse
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FacePrompt
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.presenters.console import Choice, Choose, Console, Explain, Fill, Form, Keys
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.theme import ThemeName

SIZES = ((1366, 768), (1920, 1080))
NO_FINGERS = {Step.FINGERPRINTS: "DEV-02"}
OpenWindow = Callable[..., MainWindow]


def clear() -> FakeDesk:
    return FakeDesk(Script(failing=NO_FINGERS)).begin()


def stopped() -> FakeDesk:
    checks = chip_checks(signer_trust=CheckResult.UNDETERMINED)
    script = Script(
        failing=NO_FINGERS, band=ComparisonBand.NO_MATCH, score=0.8, hits=(a_hit(),), checks=checks, stale=True
    )
    return FakeDesk(script).begin()


def at_face() -> FakeDesk:
    desk = FakeDesk(Script(hold=frozenset({Step.FACE, Step.FINGERPRINTS}))).begin()
    desk.prompt(FacePrompt.EVEN_LIGHT)
    return desk


AWAY = tuple(
    GroupNotSearched(name, reason)
    for name, reason in (
        ("application-cases", "absent"),
        ("foreign-wanted", "expired"),
        ("absconded-overstayed", "altered"),
        ("biometric-enrolled", HEADQUARTERS_ONLY),
        ("mainland-hong-kong-macao", HEADQUARTERS_ONLY),
        ("e-gate-foreigners", HEADQUARTERS_ONLY),
        ("departed-foreigners", HEADQUARTERS_ONLY),
        ("migrant-workers", HEADQUARTERS_ONLY),
    )
)


def with_history() -> FakeDesk:
    return FakeDesk(
        Script(failing=NO_FINGERS, history=grey_picture(170), candidates=candidates(GroupUse.ALERT))
    ).begin()


def uncalibrated() -> FakeDesk:
    band, away = ComparisonBand.UNCALIBRATED, (NotCompared(ReferenceKind.HISTORY, "HIS-01", "expired"),)
    return FakeDesk(Script(failing=NO_FINGERS, band=band, not_compared=away)).begin()


def no_candidate() -> FakeDesk:
    return FakeDesk(Script(failing=NO_FINGERS, not_searched=AWAY)).begin()


def one_candidate() -> FakeDesk:
    found = candidates(GroupUse.ALERT, one_in=None)
    return FakeDesk(Script(failing=NO_FINGERS, candidates=found, not_searched=AWAY)).begin()


def four_candidates() -> FakeDesk:
    found = candidates(GroupUse.ALERT, GroupUse.ALERT, GroupUse.PROMPT, GroupUse.WHITELIST)
    return FakeDesk(Script(failing=NO_FINGERS, candidates=found, not_searched=AWAY)).begin()


def undecided_class() -> FakeDesk:
    return FakeDesk(Script(zone=a_zone(nationality="TWN", issuing_state="TWN"))).begin()


def long_name() -> FakeDesk:
    zone = a_zone(primary="WORTHINGTON BRACKENRIDGE", secondary="MAXIMILIANA ALEXAND", nationality="PRK", sex="X")
    return FakeDesk(Script(zone=zone, failing=NO_FINGERS)).begin()


def unread() -> FakeDesk:
    return FakeDesk(Script(failing={Step.DOCUMENT: "DOC-01"})).begin()


def laid_down_wrongly() -> FakeDesk:
    desk = FakeDesk(Script(hold=frozenset(Step))).begin()
    desk.publish(notices=(Notice("DOC-04", "2 zones in view", 1),))
    return desk


def decided() -> FakeDesk:
    desk = clear()
    desk.post(Decide(Disposition.AD))
    return desk


SCENES: dict[str, tuple[Callable[[], FakeDesk], Console]] = {
    "ready": (FakeDesk, Console()),
    "document": (lambda: FakeDesk(Script(hold=frozenset(Step))).begin(), Console()),
    "document read": (clear, Console(looked_at=Stage.DOCUMENT)),
    "document unread": (unread, Console()),
    "chip": (stopped, Console(looked_at=Stage.CHIP)),
    "face": (at_face, Console()),
    "face captured": (clear, Console(looked_at=Stage.FACE)),
    "fingers": (clear, Console(looked_at=Stage.FINGERPRINTS)),
    "comparison": (stopped, Console(looked_at=Stage.COMPARISON, revealed=True)),
    "comparison with history": (with_history, Console(looked_at=Stage.COMPARISON, revealed=True)),
    "comparison uncalibrated": (uncalibrated, Console(looked_at=Stage.COMPARISON)),
    "groups": (no_candidate, Console(looked_at=Stage.GROUPS)),
    "one candidate": (one_candidate, Console(looked_at=Stage.GROUPS)),
    "candidates": (four_candidates, Console(looked_at=Stage.GROUPS, revealed=True)),
    "candidates, second page": (four_candidates, Console(looked_at=Stage.GROUPS, candidate_page=1)),
    "lists": (stopped, Console(looked_at=Stage.WATCHLIST)),
    "hits": (stopped, Console(looked_at=Stage.WATCHLIST, revealed=True)),
    "clear": (clear, Console()),
    "stopped": (stopped, Console()),
    "long name": (long_name, Console()),
    "class": (undecided_class, Console()),
    "refer": (stopped, Console(panel=Choose(Choice.REASON, "RF"))),
    "refuse": (stopped, Console(panel=Choose(Choice.REASON, "RE"))),
    "refuse, second page": (stopped, Console(panel=Choose(Choice.REASON, "RE", 1))),
    "other": (clear, Console(panel=Choose(Choice.OTHER))),
    "set aside": (stopped, Console(panel=Choose(Choice.SET_ASIDE))),
    "two officers": (stopped, Console(panel=Fill(Form.OVERRIDE, "comparison:no-match:chip portrait", "O01"))),
    "undo": (decided, Console()),
    "note": (clear, Console(panel=Fill(Form.NOTE))),
    "zone": (unread, Console(panel=Fill(Form.ZONE))),
    "explained": (stopped, Console(panel=Explain("BIO-03"))),
    "keys": (FakeDesk, Console(panel=Keys())),
    "laid down wrongly": (laid_down_wrongly, Console()),
}


def visible_widgets(window: MainWindow, kind: type) -> Iterator[QWidget]:
    for widget in window.findChildren(kind):
        if widget.isVisible() and in_view(widget):
            yield widget


def in_view(widget: QWidget) -> bool:
    """Whether any of it is inside what its scroll area shows."""
    return not widget.visibleRegion().isEmpty()


def label_clipped(label: QLabel) -> bool:
    room = label.contentsRect()
    metrics = QFontMetrics(label.font())
    flags = int(Qt.TextFlag.TextWordWrap) if label.wordWrap() else 0
    needed = metrics.boundingRect(QRect(0, 0, room.width(), 10_000), flags, label.text())
    return needed.width() > room.width() + 1 or needed.height() > room.height() + 1


def show(open_window: OpenWindow, scene: str, language: str, size: tuple[int, int], **options: object) -> MainWindow:
    make, console = SCENES[scene]
    window = open_window(make(), size, language=language, **options)
    window.console = Console(
        language=language,
        theme=window.console.theme,
        panel=console.panel,
        looked_at=console.looked_at,
        revealed=console.revealed,
        candidate_page=console.candidate_page,
    )
    window.draw()
    settle_events()
    window.draw()
    settle_events()
    return window


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "full-hd"])
@pytest.mark.parametrize("language", ["zh_TW", "en"])
@pytest.mark.parametrize("scene", list(SCENES))
def test_nothing_is_clipped_all_that_takes_keys_has_a_name_and_training_is_marked(
    open_window: OpenWindow, scene: str, language: str, size: tuple[int, int]
) -> None:
    window = show(open_window, scene, language, size)
    assert (window.width(), window.height()) == size
    clipped = [w.text() for w in visible_widgets(window, QLabel) if isinstance(w, QLabel) and label_clipped(w)]
    clipped += [w.accessibleName() for w in visible_widgets(window, QWidget) if hasattr(w, "clipped") and w.clipped()]
    assert clipped == []
    nameless = [
        type(w).__name__
        for kind in (QAbstractButton, QLineEdit, QPlainTextEdit)
        for w in visible_widgets(window, kind)
        if not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))
    ]
    assert nameless == []
    assert window.view.top.training.isVisible()
    assert window.view.top.training.width() == window.width()


def test_the_clipping_check_itself_sees_a_label_that_is_too_small(open_window: OpenWindow) -> None:
    window = show(open_window, "clear", "en", SIZES[0])
    window.view.banner.title.setFixedWidth(60)
    settle_events()
    assert label_clipped(window.view.banner.title)


@pytest.mark.parametrize("theme", list(ThemeName))
@pytest.mark.parametrize("scene", ["ready", "clear", "stopped", "refer"])
def test_every_light_draws_every_page(open_window: OpenWindow, scene: str, theme: ThemeName) -> None:
    window = show(open_window, scene, "zh_TW", SIZES[0], theme=theme)
    ground = window.grab().toImage().pixelColor(4, 300)
    assert (ground.lightness() < 60) is (theme is not ThemeName.DAY)


@pytest.mark.parametrize("touch", [False, True], ids=["desk", "cart"])
@pytest.mark.parametrize("scene", list(SCENES))
def test_everything_that_can_be_touched_is_large_enough(open_window: OpenWindow, scene: str, touch: bool) -> None:
    window = show(open_window, scene, "zh_TW", SIZES[0], touch=touch)
    least = 56 if touch else 44
    small = [
        (type(w).__name__, w.width(), w.height())
        for kind in (QAbstractButton, QLineEdit)
        for w in visible_widgets(window, kind)
        if w.width() < 44 or w.height() < least
    ]
    assert small == []


@pytest.mark.parametrize("scene", ["clear", "stopped", "refer", "two officers", "ready"])
def test_tab_reaches_every_button_once_and_comes_round(open_window: OpenWindow, qtbot: object, scene: str) -> None:
    window = show(open_window, scene, "zh_TW", SIZES[0])
    window.activateWindow()
    window.setFocus()
    wanted = {
        w
        for kind in (QAbstractButton, QLineEdit, QPlainTextEdit)
        for w in window.findChildren(kind)
        if w.isVisible() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    seen: list[QWidget] = []
    for _ in range(3 * len(wanted) + 5):
        window.focusNextChild()
        focus = QApplication.focusWidget()
        if focus is None or focus in seen:
            break
        seen.append(focus)
    assert wanted <= set(seen)


@pytest.mark.parametrize("language", ["zh_TW", "en"])
@pytest.mark.parametrize("scene", ["clear", "hits", "document"])
def test_on_an_old_small_screen_every_key_is_still_there(open_window: OpenWindow, scene: str, language: str) -> None:
    window = show(open_window, scene, language, (1024, 768))
    assert (window.width(), window.height()) == (1024, 768)
    for key, button in window.view.bar.buttons.items():
        if button.isVisible():
            right = button.mapTo(window, button.rect().topRight()).x()
            assert (key, right < 1024, button.clipped()) == (key, True, False)


def test_refer_and_admit_are_far_apart(open_window: OpenWindow) -> None:
    window = show(open_window, "clear", "zh_TW", SIZES[0])
    buttons = window.view.bar.buttons
    gap = buttons[Key.ENTER].geometry().left() - buttons[Key.F2].geometry().right()
    assert gap >= 32


def test_a_live_station_has_no_training_mark(open_window: OpenWindow) -> None:
    window = open_window(FakeDesk(training=False))
    assert not window.view.top.training.isVisible()
