"""Portraits of every listed face, drawn beforehand: what a pre-clearance left of travellers who have yet to be drawn.

``tables/persona_portraits.npz`` is written by ``python -m inspection_station.training.personas.drawn_portraits --out
FILE``, a minute of drawing; needed again whenever the drawing changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from inspection_station.resource_path import resource
from inspection_station.training.personas.good_faces import good_faces
from inspection_station.training.personas.listed_faces import LISTED_FACES

_BYTES = 9_000


def drawn_portrait(face_seed: int) -> bytes | None:
    """The portrait of a face, JPEG 2000 of about 9 kB; None for a face that no list has."""
    return _portraits().get(str(face_seed))


@cache
def _portraits() -> dict[str, bytes]:
    with resource("tables", "persona_portraits.npz").open("rb") as file, np.load(file) as drawn:
        return {name: drawn[name].tobytes() for name in drawn.files}


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw them."""
    from inspection_station.training.personas.face_pictures import portrait
    from inspection_station.training.personas.traveller import encoded_portrait

    parser = argparse.ArgumentParser(prog="drawn_portraits", description="Draw the portraits of all listed faces.")
    parser.add_argument("--out", type=Path, required=True, help="resources/tables/persona_portraits.npz")
    options = parser.parse_args(arguments)
    seeds = {face.seed for face in good_faces()} | {face.seed for face in LISTED_FACES if not face.is_twin}
    drawn = {str(seed): np.frombuffer(encoded_portrait(portrait(seed), _BYTES), np.uint8) for seed in sorted(seeds)}
    np.savez(options.out, **drawn)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
