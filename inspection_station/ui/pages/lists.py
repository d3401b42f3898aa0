"""The lists: which were searched and how old they are; possible hits stay hidden until the officer holds the key."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QWidget

from inspection_station.ui.pages.page import Card, Surface, scrolled
from inspection_station.ui.presenters.identity import FieldRow
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.result_pages import ListsPage
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.widgets.facts import FactTable, TroubleCard
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class ListsView(Card):
    """Lists left, hits right."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.lists, self.hits = FactTable(strong=True, gap=16), FactTable()
        self.hits_glyph, self.hits_title = Glyph(30), Text("heading", wrap=True)
        self.guide, self.not_consulted = Text("value", wrap=True), Text("body", wrap=True)
        self.trouble = TroubleCard()
        self.reveal = QPushButton()
        self.reveal.setObjectName("reveal")
        inner, self.hit_line = Card(plain=True), Card(row=True, plain=True)
        self.hit_line.box.addWidget(self.hits_glyph)
        self.hit_line.box.addWidget(self.hits_title, 1)
        for widget in (self.guide, self.trouble, self.hit_line, self.hits, self.lists, self.not_consulted):
            inner.box.addWidget(widget)
        inner.box.addStretch(1)
        self.box.addWidget(scrolled(inner), 1)
        self.box.addWidget(self.reveal)
        self.not_consulted.set_tone(Tone.UNCHECKED)
        self.hits_glyph.set_tone(Tone.BAR)
        self.hits_title.set_tone(Tone.BAR)

    def show_page(self, model: ListsPage, wording: Wording) -> None:
        """Show the page."""
        self.lists.show_rows(model.lists)
        rows: list[FieldRow] = []
        for hit in model.hits:
            rows.append(FieldRow(hit.kind, hit.matching))
            if hit.differing:
                rows.append(FieldRow("", hit.differing))
        self.hits.show_rows(tuple(rows))
        self.hits_title.show_text(model.hits_title)
        self.hit_line.setVisible(bool(model.hits))
        self.guide.show_text("" if model.trouble else model.guide)
        self.not_consulted.show_text(model.not_consulted)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
        self.reveal.setText(f"{wording.text('action.reveal')}  {Key.F1.value}")
        self.reveal.setVisible(bool(model.hits))
