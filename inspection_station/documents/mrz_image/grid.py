"""Lays the grid of 30, 36 or 44 cells a line over a located band and cuts the cells out.

The number of columns and the pitch are those under which ink stands in the cells and paper between them; the lines'
bow and the drift of the pitch (perspective, a page that does not lie flat) are then followed by windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.comb import MARGIN_CELLS, drifted, find_combs, spill
from inspection_station.documents.mrz_image.glyphs import CELL_HEIGHT, CELL_WIDTH, STRIP_PITCH, Cells
from inspection_station.documents.mrz_image.locate import Band, Grey

_STRIP_HEIGHT: Final = 56
_WINDOWS: Final = 9
_GOOD_FIT: Final = 0.5
_SOME_FIT: Final = 0.15
_CLEAR_FIT: Final = 0.4
_GOES_ON: Final = 0.5
_LEVEL: Final = 0.006  # a third of a degree: a fifth of a character's height over a line
_LEVELLINGS: Final = 2
_SLIGHTLY: Final = 0.05
_LEAST_SPACING: Final = 1.3  # pitches from line to line
_MOVES: Final = 3
_AT_THE_END: Final = 2.5  # cells, of the ``MARGIN_CELLS`` beside a band

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of a band: lines x columns x ``CELL_HEIGHT`` x ``CELL_WIDTH`` grey values, and how well the grid fits.

    ``fit`` compares ink in the cells with ink between them: about 1 for print, about 0 for anything else.
    ``spill`` is the ink right before and after the lines in parts of that in a cell: near 1, the lines are longer.
    ``beside`` are the cells before the first and after the last of each line, lines x 2 x height x width.
    ``centres`` are the cells' middles in the picture, lines x columns x (x, y).
    """

    cells: Cells
    fit: float
    spill: tuple[float, float]
    beside: Cells
    centres: NDArray[np.float64]

    def slope(self, turn: NDArray[np.float64]) -> float:
        """How far the lines drop on their way in the turned picture, in parts of their length."""
        ends = cv2.transform(self.centres[:, [0, -1]].reshape(1, -1, 2), turn)[0].reshape(-1, 2, 2)
        across, down = (ends[:, 1] - ends[:, 0]).mean(axis=0)
        return float(down / across) if across > 1 else 0.0

    def apart(self) -> bool:
        """Whether each line lies clear of the next: one line taken for two is no zone."""
        pitch = np.hypot(*np.diff(self.centres, axis=1).mean(axis=(0, 1)))
        steps = np.diff(self.centres, axis=0).mean(axis=1)
        return bool((np.hypot(steps[:, 0], steps[:, 1]) > _LEAST_SPACING * pitch).all())


def lay_grids(grey: Grey, band: Band) -> list[Grid]:
    """A grid for each number of columns that the band's number of lines allows, best fit first.

    The number that the lines' length and distance make likely is tried first; a good fit ends the search. Where a part
    of the lines was located and their print reaches out of its surroundings, the search goes on about that print.
    """
    grids = _laid_about(grey, band)
    for _ in range(_MOVES):
        moved = _moved(band, grids[0]) if grids and grids[0].fit > _CLEAR_FIT else None
        if moved is None:
            break
        band = moved
        grids = sorted((*_laid_about(grey, band), *grids), key=lambda grid: -grid.fit)
    return grids


def _moved(band: Band, grid: Grid) -> Band | None:
    """The band where the grid lies, and as level, if that is at the very end of what was looked at; else None."""
    ends = cv2.transform(grid.centres[:, [0, -1]].reshape(1, -1, 2), band.turn)[0]
    half = (ends[1::2, 0] - ends[::2, 0]).mean() / (grid.cells.shape[1] - 1) / 2
    left, right = ends[::2, 0].mean() - half, ends[1::2, 0].mean() + half
    if max(band.left - left, right - band.right) < 2 * half * _AT_THE_END:
        return None
    level = band.turned(grid.slope(band.turn))
    ends = cv2.transform(grid.centres[:, [0, -1]].reshape(1, -1, 2), level.turn)[0].reshape(-1, 2, 2)
    left, right = ends[:, 0, 0].mean() - half, ends[:, 1, 0].mean() + half
    heights = [(bottom - top) / 2 for _, top, _, bottom in band.lines]
    middles = ends[:, :, 1].mean(axis=1)
    lines = tuple((left, y - high, right, y + high) for y, high in zip(middles, heights, strict=True))
    return replace(level, lines=lines)


def _laid_about(grey: Grey, band: Band) -> list[Grid]:
    grids: list[Grid] = []
    trials = [(band, columns) for columns in _likely_columns(band)]
    narrowed = [(_narrowed(band, columns), columns) for _, columns in trials]
    for tried, columns in (*trials, *narrowed):
        if tried is not band and max((grid.fit for grid in grids), default=0) < _SOME_FIT:
            break
        grid = _laid_level(grey, tried, columns) if tried is not None else None
        if grid is not None:
            grids.append(grid)
            if grid.fit > _GOOD_FIT and max(grid.spill) < _GOES_ON:
                break
    grids.sort(key=lambda grid: -grid.fit)
    if grids and grids[0].cells.shape[1] == 36 and max(grids[0].spill) > _GOES_ON:
        longer = lay(grey, _lengthened(band, grids[0].spill), 44)
        if longer is not None:
            grids.append(longer)
    return grids


def _laid_level(grey: Grey, band: Band, columns: int) -> Grid | None:
    """The grid, laid again where its lines turn out to run askew in the band: it was turned by another's skew."""
    grid = lay(grey, band, columns)
    for _ in range(_LEVELLINGS):
        slope = grid.slope(band.turn) if grid is not None and grid.fit > _SOME_FIT else 0.0
        if abs(slope) < _LEVEL:
            break
        band = band.turned(slope)
        again = lay(grey, band, columns)
        if again is None or (grid is not None and again.fit < grid.fit - _SLIGHTLY):
            break
        grid = again
    return grid


def _narrowed(band: Band, columns: int) -> Band | None:
    """The band as long as the distance of its lines tells, where that is clearly less: a page's pattern adjoins it."""
    if len(band.lines) == 1:
        return None
    middles = [(top + bottom) / 2 for _, top, _, bottom in band.lines]
    length = (middles[-1] - middles[0]) / (len(middles) - 1) / 2.5 * (columns - 0.3)
    if not 0.7 < length / (band.right - band.left) < 0.95:
        return None
    middle = (band.left + band.right) / 2
    lines = tuple((middle - length / 2, top, middle + length / 2, bottom) for _, top, _, bottom in band.lines)
    return replace(band, lines=lines)


def _lengthened(band: Band, ink_beside: tuple[float, float]) -> Band:
    """The band with eight more cells where ink goes on: a reflection had hidden the end of 44 cells."""
    pitch = (band.right - band.left) / 35.7
    before = 8 * pitch * (ink_beside[0] > _GOES_ON) / (1 + (min(ink_beside) > _GOES_ON))
    after = 8 * pitch - before
    lines = tuple((band.left - before, top, band.right + after, bottom) for _, top, _, bottom in band.lines)
    return replace(band, lines=lines)


def _likely_columns(band: Band) -> list[int]:
    if len(band.lines) == 1:
        return [44, 36, 30]
    if len(band.lines) == 3:
        return [30]
    middles = [(line[1] + line[3]) / 2 for line in band.lines]
    pitches = 2.5 * (band.right - band.left) / max(middles[1] - middles[0], 1.0)
    return sorted((44, 36), key=lambda columns: abs(columns - pitches))


def lay(grey: Grey, band: Band, columns: int) -> Grid | None:
    """A grid of so many columns over the band; None where no print stands in them."""
    zoom = STRIP_PITCH * (columns - 0.3) / (band.right - band.left)
    if not 0.3 < zoom < 5:
        return None
    width = round((columns + 2 * MARGIN_CELLS) * STRIP_PITCH)
    source, turn = _reduced(grey, band, zoom)
    strips, matrices = [], []
    for _, top, _, bottom in band.lines:
        middle = (top + bottom) / 2
        shift = np.array(
            [
                [zoom, 0, (MARGIN_CELLS + 0.15) * STRIP_PITCH - zoom * band.left],
                [0, zoom, _STRIP_HEIGHT / 2 - zoom * middle],
            ]
        )
        matrix = shift @ np.vstack([turn, [0, 0, 1]])
        strips.append(
            cv2.warpAffine(
                source, matrix, (width, _STRIP_HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
        )
        matrices.append(shift @ np.vstack([band.turn, [0, 0, 1]]))
    inks = [_soft_ink(np.asarray(strip, np.uint8)) for strip in strips]
    bows = [_bow(ink) for ink in inks]
    profiles = [_column_profile(ink, bow) for ink, bow in zip(inks, bows, strict=True)]
    combs = find_combs(profiles, columns)
    fit = float(np.mean([comb.fit for comb in combs])) if combs else 0.0
    if fit <= 0:
        return None
    cells, beside, centres = [], [], []
    for strip, bow, profile, comb, matrix in zip(strips, bows, profiles, combs, matrices, strict=True):
        x = drifted(profile, comb)
        y = np.asarray(np.polyval(bow, x), np.float64)
        cells.append(_cut(np.asarray(strip, np.uint8), x, y, comb.pitch))
        ends = np.array([x[0] - comb.pitch, x[-1] + comb.pitch])
        beside.append(_cut(np.asarray(strip, np.uint8), ends, np.asarray(np.polyval(bow, ends)), comb.pitch))
        inverse = cv2.invertAffineTransform(matrix)
        centres.append(np.stack([x, y, np.ones_like(x)], axis=1) @ inverse.T)
    return Grid(np.stack(cells), fit, spill(profiles, combs), np.stack(beside), np.stack(centres))


def _reduced(grey: Grey, band: Band, zoom: float) -> tuple[Grey, NDArray[np.float64]]:
    """The band's part of the picture at no more than one and a half times the strip's scale, and the matrix that goes
    with it.
    """
    room = (MARGIN_CELLS + 1) * STRIP_PITCH / zoom
    left, right = band.left - room, band.right + room
    top, bottom = band.lines[0][1] - room, band.lines[-1][3] + room
    outline = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float64)
    places = cv2.transform(outline, cv2.invertAffineTransform(band.turn))[0]
    x, y = (np.clip(places.min(axis=0), 0, (grey.shape[1] - 1, grey.shape[0] - 1))).astype(int)
    end_x, end_y = np.ceil(places.max(axis=0)).astype(int) + 1
    part = grey[y : max(end_y, y + 1), x : max(end_x, x + 1)]
    shrink = float(np.hypot(band.turn[0, 0], band.turn[0, 1])) * zoom
    back = np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
    if shrink < 0.66:
        ratio = 1.5 * shrink
        part = np.asarray(cv2.resize(part, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA), np.uint8)
        back[0, 0] = back[1, 1] = 1 / ratio
        back[:2, 2] += (1 / ratio - 1) / 2  # pixel middles
    return part, np.asarray(band.turn @ back, np.float64)


def _soft_ink(strip: Grey) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(strip, (0, 0), 1.0)
    ink = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13)))
    ink = ink.astype(np.float32)
    # Evened along the line, so that print under a reflection counts as much as print beside it.
    level = cv2.GaussianBlur(cv2.reduce(ink, 0, cv2.REDUCE_MAX), (0, 0), 2 * STRIP_PITCH)
    return np.asarray(ink / np.maximum(level, 6.0), np.float32)


def _bow(ink: NDArray[np.float32]) -> Curve:
    """Middle of the line's capitals as a quadratic in x: the row where ink is balanced, window by window."""
    height, width = ink.shape
    reach = 14
    edges = np.linspace(MARGIN_CELLS * STRIP_PITCH * 0.7, width - MARGIN_CELLS * STRIP_PITCH * 0.7, _WINDOWS + 1)
    rows = np.arange(height, dtype=np.float64)
    profiles = np.stack([ink[:, int(a) : int(b)].mean(axis=1) for a, b in pairwise(edges)])
    profiles = np.maximum(profiles - np.partition(profiles, height // 4, axis=1)[:, [height // 4]], 0)
    middles = (edges[1:] + edges[:-1]) / 2
    curve = np.array([0.0, 0.0, height / 2])
    for degree in (1, 2, 2):
        expected = np.polyval(curve, middles)
        nearby = profiles * (np.abs(rows - expected[:, None]) <= reach)
        weight = nearby.sum(axis=1)
        if (weight > 1e-3).sum() < 4:
            return curve
        centre = (nearby * rows).sum(axis=1) / np.maximum(weight, 1e-6)
        curve = _fitted(middles, centre, degree, weight)
    return curve


def _fitted(x: Curve, y: Curve, degree: int, weight: NDArray[np.float64]) -> Curve:
    """Least squares as ``np.polyfit`` gives them, in a fifth of the time; a quadratic, with 0 for what is above
    ``degree``.
    """
    middle, half = (x[0] + x[-1]) / 2, (x[-1] - x[0]) / 2
    powers = np.vander((x - middle) / half, degree + 1)
    weighted = powers.T * weight
    found = np.concatenate([np.zeros(2 - degree), np.linalg.solve(weighted @ powers, weighted @ y)])
    a, b, c = found / (half * half, half, 1.0)
    return np.array([a, b - 2 * a * middle, c - b * middle + a * middle * middle])


def _column_profile(ink: NDArray[np.float32], bow: Curve) -> NDArray[np.float64]:
    """Ink of each column within the height of a capital about the line's middle."""
    height, width = ink.shape
    middle = np.polyval(bow, np.arange(width))
    inside = np.abs(np.arange(height)[:, None] - middle[None, :]) <= 10.5
    return np.asarray((ink * inside).sum(axis=0) / 21, np.float64)


def _cut(strip: Grey, x: NDArray[np.float64], y: NDArray[np.float64], pitch: float) -> Cells:
    """Cells about the middles, scaled so that a pitch is ``CELL_WIDTH``."""
    step = pitch / CELL_WIDTH
    across = (np.arange(CELL_WIDTH) - (CELL_WIDTH - 1) / 2) * step
    down = (np.arange(CELL_HEIGHT) - (CELL_HEIGHT - 1) / 2) * step
    slope = np.gradient(y, x) if len(x) > 1 else np.zeros_like(x)
    map_x = np.broadcast_to(x[:, None, None] + across[None, None, :], (len(x), CELL_HEIGHT, CELL_WIDTH))
    map_y = y[:, None, None] + down[None, :, None] + slope[:, None, None] * across[None, None, :]
    flat_x = map_x.reshape(-1, CELL_WIDTH).astype(np.float32)
    flat_y = map_y.reshape(-1, CELL_WIDTH).astype(np.float32)
    cut = cv2.remap(strip, flat_x, flat_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut.reshape(len(x), CELL_HEIGHT, CELL_WIDTH), np.float32)
