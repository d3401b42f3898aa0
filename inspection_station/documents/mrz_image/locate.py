"""Finds the lines of a machine-readable zone in a grey picture, whatever its rotation.

Method: a black-hat keeps thin dark strokes and drops shadows and edges; the skew is the angle under which the ink
falls into the sharpest rows; in the turned picture, rows of ink that are long, thin, parallel and of equal length are
the lines. Works on a picture reduced to ``COARSE_SIDE`` pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Line = tuple[float, float, float, float]
"""Left, top, right, bottom."""

COARSE_SIDE = 1100
STRENGTHS = (0.6, 0.4, 0.0)
"""Values of ``Coarse.ink``'s ``strength`` to be tried in turn."""

MAX_SKEW_DEGREES = 14.0
_SKEW_STEPS = ((1.0, 0.3), (0.5, 0.5), (0.25, 0.5))  # degrees, and the scale at which they are told apart
_LARGEST_CHARACTER = 45  # pixels
_LONGEST_CHARACTER = 4.0  # times its breadth
_ENOUGH_CHARACTERS = 0.1  # of the ink
_MOSTLY_CHARACTERS = 0.6
_SOME_INK = 40  # of 255 in a reduced pixel
_CLOSE_PITCHES = 41  # pixels bridged between characters: four pitches of the smallest print that can be read


@dataclass(frozen=True, slots=True)
class Band:
    """Lines that may be a zone. ``turn`` maps picture coordinates to upright coarse ones (2 x 3 matrix);

    ``lines`` are the lines there, from top to bottom: two or three, or one alone, whose neighbours were not seen.
    ``axis`` is 0 for lines along the picture's width, 1 for lines along its height.
    """

    turn: NDArray[np.float64]
    lines: tuple[Line, ...]
    axis: int

    def turned(self, slope: float) -> Band:
        """The band that runs so much steeper about its own middle; ``slope`` as ``Grid.slope`` tells it."""
        middle = (self.left + self.right) / 2, (self.lines[0][1] + self.lines[-1][3]) / 2
        turn = cv2.getRotationMatrix2D(middle, float(np.degrees(np.arctan(slope))), 1.0)
        return replace(self, turn=np.asarray(turn @ np.vstack([self.turn, [0.0, 0.0, 1.0]]), np.float64))

    def beside(self, columns: int, pitches: float) -> list[Band]:
        """For a line alone: the zones of so many columns that it may be part of, lines so many ``pitches`` apart."""
        left, top, right, bottom = self.lines[0]
        spacing = (right - left) / (columns - 0.3) * pitches
        count = 3 if columns == 30 else 2
        stacks = (tuple(k - above for k in range(count)) for above in range(count))
        return [
            Band(self.turn, tuple((left, top + k * spacing, right, bottom + k * spacing) for k in steps), self.axis)
            for steps in stacks
        ]

    def ends(self) -> NDArray[np.float64]:
        """Where the first line begins and the last one ends, in the picture: 2 x (x, y)."""
        first, last = self.lines[0], self.lines[-1]
        upright = [(first[0], (first[1] + first[3]) / 2), (last[2], (last[1] + last[3]) / 2)]
        return np.asarray(cv2.transform(np.array([upright]), cv2.invertAffineTransform(self.turn))[0], np.float64)

    @property
    def left(self) -> float:
        return min(line[0] for line in self.lines)

    @property
    def right(self) -> float:
        return max(line[2] for line in self.lines)


@dataclass(frozen=True, slots=True)
class Coarse:
    """A picture reduced for the search: ``scale`` of the picture, height x width levels of dark strokes, the ``floor``
    above which they stand out from the noise, and the ``strongest`` nearby. ``corner`` is the (x, y) of the picture's
    part that was reduced, None for all of it.
    """

    scale: float
    strokes: Grey
    floor: NDArray[np.float32]
    strongest: Grey
    corner: tuple[int, int] | None = None

    @staticmethod
    def of(grey: Grey, side: int = COARSE_SIDE) -> Coarse:
        """The picture with its longer side reduced to ``side`` pixels."""
        return Coarse._measured(*Coarse._strokes(grey, side))

    @staticmethod
    def within(grey: Grey, outline: NDArray[np.float64]) -> Coarse:
        """As ``of`` gives it, but only what lies within a convex outline, n x (x, y) in pixels of the picture."""
        left, top = np.clip(np.floor(outline.min(axis=0)), 0, None).astype(int).tolist()
        right, bottom = np.ceil(outline.max(axis=0)).astype(int).tolist()
        scale, strokes = Coarse._strokes(grey[top:bottom, left:right], COARSE_SIDE)
        inside = np.zeros_like(strokes)
        cv2.fillConvexPoly(inside, np.round((outline - (left, top)) * scale).astype(np.int32), 255)
        return Coarse._measured(scale, np.asarray(cv2.bitwise_and(strokes, inside), np.uint8), (left, top))

    @staticmethod
    def _strokes(grey: Grey, side: int) -> tuple[float, Grey]:
        scale = min(1.0, side / max(grey.shape))
        coarse = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
        smooth = cv2.GaussianBlur(coarse, (0, 0), 1.0)
        strokes = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15)))
        return scale, np.asarray(strokes, np.uint8)

    @staticmethod
    def _measured(scale: float, strokes: Grey, corner: tuple[int, int] | None = None) -> Coarse:
        floor = cv2.blur(strokes, (71, 71)).astype(np.float32) * 1.35 + 5
        strongest = cv2.dilate(strokes, cv2.getStructuringElement(cv2.MORPH_RECT, (81, 41)))
        return Coarse(scale, strokes, floor, np.asarray(strongest, np.uint8), corner)

    def without(self, outline: NDArray[np.float64]) -> Coarse:
        """The same but for the strokes within an outline, n x (x, y) in pixels of the picture."""
        strokes = self.strokes.copy()
        cv2.fillConvexPoly(strokes, np.round((outline - (self.corner or (0, 0))) * self.scale).astype(np.int32), 0)
        return Coarse._measured(self.scale, strokes, self.corner)

    def ink(self, strength: float) -> tuple[Grey, Grey]:
        """Where thin dark strokes are: 255, elsewhere 0; specks removed. Then, of these, what may be characters.

        Strokes count that stand out from the noise and have ``strength`` times the contrast of the strongest nearby: a
        high value drops a page's pattern beside its print, 0 keeps print under a reflection.
        """
        least = np.maximum(self.floor, strength * self.strongest.astype(np.float32)) if strength > 0 else self.floor
        return _sorted_out((self.strokes > least).astype(np.uint8))


def find_bands(coarse: Coarse, strength: float = STRENGTHS[0]) -> list[Band]:
    """Candidates, the likeliest first; empty when nothing in the picture looks like a line of a zone.

    ``strength`` is that of ``Coarse.ink``.
    """
    ink, characters = coarse.ink(strength)
    share = float(np.count_nonzero(characters)) / max(float(np.count_nonzero(ink)), 1.0)
    # A page's edge, its pattern and the grain of a table outweigh the print, lie at angles of their own and adjoin it.
    telling = characters if share > _ENOUGH_CHARACTERS else ink
    sheets = (ink, characters) if _ENOUGH_CHARACTERS < share < _MOSTLY_CHARACTERS else (ink,)
    shrink = np.diag([coarse.scale, coarse.scale, 1.0])
    shrink[:2, 2] = -coarse.scale * np.array(coarse.corner or (0, 0))
    ranked: list[tuple[float, Band]] = []
    for axis, skew in enumerate(_skews(telling)):
        turn, size = _turning(ink.shape, skew + 90.0 * axis)
        matrix = np.asarray(turn @ shrink, np.float64)
        for sheet in sheets:
            upright = cv2.warpAffine(sheet, turn, size, flags=cv2.INTER_NEAREST)
            rows = _rows(np.asarray(upright, np.uint8))
            stacks = [*_stacks(rows), *((row,) for row in rows)]
            ranked += [(_merit(lines), Band(matrix, lines, axis)) for lines in stacks]
    ranked.sort(key=lambda pair: -pair[0])
    return [band for _, band in ranked]


def _sorted_out(ink: Grey) -> tuple[Grey, Grey]:
    """Ink without its specks, and of that what is as large and as round as a character."""
    # Of OpenCV's ways to label, the one that is twice as quick on a table's grain.
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(ink, 8, cv2.CV_32S, cv2.CCL_WU)
    if count <= 1:
        return np.zeros_like(ink), np.zeros_like(ink)
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    large, small = np.maximum(wide, high), np.minimum(wide, high)
    keep = (stats[:, cv2.CC_STAT_AREA] >= 6) & (large >= 5) & (small < 90)
    keep[0] = False
    character = keep & (large <= _LARGEST_CHARACTER) & (large <= _LONGEST_CHARACTER * small)
    whole, characters = ((chosen * np.uint8(255)).take(labels, mode="clip") for chosen in (keep, character))
    return np.asarray(whole, np.uint8), np.asarray(characters, np.uint8)


def _turning(shape: tuple[int, ...], degrees: float) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Matrix that turns a picture anticlockwise about its middle into a frame that holds all of it, and its size."""
    height, width = shape[:2]
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), np.float64)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (round(height * sine + width * cosine), round(height * cosine + width * sine))
    matrix[0, 2] += size[0] / 2 - width / 2
    matrix[1, 2] += size[1] / 2 - height / 2
    return matrix, size


def _skews(ink: Grey) -> tuple[float, float]:
    """Degrees to turn anticlockwise so that lines along the width, and lines along the height, become level (up to
    ``MAX_SKEW_DEGREES``): those under which the ink falls into the sharpest rows.

    The ink's points are projected, not the picture turned: that takes a fifth of the time, and interpolation does not
    make the angle 0 look sharper than its neighbours.
    """
    best = [0.0, 0.0]
    for step, scale in _SKEW_STEPS:
        sheet = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        down, across = np.nonzero(sheet > _SOME_INK)
        if len(down) == 0:
            break
        weights = sheet[down, across].astype(np.float32)
        y, x = down.astype(np.float32), across.astype(np.float32)
        for axis in (0, 1):
            around = np.arange(-MAX_SKEW_DEGREES, MAX_SKEW_DEGREES + 0.1, step) if step == 1 else (-step, 0.0, step)
            turns = [best[axis] + float(turn) for turn in around]
            scores = [_sharpness(x, y, weights, turn + 90.0 * axis) for turn in turns]
            best[axis] = turns[int(np.argmax(scores))]
    return best[0], best[1]


def _sharpness(x: NDArray[np.float32], y: NDArray[np.float32], weights: NDArray[np.float32], degrees: float) -> float:
    angle = np.radians(degrees)
    rows = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))
    profile = np.bincount((rows - rows.min()).astype(np.int32), weights=weights)
    steps = profile[1:] - profile[:-1]
    return float(steps @ steps + profile[0] ** 2 + profile[-1] ** 2)


def _rows(upright: Grey) -> list[Line]:
    """Long thin runs of ink: left, top, right, bottom."""
    bridge = cv2.getStructuringElement(cv2.MORPH_RECT, (_CLOSE_PITCHES, 1))
    closed = cv2.morphologyEx(upright, cv2.MORPH_CLOSE, bridge)
    # What hangs between lines (a curl of the pattern, a speck) is thinner than a line of characters.
    closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (9, 5)))
    # Outlines alone, since labelling every pixel takes eight times as long.
    outlines, nesting = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    pieces = []
    for outline, (_, _, _, outer) in zip(outlines, nesting[0] if outlines else (), strict=True):
        left, top, width, height = cv2.boundingRect(outline)
        if outer < 0 and width >= 40 and height <= 80 and width > 1.5 * height:
            pieces.append((float(left), float(top), float(left + width), float(top + height)))
    return _joined(pieces)


def _joined(pieces: list[Line]) -> list[Line]:
    """Pieces of one line that a reflection has parted, put together again; the whole beside its parts."""
    pieces = sorted(pieces)
    lines = list(pieces)
    for index, first in enumerate(pieces):
        left, top, right, bottom = first
        for piece in pieces[index + 1 :]:
            middle = (piece[1] + piece[3]) / 2
            high = bottom - top
            if top - 0.2 * high < middle < bottom + 0.2 * high and -5 < piece[0] - right < 12 * high:
                right = max(right, piece[2])
                top, bottom = (top + piece[1]) / 2, (bottom + piece[3]) / 2
        if right > first[2]:
            lines.append((left, top, right, bottom))
    return [line for line in lines if line[2] - line[0] > 9 * (line[3] - line[1]) and line[2] - line[0] > 200]


def _stacks(
    rows: list[Line],
) -> list[tuple[Line, ...]]:
    """Pairs and triples of rows that lie under one another with equal ends and the spacing of a zone."""
    rows = sorted(rows, key=lambda row: (row[1] + row[3]) / 2)
    pairs = [
        (upper, lower)
        for upper in range(len(rows))
        for lower in range(upper + 1, len(rows))
        if _follows(rows[upper], rows[lower])
    ]
    triples = [(a, b, d) for a, b in pairs for c, d in pairs if c == b and _even(rows[a], rows[b], rows[d])]
    stacks = [tuple(rows[i] for i in stack) for stack in [*triples, *pairs]]
    return stacks[:40]


def _follows(upper: Line, lower: Line) -> bool:
    long, short = sorted((upper[2] - upper[0], lower[2] - lower[0]), reverse=True)
    high = ((upper[3] - upper[1]) + (lower[3] - lower[1])) / 2
    spacing = ((lower[1] + lower[3]) - (upper[1] + upper[3])) / 2
    apart = abs(upper[0] - lower[0]) + abs(upper[2] - lower[2])
    return 0.9 * high < spacing < 4.5 * high and 8 < long / spacing < 30 and apart < 0.25 * long and short > 0.7 * long


def _even(a: Line, b: Line, c: Line) -> bool:
    upper, lower = (b[1] + b[3] - a[1] - a[3]) / 2, (c[1] + c[3] - b[1] - b[3]) / 2
    return 0.75 < upper / lower < 1.33


def _merit(lines: tuple[Line, ...]) -> float:
    """Long, equal lines first; three before the two that are part of them; a line alone last."""
    lefts, rights = [line[0] for line in lines], [line[2] for line in lines]
    length = max(rights) - min(lefts)
    uneven = (max(lefts) - min(lefts)) + (max(rights) - min(rights))
    return len(lines) * (length - 2 * uneven) - (10_000 if len(lines) == 1 else 0)
