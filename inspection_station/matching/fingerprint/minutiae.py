"""Minutiae on a skeleton: crossing numbers, then what only looks like a minutia is taken away.

Directions follow ISO/IEC 19794-2:2005 6.4: at a ridge ending along the ridge, away from the end; at a bifurcation into
the valley between the two arms. Here in radians, 0 to 2 pi, in picture coordinates (y downwards).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled
from inspection_station.matching.fingerprint.segmentation import Field, Mask

ENDING, BIFURCATION = 1, 2
_SPUR, _ISLAND, _GAP, _BRIDGE, _TRACE = 9, 14, 11, 8, 14
_MOST = 1024  # candidates: beyond, the skeleton is noise

Table = npt.NDArray[np.float32]
"""A row a minutia: x, y (pixels), direction (radians), type."""


def skeleton_minutiae(skeleton: Mask, angle: Field, depth: Field, border: float) -> Table:
    """Minutiae of a skeleton at least ``border`` pixels inside the finger.

    ``angle``: ridge direction; ``depth``: pixels to the edge of the finger. The skeleton is pruned in place.
    """
    return _minutiae(skeleton, angle, depth, np.float32(border))


@compiled
def _crossings(picture: Mask, y: int, x: int) -> int:
    """Rutovitz' crossing number: 1 an ending, 2 a line, 3 and more a junction."""
    a, b, c, d = picture[y - 1, x], picture[y - 1, x + 1], picture[y, x + 1], picture[y + 1, x + 1]
    e, f, g, h = picture[y + 1, x], picture[y + 1, x - 1], picture[y, x - 1], picture[y - 1, x - 1]
    return int(
        (a == 0 and b != 0)
        + (b == 0 and c != 0)
        + (c == 0 and d != 0)
        + (d == 0 and e != 0)
        + (e == 0 and f != 0)
        + (f == 0 and g != 0)
        + (g == 0 and h != 0)
        + (h == 0 and a != 0)
    )


@compiled
def _walk(
    picture: Mask, y: int, x: int, first_y: int, first_x: int, most: int, path: npt.NDArray[np.int32]
) -> tuple[int, int]:
    """Follow the line from (y, x) over (first_y, first_x); fills ``path`` and returns its length and the crossing
    number of where it stopped (2: still going).
    """
    before_y, before_x, here_y, here_x = y, x, first_y, first_x
    length = 0
    while True:
        path[length, 0], path[length, 1] = here_y, here_x
        length += 1
        number = _crossings(picture, here_y, here_x)
        if number != 2 or length >= most:
            return length, number
        next_y, next_x = -1, -1
        for turn in range(8):
            # the four straight neighbours before the diagonal ones
            if turn < 4:
                dy, dx = (turn == 2) - (turn == 0), (turn == 1) - (turn == 3)
            else:
                dy, dx = (1 if turn >= 6 else -1), (1 if turn % 2 else -1)
            to_y, to_x = here_y + dy, here_x + dx
            if picture[to_y, to_x] == 0 or (to_y == before_y and to_x == before_x):
                continue
            if abs(to_y - before_y) <= 1 and abs(to_x - before_x) <= 1:
                continue  # beside where we came from
            next_y, next_x = to_y, to_x
            break
        if next_y < 0:
            return length, 1
        before_y, before_x, here_y, here_x = here_y, here_x, next_y, next_x


@compiled
def _arms(picture: Mask, y: int, x: int, arms: npt.NDArray[np.int32]) -> int:
    """First pixels of the lines that leave (y, x): one for each run of set neighbours, straight ones preferred."""
    ring_y = (-1, -1, 0, 1, 1, 1, 0, -1)
    ring_x = (0, 1, 1, 1, 0, -1, -1, -1)
    count = 0
    start = 0
    while start < 8 and picture[y + ring_y[start], x + ring_x[start]] != 0:
        start += 1
    if start == 8:
        return 0
    turn = 1
    while turn <= 8:
        at = (start + turn) % 8
        if picture[y + ring_y[at], x + ring_x[at]] == 0:
            turn += 1
            continue
        chosen = at
        while turn <= 8:
            at = (start + turn) % 8
            if picture[y + ring_y[at], x + ring_x[at]] == 0:
                break
            if at % 2 == 0:
                chosen = at
            turn += 1
        if count < 4:
            arms[count, 0], arms[count, 1] = y + ring_y[chosen], x + ring_x[chosen]
            count += 1
    return count


@compiled
def _prune(picture: Mask) -> None:
    """Take away spurs (short lines from a junction) and islands (short lines alone)."""
    height, width = picture.shape
    path = np.empty((64, 2), np.int32)
    arms = np.empty((4, 2), np.int32)
    for y in range(2, height - 2):
        for x in range(2, width - 2):
            if picture[y, x] == 0:
                continue
            number = _crossings(picture, y, x)
            if number == 0:
                picture[y, x] = 0
            if number != 1 or _arms(picture, y, x, arms) < 1:
                continue
            length, end = _walk(picture, y, x, arms[0, 0], arms[0, 1], _ISLAND, path)
            if end >= 3 and length <= _SPUR:
                picture[y, x] = 0
                for step in range(length - 1):
                    picture[path[step, 0], path[step, 1]] = 0
            elif end == 1 and length < _ISLAND:
                picture[y, x] = 0
                for step in range(length):
                    picture[path[step, 0], path[step, 1]] = 0


@compiled
def _minutiae(picture: Mask, angle: Field, depth: Field, border: np.float32) -> Table:
    height, width = picture.shape
    _prune(picture)
    _prune(picture)
    path = np.empty((64, 2), np.int32)
    arms = np.empty((4, 2), np.int32)
    found = np.empty((_MOST, 4), np.float32)
    spoiled = np.zeros(_MOST, np.uint8)
    count = 0
    for y in range(2, height - 2):
        for x in range(2, width - 2):
            if picture[y, x] == 0 or count == _MOST:
                continue
            number = _crossings(picture, y, x)
            if number != 1 and number != 3:
                continue
            lines = _arms(picture, y, x, arms)
            if lines != number:
                continue
            towards_y, towards_x = np.float32(0), np.float32(0)
            bridge = False
            for line in range(lines):
                length, end = _walk(picture, y, x, arms[line, 0], arms[line, 1], _TRACE, path)
                dy, dx = np.float32(path[length - 1, 0] - y), np.float32(path[length - 1, 1] - x)
                reach = np.sqrt(dy * dy + dx * dx) + np.float32(1e-6)
                towards_y += dy / reach
                towards_x += dx / reach
                if number == 3 and end >= 3 and length <= _BRIDGE:
                    bridge = True
            turn = angle[y, x]
            if np.cos(turn) * towards_x + np.sin(turn) * towards_y < 0:
                turn += np.float32(np.pi)
            found[count, 0], found[count, 1], found[count, 2] = x, y, turn
            found[count, 3] = ENDING if number == 1 else BIFURCATION
            spoiled[count] = bridge
            count += 1
    _mark_gaps(found, count, spoiled)
    kept = np.empty((count, 4), np.float32)
    many = 0
    for index in range(count):
        if spoiled[index] == 0 and depth[int(found[index, 1]), int(found[index, 0])] >= border:
            kept[many] = found[index]
            many += 1
    return kept[:many].copy()


@compiled
def _mark_gaps(found: Table, count: int, spoiled: npt.NDArray[np.uint8]) -> None:
    """Two ends that face each other over a gap are a broken ridge; two minutiae on one spot are one or none."""
    for one in range(count):
        for other in range(one + 1, count):
            dx, dy = found[other, 0] - found[one, 0], found[other, 1] - found[one, 1]
            apart = np.sqrt(dx * dx + dy * dy)
            if apart > _GAP:
                continue
            if apart < 4.5:
                spoiled[other] = 1
            opposed = np.cos(found[one, 2] - found[other, 2])
            if opposed > -0.7:
                continue
            if found[one, 3] == ENDING and found[other, 3] == ENDING:
                # the ridge of one leads away from the other
                lead = -(dx * np.cos(found[one, 2]) + dy * np.sin(found[one, 2])) / (apart + np.float32(1e-6))
                if lead > 0.6 or apart < 6.0:
                    spoiled[one] = spoiled[other] = 1
            elif apart < 7.0:
                spoiled[one] = spoiled[other] = 1
