"""The comb: where the cells of a line begin and end, found from the ink of its columns.

A comb is right when ink stands in every cell, paper between cells, and nothing beside the first and the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
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

_NEAR: Final = np.linspace(-0.24, 0.24, 7)

Profile = NDArray[np.float64]
Places = NDArray[np.intp]


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
    sought = [_Sought.of(profile) for profile in profiles]
    if not any(_best(line, _quick_combs(columns)).fit >= _LEAST_QUICK_FIT for line in sought):
        return []
    combs = [_best(line, _rough_combs(columns)) for line in sought]
    if max(comb.fit for comb in combs) < _LEAST_ROUGH_FIT:
        return []
    for _ in range(2):
        combs = _aligned([_refined(line, comb) for line, comb in zip(sought, combs, strict=True)])
        best = max(combs, key=lambda comb: comb.fit)
        led = [_refined(line, best) for line in sought]
        combs = [other if other.fit > own.fit - 0.02 else own for own, other in zip(combs, led, strict=True)]
        shift = _whole_cells(sought, combs)
        combs = [comb.moved(shift) for comb in combs]
    return [_refined(line, comb) for line, comb in zip(sought, combs, strict=True)]


@dataclass(frozen=True, slots=True)
class _Sought:
    """A line's profile made ready for ``_best``, once for its many searches: all three as ``_fine`` gives them."""

    plain: Profile
    thin: Profile
    wide: Profile

    @staticmethod
    def of(profile: Profile) -> _Sought:
        row = _capped(profile).reshape(1, -1)
        thin = cv2.blur(row, (round(0.18 * STRIP_PITCH), 1))[0]
        wide = np.sqrt(np.maximum(cv2.blur(row, (round(0.55 * STRIP_PITCH), 1))[0], 0))
        return _Sought(_fine(row[0]), _fine(thin), _fine(wide))


@dataclass(frozen=True, slots=True)
class _Combs:
    """All combs of so many columns with one of the starts, spans and bends. The last three: where their edges, the
    middles of their cells and the cells beside them lie in what ``_fine`` gives.
    """

    columns: int
    start: Profile
    pitch: Profile
    bend: Profile
    edges: Places
    middles: Places
    beside: Places

    @staticmethod
    def of(columns: int, starts: Profile, spans: Profile, bends: Profile) -> _Combs:
        """``spans`` are changes of the whole length in cells."""
        shape = (len(starts), len(spans), len(bends))
        start, span, bend = (
            np.broadcast_to(values, shape).ravel()
            for values in (starts[:, None, None], spans[None, :, None], bends[None, None, :])
        )
        pitch = STRIP_PITCH * (1 + span / columns)
        index = np.arange(columns + 1)
        edges = start[:, None] + pitch[:, None] * index[None, :] + bend[:, None] * _bow(index, columns)[None, :]
        beside = np.stack([edges[:, 0] - pitch / 2, edges[:, -1] + pitch / 2], axis=1)
        middles = (edges[:, 1:] + edges[:, :-1]) / 2
        return _Combs(columns, start, pitch, bend, _places(edges), _places(middles), _places(beside))


@lru_cache(maxsize=3)
def _rough_combs(columns: int) -> _Combs:
    return _Combs.of(
        columns,
        starts=MARGIN_CELLS * STRIP_PITCH + np.arange(-1.9, 4.3, 0.2) * STRIP_PITCH,
        spans=np.arange(-4.5, 2.5, 0.3),
        bends=np.array([-1.05, -0.7, -0.35, 0.0, 0.35, 0.7, 1.05]) * STRIP_PITCH,
    )


@lru_cache(maxsize=3)
def _quick_combs(columns: int) -> _Combs:
    """A fifth of them, and of the time: most of what is no print ends here."""
    return _Combs.of(
        columns,
        starts=MARGIN_CELLS * STRIP_PITCH + np.arange(-1.9, 4.3, 0.3) * STRIP_PITCH,
        spans=np.arange(-4.5, 2.5, 0.4),
        bends=np.array([-0.7, 0.0, 0.7]) * STRIP_PITCH,
    )


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
    capped = np.minimum(profile, _percentile(profile, 0.85) + 1e-6)
    return np.asarray(capped / max(float(capped.max()), 1e-6), np.float64)


def _percentile(values: Profile, share: float) -> float:
    """As ``np.percentile`` gives it, in a fifth of the time."""
    place = share * (len(values) - 1)
    lower = min(int(place), len(values) - 2)
    near = np.partition(values, (lower, lower + 1))[lower : lower + 2]
    return float(near[0] + (near[1] - near[0]) * (place - lower))


def _refined(line: _Sought, comb: Comb) -> Comb:
    for width in (1.0, 0.4):
        span = (comb.pitch / STRIP_PITCH - 1) * comb.columns
        near = _Combs.of(
            comb.columns,
            starts=comb.start + _NEAR * (STRIP_PITCH * width),
            spans=span + _NEAR * (2 * width),
            bends=comb.bend + _NEAR * (STRIP_PITCH * width),
        )
        comb = _best(line, near)
    return comb


def _best(line: _Sought, combs: _Combs) -> Comb:
    """The comb that fits the line best."""
    inside = line.wide.take(combs.middles, mode="clip").sum(axis=1)
    beside = line.wide.take(combs.beside, mode="clip").sum(axis=1)
    between = line.thin.take(combs.edges, mode="clip").sum(axis=1) / (combs.columns + 1)
    scores = (inside - 1.5 * beside) / combs.columns - 1.3 * between
    best = int(scores.argmax())
    return Comb(
        combs.columns, float(combs.start[best]), float(combs.pitch[best]), float(combs.bend[best]), float(scores[best])
    )


def _fine(profile: Profile) -> Profile:
    """The profile at quarters of a pixel, with blank room on either side, for ``_at``."""
    room, length = round(_ROOM * _QUARTER), len(profile) * _QUARTER
    fine = np.zeros(length + 2 * room)
    fine[room : room + length] = np.interp(np.arange(length) / _QUARTER, np.arange(len(profile)), profile)
    return fine


def _places(pixels: Profile) -> Places:
    """Where pixels lie in what ``_fine`` gives."""
    return np.asarray((pixels * _QUARTER + (_ROOM * _QUARTER + 0.5)).astype(np.intp), np.intp)


def _at(fine: Profile, pixels: Profile) -> Profile:
    """Values at places (pixels) of a profile from ``_fine``."""
    return np.asarray(fine.take(_places(pixels), mode="clip"), np.float64)


def _whole_cells(lines: Sequence[_Sought], combs: Sequence[Comb]) -> int:
    """By how many cells to move the combs so that ink stands in every cell and none beside them."""
    columns = combs[0].columns
    room = MARGIN_CELLS + 2
    present = np.zeros(columns + 2 * room)
    for line, comb in zip(lines, combs, strict=True):
        centres = comb.centres()
        steps = np.arange(1, room + 1) * comb.pitch
        middles = np.concatenate([centres[0] - steps[::-1], centres, centres[-1] + steps])
        across = middles[:, None] + np.linspace(-0.25, 0.25, 11)[None, :] * comb.pitch
        ink = _at(line.plain, across).mean(axis=1)
        present += np.clip(ink / max(float(np.median(ink[room : room + columns])), 1e-6), 0, 1) / len(lines)

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
