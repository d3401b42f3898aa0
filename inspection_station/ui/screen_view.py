"""The window's content: bars, path, page or panel, column of checks. Shows a ``Screen`` and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from inspection_station.desk.commands import Command
from inspection_station.inspection.inspection import Stage
from inspection_station.ui.pages.candidates import CandidatesView
from inspection_station.ui.pages.chip import ChipView
from inspection_station.ui.pages.comparison import ComparisonView
from inspection_station.ui.pages.decision import DecisionView
from inspection_station.ui.pages.document import DocumentView
from inspection_station.ui.pages.exchange import ExchangeDetails
from inspection_station.ui.pages.face import FaceView
from inspection_station.ui.pages.fingers import FingersView
from inspection_station.ui.pages.key_overview import KeyOverviewView
from inspection_station.ui.pages.lists import ListsView
from inspection_station.ui.pages.page import Card, Surface
from inspection_station.ui.pages.panels import ExplainView, FormPanelView, ListPanelView
from inspection_station.ui.pages.plain import PlainView
from inspection_station.ui.pages.ready import ReadyView
from inspection_station.ui.presenters import candidates_page, chip_page
from inspection_station.ui.presenters import result_pages as results
from inspection_station.ui.presenters import step_pages as steps
from inspection_station.ui.presenters.action import Action, Role
from inspection_station.ui.presenters.checks import CheckRow
from inspection_station.ui.presenters.console import Panel
from inspection_station.ui.presenters.exchange_panel import ExchangePanel
from inspection_station.ui.presenters.fingers_page import FingersPage
from inspection_station.ui.presenters.forms import FormPanel
from inspection_station.ui.presenters.key_overview import KeyOverview
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.options import ListPanel
from inspection_station.ui.presenters.screen import Screen
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.theme import Look
from inspection_station.ui.widgets.action_bar import ActionBar
from inspection_station.ui.widgets.bars import BannerView, PathBar, TopBarView
from inspection_station.ui.widgets.checks_column import ChecksColumn
from inspection_station.ui.widgets.exchange_strip import ExchangeStripView
from inspection_station.ui.widgets.key_button import KeyButton
from inspection_station.ui.widgets.keypad import Keypad
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class Controls(Protocol):
    """What the content asks of its window."""

    def press(self, key: Key) -> None: ...
    def choose(self, action: Command | Panel) -> None: ...
    def send(self, values: Mapping[str, str]) -> None: ...
    def look_at(self, stage: Stage) -> None: ...
    def explain(self, row: CheckRow) -> None: ...


class IdentityHeader(Card):
    """Name, document and what article 91 says, over every page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(plain=True, parent=parent)
        self.name, self.line, self.article = Text("name"), Text("body", wrap=True), Text("label")
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.name, 1)
        second.addWidget(self.line, 1)
        second.addWidget(self.article)
        self.box.addLayout(first)
        self.box.addLayout(second)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self.box.setContentsMargins(look.px(4), 0, look.px(4), 0)
        self.box.setSpacing(0)


class UndoBar(Card):
    """The last decision, for ten seconds."""

    def __init__(self, press: Callable[[Key], None], parent: QWidget | None = None) -> None:
        super().__init__(row=True, parent=parent)
        self.text = Text("body")
        self.button = KeyButton(Key.UNDO)
        self.button.clicked.connect(lambda: press(Key.UNDO))
        self.box.addWidget(self.text)
        self.box.addWidget(self.button)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self.box.setContentsMargins(look.px(16), look.px(8), look.px(12), look.px(8))
        self.box.setSpacing(look.px(14))

    def show_text(self, text: str, label: str) -> None:
        """Show the bar while there is something to take back."""
        self.text.show_text(text)
        self.button.show_action(Action(Key.UNDO, label, Role.PLAIN))
        self.setVisible(bool(text))


class ScreenView(QWidget):
    """Everything in the window."""

    def __init__(self, controls: Controls, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("root")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.top, self.banner = TopBarView(), BannerView()
        self.undo = UndoBar(controls.press)
        self.path, self.identity = PathBar(controls.look_at), IdentityHeader()
        self.checks, self.bar = ChecksColumn(controls.explain), ActionBar(controls.press)
        self.pages: dict[type, QWidget] = {
            results.ReadyPage: ReadyView(surface),
            steps.DocumentPage: DocumentView(surface),
            chip_page.ChipPage: ChipView(surface),
            steps.FacePage: FaceView(surface),
            FingersPage: FingersView(surface, controls.press),
            steps.PlainPage: PlainView(surface),
            results.ComparisonPage: ComparisonView(surface),
            candidates_page.CandidatesPage: CandidatesView(surface, lambda: controls.press(Key.D0)),
            results.ListsPage: ListsView(surface),
            results.DecisionPage: DecisionView(surface),
        }

        def back() -> None:
            controls.press(Key.ESC)

        self.list_panel = ListPanelView(controls.choose, lambda: controls.press(Key.D0), back)
        self.form_panel = FormPanelView(controls.send, back, surface.zone_family)
        self.keypad, self._touch = Keypad(self.form_panel.type_key), False
        self.explain_panel = ExplainView(back)
        self.exchange_panel = ExchangeDetails(controls.press)
        self.overview = KeyOverviewView(back)
        self.strip = ExchangeStripView(lambda: controls.press(Key.F12))
        self.stack = QStackedWidget()
        self.stack.setMinimumSize(1, 1)  # a hidden page never makes the window larger than the screen
        self._panels = (self.list_panel, self.form_panel, self.explain_panel, self.exchange_panel, self.overview)
        for page in (*self.pages.values(), *self._panels):
            self.stack.addWidget(page)
        self._panel_of: Panel | None = None
        self._sheet, self._undressed = "", list[QWidget]()
        self._dressing = QTimer(self)
        self._dressing.setInterval(0)
        self._dressing.timeout.connect(self._dress_next)
        self._arrange()

    def set_look(self, look: Look) -> None:
        """Margins of the grid."""
        self._body.setContentsMargins(look.px(24), look.px(12), look.px(24), look.px(12))
        self._body.setSpacing(look.px(10))
        self._middle.setSpacing(look.px(14))
        self._left.setSpacing(look.px(8))
        self._head.setSpacing(look.px(14))
        self._touch = look.touch

    def dress(self, sheet: str, look: Look) -> None:
        """Give the style sheet to what is seen now, and to one hidden page after the other while nothing else is to be
        done: all of them at once would hold the screen for longer than an officer's key may wait.
        """
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, look.color("bg"))
        self.setPalette(palette)
        self.setAutoFillBackground(True)
        self._sheet = sheet
        always = (self.top, self.strip, self.banner, self.undo, self.path, self.identity, self.checks, self.bar)
        for part in always:
            part.setStyleSheet(sheet)
        self._undressed = [self.keypad, *self.pages.values(), *self._panels]
        self._dress_now(self.stack.currentWidget())
        self._dressing.start()

    def _dress_next(self) -> None:
        if self._undressed:
            self._undressed.pop().setStyleSheet(self._sheet)
        else:
            self._dressing.stop()

    def _dress_now(self, part: QWidget | None) -> None:
        if part is not None and part in self._undressed:
            self._undressed.remove(part)
            part.setStyleSheet(self._sheet)

    def show_screen(self, model: Screen, wording: Wording, clock: str) -> None:
        """Show a screen; ``clock`` is the wall clock."""
        self.top.show_model(model.top, clock)
        self.strip.show_model(model.strip)
        self.banner.show_model(model.banner)
        self.undo.show_text(model.undo, wording.text("action.undo"))
        self.path.show_model(model.path if model.panel is None else ())
        self.identity.name.show_text(model.identity.name)
        self.identity.line.show_text(model.identity.line)
        self.identity.article.show_text(model.identity.banner)
        quiet = model.identity.banner_tone
        self.identity.article.set_tone(quiet if quiet in (Tone.LOOK, Tone.UNCHECKED) else None)
        self.identity.setVisible(bool(model.identity.name))
        self.checks.show_model(model.checks, wording.text("panel.checks"))
        self.bar.show_model(model.actions, model.hint)
        typing = self._touch and isinstance(model.panel, FormPanel)
        if typing:
            self._dress_now(self.keypad)
        self.keypad.show_words(wording)
        self.keypad.setVisible(typing)
        self.checks.setVisible(not typing)
        self._show_page(model, wording)

    def forget(self) -> None:
        """The traveller is gone: nothing typed about him stays in a field."""
        self.form_panel.clear()

    def _show_page(self, model: Screen, wording: Wording) -> None:
        page = self.pages[type(model.page)]
        page.show_page(model.page, wording)  # type: ignore[attr-defined]
        fresh = model.panel_of != self._panel_of
        self._panel_of = model.panel_of
        shown: QWidget = page
        if isinstance(model.panel, ListPanel):
            self.list_panel.show_panel(model.panel, wording)
            shown = self.list_panel
        elif isinstance(model.panel, FormPanel):
            shown = self.form_panel
        elif isinstance(model.panel, ExchangePanel):
            self.exchange_panel.show_panel(model.panel)
            shown = self.exchange_panel
        elif isinstance(model.panel, KeyOverview):
            self.overview.show_panel(model.panel, wording)
            shown = self.overview
        elif model.panel is not None:
            self.explain_panel.show_panel(model.panel, wording)
            shown = self.explain_panel
        if self.stack.currentWidget() is not shown:
            self._dress_now(shown)
            self.stack.setCurrentWidget(shown)
        if isinstance(model.panel, FormPanel):
            self.form_panel.show_panel(model.panel, wording, fresh=fresh)

    def _arrange(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        body = QWidget()
        self._body, self._middle, self._left = QVBoxLayout(body), QHBoxLayout(), QVBoxLayout()
        self._head = QHBoxLayout()
        self._head.addWidget(self.banner, 1)
        self._head.addWidget(self.undo)
        self._left.addWidget(self.path)
        self._left.addWidget(self.identity)
        self._left.addWidget(self.stack, 1)
        self._middle.addLayout(self._left, 1)
        self._middle.addWidget(self.checks)
        self._middle.addWidget(self.keypad)
        self._body.addLayout(self._head)
        self._body.addLayout(self._middle, 1)
        outer.addWidget(self.top)
        outer.addWidget(self.strip)
        outer.addWidget(body, 1)
        outer.addWidget(self.bar)
