"""The bar at the bottom: a line that says why, and the buttons with their keys. Enter is rightmost, well apart."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from inspection_station.ui.presenters.action import Action, Role
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.theme import Look, ThemeName
from inspection_station.ui.widgets.key_button import KeyButton
from inspection_station.ui.widgets.text import Text


class ActionBar(QWidget):
    """Buttons are made once; what they do follows the model."""

    def __init__(self, press: Callable[[Key], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("actionBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._press = press
        self._look = Look(ThemeName.DAY, 1.0)
        self.buttons: dict[Key, KeyButton] = {}
        self.hint = Text("label")
        self._row = QHBoxLayout()
        self._apart: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.hint, 0, Qt.AlignmentFlag.AlignRight)
        self._column.addLayout(self._row)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self._column.setContentsMargins(look.px(24), look.px(3), look.px(24), look.px(8))
        self._column.setSpacing(look.px(1))
        self._row.setSpacing(look.px(8))
        self.hint.setFixedHeight(look.px(20))
        for gap in self._apart:
            gap.setFixedWidth(look.px(24))  # with the spacing on both sides: at least 32 between Refer and Enter
        self.setFixedHeight(max(92, look.px(92)))

    def show_model(self, actions: tuple[Action, ...], hint: str) -> None:
        """Show the buttons."""
        if not self.buttons:
            self._build(actions)
        for action in actions:
            self.buttons[action.key].show_action(action)
        self.hint.show_text(hint)
        self.hint.setVisible(True)

    def _build(self, actions: tuple[Action, ...]) -> None:
        role = Role.PLAIN
        for action in actions:
            if action.role is not role:
                role = action.role
                if role is Role.STOP:
                    self._row.addStretch(1)
                else:
                    gap = QWidget()
                    gap.setFixedWidth(self._look.px(24))
                    gap.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
                    self._apart.append(gap)
                    self._row.addWidget(gap)
            button = KeyButton(action.key)
            button.set_look(self._look)  # it is made with the first screen, after the window got its look
            button.clicked.connect(lambda _=False, k=action.key: self._press(k))
            self.buttons[action.key] = button
            self._row.addWidget(button)
