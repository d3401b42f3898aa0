"""Keys the officer works with. A button on the screen presses the same key, so keyboard and touch cannot differ."""

from __future__ import annotations

from enum import StrEnum


class Key(StrEnum):
    """The value is what is printed on the button's key cap."""

    ENTER = "Enter"
    ESC = "Esc"
    SPACE = "Space"
    F1 = "F1"
    F2 = "F2"
    F3 = "F3"
    F4 = "F4"
    F5 = "F5"
    F6 = "F6"
    F7 = "F7"
    F8 = "F8"
    F9 = "F9"
    F10 = "F10"
    F11 = "F11"
    F12 = "F12"
    LEFT = "←"
    RIGHT = "→"
    UNDO = "Ctrl+Z"
    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"

    @property
    def digit(self) -> int | None:
        """The digit of a digit key."""
        return int(self.value) if self.value.isdigit() else None
