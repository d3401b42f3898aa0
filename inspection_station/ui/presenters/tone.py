"""Tones: what a colour, a shape and a word say together. Grey is «not checked»; nothing is green by default."""

from __future__ import annotations

from enum import StrEnum

from inspection_station.inspection.findings import Severity


class Tone(StrEnum):
    """OK circle ✓, LOOK triangle !, BAR octagon ✕, UNCHECKED square –, RUNNING ring, NOTE dot."""

    OK = "ok"
    LOOK = "look"
    BAR = "bar"
    UNCHECKED = "not-checked"
    RUNNING = "running"
    NOTE = "note"


TONE_OF_SEVERITY: dict[Severity, Tone] = {
    Severity.BAR: Tone.BAR,
    Severity.LOOK: Tone.LOOK,
    Severity.UNCHECKED: Tone.UNCHECKED,
    Severity.NOTE: Tone.NOTE,
}

_ORDER = (Tone.BAR, Tone.LOOK, Tone.UNCHECKED, Tone.RUNNING, Tone.NOTE, Tone.OK)


def worst(tones: tuple[Tone, ...]) -> Tone:
    """The tone that must be seen first; UNCHECKED where there is none, because nothing was checked."""
    return min(tones, key=_ORDER.index, default=Tone.UNCHECKED)
