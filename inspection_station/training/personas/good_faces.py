"""The list of screened faces: seeds whose portrait and live frames are found and told from each other."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from random import Random

from inspection_station.resource_path import resource
from inspection_station.training.personas.face_traits import ADULT, FaceTraits, traits
from inspection_station.training.personas.identity import Persona, PersonaKind

_EAST_ASIAN = frozenset(
    {
        PersonaKind.REGISTERED_NATIONAL,
        PersonaKind.NATIONAL_WITHOUT_REGISTRATION,
        PersonaKind.HONG_KONG,
        PersonaKind.MACAO,
        PersonaKind.MAINLAND,
    }
)
_CHOICE = 8  # among how many of the nearest in age a face is drawn


@dataclass(frozen=True, slots=True)
class GoodFace:
    """A screened seed; distances are 1 − cosine of the station's face templates.

    ``genuine``: the largest from its portrait to its live frames; ``nearest``: the smallest to another listed face;
    ``score``: the detector's lowest; ``strangers``: listed seeds that the comparison tells apart by a wide margin.
    """

    seed: int
    genuine: float
    nearest: float
    score: float
    strangers: tuple[int, ...]

    @property
    def traits(self) -> FaceTraits:
        return traits(self.seed)


@cache
def good_faces() -> tuple[GoodFace, ...]:
    """All listed faces (``tables/persona_faces.toml``), by seed."""
    rows = tomllib.loads(resource("tables", "persona_faces.toml").read_text(encoding="utf-8"))["face"]
    return tuple(
        GoodFace(row["seed"], row["genuine"], row["nearest"], row["score"], tuple(row["strangers"])) for row in rows
    )


def face_for(persona: Persona, age: int, chance: Random, avoid: frozenset[int] = frozenset()) -> GoodFace:
    """A face that fits a persona's sex, age and kind. Faces in ``avoid`` are taken only when no other fits."""
    fitting = [f for f in good_faces() if (f.traits.age < ADULT) == (age < 16)]
    same_sex = [f for f in fitting if not persona.sex or f.traits.sex == persona.sex] or fitting
    if persona.kind in _EAST_ASIAN:
        same_sex = [f for f in same_sex if _dark_haired(f.traits)] or same_sex
    fresh = [f for f in same_sex if f.seed not in avoid] or same_sex
    return chance.choice(sorted(fresh, key=lambda f: abs(f.traits.age - age))[:_CHOICE])


def other_face(than: GoodFace, chance: Random) -> GoodFace:
    """Someone else of the same sex and about the same age and tone: an impostor who could pass a careless look, but
    whom the comparison must find out.
    """
    own = than.traits
    known = [f for f in good_faces() if f.seed in than.strangers] or [f for f in good_faces() if f != than]
    others = [f for f in known if (f.traits.age < ADULT) == (own.age < ADULT)] or known
    same_sex = [f for f in others if f.traits.sex == own.sex] or others
    alike = sorted(same_sex, key=lambda f: abs(f.traits.age - own.age) + 60 * abs(f.traits.melanin - own.melanin))
    return chance.choice(alike[:3])


def _dark_haired(t: FaceTraits) -> bool:
    return t.hair_colour <= 1 and t.iris <= 1 and t.melanin < 0.55 and t.hair_style not in ("afro", "headscarf")
