"""Fictional names of many cultures, as printed on a page and as a zone must spell them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from random import Random

from inspection_station.documents.mrz_transliteration import transliterated
from inspection_station.resource_path import resource


@dataclass(frozen=True, slots=True)
class Culture:
    """A source of names. ``family_count`` 0: people of one name only, which stands in the primary part."""

    key: str
    weight: int
    nationalities: tuple[str, ...]
    given_f: tuple[str, ...]
    given_m: tuple[str, ...]
    family: tuple[str, ...]
    family_count: int
    given_count: int


@dataclass(frozen=True, slots=True)
class PrintedName:
    """A name with its marks, ``secondary`` empty for people of one name. ``…_zone``: A–Z and single spaces, uncut."""

    primary: str
    secondary: str

    @property
    def primary_zone(self) -> str:
        return transliterated(self.primary).replace("<", " ")

    @property
    def secondary_zone(self) -> str:
        return transliterated(self.secondary).replace("<", " ")


@cache
def cultures() -> tuple[Culture, ...]:
    """All cultures of ``tables/persona_names.toml``."""
    rows = tomllib.loads(resource("tables", "persona_names.toml").read_text(encoding="utf-8"))["culture"]
    return tuple(
        Culture(
            key=row["key"],
            weight=row["weight"],
            nationalities=tuple(row["nationalities"]),
            given_f=tuple(row["given_f"]),
            given_m=tuple(row["given_m"]),
            family=tuple(row.get("family", ()))
            + tuple(stem + ending for stem in row.get("stems", ()) for ending in row.get("endings", ())),
            family_count=row.get("family_count", 1),
            given_count=row.get("given_count", 1),
        )
        for row in rows
    )


def culture_of(nationality: str) -> Culture:
    """The first culture that carries a nationality; the Utopian one where none does."""
    known = cultures()
    return next((c for c in known if nationality in c.nationalities), known[0])


def drawn_culture(chance: Random) -> Culture:
    """A culture by weight."""
    known = cultures()
    return chance.choices(known, [c.weight for c in known])[0]


def drawn_name(culture: Culture, sex: str, chance: Random) -> PrintedName:
    """A name; ``sex`` "F", "M", or "" for either list."""
    pool = {"F": culture.given_f, "M": culture.given_m}.get(sex, culture.given_f + culture.given_m)
    given = chance.sample(pool, min(culture.given_count, len(pool)))
    if culture.given_count == 1 and culture.key in ("utopian", "iberian", "german") and chance.random() < 0.3:
        given = chance.sample(pool, 2)
    if culture.family_count == 0:
        return PrintedName(" ".join(given), "")
    return PrintedName(" ".join(chance.sample(culture.family, culture.family_count)), " ".join(given))
