"""One finger against one finger: what was found in common, and the score made of it.

Similar surroundings give pairs, relaxation orders them, alignment lays one finger on the other; ten measures of the
result are weighed by a logistic model whose weights are data (``resources/tables/fingerprint_scores.toml``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled
from inspection_station.matching.fingerprint.alignment import CLOSE, aligned
from inspection_station.matching.fingerprint.cylinders import Bytes, Reals, Words
from inspection_station.matching.fingerprint.local_similarity import best_first, best_pairs, local_similarity, relaxed
from inspection_station.matching.fingerprint.template import FingerprintTemplate

MEASURES = 10
_PAIRS = 24
_TOP = 12
_FEWEST = 3
_CHANCE_AREA = 0.35 * 2 * np.pi * CLOSE**2  # pixels in which a stranger's minutia would count, directions considered
_LEAST_OVERLAP = 4_000  # pixels


def measures(probe: FingerprintTemplate, reference: FingerprintTemplate, use_flow: bool = True) -> Reals:
    """The ten measures, float32; all zero where a finger has fewer than three minutiae. In order: worth of the pairs
    over the minutiae in the overlap; its logarithm; closeness of the pairs, summed; that over the minutiae in the
    overlap; mean similarity of the paired; relaxed and plain similarity of the best twelve pairs; difference of ridge
    flow; closeness beyond what chance gives; similarity of the paired, summed.
    """
    flow = use_flow and probe.has_flow and reference.has_flow
    return _measures(
        probe.x, probe.y, probe.turn, probe.bits, probe.masks, probe.flow_near, probe.flow_known,
        probe.coverage, probe.flow,
        reference.x, reference.y, reference.turn, reference.bits, reference.masks, reference.flow_near,
        reference.flow_known, reference.coverage, reference.flow, flow,
    )  # fmt: skip


@compiled
def _measures(
    x_a: Reals, y_a: Reals, turn_a: Bytes, bits_a: Words, masks_a: Words, near_a: Words, known_a: Words,
    cover_a: Bytes, flow_a: Bytes,
    x_b: Reals, y_b: Reals, turn_b: Bytes, bits_b: Words, masks_b: Words, near_b: Words, known_b: Words,
    cover_b: Bytes, flow_b: Bytes, use_flow: bool,
) -> npt.NDArray[np.float32]:  # fmt: skip
    result = np.zeros(MEASURES, np.float32)
    if len(x_a) < _FEWEST or len(x_b) < _FEWEST:
        return result
    similarity = local_similarity(
        turn_a, bits_a, masks_a, near_a, known_a, turn_b, bits_b, masks_b, near_b, known_b, use_flow
    )
    pairs, values = best_pairs(similarity, _PAIRS)
    if len(values) < 2:
        return result
    relaxed_values = relaxed(x_a, y_a, turn_a, x_b, y_b, turn_b, pairs, values)
    best_first(pairs, relaxed_values)
    pose = np.zeros(4, np.float32)
    pose[0] = 1
    found = np.zeros(7, np.float32)
    aligned(
        x_a, y_a, turn_a, cover_a, x_b, y_b, turn_b, cover_b, flow_a, flow_b, similarity, use_flow, pairs, pose, found
    )
    worth, close, inside_a, inside_b, alike, overlap = found[0], found[1], found[2], found[3], found[4], found[5]
    off = found[6]
    by_chance = inside_a * inside_b * np.float32(_CHANCE_AREA) / max(overlap, np.float32(_LEAST_OVERLAP))
    relaxed_sum = plain_sum = np.float32(0)
    top = min(len(values), _TOP)
    for index in range(top):
        relaxed_sum += relaxed_values[index]
        plain_sum += values[index]
    result[0] = worth / np.sqrt((inside_a + 4) * (inside_b + 4))
    result[1] = np.log(1 + worth)
    result[2] = min(close, np.float32(12))
    result[3] = close / np.sqrt((inside_a + 3) * (inside_b + 3))
    result[4] = alike / max(close, np.float32(1))
    result[5] = relaxed_sum / top
    result[6] = plain_sum / top
    result[7] = min(np.float32(off), np.float32(40)) / 10
    result[8] = min((close - by_chance) / np.sqrt(by_chance + 2), np.float32(8))
    result[9] = min(alike, np.float32(8))
    return result
