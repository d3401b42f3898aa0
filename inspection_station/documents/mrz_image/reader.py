"""A picture in, a zone out: with a confidence for every character and the doubts that no check digit settles."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.grid import lay_grids
from inspection_station.documents.mrz_image.locate import COARSE_SIDE, Grey, find_bands
from inspection_station.documents.mrz_image.orientation import Upright, upright
from inspection_station.documents.mrz_image.pictures import Unreadable, UnreadableImage, open_picture
from inspection_station.documents.mrz_image.second_opinion import SecondOpinion, compared, second_reading
from inspection_station.documents.mrz_image.settle import Draft, draft, settled
from inspection_station.inspection.document import MachineReadableZone

__all__ = ["ImageReading", "Unreadable", "UnreadableImage", "read_image"]

_LEAST_FIT: Final = 0.25
_LEAST_LEGIBLE: Final = 0.6
_CLEARLY_A_ZONE: Final = 0.85
_BANDS_TRIED: Final = 8


@dataclass(frozen=True, slots=True)
class ImageReading:
    """What a picture gave. ``zones`` holds exactly one zone: a picture with two is refused.

    ``confidences`` follow the zone's lines and columns (0…1). ``corners`` are the zone's corners in the upright
    picture, (x, y) from the upper left clockwise. ``seconds`` is the time the reading took.
    """

    zones: tuple[MachineReadableZone, ...]
    confidences: tuple[tuple[float, ...], ...]
    corners: tuple[tuple[float, float], ...]
    second_opinion: SecondOpinion
    seconds: float

    @property
    def zone(self) -> MachineReadableZone:
        """The zone."""
        return self.zones[0]


def read_image(data: bytes | NDArray[np.uint8], *, today: date, ask_second: bool = True) -> ImageReading:
    """Read the one machine-readable zone in an encoded picture (or in grey or BGR pixels).

    Any rotation is found; ``today`` completes two-digit years. With ``ask_second`` an unsure reading is compared with
    passporteye's, which takes about a second. Raises UnreadableImage: see its codes.
    """
    started = time.perf_counter()
    grey = open_picture(data)
    found = _find(grey)
    if not found:
        raise UnreadableImage(Unreadable.NO_ZONE, f"{grey.shape[1]} x {grey.shape[0]} pixels searched")
    if len(found) > 1:
        raise UnreadableImage(Unreadable.TWO_DOCUMENTS, f"{len(found)} zones in view")
    first = draft(found[0].probabilities)
    zone = settled(first.lines, first.doubts, today=today)
    opinion = SecondOpinion.NOT_ASKED
    if ask_second and not zone.valid:
        first, opinion = _weighed(grey, found[0], first)
        zone = settled(first.lines, first.doubts, today=today)
    return ImageReading((zone,), first.confidences, _corners(found[0]), opinion, time.perf_counter() - started)


def _find(grey: Grey) -> list[Upright]:
    """The zones in the picture: usually one, found at the coarser of two sizes."""
    for side in (COARSE_SIDE, 2 * COARSE_SIDE):
        if found := _find_at(grey, side):
            return found
        if max(grey.shape) <= side:
            break
    return []


def _find_at(grey: Grey, side: int) -> list[Upright]:
    best: list[Upright] = []
    for band in find_bands(grey, side)[:_BANDS_TRIED]:
        corners = cv2.transform(np.array([_outline(band.lines)]), cv2.invertAffineTransform(band.turn))[0]
        if any(_overlap(corners, known) for known in best):
            continue
        grids = lay_grids(grey, band)
        if not grids or grids[0].fit < _LEAST_FIT:
            continue
        candidate = upright(grids[0])
        least = _CLEARLY_A_ZONE if best else _LEAST_LEGIBLE
        if candidate.legibility >= least:
            best.append(candidate)
    return best


def _outline(lines: tuple[tuple[float, float, float, float], ...]) -> NDArray[np.float64]:
    middles = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in lines]
    return np.array(middles, np.float64)


def _overlap(middles: NDArray[np.float64], known: Upright) -> bool:
    """Whether a middle of the new lines lies within the known zone or right beside it."""
    outline = np.array(_corners(known), np.float32)
    height = float(np.hypot(*(outline[3] - outline[0])))
    return any(cv2.pointPolygonTest(outline, (float(x), float(y)), True) > -0.8 * height for x, y in middles)


def _corners(found: Upright) -> tuple[tuple[float, float], ...]:
    centres = found.centres
    first, last = centres[0], centres[-1]
    return tuple((float(x), float(y)) for x, y in (first[0], first[-1], last[-1], last[0]))


def _weighed(grey: Grey, found: Upright, first: Draft) -> tuple[Draft, SecondOpinion]:
    other = second_reading(_flattened(grey, found))
    if other is None:
        return first, SecondOpinion.ABSENT
    return compared(first, other)


def _flattened(grey: Grey, found: Upright) -> Grey:
    """The zone alone, level, with paper around it: what the second reader finds easiest."""
    lines, columns = found.centres.shape[:2]
    pitch, spacing = 24.0, 60.0
    left, top = 3 * pitch, 1.3 * spacing
    right, bottom = left + (columns - 1) * pitch, top + (lines - 1) * spacing
    target = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.array(_corners(found), np.float32), target)
    size = (round(right + 3 * pitch), round(bottom + 1.3 * spacing))
    return np.asarray(
        cv2.warpPerspective(grey, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
