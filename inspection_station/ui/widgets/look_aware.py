"""How a change of theme, scale or target size reaches every widget that draws itself."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inspection_station.ui.theme import Look


def spread_look(root: QWidget, look: Look) -> None:
    """Give the look to every widget below that has ``set_look``."""
    for widget in root.findChildren(QWidget):
        take = getattr(widget, "set_look", None)
        if take is not None:
            take(look)
