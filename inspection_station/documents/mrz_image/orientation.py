"""Which way up: a grid of cells is read as it lies and turned by 180 degrees; the better reading stands.

Lines along the picture's height (turned by 90 or 270 degrees) are found as such by ``locate``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.classifier import NOTHING, Probabilities, classify, classify_moved
from inspection_station.documents.mrz_image.glyphs import CELL_HEIGHT, CELL_WIDTH, Cells
from inspection_station.documents.mrz_image.grid import Grid

_SOME_INK: Final = 0.25  # of that in a cell: a filler has half of what a letter has
_MUCH_INK: Final = 0.5
_SURELY_READ: Final = 0.9
_SURELY_NOTHING: Final = 0.7
_END: Final = 3  # cells
_SOME_PRINT: Final = 0.6


@dataclass(frozen=True, slots=True)
class Upright:
    """Class probabilities of a grid the right way up: lines x columns x 38.

    ``legibility`` is the mean probability of each cell's best character: above 0.8 for print, below 0.5 otherwise.
    ``partial``: the lines seem to go on beyond the grid. ``overlong``: a character can be read there in every line.
    ``spill`` is the larger of the grid's two, ``cells`` are its cells the right way up.
    """

    probabilities: Probabilities
    legibility: float
    turned: bool
    partial: bool
    overlong: bool
    centres: NDArray[np.float64]
    spill: float
    cells: Cells

    @property
    def whole(self) -> bool:
        """Whether there is print at both ends: two lines of a card's three, read as longer ones, have none at one, and
        a grid laid a cell aside has paper there in every line.
        """
        best = self.probabilities[:, :, :NOTHING].max(axis=(0, 2))
        paper = self.probabilities[:, [0, -1], NOTHING].min(axis=0)
        print_at_ends = float(min(best[:_END].mean(), best[-_END:].mean()))
        return print_at_ends > _SOME_PRINT and float(paper.max()) < _SURELY_NOTHING


def upright(grid: Grid) -> Upright:
    """The grid read in the orientation in which it is more legible."""
    as_it_lies = _read(grid, turned=False)
    if as_it_lies.legibility > 0.93:
        return as_it_lies
    over = _read(grid, turned=True)
    return over if over.legibility > as_it_lies.legibility else as_it_lies


def read_closely(found: Upright) -> Upright:
    """The same zone, each cell read from several places: an error of one reading is seldom that of another."""
    flat = np.ascontiguousarray(found.cells).reshape(-1, CELL_HEIGHT, CELL_WIDTH)
    return replace(found, probabilities=classify_moved(flat).reshape(found.probabilities.shape))


def _read(grid: Grid, *, turned: bool) -> Upright:
    cells = grid.cells[::-1, ::-1, ::-1, ::-1] if turned else grid.cells
    lines, columns = cells.shape[:2]
    flat = np.ascontiguousarray(cells).reshape(-1, CELL_HEIGHT, CELL_WIDTH)
    probabilities = classify(flat).reshape(lines, columns, -1)
    legibility = float(probabilities[:, :, :NOTHING].max(axis=2).mean())
    centres = grid.centres[::-1, ::-1] if turned else grid.centres
    partial = columns == 36 and _goes_on(grid, turned=turned, ink=_MUCH_INK, legible=_SOME_PRINT)
    overlong = _goes_on(grid, turned=turned, ink=_SOME_INK, legible=_SURELY_READ)
    return Upright(probabilities, legibility, turned, partial, overlong, centres, max(grid.spill), cells)


def _goes_on(grid: Grid, *, turned: bool, ink: float, legible: float) -> bool:
    """Whether there is so much ink, and in every line so legible a character, right before the first cell or right
    after the last one.
    """
    if max(grid.spill) < ink:
        return False
    cells = grid.beside[:, :, ::-1, ::-1] if turned else grid.beside
    lines = len(cells)
    read = classify(np.ascontiguousarray(cells).reshape(-1, CELL_HEIGHT, CELL_WIDTH)).reshape(lines, 2, -1)
    least = read[:, :, :NOTHING].max(axis=2).min(axis=0)
    return any(sure > legible and spilt > ink for sure, spilt in zip(least, grid.spill, strict=True))
