"""Between two travellers: place the next document; ten seconds to undo; what needs attention."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inspection_station.ui.pages.page import Card, Surface
from inspection_station.ui.presenters.result_pages import ReadyPage
from inspection_station.ui.theme import Look, ThemeName
from inspection_station.ui.widgets.facts import TroubleCard
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording


class PassportDrawing(QWidget):
    """A passport lying on a reader: what to do, without words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(ThemeName.DAY, 1.0)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self.setMinimumHeight(look.px(130))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw reader, page, portrait and zone in quiet lines."""
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        height = min(float(self.height()), look.px(220))
        width = height * 1.5
        left, top = (self.width() - width) / 2, (self.height() - height) / 2
        painter.setPen(QPen(look.color("line"), look.px(2)))
        painter.setBrush(look.color("sunken"))
        painter.drawRoundedRect(QRectF(left, top + 1, width, height - 2), look.px(12), look.px(12))
        page = QRectF(left + width * 0.1, top + height * 0.12, width * 0.8, height * 0.76)
        painter.setPen(QPen(look.color("accent"), look.px(2.5)))
        painter.setBrush(look.color("surface"))
        painter.drawRoundedRect(page, look.px(6), look.px(6))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("line"))
        painter.drawRoundedRect(
            QRectF(
                page.left() + page.width() * 0.07,
                page.top() + page.height() * 0.12,
                page.width() * 0.26,
                page.height() * 0.5,
            ),
            look.px(3),
            look.px(3),
        )
        for n in range(3):
            y = page.top() + page.height() * (0.16 + n * 0.17)
            painter.drawRoundedRect(
                QRectF(page.left() + page.width() * 0.42, y, page.width() * (0.5 - 0.1 * n), page.height() * 0.07), 2, 2
            )
        painter.setBrush(look.color("accent"))
        for n in range(2):
            y = page.top() + page.height() * (0.73 + n * 0.13)
            painter.drawRoundedRect(
                QRectF(page.left() + page.width() * 0.06, y, page.width() * 0.88, page.height() * 0.06), 2, 2
            )
        painter.end()


class ReadyView(Card):
    """The page between two travellers."""

    def __init__(self, surface: Surface, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.drawing = PassportDrawing()
        self.title, self.guide = Text("verdict"), Text("value")
        self.troubles = [TroubleCard() for _ in range(3)]
        middle = QVBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.drawing, 4)
        for label in (self.title, self.guide):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            middle.addWidget(label)
        middle.addStretch(1)
        self.box.addLayout(middle, 1)
        for card in self.troubles:
            self.box.addWidget(card)

    def show_page(self, model: ReadyPage, wording: Wording) -> None:
        """Show the page."""
        self.title.show_text(model.title)
        self.guide.show_text(model.guide)
        why, do = wording.text("trouble.why"), wording.text("trouble.do")
        for n, card in enumerate(self.troubles):
            card.show_trouble(model.troubles[n] if n < len(model.troubles) else None, why, do)
