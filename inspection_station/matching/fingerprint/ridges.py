"""Everything seen in a picture of a finger on the way to its minutiae."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inspection_station.matching.fingerprint.gabor import enhanced
from inspection_station.matching.fingerprint.minutiae import Table, skeleton_minutiae
from inspection_station.matching.fingerprint.orientation import orientation
from inspection_station.matching.fingerprint.ridge_band import ridge_band
from inspection_station.matching.fingerprint.ridge_period import RidgePeriod, ridge_period
from inspection_station.matching.fingerprint.segmentation import Field, Grey, Mask, Segmented
from inspection_station.matching.fingerprint.thinning import thinned

_BORDER = 12.0  # pixels: nearer to the edge every ridge ends
_MARGIN = 10  # pixels kept round the finger


@dataclass(frozen=True, slots=True)
class Ridges:
    """The part of the picture that holds the finger, at 500 dpi. ``frame``: its left and top in the picture, and the
    picture's width and height. ``angle`` of ridges in radians, 0 to pi; ``coherence`` 0 to 1; ``enhanced`` ridges
    positive; ``skeleton`` 0 or 1; ``depth`` the distance to the edge of the finger in pixels; ``table`` the minutiae
    (x, y, direction, type) in the part's own coordinates.
    """

    frame: tuple[int, int, int, int]
    mask: Mask
    energy: Field
    angle: Field
    coherence: Field
    period: RidgePeriod
    enhanced: Field
    skeleton: Mask
    depth: Field
    table: Table

    def part_of(self, grey: Grey) -> Grey:
        """The same part of the picture itself."""
        left, top, _, _ = self.frame
        height, width = self.mask.shape
        return np.ascontiguousarray(grey[top : top + height, left : left + width])


def ridges_of(found: Segmented) -> Ridges:
    """Direction, period, two rounds of enhancement, skeleton and minutiae of a segmented finger (mask not empty)."""
    height, width = found.mask.shape
    left, top, across, down = cv2.boundingRect(found.mask)
    left, right = max(left - _MARGIN, 0), min(left + across + _MARGIN, width)
    top, bottom = max(top - _MARGIN, 0), min(top + down + _MARGIN, height)
    mask = np.ascontiguousarray(found.mask[top:bottom, left:right])
    levelled = np.ascontiguousarray(found.levelled[top:bottom, left:right])
    energy = np.ascontiguousarray(found.energy[top:bottom, left:right])

    band, usual = ridge_band(levelled, mask)
    coarse = orientation(band, mask, window=4.0, smoothing=7.0, surroundings=16.0)
    angle = coarse.angle
    period = ridge_period(levelled, band, angle, mask, usual)
    once = _levelled_again(enhanced(levelled, mask, angle, period.period), mask)
    angle = orientation(once, mask, window=3.0, smoothing=5.0).angle
    twice = enhanced(once, mask, angle, period.period)
    skeleton = thinned((twice > 0).astype(np.uint8))
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = np.ascontiguousarray(cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1])
    table = skeleton_minutiae(skeleton, angle, depth, _BORDER)
    return Ridges(
        (left, top, width, height), mask, energy, angle, coarse.coherence, period, twice, skeleton, depth, table
    )


def _levelled_again(filtered: Field, mask: Mask) -> Field:
    inside = mask > 0
    spread = float(filtered[inside].std()) if inside.any() else 1.0
    return np.asarray(np.clip(filtered / (spread + 1e-6), -2.0, 2.0), np.float32)
