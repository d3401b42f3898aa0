"""How many characters each line of a located zone really has: a grid of cells is laid over any print.

Where a cell shows paper alone, the classifier sees an enlarged grain and may take it for anything; a faint character
still stands out from its paper. And a line may go on beyond a grid that fits the other lines.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.classifier import NOTHING, Probabilities, classify_moved
from inspection_station.documents.mrz_image.glyphs import CELL_HEIGHT, CELL_WIDTH, Cells
from inspection_station.documents.mrz_image.locate import Grey
from inspection_station.documents.mrz_image.orientation import Upright

_PAPER: Final = 0.35  # of its neighbours' contrast: print of one line has 0.65 to 1.1 of it, a filler as a letter
_FAR: Final = 0.5  # of the line's contrast: so much at least have the neighbours, unless they are paper too
_NEIGHBOURS: Final = 5  # to either side
_NOT_READ: Final = 0.9
_BEYOND: Final = 12  # cells looked at before and after each line
_SURELY: Final = 0.95
_AS_DARK: Final = 0.6

Places = NDArray[np.bool_]


def paper(cells: Cells) -> Places:
    """Where nothing is printed, lines x columns: there is next to no contrast beside that of the neighbours."""
    contrast = _contrast(cells)
    across = np.median(contrast, axis=1, keepdims=True)
    padded = np.pad(contrast, ((0, 0), (_NEIGHBOURS, _NEIGHBOURS)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1, axis=1)
    nearby = np.maximum(np.median(windows, axis=2), _FAR * across)
    return np.asarray(contrast < _PAPER * nearby, np.bool_)


def without_paper(probabilities: Probabilities, blank: Places) -> Probabilities:
    """The probabilities, but where there is paper alone no character was read."""
    kept = probabilities.copy()
    kept[blank] *= 1 - _NOT_READ
    kept[blank, NOTHING] += _NOT_READ
    return kept


def printed_lengths(grey: Grey, found: Upright, blank: Places) -> tuple[int, ...]:
    """Characters of each line: those of the grid less the paper at its ends, and what can be read beyond it.

    What lies outside the picture counts as printed, since nobody knows.
    """
    height, width = grey.shape
    x, y = found.centres[..., 0], found.centres[..., 1]
    gone = blank & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    before, after = _beyond(grey, found)
    return tuple(
        len(line) - _run(line) - (0 if line.all() else _run(line[::-1])) + more + further
        for line, more, further in zip(gone, before, after, strict=True)
    )


def _run(places: Places) -> int:
    """How many at the beginning are so."""
    return int(np.logical_and.accumulate(places).sum())


def _beyond(grey: Grey, found: Upright) -> tuple[list[int], list[int]]:
    """Characters that go on before the first and after the last cell of each line, as dark and as clear as the rest."""
    usual = np.median(_contrast(found.cells), axis=1)[:, None]
    counts = []
    for first, last, along in ((3, 0, -1), (-4, -1, 1)):
        steps = (found.centres[:, last] - found.centres[:, first]) / 3  # outwards
        places = found.centres[:, last, None] + steps[:, None] * np.arange(1, _BEYOND + 1)[:, None]
        cells = np.stack([_cut(grey, line, along * step) for line, step in zip(places, steps, strict=True)])
        read = classify_moved(cells.reshape(-1, CELL_HEIGHT, CELL_WIDTH)).reshape(*cells.shape[:2], -1)
        clear = (read[:, :, :NOTHING].max(axis=2) > _SURELY) & (_contrast(cells) > _AS_DARK * usual)
        counts.append([_run(line) for line in clear])
    return counts[0], counts[1]


def _cut(grey: Grey, places: NDArray[np.float64], pitch: NDArray[np.float64]) -> Cells:
    """Cells about places (x, y) of a line that runs on by ``pitch`` (x, y) from one to the next."""
    finer = max(1, round(float(np.hypot(*pitch)) / CELL_WIDTH))
    across = (np.arange(finer * CELL_WIDTH) - (finer * CELL_WIDTH - 1) / 2) / (finer * CELL_WIDTH)
    down = (np.arange(finer * CELL_HEIGHT) - (finer * CELL_HEIGHT - 1) / 2) / (finer * CELL_WIDTH)
    x = places[:, 0, None, None] + pitch[0] * across[None, None, :] - pitch[1] * down[None, :, None]
    y = places[:, 1, None, None] + pitch[1] * across[None, None, :] + pitch[0] * down[None, :, None]
    flat = (x.reshape(-1, x.shape[2]).astype(np.float32), y.reshape(-1, y.shape[2]).astype(np.float32))
    cut = cv2.remap(grey, *flat, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cut = cv2.resize(cut, (CELL_WIDTH, len(places) * CELL_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(cut.reshape(len(places), CELL_HEIGHT, CELL_WIDTH), np.float32)


def _contrast(cells: Cells) -> NDArray[np.float32]:
    """From the darkest to the lightest of each cell, lines x columns; what a grain adds is mostly smoothed away."""
    flat = np.ascontiguousarray(cells).reshape(-1, CELL_WIDTH)
    rows = np.stack([cv2.blur(cell, (3, 3)) for cell in flat.reshape(-1, CELL_HEIGHT, CELL_WIDTH)])
    dark, light = np.percentile(rows.reshape(len(rows), -1), (5, 95), axis=1)
    return np.asarray((light - dark).reshape(cells.shape[:2]), np.float32)
