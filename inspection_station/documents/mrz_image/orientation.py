"""Which way up: a grid of cells is read as it lies and turned by 180 degrees; the better reading stands.

Lines along the picture's height (turned by 90 or 270 degrees) are found as such by ``locate``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.classifier import NOTHING, Probabilities, classify
from inspection_station.documents.mrz_image.glyphs import CELL_HEIGHT, CELL_WIDTH
from inspection_station.documents.mrz_image.grid import Grid


@dataclass(frozen=True, slots=True)
class Upright:
    """Class probabilities of a grid the right way up: lines x columns x 38.

    ``legibility`` is the mean probability of each cell's best character: above 0.8 for print, below 0.5 otherwise.
    ``partial``: the lines seem to go on beyond the grid.
    """

    probabilities: Probabilities
    legibility: float
    turned: bool
    partial: bool
    centres: NDArray[np.float64]


def upright(grid: Grid) -> Upright:
    """The grid read in the orientation in which it is more legible."""
    as_it_lies = _read(grid, turned=False)
    if as_it_lies.legibility > 0.93:
        return as_it_lies
    over = _read(grid, turned=True)
    return over if over.legibility > as_it_lies.legibility else as_it_lies


def _read(grid: Grid, *, turned: bool) -> Upright:
    cells = grid.cells[::-1, ::-1, ::-1, ::-1] if turned else grid.cells
    lines, columns = cells.shape[:2]
    flat = np.ascontiguousarray(cells).reshape(-1, CELL_HEIGHT, CELL_WIDTH)
    probabilities = classify(flat).reshape(lines, columns, -1)
    legibility = float(probabilities[:, :, :NOTHING].max(axis=2).mean())
    partial = columns == 36 and max(grid.spill) > 0.5
    centres = grid.centres[::-1, ::-1] if turned else grid.centres
    return Upright(probabilities, legibility, turned, partial, centres)
