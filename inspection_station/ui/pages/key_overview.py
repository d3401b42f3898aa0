"""The overview of keys and shapes, as a panel in the page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from inspection_station.ui.pages.page import Card, scrolled
from inspection_station.ui.pages.panels import BackButton
from inspection_station.ui.presenters.key_overview import KeyOverview
from inspection_station.ui.theme import Look
from inspection_station.ui.widgets.bars import HealthMark
from inspection_station.ui.widgets.facts import FactTable
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording

_SHAPES = 5


class KeyOverviewView(Card):
    """Title and back button, keys in two columns, shapes beneath."""

    def __init__(self, back: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.title, self.back = Text("name"), BackButton(back)
        self.left, self.right = FactTable(strong=True, gap=5), FactTable(strong=True, gap=5)
        self.shapes = [HealthMark() for _ in range(_SHAPES)]
        head, foot, self._columns = Card(row=True, plain=True), Card(row=True, plain=True), Card(row=True, plain=True)
        head.box.addWidget(self.title, 1)
        head.box.addWidget(self.back)
        for table in (self.left, self.right):
            column = Card(plain=True)
            column.box.addWidget(table)
            column.box.addStretch(1)
            self._columns.box.addWidget(column, 1)
        for mark in self.shapes:
            foot.box.addWidget(mark)
        foot.box.addStretch(1)
        self.box.addWidget(head)
        self.box.addWidget(scrolled(self._columns), 1)
        self.box.addWidget(foot)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        super().set_look(look)
        self.box.setSpacing(look.px(6))
        self._columns.box.setSpacing(look.px(24))

    def show_panel(self, model: KeyOverview, wording: Wording) -> None:
        """Show the overview."""
        self.title.show_text(model.title)
        self.back.show_words(wording)
        self.left.show_rows(model.left)
        self.right.show_rows(model.right)
        for mark, item in zip(self.shapes, model.shapes, strict=True):
            mark.show_item(item)
