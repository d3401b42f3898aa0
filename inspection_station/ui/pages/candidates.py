"""Face groups: the face looked for and at most three candidates beside it; without one, every group with its state."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from inspection_station.ui.pages.page import Card, Surface, scrolled
from inspection_station.ui.presenters.candidates_page import CARDS, CandidateCard, CandidatesPage
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.theme import Look
from inspection_station.ui.widgets.facts import FactTable, TroubleCard
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class FaceColumn(Card):
    """A picture as large as its neighbours', with two lines beneath."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(plain=True, parent=parent)
        self.picture = PictureView(surface.pictures)
        self.glyph, self.first, self.second = Glyph(22), Text("strong", wrap=True), Text("label", wrap=True)
        self._line = Card(row=True, plain=True)
        self._line.box.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignTop)
        self._line.box.addWidget(self.first, 1)
        self.box.addWidget(self.picture, 1)
        self.box.addWidget(self._line)
        self.box.addWidget(self.second)

    def set_look(self, look: Look) -> None:
        """The lines stand close to their picture, and take the same room in every column."""
        super().set_look(look)
        self.box.setSpacing(look.px(2))
        self.setMaximumWidth(look.px(300))
        self.first.setMinimumHeight(look.px(42))
        self.second.setMinimumHeight(look.px(20))
        for text in (self.first, self.second):
            text.setAlignment(Qt.AlignmentFlag.AlignTop)

    def show_lines(self, tone: Tone, first: str, second: str) -> None:
        """Show what stands beneath."""
        self.glyph.set_tone(tone)
        self.glyph.setVisible(bool(first))
        self.first.show_text(first)
        self.second.show_text(second)
        self.first.setVisible(True)
        self.second.setVisible(True)

    def show_card(self, card: CandidateCard, wording: Wording) -> None:
        """Show a candidate."""
        broken = wording.text("picture.broken")
        self.picture.show_picture(card.picture, caption=card.title, absent=card.no_picture, broken=broken)
        self.show_lines(card.tone, card.first, card.second)


class CandidatesView(Card):
    """Probe left, candidates or the groups right."""

    def __init__(self, surface: Surface, turn: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.probe = FaceColumn(surface)
        self.cards = [FaceColumn(surface) for _ in range(CARDS)]
        self.guide, self.trouble = Text("value", wrap=True), TroubleCard()
        self.groups, self.not_searched = FactTable(strong=True, gap=4), Text("label", wrap=True)
        self.not_searched.set_tone(Tone.UNCHECKED)
        self.turn, self.reveal = QPushButton(), QPushButton()
        self.turn.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.turn.clicked.connect(turn)
        self.reveal.setObjectName("reveal")
        middle, self._side, self._inner = Card(row=True, plain=True), Card(plain=True), Card(plain=True)
        for widget in (self.guide, self.trouble, self.groups):
            self._inner.box.addWidget(widget)
        self._inner.box.addStretch(1)
        self.table = scrolled(self._inner)
        middle.box.addStretch(1)
        middle.box.addWidget(self.probe, 50)
        for card in self.cards:
            middle.box.addWidget(card, 50)
        middle.box.addWidget(self.table, 130)
        middle.box.addStretch(1)
        middle.box.addWidget(self._side)  # beside the faces, which need the height
        self._side.box.addWidget(self.not_searched)
        self._side.box.addStretch(1)
        self._side.box.addWidget(self.turn)
        self._side.box.addWidget(self.reveal)
        self.box.addWidget(middle, 1)

    def set_look(self, look: Look) -> None:
        """Take a look; the table keeps clear of its scroll bar."""
        super().set_look(look)
        self.table.setViewportMargins(0, 0, look.px(10), 0)
        self._side.setFixedWidth(look.px(168))

    def show_page(self, model: CandidatesPage, wording: Wording) -> None:
        """Show the page."""
        broken = wording.text("picture.broken")
        self.probe.picture.show_picture(model.probe, caption=model.probe_caption, absent=model.no_probe, broken=broken)
        self.probe.show_lines(model.title_tone, model.title, "")
        for n, view in enumerate(self.cards):
            view.setVisible(n < len(model.cards))
            if n < len(model.cards):
                view.show_card(model.cards[n], wording)
        self.table.setVisible(not model.cards)
        self.guide.show_text("" if model.trouble else model.guide)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
        self.groups.show_rows(model.groups)
        self.not_searched.show_text(model.not_searched)
        self.turn.setText(model.turn)
        self.turn.setVisible(bool(model.turn))
        self.reveal.setText(f"{wording.text('action.reveal')}  {Key.F1.value}")
        self.reveal.setVisible(bool(model.cards))
        self._side.setVisible(bool(model.cards))
