"""The comparison: two large photographs, a word, and the score against its threshold."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QWidget

from inspection_station.ui.pages.page import Card, Surface, show_live_face, show_portrait
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.result_pages import ComparisonPage, ScoreRow
from inspection_station.ui.widgets.facts import ScoreBar, TroubleCard
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class ScoreView(Card):
    """One comparison."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(plain=True, parent=parent)
        self.reference, self.numbers = Text("label"), Text("label", wrap=True)
        self.glyph, self.band = Glyph(34), Text("name", wrap=True)
        self.bar = ScoreBar()
        line = Card(row=True, plain=True)
        line.box.addWidget(self.glyph)
        line.box.addWidget(self.band, 1)
        for widget in (self.reference, line, self.bar, self.numbers):
            self.box.addWidget(widget)

    def show_score(self, row: ScoreRow, threshold: str) -> None:
        """Show one comparison."""
        self.reference.show_text(row.reference)
        self.glyph.set_tone(row.tone)
        self.band.show_text(row.band)
        self.bar.show_row(row, threshold)
        self.numbers.show_text(row.numbers)


class ComparisonView(Card):
    """Photographs left, verdicts right."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(row=True, parent=parent)
        self.reference, self.probe = PictureView(surface.pictures), PictureView(surface.pictures)
        self.scores = [ScoreView() for _ in range(3)]
        self.guide = Text("value", wrap=True)
        self.trouble = TroubleCard()
        self.reveal = QPushButton()
        self.reveal.setObjectName("reveal")
        right = Card(plain=True)
        right.box.addWidget(self.guide)
        right.box.addWidget(self.trouble)
        for score in self.scores:
            right.box.addWidget(score)
        right.box.addStretch(1)
        right.box.addWidget(self.reveal)
        self.box.addWidget(self.reference, 5)
        self.box.addWidget(self.probe, 5)
        self.box.addWidget(right, 5)

    def show_page(self, model: ComparisonPage, wording: Wording) -> None:
        """Show the page."""
        show_portrait(self.reference, model.reference, model.no_reference, wording)
        show_live_face(self.probe, model.probe, model.no_probe, wording)
        for n, view in enumerate(self.scores):
            view.setVisible(n < len(model.scores))
            if n < len(model.scores):
                view.show_score(model.scores[n], wording.text("comparison.threshold"))
        self.guide.show_text("" if model.trouble else model.guide)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
        self.reveal.setText(f"{wording.text('action.reveal')}  {Key.F1.value}")
        self.reveal.setVisible(bool(model.scores))
