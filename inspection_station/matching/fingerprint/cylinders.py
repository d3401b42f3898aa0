"""Minutia Cylinder-Code in bits (Cappelli, Ferrara, Maltoni, IEEE TPAMI 2010; the bit-based form).

Round each minutia, turned to its direction, lies a disc of 52 cells; five planes stand for the difference of direction.
A bit is set where other minutiae contribute enough. A cell outside of the finger says nothing and is masked. One plane
is one 64-bit word, so a cylinder is five words and a mask.

Beside it, ``flow``: the direction of ridges at fixed places on three circles round the minutia, relative to its own
direction (after Tico and Kuosmanen, IEEE TPAMI 2003). Directions have seven bits, 128 to half a turn, eight to a word.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Reals = npt.NDArray[np.float32]

RADIUS = 70.0
PLANES = 5
GRID_STEP = 8
"""Pixels (at 500 dpi) between points of the coverage and ridge-flow grids."""
_SIDE = 8
_CELL = 2 * RADIUS / _SIDE
_SIGMA_SPACE = 28.0 / 3.0
_SIGMA_TURN = 2.0 * np.pi / 9.0
_ENOUGH = 0.01
_FLOW_RINGS = ((26.0, 10), (46.0, 14), (66.0, 16))
FLOW_POINTS = sum(points for _, points in _FLOW_RINGS)
FLOW_WORDS = FLOW_POINTS // 8


def _cells() -> Reals:
    offsets = (np.arange(_SIDE) - (_SIDE - 1) / 2) * _CELL
    return np.array([(x, y) for y in offsets for x in offsets if np.hypot(x, y) <= RADIUS], np.float32)


def _flow_places() -> Reals:
    places = []
    for radius, points in _FLOW_RINGS:
        for point in range(points):
            turn = 2 * np.pi * point / points
            places.append((radius * np.cos(turn), radius * np.sin(turn)))
    return np.array(places, np.float32)


_CELLS = _cells()
_FLOW_PLACES = _flow_places()


def cylinders(x: Reals, y: Reals, turn: Reals, coverage: Bytes) -> tuple[Words, Words]:
    """Bits (minutiae x 5) and masks (minutiae), uint64. ``turn`` in radians; ``coverage`` non-zero on the finger, a
    point every ``GRID_STEP`` pixels.
    """
    return _cylinders(x, y, turn, coverage, _CELLS)


def flow_round(x: Reals, y: Reals, turn: Reals, flow: Bytes) -> tuple[Words, Words]:
    """Relative ridge directions (minutiae x 5 words; a place a byte, 0 to 127) and where they are known (minutiae; bit
    8 n + w for byte n of word w). ``flow`` is the grid: 0 nothing known, else 1 to 255 for a direction of 0 to pi.
    """
    return _flow_round(x, y, turn, flow, _FLOW_PLACES)


@compiled
def _cylinders(x: Reals, y: Reals, turn: Reals, coverage: Bytes, cells: Reals) -> tuple[Words, Words]:
    count = len(x)
    rows, columns = coverage.shape
    bits = np.zeros((count, PLANES), np.uint64)
    masks = np.zeros(count, np.uint64)
    sums = np.empty(PLANES, np.float32)
    reach = np.float32(3 * _SIGMA_SPACE)
    for one in range(count):
        cosine, sine = np.cos(turn[one]), np.sin(turn[one])
        for cell in range(len(cells)):
            at_x = x[one] + cells[cell, 0] * cosine - cells[cell, 1] * sine
            at_y = y[one] + cells[cell, 0] * sine + cells[cell, 1] * cosine
            column, row = int(np.floor(at_x / GRID_STEP + 0.5)), int(np.floor(at_y / GRID_STEP + 0.5))
            if row < 0 or column < 0 or row >= rows or column >= columns or coverage[row, column] == 0:
                continue
            masks[one] |= np.uint64(1) << np.uint64(cell)
            sums[:] = 0
            for other in range(count):
                if other == one:
                    continue
                dx, dy = x[other] - at_x, y[other] - at_y
                if abs(dx) > reach or abs(dy) > reach:
                    continue
                squared = dx * dx + dy * dy
                if squared > reach * reach:
                    continue
                near = np.exp(-0.5 * squared / (_SIGMA_SPACE * _SIGMA_SPACE)) / (_SIGMA_SPACE * np.sqrt(2 * np.pi))
                between = turn[one] - turn[other]
                for plane in range(PLANES):
                    middle = -np.pi + (plane + 0.5) * 2 * np.pi / PLANES
                    off = between - middle
                    off -= 2 * np.pi * np.floor(off / (2 * np.pi) + 0.5)
                    density = np.exp(-0.5 * off * off / (_SIGMA_TURN * _SIGMA_TURN)) / (
                        _SIGMA_TURN * np.sqrt(2 * np.pi)
                    )
                    sums[plane] += near * density * (2 * np.pi / PLANES)
            for plane in range(PLANES):
                if sums[plane] >= _ENOUGH:
                    bits[one, plane] |= np.uint64(1) << np.uint64(cell)
    return bits, masks


@compiled
def _flow_round(x: Reals, y: Reals, turn: Reals, flow: Bytes, places: Reals) -> tuple[Words, Words]:
    count = len(x)
    rows, columns = flow.shape
    relative = np.zeros((count, FLOW_WORDS), np.uint64)
    known = np.zeros(count, np.uint64)
    for one in range(count):
        cosine, sine = np.cos(turn[one]), np.sin(turn[one])
        own = int(np.floor(turn[one] * (256.0 / np.pi) + 0.5)) & 255
        for point in range(len(places)):
            at_x = x[one] + places[point, 0] * cosine - places[point, 1] * sine
            at_y = y[one] + places[point, 0] * sine + places[point, 1] * cosine
            column, row = int(np.floor(at_x / GRID_STEP + 0.5)), int(np.floor(at_y / GRID_STEP + 0.5))
            if row < 0 or column < 0 or row >= rows or column >= columns or flow[row, column] == 0:
                continue
            word, place = point // 8, point % 8
            turned = np.uint64(((np.int32(flow[row, column]) - own) & 255) >> 1)
            relative[one, word] |= turned << np.uint64(8 * place)
            known[one] |= np.uint64(1) << np.uint64(8 * place + word)
    return relative, known
