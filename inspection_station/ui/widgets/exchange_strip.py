"""The strip under the top bar. What has no room is counted at the end; touching the strip opens the details."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from inspection_station.ui.presenters.exchange_strip import ExchangeStrip
from inspection_station.ui.presenters.top_bar import HealthItem
from inspection_station.ui.theme import Look, ThemeName
from inspection_station.ui.widgets.bars import HealthMark
from inspection_station.ui.widgets.text import Text


class ExchangeStripView(QWidget):
    """Link, what waits, lanes, lists; hidden while nobody tells how the exchange stands."""

    def __init__(self, open_details: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("exchangeStrip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._open = open_details
        self._look = Look(ThemeName.DAY, 1.0)
        self._shown: ExchangeStrip | None = None
        self.marks: list[HealthMark] = []
        self.more, self.key = Text("label"), Text("label")
        self._row = QHBoxLayout(self)
        self._marks = QHBoxLayout()
        self._row.addLayout(self._marks)
        self._row.addWidget(self.more)
        self._row.addStretch(1)
        self._row.addWidget(self.key)
        self.hide()

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self._row.setContentsMargins(look.px(24), 0, look.px(24), 0)
        self._row.setSpacing(look.px(10))
        self._marks.setSpacing(look.px(12))
        self.setFixedHeight(look.row if look.touch else look.px(28))
        for mark in self.marks:
            mark.set_look(look)
        self._fit()

    def show_model(self, model: ExchangeStrip | None) -> None:
        """Show the strip."""
        if model == self._shown:
            return
        self._shown = model
        self.setVisible(model is not None)
        if model is not None:
            items = _items(model)
            self.setAccessibleName(", ".join(item.said for item in items))
            self.key.show_text(model.key)
            while len(self.marks) < len(items):
                mark = HealthMark()
                mark.set_look(self._look)
                self.marks.append(mark)
                self._marks.addWidget(mark)
            for mark, item in zip(self.marks, items, strict=False):
                mark.show_item(item)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another number of marks has room."""
        super().resizeEvent(event)
        self._fit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Touched."""
        if self.rect().contains(event.position().toPoint()):
            self._open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The window's keys pass."""
        event.ignore()

    def _fit(self) -> None:
        if self._shown is None:
            return
        count = len(_items(self._shown))
        gap, look = self._marks.spacing(), self._look
        room = self.width() - look.px(48) - self.key.sizeHint().width() - look.px(90)  # margins, the key, the count
        shown = 0
        for mark in self.marks[:count]:
            room -= mark.sizeHint().width() + gap
            if room < 0 and shown >= 2:  # link and what waits are always there
                break
            shown += 1
        for n, mark in enumerate(self.marks):
            mark.setVisible(n < shown)
        left = count - shown
        self.more.show_text(self._shown.more.format(count=left) if left else "")


def _items(model: ExchangeStrip) -> tuple[HealthItem, ...]:
    return (model.link, model.waiting, *((model.lanes,) if model.lanes else ()), *model.lists)
