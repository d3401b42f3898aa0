"""Letters and digits for those who have no keyboard: a cart's screen while a form is open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from inspection_station.ui.theme import Look, ThemeName
from inspection_station.wording import Wording

_ROWS = ("123456", "7890-", "ABCDEF", "GHIJKL", "MNOPQR", "STUVWX", "YZ")
_SPACE, _BACK, _ENTER = "␣", "⌫", "↵"
_NAMED = {_SPACE: "keypad.space", _BACK: "keypad.backspace", _ENTER: "keypad.enter"}
_SENDS = {
    _SPACE: (Qt.Key.Key_Space, " "),
    _BACK: (Qt.Key.Key_Backspace, ""),
    _ENTER: (Qt.Key.Key_Return, "\r"),
    "-": (Qt.Key.Key_Minus, "-"),
}
COLUMNS = 6


class Keypad(QWidget):
    """Takes no focus, so that what is touched goes into the field that has it. In a zone a space is a filler."""

    def __init__(self, type_key: Callable[[Qt.Key, str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._type_key = type_key
        self._look = Look(ThemeName.DAY, 1.0)
        self._grid = QGridLayout(self)
        self.buttons: dict[str, QPushButton] = {}
        for row, caps in enumerate(_ROWS):
            for column, cap in enumerate(caps):
                self._add(cap, row, column)
        self._add(_BACK, 1, 5)
        self._add(_SPACE, len(_ROWS) - 1, 2, 2)
        self._add(_ENTER, len(_ROWS) - 1, 4, 2)
        self.buttons[_BACK].setAutoRepeat(True)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        margin = look.px(8)
        self._grid.setContentsMargins(margin, margin, margin, margin)
        self._grid.setSpacing(look.px(4))
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1)
        for button in self.buttons.values():
            button.setMinimumSize(look.row - look.px(10), look.row)
        self.setFixedWidth(look.px(372))

    def show_words(self, wording: Wording) -> None:
        """Names for those who do not see the signs."""
        for cap, name in _NAMED.items():
            self.buttons[cap].setAccessibleName(wording.text(name))
        self.buttons[_SPACE].setText(wording.text(_NAMED[_SPACE]))

    def _add(self, cap: str, row: int, column: int, span: int = 1) -> None:
        button = QPushButton(cap)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        key, text = _SENDS.get(cap, (Qt.Key(ord(cap)) if len(cap) == 1 and cap.isalnum() else Qt.Key.Key_unknown, cap))
        button.clicked.connect(lambda _=False, k=key, t=text: self._type_key(k, t))
        self.buttons[cap] = button
        self._grid.addWidget(button, row, column, 1, span)
