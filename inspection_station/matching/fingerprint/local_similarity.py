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
_MOST_TURN = 64  # of 256: pairs turned further against each other are not looked at (90 degrees)
_ALIKE_AT_ALL = 0.05
_PAIRS_LOOKED_AT = 6  # times the pairs asked for: a minutia stands in several
_SPARSE = 0.3  # similarity by cylinders where too few minutiae are near: the ridges decide
FLOW_SCALE = 22.0  # of 256 to half a turn: mean difference of direction that lowers the similarity to 1/e
_ROOTS = np.sqrt(np.arange(64 * PLANES + 1)).astype(np.float32)
_COSINES = np.cos(np.arange(256) * (2 * np.pi / 256)).astype(np.float32)
_PER_PLACE = (2 / (FLOW_SCALE * 16 * np.maximum(np.arange(FLOW_POINTS + 1), 1))).astype(np.float32)
_FIRST = np.uint64(0x0101010101010101)
_SEVEN, _EIGHTH = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x8080808080808080)
_PAIRED, _SUMMED = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0001000100010001)


@compiled
def local_similarity(
    turn_a: Bytes, bits_a: Words, masks_a: Words, flow_a: Words, known_a: Words,
    turn_b: Bytes, bits_b: Words, masks_b: Words, flow_b: Words, known_b: Words,
    use_flow: bool,
) -> Reals:  # fmt: skip
    """Similarities 0 to 1, minutiae of A x minutiae of B; 0 where two cannot be compared.

    Quickest where both stand in the order of their directions, as templates keep them: what is skipped for its
    direction then lies together.
    """
    count_a, count_b = len(turn_a), len(turn_b)
    result = np.zeros((count_a, count_b), np.float32)
    for i in range(count_a):
        mask_a, turn = masks_a[i], int(np.int32(turn_a[i]))
        a0, a1, a2, a3, a4 = bits_a[i, 0], bits_a[i, 1], bits_a[i, 2], bits_a[i, 3], bits_a[i, 4]
        f0, f1, f2, f3, f4 = flow_a[i, 0], flow_a[i, 1], flow_a[i, 2], flow_a[i, 3], flow_a[i, 4]
        for j in range(count_b):
            apart = (turn - int(np.int32(turn_b[j]))) & 255
            if _MOST_TURN < apart < 256 - _MOST_TURN:
                continue
            mask_b = masks_b[j]
            if ones(mask_a & mask_b) < _FEWEST_CELLS:
                continue
            b0, b1, b2, b3, b4 = bits_b[j, 0], bits_b[j, 1], bits_b[j, 2], bits_b[j, 3], bits_b[j, 4]
            # bits stand only where the mask does, so one mask is enough for each
            in_a = ones(a0 & mask_b) + ones(a1 & mask_b) + ones(a2 & mask_b) + ones(a3 & mask_b) + ones(a4 & mask_b)
            in_b = ones(b0 & mask_a) + ones(b1 & mask_a) + ones(b2 & mask_a) + ones(b3 & mask_a) + ones(b4 & mask_a)
            in_both = ones(a0 & b0) + ones(a1 & b1) + ones(a2 & b2) + ones(a3 & b3) + ones(a4 & b4)
            if in_a >= _FEWEST_BITS and in_b >= _FEWEST_BITS:
                alike = np.float32(1) - _ROOTS[in_a + in_b - 2 * in_both] / (_ROOTS[in_a] + _ROOTS[in_b])
            elif use_flow:
                alike = np.float32(_SPARSE)
            else:
                continue
            if use_flow and alike > _WORTH_A_LOOK:
                common = known_a[i] & known_b[j]
                valid = ones(common)
                if valid < _FEWEST_FLOW:
                    alike *= np.float32(0.5)
                else:
                    total = (
                        _turned(f0, flow_b[j, 0], common)
                        + _turned(f1, flow_b[j, 1], common >> np.uint64(1))
                        + _turned(f2, flow_b[j, 2], common >> np.uint64(2))
                        + _turned(f3, flow_b[j, 3], common >> np.uint64(3))
                        + _turned(f4, flow_b[j, 4], common >> np.uint64(4))
                    )
                    alike *= _falling(np.float32((total * _SUMMED) >> np.uint64(48)) * _PER_PLACE[valid])
            elif use_flow:
                alike *= np.float32(0.4)
            result[i, j] = alike
    return result


@compiled
def _turned(one: np.uint64, other: np.uint64, known: np.uint64) -> np.uint64:
    """Differences of eight directions at a time, where the lowest bit of each byte of ``known`` is set, summed into
    four parts of 16 bits. Directions have seven bits of a byte; the eighth keeps them apart.
    """
    off = ((one | _EIGHTH) - other) & _SEVEN  # of 128 to half a turn
    back = (off >> np.uint64(6)) & _FIRST
    off = (off ^ (back * np.uint64(0x7F))) + back  # the shorter way round
    off &= (known & _FIRST) * np.uint64(0x7F)
    return (off & _PAIRED) + ((off >> np.uint64(8)) & _PAIRED)


@compiled
def _falling(depth: np.float32) -> np.float32:
    """exp(-16 ``depth``), nearly: to the sixteenth power, by squaring."""
    left = max(np.float32(1) - depth, np.float32(0))
    left *= left
    left *= left
    left *= left
    return left * left


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
                    order[buckets[bucket]] = i << 16 | j
                    buckets[bucket] += 1
    taken_a, taken_b = np.zeros(count_a, np.uint8), np.zeros(count_b, np.uint8)
    pairs = np.empty((most, 2), np.int32)
    values = np.empty(most, np.float32)
    many = 0
    for at in range(before):
        i, j = order[at] >> 16, order[at] & 0xFFFF
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
    to_radians = np.float32(2 * np.pi / 256)
    for one in range(count):
        i, j = pairs[one, 0], pairs[one, 1]
        cosine_a, sine_a, cosine_b, sine_b = (
            _COSINES[turn_a[i]], _COSINES[(turn_a[i] - 64) & 255], _COSINES[turn_b[j]], _COSINES[(turn_b[j] - 64) & 255]
        )  # fmt: skip
        for other in range(one + 1, count):
            k, m = pairs[other, 0], pairs[other, 1]
            # what is cheapest to ask is asked first: most pairs of strangers fall out here
            turned_a = np.int8(turn_a[i] - turn_a[k])
            turned_b = np.int8(turn_b[j] - turn_b[m])
            turning = abs(np.float32(np.int8(turned_a - turned_b))) * to_radians
            if turning > np.float32(0.9):
                continue
            ax, ay = x_a[k] - x_a[i], y_a[k] - y_a[i]
            bx, by = x_b[m] - x_b[j], y_b[m] - y_b[j]
            length_a, length_b = np.sqrt(ax * ax + ay * ay), np.sqrt(bx * bx + by * by)
            longer = abs(length_a - length_b)
            # distortion stretches long distances more than short ones
            slack = np.float32(4.0) + np.float32(0.06) * (length_a + length_b)
            if longer > 3 * slack:
                continue
            # the bearing of the other minutia, seen from each first one's direction
            ax, ay = ax * cosine_a + ay * sine_a, ay * cosine_a - ax * sine_a
            bx, by = bx * cosine_b + by * sine_b, by * cosine_b - bx * sine_b
            sine = abs(ax * by - ay * bx) / (length_a * length_b + np.float32(1e-6))
            if ax * bx + ay * by < 0 or sine > np.float32(0.783):  # 0.9 radians
                continue
            bearing = sine + sine * sine * sine * (np.float32(1 / 6) + np.float32(0.1) * sine * sine)  # arc sine
            value = np.float32(1) / (
                (np.float32(1) + np.exp((longer - slack) * np.float32(1.2)))
                * (np.float32(1) + np.exp((turning - np.float32(0.35)) * np.float32(14)))
                * (np.float32(1) + np.exp((bearing - np.float32(0.35)) * np.float32(14)))
            )
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


@compiled
def best_first(pairs: npt.NDArray[np.int32], values: Reals) -> None:
    """Order few pairs and their values in place, equal ones as they stand."""
    for at in range(1, len(values)):
        value, i, j = values[at], pairs[at, 0], pairs[at, 1]
        to = at
        while to > 0 and values[to - 1] < value:
            values[to], pairs[to, 0], pairs[to, 1] = values[to - 1], pairs[to - 1, 0], pairs[to - 1, 1]
            to -= 1
        values[to], pairs[to, 0], pairs[to, 1] = value, i, j
