"""The comparison: two large photographs, a word, and the score against its threshold."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from inspection_station.ui.pages.page import Card, Surface, show_live_face, show_reference
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.result_pages import ComparisonPage, ScoreRow
from inspection_station.ui.theme import Look
from inspection_station.ui.widgets.facts import ScoreBar, TroubleCard
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class ScoreView(QWidget):
    """One comparison: the first large, with its bar while it is alone; those with the history photograph small."""

    def __init__(self, large: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reference, self.numbers = Text("label", wrap=True), Text("label", wrap=True)
        self.glyph, self.band = Glyph(34 if large else 22), Text("name" if large else "strong", wrap=True)
        self.one_in = Text("body", wrap=True)
        self.bar = ScoreBar()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)  # else a wrapped verdict would be cut
        self.setSizePolicy(policy)
        first = 0 if large else 1  # small ones keep everything beside the glyph
        self._grid.addWidget(self.reference, 0, first, 1, 2 - first)
        self._grid.addWidget(self.glyph, 1, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self.band, 1, 1)
        for row, widget in enumerate((self.one_in, self.bar, self.numbers), 2):
            self._grid.addWidget(widget, row, first, 1, 2 - first)

    def set_look(self, look: Look) -> None:
        """Lines of one comparison belong together."""
        self._grid.setVerticalSpacing(look.px(2))
        self._grid.setHorizontalSpacing(look.px(12))

    def show_score(self, row: ScoreRow, *, alone: bool) -> None:
        """Show one comparison."""
        self.reference.show_text(row.reference)
        self.glyph.set_tone(row.tone)
        self.band.show_text(row.band)
        self.one_in.show_text(row.one_in)
        self.bar.show_row(row)
        self.bar.setVisible(alone)
        self.numbers.show_text(row.numbers)


class _Verdicts(Card):
    """The column of verdicts, closer together than cards are."""

    def set_look(self, look: Look) -> None:
        """Take a look."""
        super().set_look(look)
        self.box.setSpacing(look.px(7))


class ComparisonView(Card):
    """Photographs left, verdicts right."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(row=True, parent=parent)
        self.reference, self.probe = PictureView(surface.pictures), PictureView(surface.pictures)
        self.history = PictureView(surface.pictures)
        self.scores = [ScoreView(n == 0) for n in range(3)]
        self.notes = Text("label", wrap=True)
        self.guide = Text("value", wrap=True)
        self.trouble = TroubleCard()
        self.reveal = QPushButton()
        self.reveal.setObjectName("reveal")
        right = _Verdicts(plain=True)
        right.box.addWidget(self.guide)
        right.box.addWidget(self.trouble)
        for score in self.scores:
            right.box.addWidget(score)
        right.box.addWidget(self.notes)
        right.box.addStretch(1)
        right.box.addWidget(self.reveal)
        self.box.addWidget(self.reference, 5)
        self.box.addWidget(self.probe, 5)
        self.box.addWidget(self.history, 5)
        self.box.addWidget(right, 5)

    def show_page(self, model: ComparisonPage, wording: Wording) -> None:
        """Show the page."""
        show_reference(self.reference, model.reference, wording)
        show_live_face(self.probe, model.probe, model.no_probe, wording)
        self.history.setVisible(model.history is not None)
        caption, broken = wording.text("reference.history photograph"), wording.text("picture.broken")
        self.history.show_picture(model.history, caption=caption, absent="", broken=broken)
        self.notes.show_text("\n".join(model.notes))
        for n, view in enumerate(self.scores):
            view.setVisible(n < len(model.scores))
            if n < len(model.scores):
                alone = len(model.scores) == 1
                view.show_score(model.scores[n], alone=alone)
        self.guide.show_text("" if model.trouble else model.guide)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
        self.reveal.setText(f"{wording.text('action.reveal')}  {Key.F1.value}")
        self.reveal.setVisible(bool(model.scores))
