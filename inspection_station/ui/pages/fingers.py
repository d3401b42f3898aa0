"""The fingers: live picture with one prompt at a time, both hands beside it, and keys for what stands in the way."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from inspection_station.ui.pages.page import Card, Surface
from inspection_station.ui.presenters.fingers_page import NOTES, REFUSAL, FingersPage
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.theme import Look
from inspection_station.ui.widgets.facts import FactTable, TroubleCard
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.key_button import KeyButton
from inspection_station.ui.widgets.live_view import LiveView
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording

_HANDS = 2


class _Hands(Card):
    """Both hands side by side, apart enough that the words of one are not read as the other's."""

    def set_look(self, look: Look) -> None:
        """Take a look."""
        super().set_look(look)
        self.box.setSpacing(look.px(32))


class FingersView(Card):
    """Reader left, hands right, prompt and keys beneath."""

    def __init__(self, surface: Surface, press: Callable[[Key], None], parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.live = LiveView(surface.fingers, outline=False)
        self.pictures = [PictureView(surface.pictures) for _ in range(_HANDS)]
        self.titles = [Text("heading") for _ in range(_HANDS)]
        self.hands = [FactTable(gap=4) for _ in range(_HANDS)]
        self.compared = FactTable(gap=4)
        self.glyph, self.prompt, self.trouble = Glyph(30), Text("name", wrap=True), TroubleCard()
        self.reveal = QPushButton()
        self.reveal.setObjectName("reveal")
        self.keys = {key: KeyButton(key) for key in (*NOTES, REFUSAL)}
        for key, button in self.keys.items():
            button.clicked.connect(lambda _=False, pressed=key: press(pressed))
        upper, line = Card(row=True, plain=True), Card(row=True, plain=True)
        right, tables = Card(plain=True), _Hands(row=True, plain=True)
        for title, table in zip(self.titles, self.hands, strict=True):
            hand = Card(plain=True)
            hand.box.addWidget(title)
            hand.box.addWidget(table)
            tables.box.addWidget(hand, 1, Qt.AlignmentFlag.AlignTop)
        right.box.addWidget(tables)
        right.box.addWidget(self.compared)
        right.box.addStretch(1)
        upper.box.addWidget(self.live, 6)
        for picture in self.pictures:
            upper.box.addWidget(picture, 3)
        upper.box.addWidget(right, 11)
        line.box.addWidget(self.glyph)
        line.box.addWidget(self.prompt, 1)
        for button in self.keys.values():
            line.box.addWidget(button)
        line.box.addWidget(self.reveal)
        self.box.addWidget(upper, 1)
        self.box.addWidget(line)
        self.box.addWidget(self.trouble)

    def show_page(self, model: FingersPage, wording: Wording) -> None:
        """Show the page."""
        self.live.setVisible(not model.pictures)
        self.live.show_live(model.live, model.prompt_tone, name=wording.text("fingers.live"), absent=model.no_picture)
        broken = wording.text("picture.broken")
        for n, view in enumerate(self.pictures):
            there = n < len(model.pictures)
            view.setVisible(there)
            if there:
                ref, caption = model.pictures[n]
                view.show_picture(ref, caption=caption, absent="", broken=broken)
        for (title, rows), heading, table in zip(model.hands, self.titles, self.hands, strict=True):
            heading.show_text(title)
            table.show_rows(rows)
        self.compared.show_rows(model.compared)
        self.glyph.set_tone(model.prompt_tone)
        self.prompt.show_text(model.prompt)
        shown = {action.key: action for action in model.keys}
        for key, button in self.keys.items():
            button.setVisible(key in shown)
            if key in shown:
                button.show_action(shown[key])
        self.reveal.setText(f"{wording.text('action.reveal')}  {Key.F1.value}")
        self.reveal.setVisible(model.hits)
        self.trouble.show_trouble(model.trouble, wording.text("trouble.why"), wording.text("trouble.do"))
