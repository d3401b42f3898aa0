"""Names the character in each cell: a small network trained on our own drawings of OCR-B.

The weights lie in ``resources/tables/mrz_glyphs.npz`` and come from
``python -m inspection_station.training.mrz_glyph_training``. Inference is three matrix products.
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
    signal = evened(cells)
    layers = _layers()
    for index, (weights, offsets) in enumerate(layers):
        signal = signal @ weights + offsets
        if index + 1 < len(layers):
            signal = np.maximum(signal, 0)
    signal -= signal.max(axis=1, keepdims=True)
    raised = np.exp(signal)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
