"""How alike the surroundings of two minutiae are, for all pairs of minutiae of two fingers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled, ones
from inspection_station.matching.fingerprint.cylinders import FLOW_POINTS, PLANES, Bytes, Reals, Words

_FEWEST_CELLS = 26  # of 52 valid in both
_FEWEST_BITS = 6
_FEWEST_FLOW = 12
_WORTH_A_LOOK = 0.2  # less similar cylinders are not helped by their ridges
_MOST_TURN = 80  # of 256: pairs turned further against each other are not looked at (112 degrees)
_ALIKE_AT_ALL = 0.05
_PAIRS_LOOKED_AT = 6  # times the pairs asked for: a minutia stands in several
_SPARSE = 0.3  # similarity by cylinders where too few minutiae are near: the ridges decide
FLOW_SCALE = 22.0  # of 256 to half a turn: mean difference of direction that lowers the similarity to 1/e


@compiled
def local_similarity(
    turn_a: Bytes, bits_a: Words, masks_a: Words, flow_a: Bytes, valid_a: Bytes,
    turn_b: Bytes, bits_b: Words, masks_b: Words, flow_b: Bytes, valid_b: Bytes,
    use_flow: bool,
) -> Reals:  # fmt: skip
    """Similarities 0 to 1, minutiae of A x minutiae of B; 0 where two cannot be compared."""
    count_a, count_b = len(turn_a), len(turn_b)
    result = np.zeros((count_a, count_b), np.float32)
    for i in range(count_a):
        for j in range(count_b):
            apart = (int(np.int32(turn_a[i])) - int(np.int32(turn_b[j]))) & 255
            if _MOST_TURN < apart < 256 - _MOST_TURN:
                continue
            common = masks_a[i] & masks_b[j]
            if ones(common) < _FEWEST_CELLS:
                continue
            differ, in_a, in_b = 0, 0, 0
            for plane in range(PLANES):
                a, b = bits_a[i, plane] & common, bits_b[j, plane] & common
                differ += ones(a ^ b)
                in_a += ones(a)
                in_b += ones(b)
            if in_a >= _FEWEST_BITS and in_b >= _FEWEST_BITS:
                alike = np.float32(1) - np.sqrt(np.float32(differ)) / (
                    np.sqrt(np.float32(in_a)) + np.sqrt(np.float32(in_b))
                )
            elif use_flow:
                alike = np.float32(_SPARSE)
            else:
                continue
            if use_flow and alike > _WORTH_A_LOOK:
                total, valid = 0, 0
                for point in range(FLOW_POINTS):
                    off = np.uint8(flow_a[i, point] - flow_b[j, point])
                    both = valid_a[i, point] & valid_b[j, point]
                    total += min(off, np.uint8(-off)) & both
                    valid += both & 1
                if valid >= _FEWEST_FLOW:
                    alike *= np.exp(-np.float32(total) / (np.float32(valid) * np.float32(FLOW_SCALE)))
                else:
                    alike *= np.float32(0.5)
            elif use_flow:
                alike *= np.float32(0.4)
            result[i, j] = alike
    return result


@compiled
def best_pairs(similarity: Reals, most: int) -> tuple[npt.NDArray[np.int32], Reals]:
    """The most similar pairs, no minutia twice, best first (greedy: local similarity assignment). Pairs x 2, values."""
    count_a, count_b = similarity.shape
    buckets = np.zeros(257, np.int32)
    for i in range(count_a):
        for j in range(count_b):
            if similarity[i, j] > _ALIKE_AT_ALL:
                buckets[255 - int(similarity[i, j] * 255)] += 1
    before, worst = 0, 0
    enough = most * _PAIRS_LOOKED_AT
    for bucket in range(257):
        here = buckets[bucket]
        buckets[bucket] = before
        if before >= enough:
            break  # what is less alike would hardly be reached
        before += here
        worst = bucket
    bound = max(np.float32(_ALIKE_AT_ALL), np.float32(255 - worst) / np.float32(255))
    order = np.empty(before, np.int32)
    for i in range(count_a):
        for j in range(count_b):
            if similarity[i, j] >= bound:
                bucket = 255 - int(similarity[i, j] * 255)
                if bucket <= worst and buckets[bucket] < before:
                    order[buckets[bucket]] = i * count_b + j
                    buckets[bucket] += 1
    taken_a, taken_b = np.zeros(count_a, np.uint8), np.zeros(count_b, np.uint8)
    pairs = np.empty((most, 2), np.int32)
    values = np.empty(most, np.float32)
    many = 0
    for at in range(before):
        i, j = order[at] // count_b, order[at] % count_b
        if taken_a[i] or taken_b[j]:
            continue
        taken_a[i] = taken_b[j] = 1
        pairs[many, 0], pairs[many, 1] = i, j
        values[many] = similarity[i, j]
        many += 1
        if many == most:
            break
    return pairs[:many], values[:many]


@compiled
def relaxed(
    x_a: Reals, y_a: Reals, turn_a: Bytes, x_b: Reals, y_b: Reals, turn_b: Bytes,
    pairs: npt.NDArray[np.int32], values: Reals,
) -> Reals:  # fmt: skip
    """Local similarity with relaxation (LSA-R): pairs that fit one another strengthen each other. New values."""
    count = len(values)
    fit = np.zeros((count, count), np.float32)
    whole = np.float32(2 * np.pi)
    to_radians = np.float32(2 * np.pi / 256)
    for one in range(count):
        for other in range(one + 1, count):
            i, j, k, m = pairs[one, 0], pairs[one, 1], pairs[other, 0], pairs[other, 1]
            # what is cheapest to ask is asked first: most pairs of strangers fall out here
            turned_a = np.int8(turn_a[i] - turn_a[k])
            turned_b = np.int8(turn_b[j] - turn_b[m])
            turning = abs(np.float32(np.int8(turned_a - turned_b))) * to_radians
            if turning > 0.9:
                continue
            ax, ay = x_a[k] - x_a[i], y_a[k] - y_a[i]
            bx, by = x_b[m] - x_b[j], y_b[m] - y_b[j]
            length_a, length_b = np.sqrt(ax * ax + ay * ay), np.sqrt(bx * bx + by * by)
            longer = np.float32(abs(length_a - length_b))
            # distortion stretches long distances more than short ones
            slack = np.float32(4.0) + np.float32(0.06) * (length_a + length_b)
            if longer > 3 * slack:
                continue
            bearing = (np.arctan2(ay, ax) - turn_a[i] * to_radians) - (np.arctan2(by, bx) - turn_b[j] * to_radians)
            bearing -= whole * np.floor(bearing / whole + np.float32(0.5))
            bearing = abs(bearing)
            if bearing > 0.9:
                continue
            value = (
                1 / (1 + np.exp((longer - slack) * np.float32(1.2)))
                / (1 + np.exp((turning - np.float32(0.35)) * 14))
                / (1 + np.exp((bearing - np.float32(0.35)) * 14))
            )  # fmt: skip
            fit[one, other] = fit[other, one] = value
    now = values.copy()
    then = values.copy()
    for _ in range(4):
        for one in range(count):
            support = np.float32(0)
            for other in range(count):
                support += fit[one, other] * now[other]
            then[one] = np.float32(0.5) * now[one] + np.float32(0.5) * support / max(count - 1, 1)
        now, then = then, now
    return now
