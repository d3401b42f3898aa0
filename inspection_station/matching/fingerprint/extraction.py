"""From a picture of a finger to its template, or to the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inspection_station.matching.fingerprint.acceptance import finger_in, refuse_unless_ridged
from inspection_station.matching.fingerprint.cylinders import GRID_STEP, Bytes
from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.finger_pictures import LEAST_DPI, MOST_DPI, check_size, decode_finger
from inspection_station.matching.fingerprint.quality import FingerQuality, finger_quality
from inspection_station.matching.fingerprint.ridges import Ridges, ridges_of
from inspection_station.matching.fingerprint.segmentation import Grey
from inspection_station.matching.fingerprint.template import MOST_MINUTIAE, FingerprintTemplate, MinutiaSet, prepared

DPI = 500
"""All comparison happens at this resolution; also what a picture of unstated resolution is taken for."""
_COVERED = 6.0
_LEAST_SIDE, _MOST_SIDE = 130, 1600  # pixels at 500 dpi
_FEWEST_MINUTIAE = 3


@dataclass(frozen=True, slots=True)
class Extraction:
    """A template and how good the picture was."""

    template: FingerprintTemplate
    quality: FingerQuality


def extract_from_file(data: bytes, dpi: int | None = None) -> Extraction:
    """Template of an encoded picture. ``dpi`` overrules what the file states. Raises ``UnusableFingerprint``."""
    picture = decode_finger(data)
    return extract(picture.grey, dpi or picture.dpi or DPI)


def extract(grey: Grey, dpi: int = DPI) -> Extraction:
    """Template of a picture (height x width uint8, ridges dark). Raises ``UnusableFingerprint`` and nothing else."""
    normal = at_500_dpi(grey, dpi)
    ridges = ridges_of(finger_in(normal))
    refuse_unless_ridged(ridges)
    quality = finger_quality(ridges.part_of(normal), ridges, len(ridges.table))
    template = _template(ridges, quality.score)
    if len(template.minutiae) < _FEWEST_MINUTIAE:
        raise UnusableFingerprint(FingerprintFault.TOO_POOR, f"{len(template.minutiae)} minutiae")
    return Extraction(template, quality)


def at_500_dpi(grey: Grey, dpi: int) -> Grey:
    """The picture at 500 dpi. Raises ``UnusableFingerprint`` for a size or resolution of no fingerprint reader."""
    if grey.ndim != 2 or grey.dtype != np.uint8:
        raise UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, "not a grey picture of eight bits")
    if not LEAST_DPI <= dpi <= MOST_DPI:
        raise UnusableFingerprint(FingerprintFault.BAD_RESOLUTION, f"{dpi} dpi")
    check_size(grey.shape[1], grey.shape[0])
    height, width = (max(1, round(side * DPI / dpi)) for side in grey.shape)
    if max(height, width) > _MOST_SIDE:
        raise UnusableFingerprint(FingerprintFault.TOO_LARGE, f"{width} x {height} pixels at 500 dpi")
    if min(height, width) < _LEAST_SIDE:
        raise UnusableFingerprint(FingerprintFault.TOO_SMALL, f"{width} x {height} pixels at 500 dpi")
    if dpi == DPI:
        return np.ascontiguousarray(grey)
    way = cv2.INTER_AREA if dpi > DPI else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, (width, height), interpolation=way), np.uint8)


def _template(ridges: Ridges, quality: int) -> FingerprintTemplate:
    left, top, width, height = ridges.frame
    table = ridges.table
    x, y = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    clear = ridges.period.regularity[y, x] * ridges.coherence[y, x]
    own = np.clip(np.rint(100 * clear), 1, 100).astype(np.uint8)
    if len(table) > MOST_MINUTIAE:
        keep = np.sort(np.argsort(own, kind="stable")[-MOST_MINUTIAE:])
        table, x, y, own = table[keep], x[keep], y[keep], own[keep]
    turn = (np.rint(table[:, 2] * (256 / (2 * np.pi))).astype(np.int64) & 255).astype(np.uint8)
    minutiae = MinutiaSet(
        (x + left).astype(np.int16), (y + top).astype(np.int16), turn, table[:, 3].astype(np.uint8), own
    )
    return prepared(minutiae, width, height, quality, _flow_grid(ridges))


def _flow_grid(ridges: Ridges) -> Bytes:
    """Ridge direction every ``GRID_STEP`` pixels of the whole picture, 0 off the finger."""
    left, top, width, height = ridges.frame
    rows, columns = height // GRID_STEP + 1, width // GRID_STEP + 1
    part_height, part_width = ridges.mask.shape
    y, x = np.arange(rows) * GRID_STEP - top, np.arange(columns) * GRID_STEP - left
    inside = ((y >= 0) & (y < part_height))[:, None] & ((x >= 0) & (x < part_width))[None, :]
    at = np.ix_(np.clip(y, 0, part_height - 1), np.clip(x, 0, part_width - 1))
    steps = np.rint(ridges.angle[at] * (256 / np.pi)).astype(np.int64) & 255
    covered = inside & (ridges.depth[at] >= _COVERED)
    return np.where(covered, np.maximum(steps, 1), 0).astype(np.uint8)
