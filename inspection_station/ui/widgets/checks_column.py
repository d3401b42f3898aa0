"""The column of checks on the right: glyph, colour, word and age a row; failures first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from inspection_station.ui.presenters.checks import CheckRow
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.theme import TONE_TOKENS, Look, ThemeName
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.key_button import RowButton
from inspection_station.ui.widgets.text import Text


class CheckRowView(RowButton):
    """One check; touching it explains its code."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row: CheckRow | None = None
        self.glyph = Glyph(24)
        self.title, self.detail = Text("strong", wrap=True), Text("label", wrap=True)
        self.word, self.age, self.badge = Text("body"), Text("label"), Text("label")
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addLayout(_middle(self.title, self.detail), 1)
        self._row.addLayout(_middle(self.badge, self.age))
        self._row.addWidget(self.word, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for label in (self.badge, self.age):
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
        for child in (self.glyph, self.title, self.detail, self.word, self.age, self.badge):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        super().set_look(look)
        self._row.setContentsMargins(look.px(10), look.px(3), look.px(10), look.px(3))
        self._row.setSpacing(look.px(10))

    def show_row(self, row: CheckRow) -> None:
        """Show one check."""
        if row == self.row:
            return
        self.row = row
        self.glyph.set_tone(row.tone)
        self.title.show_text(row.title)
        self.detail.show_text(" · ".join(part for part in (row.detail, row.code) if part))
        self.word.show_text(row.word)
        self.age.show_text(row.age)
        self.badge.show_text(row.badge)
        self.badge.set_tone(row.badge_tone if row.badge else None)
        self.setAccessibleName(f"{row.title}: {row.word}")
        self.setAccessibleDescription(" ".join(part for part in (row.detail, row.code, row.badge, row.age) if part))
        self._ink()
        self.updateGeometry()

    def _ink(self) -> None:
        if self.row is None:
            return
        tone, tinted = self.row.tone, self.row.tinted
        ink, ground = TONE_TOKENS[tone]
        amber = tone is Tone.LOOK  # a column of amber glares: edge and glyph carry it
        if tinted:
            self.set_ground("surface" if amber else ground, ground if amber else ink, 2 if amber else 1)
        else:
            self.set_ground("surface")
        body = ink if tone is Tone.BAR else "ink"
        quiet = ink if tone is Tone.BAR else "ink2"
        word = "ink" if amber else quiet if tone is Tone.NOTE else ink
        for label, token in ((self.title, body), (self.detail, quiet), (self.age, quiet), (self.word, word)):
            label.set_ink(token)


def _middle(first: QWidget, second: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(0)
    column.addStretch(1)
    column.addWidget(first)
    column.addWidget(second)
    column.addStretch(1)
    return column


class ChecksColumn(QWidget):
    """All rows; scrolls only when there are more than fit."""

    def __init__(self, explain: Callable[[CheckRow], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._explain = explain
        self._look = Look(ThemeName.DAY, 1.0)
        self.rows: list[CheckRowView] = []
        self.heading = Text("heading")
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidget(inner)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._outer = QVBoxLayout(self)
        self._outer.addWidget(self.heading)
        self._outer.addWidget(self.area, 1)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self._outer.setContentsMargins(look.px(10), look.px(12), look.px(10), look.px(10))
        self._outer.setSpacing(look.px(8))
        self._column.setSpacing(look.px(2))
        self.setFixedWidth(look.px(372))

    def show_model(self, rows: tuple[CheckRow, ...], heading: str) -> None:
        """Show the rows."""
        self.heading.show_text(heading)
        while len(self.rows) < len(rows):
            view = CheckRowView()
            view.clicked.connect(lambda _=False, v=view: v.row is not None and self._explain(v.row))
            self.rows.append(view)
            self._column.insertWidget(self._column.count() - 1, view)
            view.set_look(self._look)
            view.glyph.set_look(self._look)
        for n, view in enumerate(self.rows):
            view.setVisible(n < len(rows))
            if n < len(rows):
                view.show_row(rows[n])
