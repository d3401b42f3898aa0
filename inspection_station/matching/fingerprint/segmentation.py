"""Where the finger is: the part of the picture that carries energy in the band of ridges, and levelled grey.

The band (difference of two Gaussians around the ridge period) leaves out the platen's shading and most of the edge of
the platen; what is thinner than a few ridges is taken away afterwards, so that the edge itself is never a finger.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]

_FINE, _COARSE = 1.2, 6.0  # sigma in pixels at 500 dpi: passes periods of about 5 to 20 pixels
_ENERGY_SIGMA = 8.0
_SHARE_OF_STRONG = 0.28  # of the energy of the strongest ridges
_QUIET = 1.5  # grey levels: below this there is no ridge, however the rest of the picture looks
_THINNEST = 25  # pixels: what is narrower is no finger
_CONTRAST_FLOOR = 0.25


@dataclass(frozen=True, slots=True)
class Segmented:
    """``mask`` 255 on the finger, else 0; ``levelled`` float32 of about unit spread, ridges positive; ``energy`` the
    root mean square in the ridge band, in grey levels. All height x width.
    """

    mask: Mask
    levelled: Field
    energy: Field


def segmented(grey: Grey) -> Segmented:
    """Find the finger in a picture at 500 dpi, ridges dark."""
    picture = grey.astype(np.float32)
    band = cv2.GaussianBlur(picture, (0, 0), _COARSE) - cv2.GaussianBlur(picture, (0, 0), _FINE)
    energy = np.sqrt(cv2.GaussianBlur(band * band, (0, 0), _ENERGY_SIGMA))
    strong = float(np.percentile(energy[::4, ::4], 92))
    floor = max(_SHARE_OF_STRONG * strong, _QUIET)
    mask = _tidy(np.where(energy > floor, np.uint8(255), np.uint8(0)))
    levelled = band / (energy + _CONTRAST_FLOOR * floor)
    np.clip(levelled, -3.0, 3.0, out=levelled)
    return Segmented(mask, levelled.astype(np.float32), energy.astype(np.float32))


def _tidy(mask: Mask) -> Mask:
    """Solid regions: no thin parts, no holes; several fingers stay apart."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THINNEST, _THINNEST))
    small = cv2.resize(framed, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST)
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THINNEST // 2 | 1, _THINNEST // 2 | 1))
    small = cv2.copyMakeBorder(small, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=0)
    small = cv2.morphologyEx(small, cv2.MORPH_CLOSE, round_)
    small = cv2.morphologyEx(small, cv2.MORPH_OPEN, round_)
    outlines, _ = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    solid = np.zeros_like(small)
    cv2.drawContours(solid, outlines, -1, 255, thickness=cv2.FILLED)
    solid = solid[20:-20, 20:-20]
    full = cv2.resize(solid, (framed.shape[1], framed.shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(full[1:-1, 1:-1])
