"""Every key with what it does, and what the shapes mean: for an officer who is new here, or in a hurry."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.ui.presenters.identity import FieldRow
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.presenters.top_bar import HealthItem
from inspection_station.wording import Wording

_TOLD = (
    (Key.ENTER.value, "enter"),
    (Key.ESC.value, "esc"),
    (Key.F1.value, "f1"),
    (Key.F2.value, "f2"),
    (Key.F3.value, "f3"),
    (Key.F4.value, "f4"),
    (Key.F5.value, "f5"),
    (Key.F6.value, "f6"),
    (Key.F7.value, "f7"),
    (Key.F8.value, "f8"),
    (Key.F9.value, "f9"),
    (Key.F10.value, "f10"),
    (Key.F11.value, "f11"),
    (Key.F12.value, "f12"),
    (Key.SPACE.value, "space"),
    (f"{Key.LEFT.value} {Key.RIGHT.value}", "sideways"),
    ("0–9", "digits"),
    (Key.UNDO.value, "undo"),
    ("Tab", "tab"),
    ("", "check"),
)
_SHAPES = (Tone.OK, Tone.LOOK, Tone.BAR, Tone.UNCHECKED, Tone.RUNNING)


@dataclass(frozen=True, slots=True)
class KeyOverview:
    """Two columns of keys, then the shapes with their words. ``back``: the button's text."""

    title: str
    left: tuple[FieldRow, ...]
    right: tuple[FieldRow, ...]
    shapes: tuple[HealthItem, ...]


def key_overview(wording: Wording) -> KeyOverview:
    """The same wherever it is opened: what a key does now stands on its button."""
    rows = tuple(FieldRow(cap or wording.text("keys.touch"), wording.text(f"keys.{name}")) for cap, name in _TOLD)
    half = -(-len(rows) // 2)
    shapes = []
    for tone in _SHAPES:
        word = wording.text(f"keys.shape.{tone.value}")
        shapes.append(HealthItem(tone.value, tone, word, word))
    return KeyOverview(wording.text("keys.title"), rows[:half], rows[half:], tuple(shapes))
