"""Invented people whom the training control lists name, or seem to name: the same few in every lesson.

A lesson's traveller who is to be found is one of them, so that lists need not be changed for a traveller.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import count, islice
from typing import Final

from inspection_station.training.personas.identity import Persona, persona

LISTED: Final = 12
"""People a listing."""
_FIRST_SEED: Final[Mapping[str, int]] = {"wanted": 8_000_000, "lost_document": 8_100_000, "namesake": 8_200_000}
"""Seeds far from those that lessons draw."""
_NAME_CELLS: Final = 39  # of a passport's zone (Doc 9303 part 4 §4.2.2)
_NAMED_ON: Final = date(2026, 1, 1)


class Listing(StrEnum):
    """How the lists know a person; the value is the story's name."""

    WANTED = "wanted"  # by name, day of birth, nationality and sex
    LOST_DOCUMENT = "lost_document"  # their document's number
    NAMESAKE = "namesake"  # somebody else of the same name, of whom a year of birth is known


def listed_people(listing: Listing, today: date) -> tuple[Persona, ...]:
    """They have names of two parts and a printed sex: what a list needs to say something of a person."""
    return tuple(persona(seed, today=today) for seed in _seeds(listing))


@cache
def _seeds(listing: Listing) -> tuple[int, ...]:
    seeds = count(_FIRST_SEED[listing.value])
    return tuple(islice((seed for seed in seeds if _fits(persona(seed, today=_NAMED_ON))), LISTED))


def _fits(who: Persona) -> bool:
    printed = len(who.name.primary_zone) + len("<<") + len(who.name.secondary_zone)
    return bool(who.name.secondary_zone and who.sex) and printed <= _NAME_CELLS  # not cut: the list knows it whole
