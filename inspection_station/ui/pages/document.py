"""The document: page picture, zone, fields with their check digits."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inspection_station.ui.pages.page import Card, Surface, scrolled
from inspection_station.ui.presenters.step_pages import DocumentPage
from inspection_station.ui.widgets.facts import FactTable, TroubleCard
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.ui.widgets.text import Text
from inspection_station.ui.widgets.zone_view import ZoneView
from inspection_station.wording import Wording


class DocumentView(Card):
    """Page picture left, fields right, the zone beneath over the whole width."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.picture = PictureView(surface.pictures, aspect=None, silhouette=False)
        self.fields = FactTable(gap=1)
        self.guide = Text("value", wrap=True)
        self.trouble = TroubleCard()
        self.zone = ZoneView(surface.zone_family)
        upper, right = Card(row=True, plain=True), Card(plain=True)
        right.box.addWidget(self.guide)
        right.box.addWidget(self.trouble)
        self.area = scrolled(self.fields)
        right.box.addWidget(self.area, 1)
        upper.box.addWidget(self.picture, 5)
        upper.box.addWidget(right, 6)
        self.box.addWidget(upper, 1)
        self.box.addWidget(self.zone)

    def show_page(self, model: DocumentPage, wording: Wording) -> None:
        """Show the page."""
        broken = wording.text("picture.broken")
        caption = model.source or wording.text("picture.caption-page")
        self.picture.show_picture(model.picture, caption=caption, absent=model.no_picture, broken=broken)
        self.fields.show_rows(model.fields)
        self.guide.show_text("" if model.trouble else model.guide)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
        self.zone.show_lines(model.lines)
