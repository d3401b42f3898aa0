"""The direction of ridges at every pixel: structure tensor, smoothed by its own coherence.

Angles are of the ridge (not the gradient), in radians, 0 to pi, in picture coordinates (y downwards).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inspection_station.matching.fingerprint.segmentation import Field, Mask

_FAR_STEP = 4
_TRUST_FAR = 0.35  # of the wider surroundings beside the near ones


@dataclass(frozen=True, slots=True)
class Orientation:
    """``cosine`` and ``sine`` of twice the ridge angle times ``coherence`` (0 to 1), after smoothing."""

    cosine: Field
    sine: Field

    @property
    def angle(self) -> Field:
        """Radians, 0 to pi."""
        double = np.arctan2(self.sine, self.cosine)
        return np.asarray(0.5 * np.where(double < 0, double + 2 * np.pi, double), np.float32)

    @property
    def coherence(self) -> Field:
        """0 (no direction) to 1 (all ridges alike)."""
        return np.asarray(np.minimum(np.hypot(self.cosine, self.sine), 1.0), np.float32)


def orientation(levelled: Field, mask: Mask, window: float, smoothing: float, surroundings: float = 0.0) -> Orientation:
    """``window`` and ``smoothing`` are sigmas in pixels.

    Each place votes with its coherence, so that torn or smeared places take their direction from their neighbours.
    """
    x_slope = cv2.Sobel(levelled, cv2.CV_32F, 1, 0, ksize=3)
    y_slope = cv2.Sobel(levelled, cv2.CV_32F, 0, 1, ksize=3)
    xx, yy, xy = x_slope * x_slope, y_slope * y_slope, x_slope * y_slope
    inside = (mask > 0).astype(np.float32)
    difference = cv2.GaussianBlur((yy - xx) * inside, (0, 0), window)
    cross = cv2.GaussianBlur(-2.0 * xy * inside, (0, 0), window)
    total = cv2.GaussianBlur((xx + yy) * inside, (0, 0), window) + 1e-3
    cosine, sine = difference / total, cross / total
    near = _smoothed(cosine, sine, inside, smoothing)
    if surroundings <= 0:
        return Orientation(*near)
    # so wide a smoothing leaves nothing that a quarter of the resolution does not show
    quarter = (max(inside.shape[1] // _FAR_STEP, 1), max(inside.shape[0] // _FAR_STEP, 1))
    small = [
        cv2.resize(part, quarter, interpolation=cv2.INTER_AREA) for part in (cosine * inside, sine * inside, inside)
    ]
    blurred = [cv2.GaussianBlur(part, (0, 0), surroundings / _FAR_STEP) for part in small]
    size = (inside.shape[1], inside.shape[0])
    far = [cv2.resize(part / (blurred[2] + 1e-3), size, interpolation=cv2.INTER_LINEAR) for part in blurred[:2]]
    return Orientation(near[0] + _TRUST_FAR * far[0], near[1] + _TRUST_FAR * far[1])


def _smoothed(cosine: Field, sine: Field, inside: Field, sigma: float) -> tuple[Field, Field]:
    weight = cv2.GaussianBlur(inside, (0, 0), sigma) + 1e-3
    return (
        (cv2.GaussianBlur(cosine * inside, (0, 0), sigma) / weight).astype(np.float32),
        (cv2.GaussianBlur(sine * inside, (0, 0), sigma) / weight).astype(np.float32),
    )
