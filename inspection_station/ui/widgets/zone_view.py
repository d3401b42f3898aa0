"""The machine-readable zone in cells of one width: a doubt stands on amber, a repair is underlined."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspection_station.ui.presenters.step_pages import ZoneLine
from inspection_station.ui.theme import Look, ThemeName

LONGEST = 44


class ZoneView(QWidget):
    """Draws two or three lines; the cell follows the width, so 44 characters always fit."""

    def __init__(self, family: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._family = family
        self._look = Look(ThemeName.DAY, 1.0)
        self._lines: tuple[ZoneLine, ...] = ()
        self.setVisible(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self.updateGeometry()
        self.update()

    def show_lines(self, lines: tuple[ZoneLine, ...]) -> None:
        """Show a zone."""
        if lines != self._lines:
            self._lines = lines
            self.setAccessibleName("\n".join(line.text for line in lines))
            self.setVisible(bool(lines))
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Height of the lines."""
        return QSize(self._look.px(400), self._look.px(28) * max(1, len(self._lines)) + self._look.px(12))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cells."""
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.color("line"), 1))
        painter.setBrush(look.color("sunken"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), look.px(6), look.px(6))
        margin = look.px(8)
        cell = (self.width() - 2 * margin) / LONGEST
        height = (self.height() - look.px(12)) / max(1, len(self._lines))
        painter.setFont(self._font(cell))
        for n, line in enumerate(self._lines):
            for at, character in enumerate(line.text[:LONGEST]):
                box = QRectF(margin + at * cell, look.px(6) + n * height, cell, height)
                self._paint_cell(painter, box, character, at in line.doubted, at in line.repaired)
        painter.end()

    def _paint_cell(self, painter: QPainter, box: QRectF, character: str, doubted: bool, repaired: bool) -> None:
        if doubted:
            painter.fillRect(box, self._look.color("warn_bg"))
        painter.setPen(self._look.color("warn" if doubted else "ink"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), character)
        if repaired:
            painter.setPen(QPen(self._look.color("accent"), self._look.px(2)))
            painter.drawLine(box.bottomLeft(), box.bottomRight())

    def _font(self, cell: float) -> QFont:
        font = self._look.font(18)
        if self._family:
            font.setFamilies([self._family])
        font.setPixelSize(max(9, min(self._look.px(20), round(cell * 1.45))))
        return font
