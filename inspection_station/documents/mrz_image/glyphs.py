"""One character's picture as the classifier sees it: its place, its size and how its light is evened out."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"

STRIP_PITCH: Final = 20.0
"""Pixels from one character to the next in a straightened strip (2.54 mm, so a capital is about 19 pixels high)."""

CELL_WIDTH: Final = 20
CELL_HEIGHT: Final = 26

Cells = NDArray[np.float32]


def evened(cells: Cells) -> Cells:
    """Cells (n x height x width) with mean 0 and deviation 1 each, as rows of ``height * width`` numbers.

    A slope of light across the cell (the edge of a reflection) is taken out first. A blank cell gives zeros.
    """
    flat = cells.reshape(len(cells), -1).astype(np.float32)
    plane = _plane()
    level = flat - (flat @ plane) @ plane.T
    deviation = level.std(axis=1, keepdims=True)
    return np.asarray(level / np.maximum(deviation, 2.0), np.float32)


def _plane() -> NDArray[np.float32]:
    """Orthonormal basis of constant, horizontal and vertical slope over a cell."""
    down, across = np.mgrid[0:CELL_HEIGHT, 0:CELL_WIDTH].astype(np.float32)
    columns = [np.ones_like(down), across - across.mean(), down - down.mean()]
    return np.stack([(column / np.linalg.norm(column)).ravel() for column in columns], axis=1)
