"""Labels. All text is plain: a zone's «<» or a traveller's name is never read as markup."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from inspection_station.ui.fonts import visible
from inspection_station.ui.presenters.tone import Tone


class Text(QLabel):
    """A label with a role (``label``, ``body``, ``strong``, ``value``, ``heading``, ``name``, ``verdict``) from the
    style sheet."""

    def __init__(self, role: str = "body", parent: QWidget | None = None, *, wrap: bool = False) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wrap)
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)

    def show_text(self, text: str) -> None:
        """Show a text; characters without a glyph appear as their code point. An empty label takes no room."""
        shown = visible(text)
        if shown != self.text():
            self.setText(shown)
        self.setVisible(bool(text))

    def set_tone(self, tone: Tone | None) -> None:
        """Colour by state; None is plain ink."""
        self._mark("tone", tone.value if tone is not None else "")

    def set_ink(self, token: str) -> None:
        """Colour by token; the style sheet knows each, so that a change of theme touches no label."""
        self._mark("ink", token)

    def _mark(self, name: str, value: str) -> None:
        if self.property(name) != value:
            self.setProperty(name, value)
            self.style().unpolish(self)
            self.style().polish(self)
