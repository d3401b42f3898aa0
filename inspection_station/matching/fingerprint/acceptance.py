"""Is there one finger in the picture? Photographs, empty platens and several fingers are refused with a reason."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.ridges import Ridges
from inspection_station.matching.fingerprint.segmentation import Field, Grey, Segmented, segmented

_LEAST_AREA = 13_000  # pixels at 500 dpi: 34 square millimetres
_FINGER_AREA = 16_000  # a second part of this size, and of this share of the first, is a second finger
_FINGER_SHARE = 0.35
_CRUMB_SHARE = 0.12  # parts smaller than this share of the largest are dirt
_WIDEST = 640  # pixels: 32 mm; no finger is wider
_FILLS_ALL, _MOST_FILLED = 400, 0.95  # pixels: 20 mm; a finger leaves corners of so large a picture free
_FAINTEST = 1.5  # grey levels in the ridge band
_LEAST_PERIODIC, _LEAST_CLARITY = 0.12, 0.025  # very dry fingers reach no more; photographs mostly stay below
_DOUBTFUL_PERIODIC = 0.3  # below this share the period itself must be a grown-up finger's
_USUAL_PERIODS = (6.0, 12.0)
_COARSE_STEP, _COARSE_SIGMA = 4, 5.0  # 20 pixels: over so short a way the ridges of a finger hardly turn
_LEAST_FLOW = 0.46  # 1 where all neighbours agree: the worst fingers have 0.6, noise of a ridge's width 0.4
_MOST_STRAIGHT = 0.95  # 1 where all lines are parallel: fingers have up to 0.75
_STRAIGHT_AREA = 30_000  # pixels: a smaller part of a finger may be as straight
_WIDE = 360  # pixels: 18 mm; two fingers that touch are wider
_TIP_SHARE = 0.55  # of the height: below, loops and deltas run otherwise
_FEWEST_IN_COLUMN, _CLEFT_SIGMA, _CLEFT_MARGIN = 9, 3.0, 8  # in steps of 4 pixels
_OUTER_ALLOWANCE = 0.15  # the outer flanks of two fingers may be cut off
_MOST_CLEFT = 0.3  # 0 in one finger, 0.3 to 0.9 where two touch
_TALL = 440  # pixels: 22 mm; two tips one above the other are taller
_FEWEST_IN_ROW, _ROW_SIGMA, _TIPS_APART = 8, 5.0, 30  # in steps of 4 pixels
_HOLLOW = -0.1  # deeper between two tips counts no more
_MOST_TIP_BELOW = 0.34  # up to 0.15 in one tall finger, 0.35 to 0.9 in four of five pairs of tips
_PERIODS = (4.6, 14.5)  # pixels; adults have 8 to 11, children down to 5.5


def finger_in(grey: Grey) -> Segmented:
    """The finger's part of a picture at 500 dpi. Raises ``UnusableFingerprint`` where there is none, or several."""
    found = segmented(grey)
    parts, labels, numbers, _ = cv2.connectedComponentsWithStats(found.mask, connectivity=8)
    areas = numbers[1:, cv2.CC_STAT_AREA] if parts > 1 else np.zeros(0, np.int32)
    if not len(areas) or float(np.median(found.energy[found.mask > 0])) < _FAINTEST:
        raise UnusableFingerprint(FingerprintFault.NO_FINGER, "nothing with ridges on the platen")
    largest = int(areas.max())
    if largest < _LEAST_AREA:
        raise UnusableFingerprint(FingerprintFault.TOO_LITTLE, f"{largest} pixels of finger")
    if min(grey.shape) >= _FILLS_ALL and float((found.mask > 0).mean()) > _MOST_FILLED:
        raise UnusableFingerprint(FingerprintFault.NOT_A_FINGERPRINT, "lines all over, into every corner")
    order = np.argsort(-areas)
    if len(areas) > 1 and areas[order[1]] >= max(_FINGER_AREA, _FINGER_SHARE * largest):
        one, two = numbers[1 + order[0]], numbers[1 + order[1]]
        if _beside(one, two):
            raise UnusableFingerprint(FingerprintFault.SEVERAL_FINGERS, "two parts with ridges, side by side")
    kept = 1 + np.flatnonzero(areas >= _CRUMB_SHARE * largest)
    mask = np.where(np.isin(labels, kept), np.uint8(255), np.uint8(0))
    outline = np.argwhere(mask[::4, ::4] > 0)[:, ::-1].astype(np.float32) * 4
    (_, (across, down), _) = cv2.minAreaRect(outline)
    if min(across, down) > _WIDEST:
        raise UnusableFingerprint(FingerprintFault.SEVERAL_FINGERS, "wider than any finger")
    return replace(found, mask=mask)


def _beside(one: npt.NDArray[np.int32], two: npt.NDArray[np.int32]) -> bool:
    """Whether two parts lie side by side: the phalanx below a crease lies under the fingertip instead."""
    left, across = int(one[cv2.CC_STAT_LEFT]), int(one[cv2.CC_STAT_WIDTH])
    other_left, other_across = int(two[cv2.CC_STAT_LEFT]), int(two[cv2.CC_STAT_WIDTH])
    common = min(left + across, other_left + other_across) - max(left, other_left)
    return common < 0.35 * min(across, other_across)


def refuse_unless_ridged(ridges: Ridges) -> None:
    """Refuse what has no regular ridges of a finger's period and flow. Raises ``UnusableFingerprint``."""
    inside = ridges.mask > 0
    flow, straight = _flow(ridges)
    if flow < _LEAST_FLOW:
        raise UnusableFingerprint(FingerprintFault.NOT_A_FINGERPRINT, f"lines lead nowhere (flow {flow:.2f})")
    if straight > _MOST_STRAIGHT and int(inside.sum()) > _STRAIGHT_AREA:
        raise UnusableFingerprint(FingerprintFault.NOT_A_FINGERPRINT, f"straight lines (parallel {straight:.2f})")
    clarity = float((ridges.coherence * ridges.period.regularity)[inside].mean())
    if ridges.period.periodic_share < _LEAST_PERIODIC or clarity < _LEAST_CLARITY:
        raise UnusableFingerprint(
            FingerprintFault.NOT_A_FINGERPRINT,
            f"regular ridges on {ridges.period.periodic_share:.0%} of it, clarity {clarity:.2f}",
        )
    least, most = _PERIODS if ridges.period.periodic_share >= _DOUBTFUL_PERIODIC else _USUAL_PERIODS
    if not least <= ridges.period.median <= most:
        raise UnusableFingerprint(
            FingerprintFault.NOT_A_FINGERPRINT, f"ridges {ridges.period.median:.1f} pixels apart at 500 dpi"
        )
    if ridges.mask.shape[1] >= _WIDE and _cleft(ridges) > _MOST_CLEFT:
        raise UnusableFingerprint(FingerprintFault.SEVERAL_FINGERS, "two arches of ridges, side by side")
    if ridges.mask.shape[0] >= _TALL and _tip_below(ridges) > _MOST_TIP_BELOW:
        raise UnusableFingerprint(FingerprintFault.SEVERAL_FINGERS, "two arches of ridges, one above the other")


def _flow(ridges: Ridges) -> tuple[float, float]:
    """How far neighbouring ridges, and all ridges of the finger, run one way: each 0 to 1."""
    inside = (ridges.mask[::_COARSE_STEP, ::_COARSE_STEP] > 0).astype(np.float32)
    double = 2.0 * ridges.angle[::_COARSE_STEP, ::_COARSE_STEP]
    cosine, sine = np.cos(double) * inside, np.sin(double) * inside
    weight = cv2.GaussianBlur(inside, (0, 0), _COARSE_SIGMA) + 1e-3
    near = np.hypot(
        cv2.GaussianBlur(cosine, (0, 0), _COARSE_SIGMA), cv2.GaussianBlur(sine, (0, 0), _COARSE_SIGMA)
    )  # fmt: skip
    total = float(inside.sum()) + 1e-6
    return float((near / weight * inside).sum()) / total, float(np.hypot(cosine.sum(), sine.sum())) / total


def _cleft(ridges: Ridges) -> float:
    """How clearly ridges fall and rise again from left to right, 0 to 1.

    Over the tip of one finger they rise, then fall. Where they rise a second time, a second finger touches the first.
    """
    inside = (ridges.mask[::_COARSE_STEP, ::_COARSE_STEP] > 0).astype(np.float32)
    rows = np.flatnonzero(inside.any(axis=1))
    tip = slice(int(rows[0]), int(rows[0] + (rows[-1] - rows[0]) * _TIP_SHARE) + 1)
    falling = np.sin(2.0 * ridges.angle[::_COARSE_STEP, ::_COARSE_STEP]) * inside
    count = inside[tip].sum(axis=0)
    columns = np.flatnonzero(count >= _FEWEST_IN_COLUMN)
    if not len(columns):
        return 0.0
    weight = cv2.GaussianBlur(count[None], (0, 0), _CLEFT_SIGMA)[0] + 1e-3
    course = cv2.GaussianBlur(falling[tip].sum(axis=0)[None], (0, 0), _CLEFT_SIGMA)[0] / weight
    course = course[columns[0] : columns[-1] + 1]
    deepest, split = 0.0, 0
    for middle in range(_CLEFT_MARGIN, len(course) - _CLEFT_MARGIN):
        again = middle + int(np.argmin(course[middle:-_CLEFT_MARGIN]))
        outer = min(-float(course[:middle].min()), float(course[again:].max())) + _OUTER_ALLOWANCE
        depth = min(float(course[middle]), -float(course[again]), outer)
        if depth > deepest:
            deepest, split = depth, int(columns[0]) + (middle + again) // 2
    # what an earlier finger left on the platen is no second finger: it is smaller or less clear
    clear = inside * (ridges.coherence * ridges.period.regularity)[::_COARSE_STEP, ::_COARSE_STEP]
    left, right = float(clear[:, :split].sum()), float(clear[:, split:].sum())
    return deepest if min(left, right) >= _FINGER_SHARE * max(left, right) else 0.0


def _tip_below(ridges: Ridges) -> float:
    """How clearly ridges arch again below where they have ceased to, 0 to 1.

    Ridges rise on the left and fall on the right over the tip of a finger; at its base and on the phalanx below the
    crease they lie flat. Where they arch once more, the tip of a second finger lies below the first.
    """
    inside = (ridges.mask[::_COARSE_STEP, ::_COARSE_STEP] > 0).astype(np.float32)
    falling = np.sin(2.0 * ridges.angle[::_COARSE_STEP, ::_COARSE_STEP]) * inside
    count = inside.sum(axis=1)
    rows = np.flatnonzero(count >= _FEWEST_IN_ROW)
    columns = np.arange(inside.shape[1])
    left = columns < ((inside * columns).sum(axis=1) / np.maximum(count, 1))[:, None]

    def mean(side: npt.NDArray[np.bool_]) -> Field:
        total, many = (falling * side).sum(axis=1), (inside * side).sum(axis=1)
        near = [cv2.GaussianBlur(each.astype(np.float32)[:, None], (0, 0), _ROW_SIGMA)[:, 0] for each in (total, many)]
        return np.asarray(near[0] / (near[1] + 1e-3), np.float32)

    arch = (mean(~left) - mean(left))[rows] / 2
    clear = (inside * (ridges.coherence * ridges.period.regularity)[::_COARSE_STEP, ::_COARSE_STEP]).sum(axis=1)[rows]
    found = 0.0
    for below in range(_TIPS_APART + 1, len(arch)):
        above = int(np.argmax(arch[: below - _TIPS_APART]))
        flat = above + int(np.argmin(arch[above:below]))
        rise = min(float(arch[above]), float(arch[below])) - max(float(arch[flat]), _HOLLOW)
        parts = sorted((float(clear[:flat].sum()), float(clear[flat:].sum())))
        if rise > found and parts[0] >= _FINGER_SHARE * parts[1]:
            found = rise
    return found
