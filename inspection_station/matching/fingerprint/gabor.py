"""Ridges made clear: at every pixel the Gabor filter of its own direction and period (Hong, Wan, Jain 1998)."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled
from inspection_station.matching.fingerprint.ridge_period import LONGEST, SHORTEST
from inspection_station.matching.fingerprint.segmentation import Field, Mask

ANGLES, PERIODS = 32, 12
REACH = 9  # half side of a filter
_SIDE = 2 * REACH + 1
_VECTOR = 8  # a filter's rows are filled up to three vectors, each summed by itself: twice as quick
_MARGIN = 7  # of the padding beyond the filter's reach
_ALONG, _ACROSS = 4.2, 3.4  # sigmas at a period of nine pixels


def enhanced(levelled: Field, mask: Mask, angle: Field, period: Field) -> Field:
    """Filtered picture, ridges positive, zero off the finger."""
    padded = np.pad(np.where(mask > 0, levelled, np.float32(0)), REACH + _MARGIN).astype(np.float32)
    turn = np.rint(angle * (ANGLES / np.pi)).astype(np.int32) % ANGLES
    step = np.log(period / SHORTEST) * ((PERIODS - 1) / np.log(LONGEST / SHORTEST))
    choice = (turn * PERIODS + np.clip(np.rint(step), 0, PERIODS - 1).astype(np.int32)).astype(np.int32)
    return _filtered(padded, mask, choice, _bank())


@cache
def _bank() -> npt.NDArray[np.float32]:
    """Filters, (angles * periods) x side x row, each of zero mean and unit energy; rows end in zeros."""
    offsets = np.arange(-REACH, REACH + 1, dtype=np.float64)
    x, y = np.meshgrid(offsets, offsets)
    bank = np.zeros((ANGLES * PERIODS, _SIDE, 3 * _VECTOR), np.float32)
    for turn in range(ANGLES):
        angle = turn * np.pi / ANGLES
        along = x * np.cos(angle) + y * np.sin(angle)
        across = -x * np.sin(angle) + y * np.cos(angle)
        for step in range(PERIODS):
            period = SHORTEST * (LONGEST / SHORTEST) ** (step / (PERIODS - 1))
            wide = min(_ACROSS * period / 9.0, 4.2)
            envelope = np.exp(-0.5 * (along**2 / _ALONG**2 + across**2 / wide**2))
            wave = np.cos(2 * np.pi * across / period)
            wave -= (envelope * wave).sum() / envelope.sum()
            filter_ = envelope * wave
            bank[turn * PERIODS + step, :, :_SIDE] = filter_ / np.sqrt((filter_**2).sum())
    return bank


@compiled
def _filtered(padded: Field, mask: Mask, choice: npt.NDArray[np.int32], bank: Field) -> Field:
    height, width = mask.shape
    result = np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            if mask[y, x] == 0:
                continue
            filter_ = bank[choice[y, x]]
            first, second, third = np.float32(0), np.float32(0), np.float32(0)
            for row in range(_SIDE):
                line = padded[y + _MARGIN + row, x + _MARGIN : x + _MARGIN + 3 * _VECTOR]
                weights = filter_[row]
                for lane in range(_VECTOR):
                    first += line[lane] * weights[lane]
                    second += line[lane + _VECTOR] * weights[lane + _VECTOR]
                    third += line[lane + 2 * _VECTOR] * weights[lane + 2 * _VECTOR]
            result[y, x] = first + second + third
    return result
