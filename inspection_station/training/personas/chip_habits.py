"""Which kind of chip a training traveller's passport has: by the year it was issued and the habit of the state.

Every training document is issued by Utopia; the nationality stands for the state whose habit it follows. States keep to
one family of protocols for long, and some issue today what others gave up in 2012.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from inspection_station.training.personas.identity import ISSUING_STATE, Persona
from inspection_station.training.virtual_chip.profiles import PROFILES

# Names of ``virtual_chip.PROFILES`` with their share; a profile is only met from its own year on.
_HABITS: Final[Mapping[str, Sequence[tuple[str, int]]]] = {
    "basic access alone": (("bac-2008", 4), ("short-answers", 2), ("selects-only", 1)),
    "signatures": (("aa-rsa", 2), ("aa-rsa-2048", 3), ("aa-ecdsa", 3)),
    "key agreement": (("ca-only", 2), ("ca-dh", 1), ("no-extended-length", 3)),
    "PACE": (
        ("pace-bac", 3),
        ("pace-integrated", 1),
        ("pace-dh", 1),
        ("pace-ca-aa", 4),
        ("pace-cam", 4),
        ("pace-only", 2),
        ("slow", 1),
    ),
}
_KNOWN: Final = {"TWN": "PACE", "HKG": "signatures", "MAC": "key agreement", "CHN": "basic access alone"}
"""Invented, so that each exercise has its kind; they say nothing about these places' documents."""


def chip_profile(who: Persona) -> str:
    """The name of the profile in ``virtual_chip.PROFILES``; the same for the same persona."""
    chance = Random(f"chip {who.seed} {who.kind.value}")
    habit = chance.choice(list(_HABITS)) if who.nationality == ISSUING_STATE else _habit_of(who.nationality)
    year = who.date_of_issue.year
    met = [(name, share) for name, share in _HABITS[habit] if PROFILES[name].since <= year]
    if not met:
        return "bac-2008"
    return chance.choices([name for name, _ in met], [share for _, share in met])[0]


def profiles_in_use() -> frozenset[str]:
    """Profiles that travellers have by habit; others come only when asked for by name."""
    return frozenset(name for habit in _HABITS.values() for name, _ in habit)


def _habit_of(nationality: str) -> str:
    digest = hashlib.sha256(f"habit {nationality}".encode()).digest()
    return _KNOWN.get(nationality) or sorted(_HABITS)[digest[0] % len(_HABITS)]
