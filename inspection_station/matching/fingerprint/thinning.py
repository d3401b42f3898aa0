"""Ridges one pixel wide: Zhang and Suen's thinning (CACM 1984) over a list of the pixels still to be judged."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled
from inspection_station.matching.fingerprint.segmentation import Mask

_NEIGHBOURS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))  # north, clockwise


def thinned(ridges: Mask) -> Mask:
    """Skeleton of ``ridges`` (non-zero = ridge), 1 on a line, else 0. The outermost row and column become 0."""
    first, second = _rules()
    picture = (ridges > 0).astype(np.uint8)
    picture[0, :] = picture[-1, :] = 0
    picture[:, 0] = picture[:, -1] = 0
    _thin(picture, first, second)
    return picture


@cache
def _rules() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """For each of the 256 neighbourhoods: may the pixel go in the first and in the second half step?"""
    first, second = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for code in range(256):
        p = [(code >> bit) & 1 for bit in range(8)]
        changes = sum(p[bit] == 0 and p[(bit + 1) % 8] == 1 for bit in range(8))
        if not (2 <= sum(p) <= 6 and changes == 1):
            continue
        north, east, south, west = p[0], p[2], p[4], p[6]
        first[code] = north * east * south == 0 and east * south * west == 0
        second[code] = north * east * west == 0 and north * south * west == 0
    return first, second


@compiled
def _thin(picture: Mask, first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> None:
    height, width = picture.shape
    places = np.empty(height * width, np.int32)
    count = 0
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if picture[y, x]:
                places[count] = y * width + x
                count += 1
    flat = picture.ravel()
    going = np.empty(count, np.int32)
    changed = True
    while changed:
        changed = False
        for half in range(2):
            gone = 0
            kept = 0
            for index in range(count):
                at = places[index]
                code = (
                    flat[at - width]
                    | flat[at - width + 1] << 1
                    | flat[at + 1] << 2
                    | flat[at + width + 1] << 3
                    | flat[at + width] << 4
                    | flat[at + width - 1] << 5
                    | flat[at - 1] << 6
                    | flat[at - width - 1] << 7
                )
                if (first[code] if half == 0 else second[code]) != 0:
                    going[gone] = at
                    gone += 1
                else:
                    places[kept] = at
                    kept += 1
            for index in range(gone):
                flat[going[index]] = 0
            count = kept
            if gone:
                changed = True
