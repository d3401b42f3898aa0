"""Tables of facts, troubles in full, and the score bar."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from inspection_station.ui.presenters.identity import FieldRow
from inspection_station.ui.presenters.result_pages import ScoreRow
from inspection_station.ui.presenters.step_pages import Trouble
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.theme import TONE_TOKENS, Look, ThemeName
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.text import Text


class FactTable(QWidget):
    """Rows of label, value, glyph and word. ``stacked``: the label stands above its value."""

    def __init__(self, parent: QWidget | None = None, *, strong: bool = False, gap: int = 6) -> None:
        super().__init__(parent)
        self._look = Look(ThemeName.DAY, 1.0)
        self._gap = gap
        self._strong = strong
        self._rows: list[tuple[Text, Text, Glyph, Text]] = []
        self._shown: tuple[FieldRow, ...] | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self._grid.setHorizontalSpacing(look.px(12))
        self._grid.setVerticalSpacing(look.px(self._gap))

    def show_rows(self, rows: tuple[FieldRow, ...]) -> None:
        """Show the rows."""
        if rows == self._shown:
            return
        self._shown = rows
        while len(self._rows) < len(rows):
            self._add_row()
        for n, (label, value, glyph, word) in enumerate(self._rows):
            there = n < len(rows)
            row = rows[n] if there else FieldRow("", "")
            label.show_text(row.label)
            value.show_text(row.value)
            glyph.set_tone(row.tone)
            marked = there and bool(row.word)
            glyph.setVisible(marked)
            word.show_text(row.word if marked else "")
            word.set_tone(row.tone if row.tone is not Tone.NOTE else None)
        self.setVisible(bool(rows))

    def _add_row(self) -> None:
        at = len(self._rows)
        label = Text("strong" if self._strong else "label")
        value = Text("label" if self._strong else "body", wrap=True)
        glyph, word = Glyph(18), Text("label")
        glyph.set_look(self._look)
        self._rows.append((label, value, glyph, word))
        for column, widget in enumerate((label, value, glyph, word)):
            self._grid.addWidget(
                widget, at, column, Qt.AlignmentFlag.AlignVCenter if column != 1 else Qt.AlignmentFlag(0)
            )


class TroubleCard(QWidget):
    """What happened, why, do this, code."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(ThemeName.DAY, 1.0)
        self._tone = Tone.LOOK
        self._shown: tuple[Trouble | None, str, str] | None = None
        self.glyph = Glyph(28)
        self.what, self.why, self.do = Text("heading", wrap=True), Text("body", wrap=True), Text("strong", wrap=True)
        self.code = Text("label")
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (self.what, self.why, self.do):
            words.addWidget(label)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(words, 1)
        self._row.addWidget(self.code, 0, Qt.AlignmentFlag.AlignTop)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self._row.setContentsMargins(look.px(14), look.px(10), look.px(14), look.px(12))
        self._row.setSpacing(look.px(12))
        self._ink()

    def show_trouble(self, trouble: Trouble | None, why: str, do: str) -> None:
        """Show a trouble, or nothing. ``why`` and ``do`` are the words before the sentences."""
        self.setVisible(trouble is not None)
        if (trouble, why, do) == self._shown:
            return
        self._shown = (trouble, why, do)
        if trouble is None:
            return
        self._tone = trouble.tone
        self.glyph.set_tone(trouble.tone)
        detail = f" · {trouble.detail}" if trouble.detail else ""
        self.what.show_text(trouble.error.what + detail)
        self.why.show_text(why + trouble.error.why)
        self.do.show_text(do + trouble.error.do)
        self.code.show_text(trouble.error.code)
        self.setAccessibleName(trouble.error.what)
        self.setAccessibleDescription(trouble.error.do)
        self._ink()
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tinted ground."""
        ink, ground = TONE_TOKENS[self._tone]
        amber = self._tone is Tone.LOOK  # a whole card of amber glares: its edge and glyph carry it
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._look.color("surface" if amber else ground))
        painter.setPen(QPen(self._look.color(ground if amber else ink), self._look.px(2) if amber else 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), self._look.px(8), self._look.px(8))
        painter.end()

    def _ink(self) -> None:
        token = "ink" if self._tone is Tone.LOOK else TONE_TOKENS[self._tone][0]
        for label in (self.what, self.why, self.do, self.code):
            label.set_ink(token)
        self.update()


class ScoreBar(QWidget):
    """Where the score lies, with the threshold as a tick. The number itself is shown only on request."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(ThemeName.DAY, 1.0)
        self._row: ScoreRow | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self.updateGeometry()

    def show_row(self, row: ScoreRow) -> None:
        """Show a score; its bound is written at the tick."""
        self._row = row
        self.setAccessibleName(f"{row.reference}: {row.band}")
        self.update()

    def sizeHint(self) -> QSize:
        """Bar and tick label."""
        return QSize(self._look.px(220), self._look.px(48))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bar, score and tick."""
        if self._row is None:
            return
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink, ground = TONE_TOKENS[self._row.tone]
        fill = ground if self._row.tone is Tone.LOOK else ink
        height, top = look.px(14), look.px(6)
        bar = QRectF(1, top, self.width() - 2, height)
        painter.setPen(QPen(look.color("line"), 1))
        painter.setBrush(look.color("sunken"))
        painter.drawRoundedRect(bar, height / 2, height / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color(fill))
        painter.drawRoundedRect(
            QRectF(bar.left(), top, max(float(height), bar.width() * self._row.score_at), height),
            height / 2,
            height / 2,
        )
        tick = bar.left() + bar.width() * self._row.threshold_at
        self._paint_bound(painter, round(tick), top, height)
        painter.end()

    def _paint_bound(self, painter: QPainter, tick: int, top: int, height: int) -> None:
        """The tick runs down beside its words like a pole beside its flag, on the side where there is room."""
        look = self._look
        below = top + height + look.px(3)
        painter.setPen(QPen(look.color("ink"), look.px(2)))
        painter.drawLine(tick, top - look.px(4), tick, below + look.px(20))
        painter.setPen(look.color("ink2"))
        painter.setFont(look.font(13))
        gap, text = look.px(6), self._row.bound if self._row is not None else ""
        needed = painter.fontMetrics().horizontalAdvance(text) + gap
        right = tick + needed <= self.width()
        place = QRectF(tick + gap if right else tick - needed, below, needed, look.px(20))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
