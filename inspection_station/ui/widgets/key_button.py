"""Buttons that show their key. An unavailable one is drawn flat and, when pressed, the console says why."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from inspection_station.ui.presenters.action import Action, Role
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.theme import Look, ThemeName


def paint_focus(painter: QPainter, box: QRect, look: Look) -> None:
    """The focus ring: black by day, white by night, with a gap so that it shows on an accent ground."""
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = look.px(3)
    inset = width / 2
    painter.setPen(QPen(look.color("focus"), width))
    painter.drawRoundedRect(QRectF(box).adjusted(inset, inset, -inset, -inset), look.px(8), look.px(8))
    painter.setPen(QPen(look.color("surface"), look.px(1.5)))
    gap = width + look.px(1)
    painter.drawRoundedRect(QRectF(box).adjusted(gap, gap, -gap, -gap), look.px(6), look.px(6))
    painter.restore()


class KeyButton(QAbstractButton):
    """Key cap above, label below; as wide as its text needs."""

    def __init__(self, key: Key, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = key
        self.role = Role.PLAIN
        self.available = True
        self._look = Look(ThemeName.DAY, 1.0)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self.updateGeometry()
        self.update()

    def show_action(self, action: Action) -> None:
        """Show what the key does now."""
        same = (self.text(), self.role, self.available) == (action.label, action.role, action.available)
        self.setAccessibleName(f"{action.label} {action.key.value}")
        self.setAccessibleDescription(action.why)
        if not same:
            self.role, self.available = action.role, action.available
            self.setText(action.label)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Room for the label and its key."""
        look = self._look
        primary = self.role is Role.PRIMARY
        label = QFontMetrics(look.font(18 if primary else 15, bold=primary)).horizontalAdvance(self.text())
        cap = QFontMetrics(look.font(13, bold=True)).horizontalAdvance(self.key.value)
        least = {Role.PRIMARY: 190, Role.STOP: 92, Role.PLAIN: 64}[self.role]
        return QSize(max(label + look.px(20), cap + look.px(20), look.px(least)), max(58, look.px(58)))

    def minimumSizeHint(self) -> QSize:
        """Never narrower than its text."""
        return self.sizeHint()

    def clipped(self) -> bool:
        """Whether the label does not fit (tests)."""
        return self.width() < self.sizeHint().width() or self.height() < self.sizeHint().height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button."""
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, ink, edge = self._colors()
        if self.isDown() and self.available:
            ground = ground.darker(115)
        painter.setBrush(ground)
        pen = QPen(edge, 1 if self.role is Role.PLAIN or not self.available else 2)
        if not self.available:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), look.px(8), look.px(8))
        if self.hasFocus():
            paint_focus(painter, self.rect(), look)
        primary = self.role is Role.PRIMARY
        half = look.px(24)
        top = QRect(0, look.px(7), self.width(), look.px(18))
        bottom = QRect(0, half, self.width(), self.height() - half - look.px(5))
        painter.setPen(ink)
        painter.setFont(look.font(13, bold=True))
        painter.drawText(top, int(Qt.AlignmentFlag.AlignCenter), self.key.value)
        painter.setFont(look.font(18 if primary else 15, bold=primary))
        painter.drawText(bottom, int(Qt.AlignmentFlag.AlignCenter), self.text())
        painter.end()

    def _colors(self) -> tuple[QColor, QColor, QColor]:
        look = self._look
        if not self.available:
            return look.color("na_bg"), look.color("na"), look.color("line")
        if self.role is Role.PRIMARY:
            return look.color("accent"), look.color("on_accent"), look.color("accent")
        if self.role is Role.STOP:
            return look.color("surface"), look.color("bad"), look.color("bad")
        return look.color("surface"), look.color("ink"), look.color("line")


class RowButton(QAbstractButton):
    """A row that can be touched and tabbed to: the ground and the focus ring of check rows, options and path marks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row_look = Look(ThemeName.DAY, 1.0)
        self._ground = "surface"
        self._edge = ""
        self._edge_width = 1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._row_look = look
        self.setMinimumHeight(look.row)
        self.update()

    def set_ground(self, token: str, edge: str = "", width: int = 1) -> None:
        """Ground and edge by token; no edge when empty."""
        if (token, edge, width) != (self._ground, self._edge, self._edge_width):
            self._ground, self._edge, self._edge_width = token, edge, width
            self.update()

    def sizeHint(self) -> QSize:
        """What the row's layout asks for."""
        layout = self.layout()
        return layout.sizeHint() if layout is not None else QSize(44, 44)

    def hasHeightForWidth(self) -> bool:
        """Wrapped text makes a row higher."""
        layout = self.layout()
        return layout is not None and layout.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        """Height of the row at a width, at least the touch target."""
        layout = self.layout()
        return max(self._row_look.row, layout.heightForWidth(width)) if layout is not None else self._row_look.row

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground and focus ring; the labels draw themselves."""
        look, painter = self._row_look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = look.color(self._ground)
        painter.setBrush(ground.darker(108) if self.isDown() else ground)
        painter.setPen(QPen(look.color(self._edge), self._edge_width) if self._edge else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), look.px(6), look.px(6))
        if self.hasFocus():
            paint_focus(painter, self.rect(), look)
        painter.end()
