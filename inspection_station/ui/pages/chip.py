"""The chip: its portrait, what is not as it should be, and the names of everything that is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from inspection_station.ui.pages.page import Card, Surface, scrolled, show_portrait
from inspection_station.ui.presenters.chip_page import ChipPage
from inspection_station.ui.theme import Look
from inspection_station.ui.widgets.facts import FactTable, TroubleCard
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class _Column(Card):
    """Closer together than cards are: a chip has up to twenty checks."""

    def set_look(self, look: Look) -> None:
        """Take a look."""
        super().set_look(look)
        self.box.setSpacing(look.px(4))


class ChipView(Card):
    """Portrait and how the chip was opened left, checks right."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(row=True, parent=parent)
        self.portrait = PictureView(surface.pictures)
        self.opened, self.checks = Text("label", wrap=True), FactTable(strong=True, gap=1)
        self.guide = Text("value", wrap=True)
        self.trouble = TroubleCard()
        left, inner = _Column(plain=True), _Column(plain=True)
        left.box.addWidget(self.portrait, 1)
        left.box.addWidget(self.opened)
        self.opened.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for widget in (self.guide, self.trouble, self.checks):
            inner.box.addWidget(widget)
        inner.box.addStretch(1)
        self.area = scrolled(inner)
        self.box.addWidget(left, 4)
        self.box.addWidget(self.area, 15)

    def show_page(self, model: ChipPage, wording: Wording) -> None:
        """Show the page."""
        show_portrait(self.portrait, model.portrait, model.no_portrait, wording)
        self.opened.show_text(model.opened)
        self.checks.show_rows(model.checks)
        self.guide.show_text("" if model.trouble else model.guide)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
