"""Invented people whose faces the training face groups hold, and travellers who have such a face.

Their seeds stand apart from every screened face of ordinary travellers (at least 0.055 between portraits), so that
nobody else is a candidate; one of them has a twin in the same group. The portraits are drawn beforehand
(``listed_faces.npz``; written by ``python -m inspection_station.training.personas.listed_faces --out FILE``), since
drawing takes a second each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import Final

import numpy as np

from inspection_station.resource_path import resource
from inspection_station.training.personas.face_traits import FaceTraits, relative, traits
from inspection_station.training.personas.identity import Persona, persona

ALERTED: Final = "controlled-foreigners"
POINTED_OUT: Final = "alert-persons"
PEOPLE: Final = 8
"""Travellers a story, each with a document of their own."""

_FIRST_SEED: Final[Mapping[str, int]] = {"listed_face": 8_300_000, "pointed_out": 8_400_000}
_GROUP_OF: Final[Mapping[str, str]] = {"listed_face": ALERTED, "pointed_out": POINTED_OUT}
_DRAWN_ON: Final = date(2026, 1, 1)
_AGES_APART: Final = 15


@dataclass(frozen=True, slots=True)
class ListedFace:
    """A row of a group. ``twin_of_seed``: the face is a close relative of the seed's."""

    reference_id: str
    group_id: str
    seed: int
    is_twin: bool = False

    @property
    def traits(self) -> FaceTraits:
        own = traits(self.seed)
        return relative(own, 2) if self.is_twin else own


LISTED_FACES: Final = (
    ListedFace("CF-0218", ALERTED, 218),
    ListedFace("CF-1218", ALERTED, 218, is_twin=True),
    ListedFace("CF-0185", ALERTED, 185),
    ListedFace("CF-0233", ALERTED, 233),
    ListedFace("CF-0203", ALERTED, 203),
    ListedFace("AP-0179", POINTED_OUT, 179),
    ListedFace("AP-0171", POINTED_OUT, 171),
    ListedFace("AP-0213", POINTED_OUT, 213),
)


def listed_portraits() -> dict[str, bytes]:
    """The drawn portraits, JPEG 2000, by reference id."""
    with resource("tables", "listed_faces.npz").open("rb") as file, np.load(file) as drawn:
        return {name: drawn[name].tobytes() for name in drawn.files}


def people_of(story: str, today: date) -> tuple[tuple[Persona, ListedFace], ...]:
    """Travellers of a story, each with the face that is listed: under another name, with a genuine document."""
    faces = [face for face in LISTED_FACES if face.group_id == _GROUP_OF[story] and not face.is_twin]
    return tuple((persona(seed, today=today), faces[place % len(faces)]) for place, seed in enumerate(_seeds(story)))


def history_photographs(today: date) -> Iterator[tuple[str, bytes]]:
    """(document number, photograph) of every traveller of these stories: an earlier entry with the same face."""
    drawn = listed_portraits()
    for story in _GROUP_OF:
        for who, face in people_of(story, today):
            yield who.document_number, drawn[face.reference_id]


@cache
def _seeds(story: str) -> tuple[int, ...]:
    faces = [face for face in LISTED_FACES if face.group_id == _GROUP_OF[story] and not face.is_twin]
    seeds = count(_FIRST_SEED[story])
    return tuple(
        next(seed for seed in seeds if _fits(persona(seed, today=_DRAWN_ON), faces[place % len(faces)].traits))
        for place in islice(count(), PEOPLE)
    )


def _fits(who: Persona, face: FaceTraits) -> bool:
    return who.sex == face.sex and abs(who.age(_DRAWN_ON) - face.age) <= _AGES_APART


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the portraits; needed again whenever the drawing changes."""
    from inspection_station.training.personas.face_pictures import portrait_of
    from inspection_station.training.personas.traveller import encoded_portrait

    parser = argparse.ArgumentParser(prog="listed_faces", description="Draw the faces of the training face groups.")
    parser.add_argument("--out", type=Path, required=True, help="resources/tables/listed_faces.npz")
    options = parser.parse_args(arguments)
    drawn = {
        face.reference_id: np.frombuffer(encoded_portrait(portrait_of(face.traits), 12_000), np.uint8)
        for face in LISTED_FACES
    }
    np.savez(options.out, **drawn)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
