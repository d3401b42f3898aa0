"""One reading of many templates, as machine code: scored, compared with the best so far and forgotten, row by row.

It reads at four places of the stretch side by side. One core that reads straight on waits for the memory; with several
places under way the memory is kept busy, and the search ends a quarter sooner than one product of all numbers would.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled_with_infinities
from inspection_station.matching.ports import Vector

Rowed = npt.NDArray[np.int64]


@compiled_with_infinities
def scan(
    vectors: Vector, direction: Vector, gain: Vector, own_gain: np.float32, offset: Vector, scores: Vector, rows: Rowed
) -> None:
    """Leave the best of ``scores`` and of s·(gain + own gain) + offset, with their ``rows``.

    ``vectors`` N x d, ``direction`` d, ``gain`` and ``offset`` N, float32 and contiguous; ``scores`` begin at -∞, and a
    row that scores no more is never taken.
    """
    size = vectors.shape[1]
    apart = vectors.shape[0] // 4
    for first in range(apart):
        second, third, fourth = first + apart, first + 2 * apart, first + 3 * apart
        one = two = three = four = np.float32(0.0)
        for place in range(size):
            share = direction[place]
            one += vectors[first, place] * share
            two += vectors[second, place] * share
            three += vectors[third, place] * share
            four += vectors[fourth, place] * share
        _take(one * (gain[first] + own_gain) + offset[first], first, scores, rows)
        _take(two * (gain[second] + own_gain) + offset[second], second, scores, rows)
        _take(three * (gain[third] + own_gain) + offset[third], third, scores, rows)
        _take(four * (gain[fourth] + own_gain) + offset[fourth], fourth, scores, rows)
    for row in range(4 * apart, vectors.shape[0]):
        alone = np.float32(0.0)
        for place in range(size):
            alone += vectors[row, place] * direction[place]
        _take(alone * (gain[row] + own_gain) + offset[row], row, scores, rows)


@compiled_with_infinities
def _take(score: float, row: int, scores: Vector, rows: Rowed) -> None:
    """Put a row where it belongs among the best, if it does."""
    place = len(scores) - 1
    if not score > scores[place]:
        return
    while place > 0 and scores[place - 1] < score:
        scores[place], rows[place] = scores[place - 1], rows[place - 1]
        place -= 1
    scores[place], rows[place] = score, row
