"""Distance from ridge to ridge, block by block, by autocorrelation across the ridges.

A window turned to the ridges is summed along them (Hong, Wan, Jain 1998, the x-signature); the first peak of the
signature's autocorrelation is the period. Its height says how far to believe it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled
from inspection_station.matching.fingerprint.segmentation import Field, Mask

BLOCK = 12
_ACROSS, _ALONG = 24, 10  # half widths of the window in pixels
SHORTEST, LONGEST = 4.0, 16.0
_LAGS = 20
_NEIGHBOURS = 1.3  # blocks over which autocorrelations are averaged
_BELIEVED = 0.2
_SPREAD = 1.5  # blocks over which periods are smoothed


@dataclass(frozen=True, slots=True)
class RidgePeriod:
    """``period`` in pixels at every pixel; ``median`` over the finger; ``regularity`` 0 to 1, height x width: how
    periodic the ridges are; ``periodic_share`` of the finger's blocks with a clear period.
    """

    period: Field
    regularity: Field
    median: float
    periodic_share: float


def ridge_period(levelled: Field, band: Field, angle: Field, mask: Mask, usual: float) -> RidgePeriod:
    """Autocorrelate on blocks, average over neighbours (a torn ridge is outvoted), find the peaks near the finger's
    ``usual`` period, bring to pixels.

    The period is measured on the ``band`` of ridges, where torn ones are whole. How periodic the picture is, is asked
    of the ``levelled`` picture: the band of anything looks periodic.
    """
    measured, belief, on_finger = _measured(band, angle, mask, usual)
    _, seen, _ = _measured(levelled, angle, mask, usual)
    share = int(np.count_nonzero(seen > _BELIEVED)) / max(int(np.count_nonzero(on_finger)), 1)
    believed = belief > _BELIEVED
    median = float(np.median(measured[believed])) if believed.any() else usual
    trust = np.where(believed, belief, 0).astype(np.float32)
    prior = 0.02
    top = cv2.GaussianBlur(measured * trust, (0, 0), _SPREAD) + prior * median
    smooth = top / (cv2.GaussianBlur(trust, (0, 0), _SPREAD) + prior)
    size = (levelled.shape[1], levelled.shape[0])
    full = cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR)
    regular = cv2.resize(np.maximum(seen, 0).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return RidgePeriod(np.clip(full, SHORTEST, LONGEST), np.clip(regular, 0, 1), median, share)


def _measured(picture: Field, angle: Field, mask: Mask, usual: float) -> tuple[Field, Field, npt.NDArray[np.uint8]]:
    """Period, height of its peak and whether on the finger, block by block."""
    curves, on_finger = _block_curves(picture, angle, mask)
    weight = cv2.GaussianBlur(on_finger.astype(np.float32), (0, 0), _NEIGHBOURS) + 1e-3
    near = np.stack([cv2.GaussianBlur(curves[:, :, lag], (0, 0), _NEIGHBOURS) / weight for lag in range(_LAGS)], axis=2)
    periods, height = _peaks(np.ascontiguousarray(near), on_finger, usual)
    return periods, height, on_finger


@compiled
def _block_curves(levelled: Field, angle: Field, mask: Mask) -> tuple[Field, npt.NDArray[np.uint8]]:
    """Autocorrelation across the ridges for each block (rows x columns x lags), and which blocks are on the finger."""
    height, width = levelled.shape
    rows, columns = (height + BLOCK - 1) // BLOCK, (width + BLOCK - 1) // BLOCK
    curves = np.zeros((rows, columns, _LAGS), np.float32)
    on_finger = np.zeros((rows, columns), np.uint8)
    length = 2 * _ACROSS + 1
    signature = np.zeros(length, np.float32)
    for row in range(rows):
        y_centre = min(row * BLOCK + BLOCK // 2, height - 1)
        for column in range(columns):
            x_centre = min(column * BLOCK + BLOCK // 2, width - 1)
            if mask[y_centre, x_centre] == 0:
                continue
            on_finger[row, column] = 1
            turn = angle[y_centre, x_centre]
            along_x, along_y = np.cos(turn), np.sin(turn)
            mean = np.float32(0)
            for place in range(length):
                across = np.float32(place - _ACROSS)
                total = np.float32(0)
                for step in range(-_ALONG, _ALONG + 1, 2):
                    x = int(x_centre + step * along_x - across * along_y + 0.5)
                    y = int(y_centre + step * along_y + across * along_x + 0.5)
                    if 0 <= x < width and 0 <= y < height and mask[y, x] != 0:
                        total += levelled[y, x]
                signature[place] = total
                mean += total
            mean /= length
            for place in range(length):
                signature[place] -= mean
            for lag in range(_LAGS):
                total, first, second = np.float32(0), np.float32(1e-6), np.float32(1e-6)
                for place in range(length - lag):
                    total += signature[place] * signature[place + lag]
                    first += signature[place] * signature[place]
                    second += signature[place + lag] * signature[place + lag]
                curves[row, column, lag] = total / np.sqrt(first * second)
    return curves, on_finger


@compiled
def _peaks(curves: Field, on_finger: npt.NDArray[np.uint8], usual: float) -> tuple[Field, Field]:
    """Period and height of the peak for each block; height -1 off the finger, 0 where there is no peak.

    Peaks far from the finger's ``usual`` period (half or double of it) are not taken.
    """
    rows, columns, _ = curves.shape
    periods = np.zeros((rows, columns), np.float32)
    belief = np.full((rows, columns), np.float32(-1))
    least, most = 4, _LAGS - 2
    if usual > 0:
        least, most = max(4, int(usual * 0.65)), min(_LAGS - 2, int(usual * 1.6) + 1)
    for row in range(rows):
        for column in range(columns):
            if on_finger[row, column] == 0:
                continue
            belief[row, column] = 0
            curve = curves[row, column]
            best = 0
            for lag in range(least, most + 1):
                peak = curve[lag] > curve[lag - 1] and curve[lag] >= curve[lag + 1]
                if peak and (best == 0 or curve[lag] > curve[best] + 0.1):
                    best = lag
            if best == 0 or curve[best] <= 0:
                continue
            before, here, after = curve[best - 1], curve[best], curve[best + 1]
            bend = before - 2 * here + after
            shift = np.float32(0.5) * (before - after) / bend if bend < 0 else np.float32(0)
            periods[row, column] = best + shift
            belief[row, column] = here
    return periods, belief
