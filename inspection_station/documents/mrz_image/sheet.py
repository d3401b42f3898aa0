"""Finds the sheet that lies on a darker table: there the zone is looked for first.

A table's grain may be as strong as the print, have more of it and run at an angle of its own.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.locate import Grey

_SIDE: Final = 160  # pixels: the sheet's outline is wanted, not its print
_LEAST_SHARE, _MOST_SHARE = 0.04, 0.75  # of the picture
_SOLID: Final = 0.7  # of its hull: a portrait or a shadow may be as dark as the table
_MOST_AT_THE_EDGE: Final = 0.1  # of the picture's edge
_AROUND: Final = 0.02  # of the picture's longer side

Outline = NDArray[np.float64]


def find_sheet(grey: Grey) -> Outline | None:
    """Outline of the one large light sheet in the picture, a little wider than it is: n x (x, y), convex. None where
    there is none, or where it fills the picture.
    """
    scale = min(1.0, _SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    small = cv2.medianBlur(small, 5)
    _, light = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    light = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    light = cv2.morphologyEx(light, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(light, connectivity=4)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    sheet = labels == largest
    hull = cv2.convexHull(cv2.findNonZero(sheet.astype(np.uint8)))
    area = float(cv2.contourArea(hull))
    at_the_edge = float(np.concatenate([sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]]).mean())
    solid = float(stats[largest, cv2.CC_STAT_AREA]) > _SOLID * area
    if not (_LEAST_SHARE < area / small.size < _MOST_SHARE and solid and at_the_edge < _MOST_AT_THE_EDGE):
        return None
    outline = hull[:, 0].astype(np.float64)
    middle = outline.mean(axis=0)
    apart = np.linalg.norm(outline - middle, axis=1, keepdims=True)
    wider = middle + (outline - middle) * (1 + _AROUND * _SIDE / np.maximum(apart, 1.0))
    return np.asarray((wider + 0.5) / scale, np.float64)
