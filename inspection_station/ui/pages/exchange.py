"""The details of the exchange: lanes and facts left, lists right, what was asked for last, and what the digits do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QGridLayout, QProgressBar, QWidget

from inspection_station.ui.pages.page import Card
from inspection_station.ui.pages.panels import OptionRow
from inspection_station.ui.presenters.exchange_panel import ActLine, ExchangePanel
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.theme import Look
from inspection_station.ui.widgets.bars import HealthMark
from inspection_station.ui.widgets.facts import FactTable
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.text import Text

_MOST_COLUMNS = 5
_WHOLE = 1000  # steps of the progress bar


class ExchangeDetails(Card):
    """A panel in the page. ``press`` gets the digit of an option that was touched."""

    def __init__(self, press: Callable[[Key], None], parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._press = press
        self.title, self.link, self.intro = Text("name"), HealthMark(), Text("body", wrap=True)
        self.facts, self.lanes, self.lists = Text("label", wrap=True), FactTable(gap=2), FactTable(gap=2)
        self.lanes_title, self.lists_title = Text("strong"), Text("strong")
        self.trouble_line, self.trouble_glyph = Card(row=True, plain=True), Glyph(22)
        self.trouble_text = Text("body", wrap=True)
        self.act_line, self.act_glyph, self.act_text = Card(row=True, plain=True), Glyph(22), Text("strong", wrap=True)
        self.left, self.right = Card(plain=True), Card(plain=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, _WHOLE)
        self.rows = [OptionRow() for _ in range(10)]
        self._columns = 0
        self._arrange()
        self._place(_MOST_COLUMNS)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        super().set_look(look)
        self.box.setSpacing(look.px(4))
        for card in (self.left, self.right):
            card.box.setSpacing(look.px(4))
        self._options.setHorizontalSpacing(look.px(8))
        self._options.setVerticalSpacing(look.px(4))
        self.progress.setFixedSize(look.px(160), look.px(12))

    def show_panel(self, model: ExchangePanel) -> None:
        """Show the details."""
        self.title.show_text(model.title)
        self.link.show_item(model.link)
        self.facts.show_text(model.facts)
        self.lanes_title.show_text(model.lanes_title if model.lanes else "")
        self.lanes.show_rows(model.lanes)
        self.lists_title.show_text(model.lists_title if model.lists else "")
        self.lists.show_rows(model.lists)
        self._show_act(model.act)
        self.trouble_line.setVisible(model.trouble is not None)
        if model.trouble is not None:
            self.trouble_glyph.set_tone(model.trouble.tone)
            self.trouble_text.show_text(model.trouble.text)
        self.intro.show_text(model.intro)
        self._place(model.columns)
        for n, row in enumerate(self.rows):
            row.setVisible(n < len(model.options))
            if n < len(model.options):
                row.show_option(*model.options[n])

    def _show_act(self, act: ActLine | None) -> None:
        self.act_line.setVisible(act is not None)
        if act is None:
            return
        self.act_glyph.set_tone(act.tone)
        self.act_text.show_text(act.text)
        self.progress.setVisible(act.share is not None)
        self.progress.setValue(round((act.share or 0.0) * _WHOLE))

    def _arrange(self) -> None:
        head = Card(row=True, plain=True)
        head.box.addWidget(self.title, 1)
        head.box.addWidget(self.link)
        left, right, columns = self.left, self.right, Card(row=True, plain=True)
        for widget in (self.lanes_title, self.lanes, self.facts):
            left.box.addWidget(widget)
        left.box.addStretch(1)
        for widget in (self.lists_title, self.lists):
            right.box.addWidget(widget)
        right.box.addStretch(1)
        columns.box.addWidget(left, 4)
        columns.box.addWidget(right, 5)
        self.act_line.box.addWidget(self.act_glyph)
        self.act_line.box.addWidget(self.act_text, 1)
        self.act_line.box.addWidget(self.progress)
        inner = QWidget()
        self._options = QGridLayout(inner)
        self._options.setContentsMargins(0, 0, 0, 0)
        for row in self.rows:
            row.clicked.connect(lambda _=False, r=row: self._touched(r))
        self.box.addWidget(head)
        self.box.addWidget(columns, 1)
        self.trouble_line.box.addWidget(self.trouble_glyph)
        self.trouble_line.box.addWidget(self.trouble_text, 1)
        self.box.addWidget(self.trouble_line)
        self.box.addWidget(self.act_line)
        self.box.addWidget(self.intro)
        self.box.addWidget(inner)

    def _place(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for n, row in enumerate(self.rows):
            self._options.addWidget(row, n // columns, n % columns)
        for column in range(_MOST_COLUMNS):
            self._options.setColumnStretch(column, 1 if column < columns else 0)

    def _touched(self, row: OptionRow) -> None:
        self._press(Key(row.digit.text()))
