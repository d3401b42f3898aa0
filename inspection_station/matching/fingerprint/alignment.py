"""One finger laid on the other: rigid alignment from several seeds, refitted, then led where the skin is stretched."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled, compiled_inside
from inspection_station.matching.fingerprint.cylinders import GRID_STEP, Bytes, Reals

_SEEDS = 4
_CELL = 40.0  # pixels
_WIDE, _CLOSER, _CLOSEST = np.float32(20), np.float32(17), np.float32(14)  # pixels; at most half a cell
_PER_CELL = np.float32(1 / _CELL)
_NEIGHBOURHOOD = 60.0  # pixels: spread of what vouches for a place
_MAX_PAIRS = 96
_GLANCE = 4  # every so manieth row and column of the grid tells how the ridges of a pose agree
_TRIALS = 2  # pairing and refitting of a pose
_HOPELESS = 0.5  # a pose that begins with less of the best one's worth is not refitted
CLOSE = 5.0  # pixels: spread of true pairs once the stretching is followed
CLOSE_TURN = 9.0  # of 256


@compiled_inside
def _fit(x_a: Reals, y_a: Reals, x_b: Reals, y_b: Reals, pairs: npt.NDArray[np.int32], weight: Reals,
         count: int, pose: Reals) -> None:  # fmt: skip
    """Least squares turn and shift from A to B into ``pose`` (cosine, sine, x, y)."""
    total = np.float32(1e-9)
    ax = ay = bx = by = np.float32(0)
    for index in range(count):
        i, j, w = pairs[index, 0], pairs[index, 1], weight[index]
        total += w
        ax += w * x_a[i]
        ay += w * y_a[i]
        bx += w * x_b[j]
        by += w * y_b[j]
    ax, ay, bx, by = ax / total, ay / total, bx / total, by / total
    dot = cross = np.float32(0)
    for index in range(count):
        i, j, w = pairs[index, 0], pairs[index, 1], weight[index]
        ux, uy, vx, vy = x_a[i] - ax, y_a[i] - ay, x_b[j] - bx, y_b[j] - by
        dot += w * (ux * vx + uy * vy)
        cross += w * (ux * vy - uy * vx)
    size = np.sqrt(dot * dot + cross * cross)
    if size < 1e-6:
        return
    pose[0], pose[1] = dot / size, cross / size
    pose[2] = bx - (pose[0] * ax - pose[1] * ay)
    pose[3] = by - (pose[1] * ax + pose[0] * ay)


@compiled_inside
def _paired(x_a: Reals, y_a: Reals, turn_a: Bytes, places: Reals, marks: npt.NDArray[np.int32],
            starts: npt.NDArray[np.int32], columns: int, similarity: Reals, pose: Reals, shift: Reals,
            reach: np.float32, most_turn: int, pairs: npt.NDArray[np.int32], weight: Reals,
            mates: npt.NDArray[np.int32], worths: Reals) -> int:  # fmt: skip
    """Pair what lies together under a pose: each with its best partner where both agree. Returns how many.

    ``places``, ``marks`` and ``starts`` are B's minutiae by cells, from ``_by_cells``. ``mates`` and ``worths`` are
    room for the work, two rows as long as the larger finger: asked for once, since this runs some twenty times.
    """
    turned = int(np.floor(np.arctan2(pose[1], pose[0]) * np.float32(256 / (2 * np.pi)) + np.float32(0.5)))
    mates[:] = -1
    worths[:] = 0
    best_a, best_b = mates[0], mates[1]
    worth_a, worth_b = worths[0], worths[1]
    limit = reach * reach
    by_distance, by_turn = np.float32(0.7) / limit, np.float32(0.5) / np.float32(most_turn)
    cosine, sine, to_x, to_y = pose[0], pose[1], pose[2], pose[3]
    last_row = (len(starts) - 1) // columns - 2
    for i in range(len(x_a)):
        px = cosine * x_a[i] - sine * y_a[i] + to_x + shift[i, 0]
        py = sine * x_a[i] + cosine * y_a[i] + to_y + shift[i, 1]
        at_x, at_y = px * _PER_CELL + np.float32(0.5), py * _PER_CELL + np.float32(0.5)
        if not (at_x >= 0 and at_y >= 0):
            continue
        column, row = int(at_x), int(at_y)
        if column > columns - 2 or row > last_row:
            continue
        turn = np.int32(turn_a[i]) + turned
        for below in range(2):
            cell = (row + below) * columns + column
            for rank in range(starts[cell], starts[cell + 2]):
                dx, dy = px - places[rank, 0], py - places[rank, 1]
                squared = dx * dx + dy * dy
                if squared > limit:
                    continue
                off = (turn - marks[rank, 1]) & 255
                off = min(off, 256 - off)
                if off > most_turn:
                    continue
                j = marks[rank, 0]
                worth = (np.float32(1) - squared * by_distance) * (np.float32(1) - np.float32(off) * by_turn) * (
                    np.float32(0.25) + similarity[i, j]
                )  # fmt: skip
                if worth > worth_a[i]:
                    worth_a[i], best_a[i] = worth, j
                if worth > worth_b[j]:
                    worth_b[j], best_b[j] = worth, i
    count = 0
    for i in range(len(x_a)):
        j = best_a[i]
        if j >= 0 and best_b[j] == i and count < _MAX_PAIRS:
            pairs[count, 0], pairs[count, 1] = i, j
            weight[count] = worth_a[i]
            count += 1
    return count


@compiled_inside
def _by_cells(
    x: Reals, y: Reals, turn: Bytes
) -> tuple[Reals, npt.NDArray[np.int32], npt.NDArray[np.int32], int]:  # fmt: skip
    """Minutiae ordered by square cells, row by row: their places, (number, direction) of each, where each cell begins
    in that order (one more at the end), and cells in a row. One empty cell stands all round.

    A cell is twice as wide as the farthest a partner may lie, so that four cells hold all partners of any place, and
    two neighbouring cells of a row lie side by side in the order.
    """
    count = len(x)
    columns = rows = 3
    for index in range(count):
        columns = max(columns, int(x[index] * _PER_CELL) + 3)
        rows = max(rows, int(y[index] * _PER_CELL) + 3)
    starts = np.zeros(rows * columns + 1, np.int32)
    cells = np.empty(count, np.int32)
    for index in range(count):
        cell = (max(int(y[index] * _PER_CELL), 0) + 1) * columns + max(int(x[index] * _PER_CELL), 0) + 1
        cells[index] = cell
        starts[cell] += 1
    before = 0
    for cell in range(len(starts)):
        here = starts[cell]
        starts[cell] = before
        before += here
    filled = starts.copy()
    places, marks = np.empty((count, 2), np.float32), np.empty((count, 2), np.int32)
    for index in range(count):
        rank = filled[cells[index]]
        filled[cells[index]] = rank + 1
        places[rank, 0], places[rank, 1] = x[index], y[index]
        marks[rank, 0], marks[rank, 1] = index, turn[index]
    return places, marks, starts, columns


@compiled_inside
def _follow(x_a: Reals, y_a: Reals, x_b: Reals, y_b: Reals, pairs: npt.NDArray[np.int32], weight: Reals,
            count: int, pose: Reals, shift: Reals, total: Reals) -> None:  # fmt: skip
    """How far each minutia of A is shifted by the stretching of the skin, from the pairs round it. ``total`` is room
    for the work, as long as A.
    """
    narrow = np.float32(0.5 / (_NEIGHBOURHOOD * _NEIGHBOURHOOD) / 8)
    shift[:] = 0
    total[:] = np.float32(0.4)
    for index in range(count):
        k, j, w = pairs[index, 0], pairs[index, 1], weight[index]
        at_x, at_y = x_a[k], y_a[k]
        left_x = x_b[j] - (pose[0] * at_x - pose[1] * at_y + pose[2])
        left_y = y_b[j] - (pose[1] * at_x + pose[0] * at_y + pose[3])
        for i in range(len(x_a)):
            ux, uy = at_x - x_a[i], at_y - y_a[i]
            near = max(np.float32(1) - (ux * ux + uy * uy) * narrow, np.float32(0))
            near *= near  # to its eighth power: a bell's curve, and cheap
            near *= near
            near *= near * w
            total[i] += near
            shift[i, 0] += near * left_x
            shift[i, 1] += near * left_y
        total[k] -= w  # a pair does not vouch for itself
        shift[k, 0] -= w * left_x
        shift[k, 1] -= w * left_y
    for i in range(len(x_a)):
        shift[i, 0] /= total[i]
        shift[i, 1] /= total[i]


@compiled_inside
def flow_agreement(flow_a: Bytes, flow_b: Bytes, pose: Reals, step: int) -> tuple[int, float]:
    """Grid points of both fingers that lie on each other under ``pose``, every ``step`` one of a row and of a column
    being looked at, and their mean difference of direction in 1/256 of half a turn.
    """
    rows, columns = flow_a.shape
    rows_b, columns_b = flow_b.shape
    turned = int(np.floor(np.arctan2(pose[1], pose[0]) * np.float32(256 / np.pi) + np.float32(0.5)))
    total, count = 0, 0
    one = np.float32(65536)  # places are whole numbers of 1/65536 of a grid step
    cosine, sine = int(pose[0] * one) * step, int(pose[1] * one) * step
    from_x = int((pose[2] * np.float32(1 / GRID_STEP) + np.float32(0.5)) * one)
    from_y = int((pose[3] * np.float32(1 / GRID_STEP) + np.float32(0.5)) * one)
    for row in range(0, rows, step):
        x, y = from_x, from_y
        for column in range(0, columns, step):
            to_column, to_row = x >> 16, y >> 16
            x += cosine
            y += sine
            if to_row < 0 or to_column < 0 or to_row >= rows_b or to_column >= columns_b:
                continue
            a, b = flow_a[row, column], flow_b[to_row, to_column]
            if a == 0 or b == 0:
                continue
            off = (int(np.int32(a)) + turned - int(np.int32(b))) & 255
            total += min(off, 256 - off)
            count += 1
        from_x -= sine
        from_y += cosine
    return count, total / max(count, 1)


@compiled
def aligned(x_a: Reals, y_a: Reals, turn_a: Bytes, cover_a: Bytes, x_b: Reals, y_b: Reals, turn_b: Bytes,
            cover_b: Bytes, flow_a: Bytes, flow_b: Bytes, similarity: Reals, use_flow: bool,
            seeds: npt.NDArray[np.int32], pose: Reals, features: Reals) -> None:  # fmt: skip
    """Try the poses that the ``seeds`` (pairs, best first) suggest; ``pose`` and ``features`` of the best one."""
    count_a = len(x_a)
    pairs = np.empty((_MAX_PAIRS, 2), np.int32)
    weight = np.empty(_MAX_PAIRS, np.float32)
    shift = np.zeros((count_a, 2), np.float32)
    longer = max(count_a, len(x_b))
    mates, worths = np.empty((2, longer), np.int32), np.empty((2, longer), np.float32)
    total = np.empty(count_a, np.float32)
    here = np.zeros(4, np.float32)
    best = np.float32(-1)
    places, marks, starts, columns = _by_cells(x_b, y_b, turn_b)
    to_radians = np.float32(2 * np.pi / 256)
    partner = np.full(count_a, -1, np.int32)
    tried = 0
    for seed in range(len(seeds)):
        i, j = seeds[seed, 0], seeds[seed, 1]
        if partner[i] == j:
            continue  # an earlier pose already lays these two together
        tried += 1
        if tried > _SEEDS:
            break
        turn = np.float32(np.int32(turn_b[j]) - np.int32(turn_a[i])) * to_radians
        here[0], here[1] = np.cos(turn), np.sin(turn)
        here[2] = x_b[j] - (here[0] * x_a[i] - here[1] * y_a[i])
        here[3] = y_b[j] - (here[1] * x_a[i] + here[0] * y_a[i])
        count = 0
        worth = np.float32(0)
        for trial in range(_TRIALS):
            count = _paired(
                x_a, y_a, turn_a, places, marks, starts, columns, similarity, here, shift,
                _WIDE if trial < _TRIALS - 1 else _CLOSER, 24, pairs, weight, mates, worths,
            )  # fmt: skip
            worth = np.float32(0)
            for index in range(count):
                worth += weight[index]
            if count < 3:
                break
            if trial == 0 and worth < np.float32(_HOPELESS) * best:
                count = 0
                break
            _fit(x_a, y_a, x_b, y_b, pairs, weight, count, here)
        for index in range(count):
            partner[pairs[index, 0]] = pairs[index, 1]
        if worth <= best:
            continue  # ridges only lower it
        if use_flow:
            _, off = flow_agreement(flow_a, flow_b, here, _GLANCE)
            worth *= np.exp(-max(np.float32(off) - np.float32(6), np.float32(0)) / np.float32(14))
        if worth > best:
            best = worth
            pose[:] = here
    count = _paired(
        x_a, y_a, turn_a, places, marks, starts, columns, similarity, pose, shift, _CLOSER, 24, pairs, weight,
        mates, worths,
    )  # fmt: skip
    for _ in range(2):
        _follow(x_a, y_a, x_b, y_b, pairs, weight, count, pose, shift, total)
        count = _paired(
            x_a, y_a, turn_a, places, marks, starts, columns, similarity, pose, shift, _CLOSEST, 22, pairs, weight,
            mates, worths,
        )  # fmt: skip
    _measure(
        x_a, y_a, turn_a, cover_a, x_b, y_b, turn_b, cover_b, similarity, pairs, weight, count, pose, shift, flow_a,
        flow_b, use_flow, features,
    )  # fmt: skip


@compiled_inside
def _measure(x_a: Reals, y_a: Reals, turn_a: Bytes, cover_a: Bytes, x_b: Reals, y_b: Reals, turn_b: Bytes,
             cover_b: Bytes, similarity: Reals, pairs: npt.NDArray[np.int32], weight: Reals, count: int, pose: Reals,
             shift: Reals, flow_a: Bytes, flow_b: Bytes, use_flow: bool, features: Reals) -> None:  # fmt: skip
    """Into ``features``: worth of the pairs, how closely they lie (each 0 to 1, summed), minutiae of each inside the
    other's finger, similarity of the paired weighed by closeness, overlap in pixels.
    """
    turned = int(np.floor(np.arctan2(pose[1], pose[0]) * (256 / (2 * np.pi)) + 0.5))
    worth = close = alike = np.float32(0)
    for index in range(count):
        i, j = pairs[index, 0], pairs[index, 1]
        dx = pose[0] * x_a[i] - pose[1] * y_a[i] + pose[2] + shift[i, 0] - x_b[j]
        dy = pose[1] * x_a[i] + pose[0] * y_a[i] + pose[3] + shift[i, 1] - y_b[j]
        off = (np.int32(turn_a[i]) + turned - np.int32(turn_b[j])) & 255
        if off > 128:
            off = 256 - off
        near = np.exp(
            np.float32(-0.5 / (CLOSE * CLOSE)) * (dx * dx + dy * dy)
            - np.float32(0.5 / (CLOSE_TURN * CLOSE_TURN)) * np.float32(off * off)
        )
        worth += weight[index]
        close += near
        alike += near * similarity[i, j]
    features[0], features[1], features[4] = worth, close, alike
    features[2] = _inside(x_a, y_a, pose[0], pose[1], pose[2], pose[3], cover_b)
    back_x, back_y = -(pose[0] * pose[2] + pose[1] * pose[3]), pose[1] * pose[2] - pose[0] * pose[3]
    features[3] = _inside(x_b, y_b, pose[0], -pose[1], back_x, back_y, cover_a)
    # the ridge flow is known where the finger is, so that one look tells both
    points, differing = flow_agreement(flow_a if use_flow else cover_a, flow_b if use_flow else cover_b, pose, 2)
    features[5] = points * (4 * GRID_STEP * GRID_STEP)
    features[6] = np.float32(differing) if use_flow else np.float32(0)


@compiled_inside
def _inside(x: Reals, y: Reals, cosine: float, sine: float, to_x: float, to_y: float, cover: Bytes) -> int:
    """How many minutiae, turned and shifted, lie on the other finger."""
    rows, columns = cover.shape
    inside = 0
    for i in range(len(x)):
        column = int(np.floor((cosine * x[i] - sine * y[i] + to_x) / GRID_STEP + 0.5))
        row = int(np.floor((sine * x[i] + cosine * y[i] + to_y) / GRID_STEP + 0.5))
        if 0 <= row < rows and 0 <= column < columns and cover[row, column] != 0:
            inside += 1
    return inside
