"""How a change of theme, scale or target size reaches every widget that draws itself."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtWidgets import QWidget

from inspection_station.ui.theme import Look


@runtime_checkable
class LookAware(Protocol):
    """A widget that needs more than the style sheet."""

    def set_look(self, look: Look) -> None: ...


def spread_look(root: QWidget, look: Look) -> None:
    """Give the look to every widget below that asks for it."""
    for widget in root.findChildren(QWidget):
        if isinstance(widget, LookAware):
            widget.set_look(look)
