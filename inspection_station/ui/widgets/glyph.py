"""State shapes: circle ✓, triangle !, octagon ✕, square –, ring (running), dot (note). Colour never stands alone."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.theme import Look, ThemeName


def draw_glyph(painter: QPainter, box: QRectF, tone: Tone, look: Look) -> None:
    """Draw a tone's shape filling a square box."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(box.width(), box.height())
    square = QRectF(box.center().x() - side / 2, box.center().y() - side / 2, side, side)
    _SHAPES[tone](painter, square, look)
    painter.restore()


def _sign_pen(color: QColor, side: float) -> QPen:
    pen = QPen(color, max(1.5, side * 0.12))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _ok(painter: QPainter, box: QRectF, look: Look) -> None:
    ground = look.tone_ink(Tone.OK)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawEllipse(box)
    side, left, top = box.width(), box.left(), box.top()
    painter.setPen(_sign_pen(look.color("surface"), side))
    points = ((0.27, 0.53), (0.44, 0.69), (0.74, 0.34))
    painter.drawPolyline(QPolygonF([QPointF(left + x * side, top + y * side) for x, y in points]))


def _look(painter: QPainter, box: QRectF, look: Look) -> None:
    side, left, top = box.width(), box.left(), box.top()
    corners = ((0.5, 0.04), (0.98, 0.92), (0.02, 0.92))
    pen = _sign_pen(look.color("warn"), side * 0.7)
    painter.setPen(pen)
    painter.setBrush(look.color("warn_bg"))
    painter.drawPolygon(QPolygonF([QPointF(left + x * side, top + y * side) for x, y in corners]))
    painter.setPen(_sign_pen(look.color("warn"), side))
    painter.drawLine(QPointF(left + side / 2, top + 0.36 * side), QPointF(left + side / 2, top + 0.60 * side))
    painter.drawPoint(QPointF(left + side / 2, top + 0.77 * side))


def _bar(painter: QPainter, box: QRectF, look: Look) -> None:
    center, radius = box.center(), box.width() / 2
    angles = (math.pi / 8 + n * math.pi / 4 for n in range(8))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.tone_ink(Tone.BAR))
    painter.drawPolygon(
        QPolygonF([QPointF(center.x() + radius * math.cos(a), center.y() + radius * math.sin(a)) for a in angles])
    )
    painter.setPen(_sign_pen(look.color("surface"), box.width()))
    reach = radius * 0.38
    for direction in (1, -1):
        painter.drawLine(
            QPointF(center.x() - reach, center.y() - direction * reach),
            QPointF(center.x() + reach, center.y() + direction * reach),
        )


def _unchecked(painter: QPainter, box: QRectF, look: Look) -> None:
    side = box.width()
    ink = look.tone_ink(Tone.UNCHECKED)
    painter.setPen(QPen(ink, max(1.5, side * 0.09)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = box.adjusted(side * 0.08, side * 0.08, -side * 0.08, -side * 0.08)
    painter.drawRoundedRect(inner, side * 0.12, side * 0.12)
    painter.setPen(_sign_pen(ink, side))
    painter.drawLine(
        QPointF(box.left() + side * 0.3, box.center().y()), QPointF(box.right() - side * 0.3, box.center().y())
    )


def _running(painter: QPainter, box: QRectF, look: Look) -> None:
    side = box.width()
    inner = box.adjusted(side * 0.1, side * 0.1, -side * 0.1, -side * 0.1)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(look.color("line"), side * 0.12))
    painter.drawEllipse(inner)
    pen = _sign_pen(look.tone_ink(Tone.RUNNING), side)
    painter.setPen(pen)
    painter.drawArc(inner, 90 * 16, -120 * 16)


def _note(painter: QPainter, box: QRectF, look: Look) -> None:
    side = box.width()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.tone_ink(Tone.NOTE))
    painter.drawEllipse(box.center(), side * 0.2, side * 0.2)


_SHAPES = {
    Tone.OK: _ok,
    Tone.LOOK: _look,
    Tone.BAR: _bar,
    Tone.UNCHECKED: _unchecked,
    Tone.RUNNING: _running,
    Tone.NOTE: _note,
}


class Glyph(QWidget):
    """A state's shape. ``size`` in px of the 1366×768 drawing. Decorative: the word beside it is what is read aloud."""

    def __init__(self, size: float = 22, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self._look = Look(ThemeName.DAY, 1.0)
        self.tone = Tone.UNCHECKED
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        side = look.px(self._size)
        self.setFixedSize(QSize(side, side))
        self.update()

    def set_tone(self, tone: Tone) -> None:
        """Show another state."""
        if tone is not self.tone:
            self.tone = tone
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the shape."""
        painter = QPainter(self)
        draw_glyph(painter, QRectF(self.rect()), self.tone, self._look)
        painter.end()
