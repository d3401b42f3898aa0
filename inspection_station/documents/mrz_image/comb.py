"""The comb: where the cells of a line begin and end, found from the ink of its columns.

A comb is right when ink stands in every cell, paper between cells, and nothing beside the first and the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.glyphs import STRIP_PITCH

MARGIN_CELLS: Final = 4
"""Cells' room on either side of a strip."""

_QUARTER: Final = 4
_LEAST_QUICK_FIT: Final = 0.13  # prints that are read have 0.2 and more
_LEAST_ROUGH_FIT: Final = 0.2  # and 0.3 and more
_ROOM: Final = 10 * STRIP_PITCH

Profile = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comb:
    """Edges of ``columns`` cells in strip pixels.

    ``bend`` moves both ends against the middle, as perspective does. ``fit`` is about 0.3 to 0.8 for a line of print
    and about 0 for anything else.
    """

    columns: int
    start: float
    pitch: float
    bend: float
    fit: float

    def edges(self) -> Profile:
        """The ``columns + 1`` edges."""
        index = np.arange(self.columns + 1)
        return self.start + self.pitch * index + self.bend * _bow(index, self.columns)

    def moved(self, cells: int) -> Comb:
        """The same comb, so many cells further to the right."""
        return replace(self, start=self.start + cells * self.pitch)

    def centres(self) -> Profile:
        """Middles of the cells."""
        edges = self.edges()
        return np.asarray((edges[1:] + edges[:-1]) / 2, np.float64)


def _bow(index: NDArray[np.int_], columns: int) -> Profile:
    return np.asarray((2 * index / columns - 1) ** 2, np.float64)


def find_combs(profiles: Sequence[Profile], columns: int) -> list[Comb]:
    """A comb for each line of a zone, given the ink of each line's columns. The lines begin at the same cell.

    Empty when no line looks like print.
    """
    capped = [_capped(profile) for profile in profiles]
    if not any(_quick_fit(profile, columns) >= _LEAST_QUICK_FIT for profile in capped):
        return []
    combs = [_rough(profile, columns) for profile in capped]
    if max(comb.fit for comb in combs) < _LEAST_ROUGH_FIT:
        return []
    for _ in range(2):
        combs = _aligned([_refined(profile, comb) for profile, comb in zip(capped, combs, strict=True)])
        best = max(combs, key=lambda comb: comb.fit)
        led = [_refined(profile, best) for profile in capped]
        combs = [other if other.fit > own.fit - 0.02 else own for own, other in zip(combs, led, strict=True)]
        shift = _whole_cells(capped, combs)
        combs = [comb.moved(shift) for comb in combs]
    return [_refined(profile, comb) for profile, comb in zip(capped, combs, strict=True)]


def _rough(profile: Profile, columns: int) -> Comb:
    return _search(
        profile,
        columns,
        starts=MARGIN_CELLS * STRIP_PITCH + np.arange(-1.9, 4.3, 0.2) * STRIP_PITCH,
        spans=np.arange(-4.5, 2.5, 0.3),
        bends=np.array([-1.05, -0.7, -0.35, 0.0, 0.35, 0.7, 1.05]) * STRIP_PITCH,
    )


def _quick_fit(profile: Profile, columns: int) -> float:
    """The fit of a coarser search, which takes a fifth of the time: most of what is no print ends here."""
    comb = _search(
        profile,
        columns,
        starts=MARGIN_CELLS * STRIP_PITCH + np.arange(-1.9, 4.3, 0.3) * STRIP_PITCH,
        spans=np.arange(-4.5, 2.5, 0.4),
        bends=np.array([-0.7, 0.0, 0.7]) * STRIP_PITCH,
    )
    return comb.fit


def spill(profiles: Sequence[Profile], combs: Sequence[Comb]) -> tuple[float, float]:
    """Ink right before the first and right after the last cell, beside that in the cells: near 1, the lines go on."""
    before, after = [], []
    for profile, comb in zip(profiles, combs, strict=True):
        fine, centres = _fine(_capped(profile)), comb.centres()
        across = np.linspace(-0.25, 0.25, 11) * comb.pitch
        usual = max(float(np.median(_at(fine, centres[:, None] + across[None, :]).mean(axis=1))), 1e-6)
        before.append(float(_at(fine, centres[0] - comb.pitch + across).mean()) / usual)
        after.append(float(_at(fine, centres[-1] + comb.pitch + across).mean()) / usual)
    return float(np.mean(before)), float(np.mean(after))


def _aligned(combs: Sequence[Comb]) -> list[Comb]:
    """All moved by whole cells to begin where the best-fitting begins: lines of a zone stand under one another."""
    best = max(combs, key=lambda comb: comb.fit)
    middle = best.centres().mean()
    return [comb.moved(round(float(middle - comb.centres().mean()) / comb.pitch)) for comb in combs]


def _capped(profile: Profile) -> Profile:
    capped = np.minimum(profile, np.percentile(profile, 85) + 1e-6)
    return np.asarray(capped / max(float(capped.max()), 1e-6), np.float64)


def _refined(profile: Profile, comb: Comb) -> Comb:
    for width in (1.0, 0.4):
        span = (comb.pitch / STRIP_PITCH - 1) * comb.columns
        comb = _search(
            profile,
            comb.columns,
            starts=comb.start + np.linspace(-0.24, 0.24, 7) * STRIP_PITCH * width,
            spans=span + np.linspace(-0.48, 0.48, 7) * width,
            bends=comb.bend + np.linspace(-0.24, 0.24, 7) * STRIP_PITCH * width,
        )
    return comb


def _search(profile: Profile, columns: int, *, starts: Profile, spans: Profile, bends: Profile) -> Comb:
    """The best comb among all triples; ``spans`` are changes of the whole length in cells."""
    start, span, bend = (grid.ravel() for grid in np.meshgrid(starts, spans, bends))
    pitch = STRIP_PITCH * (1 + span / columns)
    index = np.arange(columns + 1)
    edges = start[:, None] + pitch[:, None] * index[None, :] + bend[:, None] * _bow(index, columns)[None, :]
    thin = _fine(cv2.blur(profile.reshape(1, -1), (round(0.18 * STRIP_PITCH), 1))[0])
    wide = _fine(np.sqrt(np.maximum(cv2.blur(profile.reshape(1, -1), (round(0.55 * STRIP_PITCH), 1))[0], 0)))
    between = _at(thin, edges)
    inside = _at(wide, (edges[:, 1:] + edges[:, :-1]) / 2)
    beside = _at(wide, edges[:, 0] - pitch / 2) + _at(wide, edges[:, -1] + pitch / 2)
    scores = (inside.sum(axis=1) - 1.5 * beside) / columns - 1.3 * between.mean(axis=1)
    best = int(scores.argmax())
    return Comb(columns, float(start[best]), float(pitch[best]), float(bend[best]), float(scores[best]))


def _fine(profile: Profile) -> Profile:
    """The profile at quarters of a pixel, with blank room on either side, for ``_at``."""
    quarters = np.interp(np.arange(0, len(profile), 1 / _QUARTER), np.arange(len(profile)), profile)
    return np.pad(quarters, round(_ROOM * _QUARTER))


def _at(fine: Profile, places: Profile) -> Profile:
    """Values at places (pixels) of a profile from ``_fine``."""
    index = (places * _QUARTER + (_ROOM * _QUARTER + 0.5)).astype(np.int32)
    return np.asarray(fine.take(index, mode="clip"), np.float64)


def _whole_cells(profiles: Sequence[Profile], combs: Sequence[Comb]) -> int:
    """By how many cells to move the combs so that ink stands in every cell and none beside them."""
    columns = combs[0].columns
    room = MARGIN_CELLS + 2
    present = np.zeros(columns + 2 * room)
    for profile, comb in zip(profiles, combs, strict=True):
        centres = comb.centres()
        steps = np.arange(1, room + 1) * comb.pitch
        middles = np.concatenate([centres[0] - steps[::-1], centres, centres[-1] + steps])
        across = middles[:, None] + np.linspace(-0.25, 0.25, 11)[None, :] * comb.pitch
        ink = _at(_fine(profile), across).mean(axis=1)
        present += np.clip(ink / max(float(np.median(ink[room : room + columns])), 1e-6), 0, 1) / len(profiles)

    def gain(shift: int) -> float:
        first = room + shift
        return float(present[first : first + columns].sum() - present[first - 1] - present[first + columns])

    return max(range(1 - room, room), key=lambda shift: (round(gain(shift), 3), -abs(shift)))


def drifted(profile: Profile, comb: Comb) -> Profile:
    """Middles of the cells, moved by a smooth drift to where the gaps of this line really are."""
    edges, pitch = comb.edges(), comb.pitch
    shifts = np.arange(-0.21, 0.211, 0.03) * pitch
    smooth = _fine(cv2.GaussianBlur(_capped(profile).reshape(1, -1), (0, 0), 0.06 * pitch)[0])
    window = 7
    places, found, weights = [], [], []
    for first in range(0, comb.columns + 2 - window, 3):
        at = edges[first : first + window]
        ink = _at(smooth, at[None, :] + shifts[:, None]).mean(axis=1)
        lowest = int(ink.argmin())
        places.append(float(at.mean()))
        found.append(float(shifts[lowest]))
        weights.append(max(float(ink.max() - ink.min()), 1e-3))
    curve = np.polyfit(places, found, min(3, len(places) - 1), w=weights)
    centres = comb.centres()
    return np.asarray(centres + np.clip(np.polyval(curve, centres), -0.25 * pitch, 0.25 * pitch), np.float64)
