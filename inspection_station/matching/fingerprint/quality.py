"""How good a capture is, and the one thing to tell the person (after the ideas of ISO/IEC TR 29794-4: area, clarity of
ridges, contrast, moisture). The score is the station's own and is not NFIQ 2; ``METHOD`` says so wherever it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from inspection_station.matching.fingerprint.ridges import Ridges
from inspection_station.matching.fingerprint.segmentation import Grey
from inspection_station.matching.ports import FingerPrompt

METHOD = "own score of area, clarity and contrast (not NFIQ 2)"
_MM_PER_PIXEL = 25.4 / 500
_WHOLE_AREA = 160.0  # square millimetres of a fingertip laid flat
_LITTLE_AREA = 70.0
_DRY, _WET = 0.30, 0.68  # share of dark pixels on the finger
_FAINT = 9.0  # grey levels in the ridge band
_CUT = 0.45  # share of a border of the picture that the finger crosses
_GOOD = 40


@dataclass(frozen=True, slots=True)
class FingerQuality:
    """``score`` 0 to 100, ``prompt`` the one thing to do, ``measures`` by name, ``method`` what made the score."""

    score: int
    prompt: FingerPrompt
    measures: Mapping[str, float]
    method: str = METHOD


def finger_quality(grey: Grey, ridges: Ridges, minutiae: int) -> FingerQuality:
    """Judge a picture at 500 dpi and what was seen in it. ``grey`` is the part that ``ridges`` describes."""
    inside = ridges.mask > 0
    area = float(inside.sum()) * _MM_PER_PIXEL**2
    clarity_map = ridges.coherence * ridges.period.regularity
    clarity = float(clarity_map[inside].mean()) if inside.any() else 0.0
    clear_area = float((clarity_map[inside] > 0.35).sum()) * _MM_PER_PIXEL**2
    contrast = float(np.median(ridges.energy[inside])) if inside.any() else 0.0
    dark = _dark_share(grey, inside)
    cut = _cut_share(ridges)
    score = (
        100 * min(clear_area / _WHOLE_AREA, 1.0) ** 0.5 * min(clarity / 0.72, 1.0) * min(contrast / 12.0, 1.0) ** 0.2
    )
    whole = int(np.clip(round(score), 0, 100))
    measures = {
        "area_mm2": round(area, 1),
        "clear_area_mm2": round(clear_area, 1),
        "clarity": round(clarity, 3),
        "contrast": round(contrast, 1),
        "dark_share": round(dark, 3),
        "cut_share": round(cut, 3),
        "minutiae": float(minutiae),
        "ridge_period": round(ridges.period.median, 2),
    }
    return FingerQuality(whole, _prompt(whole, area, contrast, dark, cut), measures)


def _prompt(score: int, area: float, contrast: float, dark: float, cut: float) -> FingerPrompt:
    if cut > _CUT:
        return FingerPrompt.CENTRE
    if area < _LITTLE_AREA:
        return FingerPrompt.MORE_FINGER
    if score >= _GOOD:
        return FingerPrompt.GOOD
    if dark > _WET:
        return FingerPrompt.DRY_FINGER
    if dark < _DRY or contrast < _FAINT:
        return FingerPrompt.PRESS_HARDER
    return FingerPrompt.CLEAN if area >= _WHOLE_AREA else FingerPrompt.MORE_FINGER


def _dark_share(grey: Grey, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """Share of the finger that is ridge: dry fingers have thin ones, wet fingers thick ones."""
    if not inside.any():
        return 0.0
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (15, 15))
    lightest = cv2.blur(cv2.dilate(grey, window), (31, 31)).astype(np.int16)
    darkest = cv2.blur(cv2.erode(grey, window), (31, 31)).astype(np.int16)
    dark = grey.astype(np.int16) * 2 < lightest + darkest
    return float(dark[inside].mean())


def _cut_share(ridges: Ridges) -> float:
    """The largest share of a side of the picture that the finger crosses; fingers come from below, so not the lower."""
    width = ridges.frame[2]
    mask = ridges.mask > 0
    left, top, frame_width, frame_height = ridges.frame
    own_width = mask.shape[1]
    shares = [0.0]
    if top == 0:
        shares.append(float(mask[2].sum()) / width)
    if left == 0:
        shares.append(float(mask[:, 2].sum()) / frame_height)
    if left + own_width == frame_width:
        shares.append(float(mask[:, -3].sum()) / frame_height)
    return max(shares)
