"""Names the character in each cell: a small network trained on our own drawings of OCR-B.

The weights lie in ``resources/tables/mrz_glyphs.npz``; how they came about is told by
``inspection_station.training.mrz_glyph_training``. Inference is three matrix products.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.glyphs import ALPHABET, Cells, evened
from inspection_station.resource_path import resource

NOTHING: Final = len(ALPHABET)
"""Class of a cell that holds no character of a zone: another symbol, a blot, a blank, a part of a character."""

Probabilities = NDArray[np.float32]


@lru_cache(maxsize=1)
def _layers() -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
    with np.load(resource("tables", "mrz_glyphs.npz")) as stored:
        count = sum(name.startswith("weights") for name in stored.files)
        return tuple(
            (stored[f"weights{i}"].astype(np.float32), stored[f"offsets{i}"].astype(np.float32)) for i in range(count)
        )


def classify(cells: Cells) -> Probabilities:
    """Probability of each class for each cell: n x 38, the 37 characters of ``ALPHABET`` and ``NOTHING``.

    ``cells`` are grey values, n x ``CELL_HEIGHT`` x ``CELL_WIDTH``.
    """
    return _shares(_scores(cells))


def classify_moved(cells: Cells) -> Probabilities:
    """As ``classify`` gives them, but each cell is also read from a pixel to every side, and of the five readings the
    geometric mean is taken: they differ where noise decides. What two of them hold for no character is none: a symbol
    that no zone has resembles one from most places. One alone is not believed, since faded print has such places.
    """
    wider = np.pad(cells, ((0, 0), (1, 1), (1, 1)), mode="edge")
    moves = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    height, width = cells.shape[1:]
    readings = np.stack([_shares(_scores(wider[:, y : y + height, x : x + width])) for y, x in moves])
    nothing = np.sort(readings[:, :, NOTHING], axis=0)[-2][:, None]
    characters = _shares(np.log(np.maximum(readings[:, :, :NOTHING], 1e-12)).mean(axis=0))
    return np.asarray(np.concatenate([characters * (1 - nothing), nothing], axis=1), np.float32)


def _scores(cells: Cells) -> NDArray[np.float32]:
    signal = evened(cells)
    layers = _layers()
    for index, (weights, offsets) in enumerate(layers):
        signal = signal @ weights + offsets
        if index + 1 < len(layers):
            signal = np.maximum(signal, 0)
    return np.asarray(signal, np.float32)


def _shares(scores: NDArray[np.float32]) -> Probabilities:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
