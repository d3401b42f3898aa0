"""While the station starts: which step runs, how far it is, and what is to be done where it cannot start.

Both languages stand on this screen, Chinese first: nobody has chosen one yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.wording import LANGUAGES, ErrorWording, Wording

STEPS_OF_STARTING = (
    "programs",
    "headquarters",
    "store",
    "face model",
    "page reader",
    "lists",
    "face groups",
    "fingerprints",
    "devices",
    "window",
)
"""In their order, as the composition root names them. The first two and the last are named around it; a headquarters is
started in training alone.
"""

QUITTING = "quitting"
"""The start is being given up; what runs is waited for."""


@dataclass(frozen=True, slots=True)
class StartFailure:
    """What keeps the station from starting. ``detail`` is English, for support, without personal data."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class OpeningScreen:
    """Lines come by language, Chinese first. ``share`` of the bar is 0…1; ``errors`` are empty while all goes well."""

    titles: tuple[str, ...]
    steps: tuple[str, ...]
    share: float
    seconds: str
    errors: tuple[ErrorWording, ...] = ()
    detail: str = ""


def opening_screen(step: str, seconds: float, failure: StartFailure | None = None) -> OpeningScreen:
    """The screen at a step that has been reached, ``seconds`` after the start."""
    wordings = tuple(Wording(language) for language in LANGUAGES)
    if failure is not None:
        titles = tuple(wording.text("splash.failed") for wording in wordings)
        errors = tuple(wording.error(failure.code) for wording in wordings)
        detail = wordings[-1].text("splash.detail", text=failure.detail) if failure.detail else ""
        return OpeningScreen(titles, (), 0.0, "", errors, detail)
    known = step if step in (*STEPS_OF_STARTING, QUITTING) else "other"
    share = STEPS_OF_STARTING.index(step) / len(STEPS_OF_STARTING) if step in STEPS_OF_STARTING else 0.5
    return OpeningScreen(
        tuple(wording.text("splash.title") for wording in wordings),
        tuple(wording.text(f"splash.{known}") for wording in wordings),
        share,
        wordings[0].text("unit.seconds", value=int(seconds)),
    )
