"""Names that share one state, in as many columns as fit: a title with the state's shape, and the names beneath."""

from __future__ import annotations

from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from inspection_station.ui.presenters.chip_page import CheckNames
from inspection_station.ui.theme import Look, ThemeName
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.text import Text

MOST_COLUMNS = 3


class NameGrid(QWidget):
    """One title, many names. The number of columns follows the width and the longest name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(ThemeName.DAY, 1.0)
        self._shown: CheckNames | None = None
        self._columns = 0
        self._names: list[Text] = []
        self.glyph, self.title = Glyph(18), Text("strong")
        self._line, self._grid = QHBoxLayout(), QGridLayout()
        self._line.addWidget(self.glyph)
        self._line.addWidget(self.title, 1)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.addLayout(self._line)
        self._box.addLayout(self._grid)
        self.setVisible(False)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self._line.setSpacing(look.px(8))
        self._box.setSpacing(look.px(2))
        self._grid.setContentsMargins(look.px(26), 0, 0, 0)
        self._grid.setHorizontalSpacing(look.px(14))
        self._grid.setVerticalSpacing(look.px(1))
        self._place(again=True)

    def show_names(self, shown: CheckNames | None) -> None:
        """Show names, or nothing."""
        self.setVisible(shown is not None)
        if shown == self._shown or shown is None:
            return
        self._shown = shown
        self.glyph.set_tone(shown.tone)
        self.title.show_text(shown.title)
        while len(self._names) < len(shown.names):
            self._names.append(Text("label"))
        for label, name in zip(self._names, shown.names, strict=False):
            label.show_text(name)
        for label in self._names[len(shown.names) :]:
            label.show_text("")
        self._place(again=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room, more columns."""
        super().resizeEvent(event)
        self._place(again=False)

    def _place(self, *, again: bool) -> None:
        if self._shown is None:
            return
        metrics = QFontMetrics(self._look.font(13))
        longest = max(metrics.horizontalAdvance(name) for name in self._shown.names) + self._look.px(18)
        columns = max(1, min(MOST_COLUMNS, (self.width() - self._look.px(26)) // longest))
        if columns == self._columns and not again:
            return
        self._columns = columns
        rows = -(-len(self._shown.names) // columns)
        for n, label in enumerate(self._names[: len(self._shown.names)]):
            self._grid.addWidget(label, n % rows, n // rows)  # read down, then across
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
