"""One finger laid on the other: rigid alignment from several seeds, refitted, then led where the skin is stretched."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled
from inspection_station.matching.fingerprint.cylinders import GRID_STEP, Bytes, Reals

_SEEDS = 6
_ROW = 16  # pixels
_MAX_PAIRS = 96
_HOPELESS = 0.5  # a pose that begins with less of the best one's worth is not refitted
CLOSE = 5.0  # pixels: spread of true pairs once the stretching is followed
CLOSE_TURN = 9.0  # of 256


@compiled
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


@compiled
def _paired(x_a: Reals, y_a: Reals, turn_a: Bytes, x_b: Reals, y_b: Reals, turn_b: Bytes, similarity: Reals,
            ranked: npt.NDArray[np.int32], starts: npt.NDArray[np.int32], pose: Reals, shift: Reals, reach: float,
            most_turn: int, pairs: npt.NDArray[np.int32], weight: Reals, mates: npt.NDArray[np.int32],
            worths: Reals) -> int:  # fmt: skip
    """Pair what lies together under a pose: each with its best partner where both agree. Returns how many.

    ``ranked`` and ``starts`` are B's minutiae by rows of the picture, from ``_by_rows``. ``mates`` and ``worths`` are
    room for the work, two rows as long as the larger finger: asked for once, since this runs some thirty times.
    """
    count_a = len(x_a)
    turned = int(np.floor(np.arctan2(pose[1], pose[0]) * (256 / (2 * np.pi)) + 0.5))
    mates[:] = -1
    worths[:] = 0
    best_a, best_b = mates[0], mates[1]
    worth_a, worth_b = worths[0], worths[1]
    limit = np.float32(reach * reach)
    by_distance, by_turn = np.float32(0.7) / limit, np.float32(0.5) / np.float32(most_turn)
    last = len(starts) - 1
    for i in range(count_a):
        px = pose[0] * x_a[i] - pose[1] * y_a[i] + pose[2] + shift[i, 0]
        py = pose[1] * x_a[i] + pose[0] * y_a[i] + pose[3] + shift[i, 1]
        turn = np.int32(turn_a[i]) + turned
        lowest, highest = int(np.floor((py - reach) / _ROW)), int(np.floor((py + reach) / _ROW)) + 1
        for rank in range(starts[min(max(lowest, 0), last)], starts[min(max(highest, 0), last)]):
            j = ranked[rank]
            dx, dy = px - x_b[j], py - y_b[j]
            squared = dx * dx + dy * dy
            if squared > limit:
                continue
            off = (turn - np.int32(turn_b[j])) & 255
            off = min(off, 256 - off)
            if off > most_turn:
                continue
            worth = (np.float32(1) - squared * by_distance) * (np.float32(1) - np.float32(off) * by_turn) * (
                np.float32(0.25) + similarity[i, j]
            )  # fmt: skip
            if worth > worth_a[i]:
                worth_a[i], best_a[i] = worth, j
            if worth > worth_b[j]:
                worth_b[j], best_b[j] = worth, i
    count = 0
    for i in range(count_a):
        j = best_a[i]
        if j >= 0 and best_b[j] == i and count < _MAX_PAIRS:
            pairs[count, 0], pairs[count, 1] = i, j
            weight[count] = worth_a[i]
            count += 1
    return count


@compiled
def _by_rows(y: Reals) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Minutiae ordered by rows of ``_ROW`` pixels, and where each row begins in that order (one more at the end)."""
    rows = 1
    for index in range(len(y)):
        rows = max(rows, int(y[index]) // _ROW + 1)
    starts = np.zeros(rows + 1, np.int32)
    for index in range(len(y)):
        starts[max(int(y[index]), 0) // _ROW + 1] += 1
    for row in range(rows):
        starts[row + 1] += starts[row]
    ranked = np.empty(len(y), np.int32)
    filled = starts.copy()
    for index in range(len(y)):
        row = max(int(y[index]), 0) // _ROW
        ranked[filled[row]] = index
        filled[row] += 1
    return ranked, starts


@compiled
def _follow(x_a: Reals, y_a: Reals, x_b: Reals, y_b: Reals, pairs: npt.NDArray[np.int32], weight: Reals,
            count: int, pose: Reals, shift: Reals, spread: float) -> None:  # fmt: skip
    """How far each minutia of A is shifted by the stretching of the skin, from the pairs round it."""
    left = np.empty((count, 2), np.float32)
    for index in range(count):
        i, j = pairs[index, 0], pairs[index, 1]
        left[index, 0] = x_b[j] - (pose[0] * x_a[i] - pose[1] * y_a[i] + pose[2])
        left[index, 1] = y_b[j] - (pose[1] * x_a[i] + pose[0] * y_a[i] + pose[3])
    narrow = np.float32(-0.5 / (spread * spread))
    for i in range(len(x_a)):
        total, dx, dy = np.float32(0.4), np.float32(0), np.float32(0)
        for index in range(count):
            k = pairs[index, 0]
            if k == i:
                continue  # a pair does not vouch for itself
            ux, uy = x_a[k] - x_a[i], y_a[k] - y_a[i]
            near = weight[index] * np.exp((ux * ux + uy * uy) * narrow)
            total += near
            dx += near * left[index, 0]
            dy += near * left[index, 1]
        shift[i, 0], shift[i, 1] = dx / total, dy / total


@compiled
def flow_agreement(flow_a: Bytes, flow_b: Bytes, pose: Reals) -> tuple[int, float]:
    """Grid points of both fingers that lie on each other under ``pose``, and their mean difference of direction in
    1/256 of half a turn.
    """
    rows, columns = flow_a.shape
    rows_b, columns_b = flow_b.shape
    turned = int(np.floor(np.arctan2(pose[1], pose[0]) * (256 / np.pi) + 0.5))
    total, count = 0, 0
    step_x, step_y = pose[0], pose[1]
    for row in range(0, rows, 2):
        base_x = (-pose[1] * row * GRID_STEP + pose[2]) / GRID_STEP + np.float32(0.5)
        base_y = (pose[0] * row * GRID_STEP + pose[3]) / GRID_STEP + np.float32(0.5)
        for column in range(0, columns, 2):
            a = flow_a[row, column]
            if a == 0:
                continue
            x, y = base_x + step_x * column, base_y + step_y * column
            if x < 0 or y < 0:
                continue
            to_column, to_row = int(x), int(y)
            if to_row >= rows_b or to_column >= columns_b:
                continue
            b = flow_b[to_row, to_column]
            if b == 0:
                continue
            off = (int(np.int32(a)) + turned - int(np.int32(b))) & 255
            total += min(off, 256 - off)
            count += 1
    return count, total / max(count, 1)


@compiled
def aligned(x_a: Reals, y_a: Reals, turn_a: Bytes, cover_a: Bytes, x_b: Reals, y_b: Reals, turn_b: Bytes,
            cover_b: Bytes, flow_a: Bytes, flow_b: Bytes, similarity: Reals, seeds: npt.NDArray[np.int32], pose: Reals,
            features: Reals) -> None:  # fmt: skip
    """Try the poses that the ``seeds`` (pairs, best first) suggest; ``pose`` and ``features`` of the best one."""
    count_a = len(x_a)
    pairs = np.empty((_MAX_PAIRS, 2), np.int32)
    weight = np.empty(_MAX_PAIRS, np.float32)
    shift = np.zeros((count_a, 2), np.float32)
    longer = max(count_a, len(x_b))
    mates, worths = np.empty((2, longer), np.int32), np.empty((2, longer), np.float32)
    here = np.zeros(4, np.float32)
    best = np.float32(-1)
    ranked, starts = _by_rows(y_b)
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
        for trial in range(3):
            reach = 20.0 if trial < 2 else 17.0
            count = _paired(
                x_a, y_a, turn_a, x_b, y_b, turn_b, similarity, ranked, starts, here, shift, reach, 24, pairs, weight,
                mates, worths,
            )  # fmt: skip
            if count < 3:
                break
            if trial == 0 and best > 0:
                first = np.float32(0)
                for index in range(count):
                    first += weight[index]
                if first < np.float32(_HOPELESS) * best:
                    count = 0
                    break
            _fit(x_a, y_a, x_b, y_b, pairs, weight, count, here)
        worth = np.float32(0)
        for index in range(count):
            worth += weight[index]
            partner[pairs[index, 0]] = pairs[index, 1]
        if worth <= best:
            continue  # ridges only lower it
        _, off = flow_agreement(flow_a, flow_b, here)
        worth *= np.exp(-max(np.float32(off) - np.float32(6), np.float32(0)) / np.float32(14))
        if worth > best:
            best = worth
            pose[:] = here
    count = _paired(
        x_a, y_a, turn_a, x_b, y_b, turn_b, similarity, ranked, starts, pose, shift, 17.0, 24, pairs, weight,
        mates, worths,
    )  # fmt: skip
    for _ in range(2):
        _follow(x_a, y_a, x_b, y_b, pairs, weight, count, pose, shift, 60.0)
        count = _paired(
            x_a, y_a, turn_a, x_b, y_b, turn_b, similarity, ranked, starts, pose, shift, 14.0, 22, pairs, weight,
            mates, worths,
        )  # fmt: skip
    _measure(
        x_a, y_a, turn_a, cover_a, x_b, y_b, turn_b, cover_b, similarity, pairs, weight, count, pose, shift, features
    )


@compiled
def _measure(x_a: Reals, y_a: Reals, turn_a: Bytes, cover_a: Bytes, x_b: Reals, y_b: Reals, turn_b: Bytes,
             cover_b: Bytes, similarity: Reals, pairs: npt.NDArray[np.int32], weight: Reals, count: int, pose: Reals,
             shift: Reals, features: Reals) -> None:  # fmt: skip
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
    points, _ = flow_agreement(cover_a, cover_b, pose)
    features[5] = points * (4 * GRID_STEP * GRID_STEP)


@compiled
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
