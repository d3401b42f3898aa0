"""Steps without a page of their own here: clearance."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from inspection_station.ui.pages.page import Card, Surface
from inspection_station.ui.presenters.step_pages import PlainPage
from inspection_station.ui.widgets.facts import TroubleCard
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class PlainView(Card):
    """Name of the step, its state, what to do."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.glyph = Glyph(72)
        self.title, self.word, self.guide = Text("verdict"), Text("heading"), Text("value", wrap=True)
        self.trouble = TroubleCard()
        self.box.addStretch(1)
        self.box.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self.title, self.word, self.guide):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.box.addWidget(label)
        self.box.addStretch(1)
        self.box.addWidget(self.trouble)

    def show_page(self, model: PlainPage, wording: Wording) -> None:
        """Show the page."""
        self.glyph.set_tone(model.tone)
        self.title.show_text(model.title)
        self.word.show_text(model.word)
        self.guide.show_text("" if model.trouble else model.guide)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
