"""A finger as it is compared: minutiae, where the finger was, how the ridges flow, and the cylinders made of them.

All lengths are pixels at 500 dpi; minutiae are kept in the steps of ISO/IEC 19794-2 (whole pixels, 1/256 turn), so that
a template read back from its record is equal to the one written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.matching.fingerprint.cylinders import GRID_STEP, Bytes, Reals, Words, cylinders, flow_round

MOST_MINUTIAE = 255
_HULL_MARGIN = 24  # pixels round the minutiae that count as finger where no picture says better


@dataclass(frozen=True, slots=True)
class MinutiaSet:
    """Arrays of one length. ``x``, ``y`` int16 pixels at 500 dpi, y downwards; ``turn`` uint8, 256 to a whole turn, in
    picture coordinates (clockwise as seen); ``kind`` uint8 1 ending, 2 bifurcation, 0 other; ``quality`` 1 to 100, 0
    not given.
    """

    x: npt.NDArray[np.int16]
    y: npt.NDArray[np.int16]
    turn: Bytes
    kind: Bytes
    quality: Bytes

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True, eq=False)
class FingerprintTemplate:
    """Ready for comparison. ``flow`` is the ridge direction every ``GRID_STEP`` pixels (0 unknown, else 1 to 255 for 0
    to pi); all zero where only minutiae are known. ``quality`` 0 to 100.

    ``x`` and what follows are made of the minutiae in the order of their directions; ``order`` gives their numbers in
    ``minutiae``.
    """

    minutiae: MinutiaSet
    width: int
    height: int
    quality: int
    flow: Bytes
    coverage: Bytes
    order: npt.NDArray[np.int64] = field(repr=False)
    x: Reals = field(repr=False)
    y: Reals = field(repr=False)
    turn: Bytes = field(repr=False)
    bits: Words = field(repr=False)
    masks: Words = field(repr=False)
    flow_near: Words = field(repr=False)
    flow_known: Words = field(repr=False)
    has_flow: bool = field(init=False)
    """Whether the ridge flow is known, so that it takes part in the comparison."""

    def __post_init__(self) -> None:
        # asked for in every comparison of a search, so looked at once
        object.__setattr__(self, "has_flow", bool(self.flow.any()))


def prepared(
    minutiae: MinutiaSet, width: int, height: int, quality: int, flow: Bytes | None = None
) -> FingerprintTemplate:
    """Cylinders and ridge flow round the minutiae. Without ``flow`` the hull of the minutiae stands for the finger."""
    rows, columns = height // GRID_STEP + 1, width // GRID_STEP + 1
    if flow is not None and flow.any():
        coverage = np.where(flow > 0, np.uint8(1), np.uint8(0))
    else:
        flow = np.zeros((rows, columns), np.uint8)
        coverage = _hull(minutiae, rows, columns)
    order = np.argsort(minutiae.turn, kind="stable")
    x, y = minutiae.x[order].astype(np.float32), minutiae.y[order].astype(np.float32)
    turn = minutiae.turn[order]
    radians = turn.astype(np.float32) * np.float32(2 * np.pi / 256)
    bits, masks = cylinders(x, y, radians, coverage)
    near, known = flow_round(x, y, radians, flow)
    return FingerprintTemplate(
        minutiae, width, height, quality, flow, coverage, order, x, y, turn, bits, masks, near, known
    )


def _hull(minutiae: MinutiaSet, rows: int, columns: int) -> Bytes:
    coverage = np.zeros((rows, columns), np.uint8)
    if len(minutiae) == 0:
        return coverage
    points = np.stack([minutiae.x, minutiae.y], axis=1).astype(np.float32) / GRID_STEP
    hull = cv2.convexHull(points.reshape(-1, 1, 2))
    cv2.fillConvexPoly(coverage, np.rint(hull).astype(np.int32), 1)
    size = 2 * _HULL_MARGIN // GRID_STEP + 1
    grown = cv2.dilate(coverage, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    return np.asarray(grown, np.uint8)
