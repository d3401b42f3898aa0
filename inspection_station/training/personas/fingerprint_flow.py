"""Ridge flow of fingers that nobody has: cores and deltas from a seed, directions by the zero-pole model (Sherlock and
Monro, Pattern Recognition 1993), ridge periods that vary as on real fingers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]

DPI = 500
"""Of everything that is drawn of fingers."""
WIDTH, HEIGHT = 400, 500
"""Pixels of a whole fingertip: 20 x 25 mm."""


class PatternKind(StrEnum):
    """Henry's classes, as often as among people."""

    LEFT_LOOP = "left loop"
    RIGHT_LOOP = "right loop"
    WHORL = "whorl"
    ARCH = "arch"
    TENTED_ARCH = "tented arch"


_SHARES = (
    (PatternKind.LEFT_LOOP, 0.338),
    (PatternKind.RIGHT_LOOP, 0.317),
    (PatternKind.WHORL, 0.279),
    (PatternKind.ARCH, 0.037),
    (PatternKind.TENTED_ARCH, 0.029),
)


@dataclass(frozen=True, slots=True)
class RidgeFlow:
    """``angle`` radians, 0 to pi; ``period`` pixels; both ``HEIGHT`` x ``WIDTH``."""

    kind: PatternKind
    angle: Field
    period: Field


def ridge_flow(chance: Random) -> RidgeFlow:
    """Directions and periods of one invented finger."""
    kind = chance.choices([kind for kind, _ in _SHARES], [share for _, share in _SHARES])[0]
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    centre_x, centre_y = WIDTH / 2 + chance.uniform(-20, 20), HEIGHT * 0.46 + chance.uniform(-25, 25)
    lean = chance.gauss(0, 0.16)
    cosine, sine = np.cos(lean), np.sin(lean)
    own_x = centre_x + cosine * (x - centre_x) + sine * (y - centre_y)
    own_y = centre_y - sine * (x - centre_x) + cosine * (y - centre_y)
    if kind is PatternKind.ARCH:
        angle = _arch(own_x, own_y, centre_x, centre_y, chance)
    else:
        angle = _zero_pole(own_x, own_y, *_singular_points(kind, centre_x, centre_y, chance), chance)
    angle = angle + lean + np.radians(9.0) * _smooth(chance, 7)
    period = 8.9 + chance.uniform(-1.3, 1.3) + 0.7 * _smooth(chance, 6)
    period += 1.3 * np.clip((y - centre_y - 60) / 160, 0, 1)  # ridges are wider below the core
    return RidgeFlow(kind, np.mod(angle, np.pi).astype(np.float32), np.clip(period, 6.5, 12.5).astype(np.float32))


_Points = list[tuple[float, float]]


def _singular_points(kind: PatternKind, x: float, y: float, chance: Random) -> tuple[_Points, _Points]:
    """Cores and deltas in pixels."""
    drop = chance.uniform(85, 185)
    side = chance.uniform(60, 150)
    if kind is PatternKind.WHORL:
        apart = chance.uniform(12, 90)
        lean = chance.uniform(-22, 22)
        cores = [(x - lean, y - apart / 2), (x + lean, y + apart / 2)]
        return cores, [
            (x - side, y + drop),
            (x + side * chance.uniform(0.7, 1.3), y + drop * chance.uniform(0.75, 1.25)),
        ]
    if kind is PatternKind.TENTED_ARCH:
        return [(x, y)], [(x + chance.uniform(-6, 6), y + chance.uniform(70, 110))]
    away = 1 if kind is PatternKind.LEFT_LOOP else -1
    return [(x, y)], [(x + away * side, y + drop)]


def _zero_pole(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], cores: _Points, deltas: _Points, chance: Random
) -> npt.NDArray[np.float64]:
    """Half the turns round the cores less half of those round the deltas; level far above the core.

    Each turn is bent by a finger's own harmonics (the correction of Vizcaya and Gerhardt, Pattern Recognition 1996).
    """
    turns = np.zeros_like(x)
    for core_x, core_y in cores:
        turns += _bent(np.arctan2(y - core_y, x - core_x), chance)
    for delta_x, delta_y in deltas:
        turns -= _bent(np.arctan2(y - delta_y, x - delta_x), chance)
    return 0.5 * turns + (0.5 * np.pi if len(cores) > len(deltas) else 0.0)


def _bent(turn: npt.NDArray[np.float64], chance: Random) -> npt.NDArray[np.float64]:
    """A turn of 2 pi stays one; in between it runs faster or slower."""
    bent = turn.copy()
    for harmonic in (1, 2):
        bent += chance.gauss(0, 0.28 / harmonic) * np.sin(harmonic * turn + chance.uniform(0, 2 * np.pi))
    return bent


def _arch(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], centre_x: float, centre_y: float, chance: Random
) -> npt.NDArray[np.float64]:
    """Waves that rise in the middle, highest at the core and level at the crease."""
    across = (x - centre_x) / (WIDTH / 2)
    down = np.clip((y - centre_y) / (HEIGHT / 2), -1, 1)
    steep = chance.uniform(0.9, 1.3) * np.exp(-0.5 * ((down - 0.05) / 0.55) ** 2) + 0.25 * np.clip(-down, 0, 1)
    return np.asarray(np.arctan(steep * np.sin(np.clip(across, -1, 1) * np.pi)), np.float64)


def _smooth(chance: Random, waves: int) -> npt.NDArray[np.float64]:
    """A few long waves, about -1 to 1."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    total = np.zeros_like(x)
    for _ in range(waves):
        turn, length, phase = chance.uniform(0, 2 * np.pi), chance.uniform(150, 420), chance.uniform(0, 2 * np.pi)
        total += np.cos(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / length + phase)
    return np.asarray(total * (1.4 / waves), np.float64)
