"""The chip: its portrait, how it was opened, and every check."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inspection_station.ui.pages.page import Card, Surface, scrolled, show_portrait
from inspection_station.ui.presenters.step_pages import ChipPage
from inspection_station.ui.widgets.facts import FactTable, TroubleCard
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class ChipView(Card):
    """Portrait left, checks right."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(row=True, parent=parent)
        self.portrait = PictureView(surface.pictures)
        self.access, self.checks = FactTable(), FactTable(strong=True)
        self.guide = Text("value", wrap=True)
        self.trouble = TroubleCard()
        right, inner = Card(plain=True), Card(plain=True)
        inner.box.addWidget(self.guide)
        inner.box.addWidget(self.trouble)
        inner.box.addWidget(self.access)
        inner.box.addWidget(self.checks)
        inner.box.addStretch(1)
        right.box.addWidget(scrolled(inner), 1)
        self.box.addWidget(self.portrait, 4)
        self.box.addWidget(right, 7)

    def show_page(self, model: ChipPage, wording: Wording) -> None:
        """Show the page."""
        show_portrait(self.portrait, model.portrait, model.no_portrait, wording)
        self.access.show_rows(tuple(row for row in (model.access, model.groups) if row is not None))
        self.checks.show_rows(model.checks)
        self.guide.show_text("" if model.trouble else model.guide)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
