"""Who comes in a lesson that is asked for by name: stories, kinds of chip, and at which place in the queue.

A part is written ``STORY``, ``CHIP`` or ``STORY:CHIP``, each with ``@N`` for the N-th traveller alone: ``no_face@1``,
``clone:aa-rsa``, ``pace-cam@3``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from inspection_station.training.personas.stories import stories
from inspection_station.training.personas.traveller import TrainingTraveller, lesson, traveller
from inspection_station.training.virtual_chip.profiles import PROFILES

_PART: Final = re.compile(r"(?P<first>[a-z0-9_-]+)(:(?P<chip>[a-z0-9_-]+))?(@(?P<place>[0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing asked for. ``place`` counts from 1; None: in turn, wherever no other part has its place."""

    story: str | None
    chip: str | None = None
    place: int | None = None


PLAIN: Final = Part(None)


def part(written: str) -> Part:
    """Read a part. Raises ValueError, naming what is known, for anything else."""
    told = [one.fault for one in stories()]
    match = _PART.fullmatch(written)
    if match is not None:
        first, chip, place = match["first"], match["chip"], match["place"]
        number = None if place is None else int(place)
        if number != 0:
            if first in told and (chip is None or chip in PROFILES):
                return Part(first, chip, number)
            if first in PROFILES and chip is None:
                return Part(None, first, number)
    raise ValueError(
        f"no part {written!r}: a story ({', '.join(told)}), a chip ({', '.join(PROFILES)}), or STORY:CHIP, each with"
        " @N for the N-th traveller alone"
    )


def cast(seed: int, count: int, parts: Sequence[Part], today: date) -> tuple[TrainingTraveller, ...]:
    """The travellers of a play, the same for the same arguments; without parts a mixed lesson.

    Parts without a place are played in turn; with placed parts alone everybody else is ordinary.
    """
    if not parts:
        return lesson(seed, count, today)
    placed = {one.place: one for one in parts if one.place is not None}
    in_turn = [one for one in parts if one.place is None] or [PLAIN]
    made = []
    turn = 0
    for number in range(count):
        played = placed.get(number + 1)
        if played is None:
            played = in_turn[turn % len(in_turn)]
            turn += 1
        made.append(traveller(seed + number, today=today, fault=played.story, chip=played.chip))
    return tuple(made)
