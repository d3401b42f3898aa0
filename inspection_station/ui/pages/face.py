"""The face: live picture with one prompt at a time beside the portrait; afterwards both photographs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from inspection_station.ui.pages.page import Card, Surface, show_live_face, show_reference
from inspection_station.ui.presenters.step_pages import FacePage
from inspection_station.ui.widgets.facts import FactTable, TroubleCard
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.live_view import LiveView
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class FaceView(Card):
    """Portrait left, camera right, the prompt beneath."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.portrait, self.captured = PictureView(surface.pictures), PictureView(surface.pictures)
        self.live = LiveView(surface.frames)
        self.glyph, self.prompt = Glyph(30), Text("name", wrap=True)
        self.facts = FactTable()
        self.trouble = TroubleCard()
        upper, line = Card(row=True, plain=True), Card(row=True, plain=True)
        upper.box.addWidget(self.portrait, 4)
        upper.box.addWidget(self.live, 8)
        upper.box.addWidget(self.captured, 4)
        upper.box.addWidget(self.facts, 5, Qt.AlignmentFlag.AlignTop)
        line.box.addWidget(self.glyph)
        line.box.addWidget(self.prompt, 1)
        self.box.addWidget(upper, 1)
        self.box.addWidget(line)
        self.box.addWidget(self.trouble)

    def show_page(self, model: FacePage, wording: Wording) -> None:
        """Show the page."""
        show_reference(self.portrait, model.portrait, wording)
        self.captured.setVisible(model.captured is not None)
        show_live_face(self.captured, model.captured, "", wording)
        self.live.setVisible(model.captured is None)
        self.live.show_live(
            model.live,
            model.prompt_tone,
            name=wording.text("picture.caption-live"),
            absent="" if model.live else model.prompt,
        )
        self.glyph.set_tone(model.prompt_tone)
        self.prompt.show_text(model.prompt)
        self.facts.show_rows(model.facts)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
