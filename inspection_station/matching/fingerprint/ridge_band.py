"""The finger's usual ridge period, and the picture with little left but ridges of about that period.

Ridges lie in every direction, so the spectrum of a whole finger is a ring whose radius is its usual period. The ring
stands out even where ridges are torn into dots or run together, where no single place shows a direction or a period.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.matching.fingerprint.segmentation import Field, Mask

_SHORTEST, _LONGEST, _BINS = 4.5, 18.0, 40
_BIN_SIGMA = 1.5
_EXPECTED, _EXPECTED_SPREAD = 8.5, 0.4  # pixels and of the logarithm: what people have
_BAND = 0.42  # of the logarithm of the period: how far periods differ over one finger
_EDGE = 6.0  # pixels over which the finger's edge fades out
_FLOOR = 0.15  # of the spread of the whole: below, what is left is not raised
_LEVEL_SIGMA = 9.0


def ridge_band(levelled: Field, mask: Mask) -> tuple[Field, float]:
    """The picture filtered to the ring, levelled again, and the usual period in pixels (``mask`` not empty)."""
    height, width = levelled.shape
    rows, columns = cv2.getOptimalDFTSize(height), cv2.getOptimalDFTSize(width)
    on_finger = cv2.GaussianBlur((mask > 0).astype(np.float32), (0, 0), _EDGE)
    room = np.zeros((rows, columns), np.float32)
    room[:height, :width] = levelled * on_finger
    spectrum = np.fft.rfft2(room)
    log_period, bins = _rings(rows, columns)
    inside = (bins >= 0) & (bins < _BINS)
    energy = np.bincount(bins[inside], (np.abs(spectrum) ** 2)[inside], _BINS).astype(np.float32)
    middles = np.log(_SHORTEST) + (np.arange(_BINS) + 0.5) * np.log(_LONGEST / _SHORTEST) / _BINS
    expected = np.exp(-0.5 * ((middles - np.log(_EXPECTED)) / _EXPECTED_SPREAD) ** 2)
    smooth = cv2.GaussianBlur(energy[None], (0, 0), _BIN_SIGMA)[0] * expected
    usual = float(middles[int(smooth.argmax())])
    spectrum *= np.exp(-0.5 * ((log_period - usual) / _BAND) ** 2)
    band = np.fft.irfft2(spectrum, s=(rows, columns))[:height, :width].astype(np.float32)
    spread = np.sqrt(cv2.GaussianBlur(band * band, (0, 0), _LEVEL_SIGMA))
    floor = _FLOOR * float(spread[mask > 0].mean()) + 1e-6
    return np.asarray(np.clip(band / (spread + floor), -3.0, 3.0), np.float32), float(np.exp(usual))


@cache
def _rings(rows: int, columns: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    down, across = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None, :]
    log_period = -np.log(np.maximum(np.hypot(down, across), 1e-4))
    bins = np.floor((log_period - np.log(_SHORTEST)) * (_BINS / np.log(_LONGEST / _SHORTEST))).astype(np.int64)
    return log_period.astype(np.float32), bins
