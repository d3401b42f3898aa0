"""The decision: both faces, then what stands in the way in full; with nothing in the way, the document's rows."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inspection_station.ui.pages.page import Card, Surface, scrolled, show_live_face, show_reference
from inspection_station.ui.presenters.result_pages import DecisionPage
from inspection_station.ui.widgets.facts import FactTable, TroubleCard
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording

MOST_TROUBLES = 6  # further ones stand in the column of checks


class DecisionView(Card):
    """Photographs left, troubles and facts right."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(row=True, parent=parent)
        self.reference, self.probe = PictureView(surface.pictures), PictureView(surface.pictures)
        self.troubles = [TroubleCard() for _ in range(MOST_TROUBLES)]
        self.fields = FactTable()
        self.notes = Text("body", wrap=True)
        inner = Card(plain=True)
        for card in self.troubles:
            inner.box.addWidget(card)
        inner.box.addWidget(self.fields)
        inner.box.addWidget(self.notes)
        inner.box.addStretch(1)
        self.box.addWidget(self.reference, 6)
        self.box.addWidget(self.probe, 6)
        self.box.addWidget(scrolled(inner), 9)

    def show_page(self, model: DecisionPage, wording: Wording) -> None:
        """Show the page."""
        show_reference(self.reference, model.reference, wording)
        show_live_face(self.probe, model.probe, model.no_probe, wording)
        why, do = wording.text("trouble.why"), wording.text("trouble.do")
        for n, card in enumerate(self.troubles):
            card.show_trouble(model.troubles[n] if n < len(model.troubles) else None, why, do)
        self.fields.show_rows(() if model.troubles else model.fields)
        shares = (8, 5, 9) if model.reference.whole else (6, 6, 9)  # a page's portrait is small enough
        for place, share in enumerate(shares):
            self.box.setStretch(place, share)
        self.notes.show_text("\n".join(model.notes))
