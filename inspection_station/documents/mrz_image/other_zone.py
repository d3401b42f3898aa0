"""Whether another zone is in view beside the one that was read: cut off at the picture's edge, half covered, or askew.

``locate`` looks for whole zones. What is left of one is found by its characters: every zone is printed ten to the inch
(Doc 9303 part 3, 4.4), and two documents in one view lie about equally far away. So blobs as large as a character that
stand in a straight row, as far from one another as those of the known zone, are a line of another one if the classifier
can read them. Print for people has other distances between its characters, and where it has the same, it has no
fillers and does not run out of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.classifier import NOTHING
from inspection_station.documents.mrz_image.glyphs import ALPHABET
from inspection_station.documents.mrz_image.grid import lay
from inspection_station.documents.mrz_image.locate import STRENGTHS, Band, Coarse, Grey
from inspection_station.documents.mrz_image.orientation import Upright, upright

Points = NDArray[np.float64]

FEWEST_CHARACTERS: Final = 10
"""Of one line; less of a zone than that is not looked for."""

_COARSE_PITCH: Final = 13.0  # pixels from character to character in the reduced picture
_LEAST_PITCH: Final = 6.0  # below, characters are not apart
_MOST_BLOBS: Final = 3000  # more are noise
_KNOWN_MARGIN: Final = 1.6  # pitches around the known zone that belong to it
_TURNS: Final = np.arange(0.0, 180.0, 1.0)
_ROW_WIDTH: Final = 0.42  # pitches: the middles of a line's characters lie in a strip so wide
_ROWS_A_TURN: Final = 8
_REGULAR: Final = 0.24  # pitches: how far a step from one character to the next may be from a whole number of them
_LONGEST_STEP: Final = 3.0
_ROWS_READ: Final = 6
_LEAST_FIT: Final = 0.4
_LEAST_LEGIBLE: Final = 0.8
_SURE: Final = 0.6
_FILLERS: Final = 2
_LINE_SPACING: Final = 2.5  # pitches


@dataclass(frozen=True, slots=True)
class _Row:
    """Blobs in a row. The angle in radians, the rest in pixels of the reduced picture: ends along it, and its distance
    from the corner across it.
    """

    angle: float
    first: float
    last: float
    across: float

    def place(self, along: float, aside: float = 0.0) -> Points:
        """The point so far along the row and aside of it, (x, y)."""
        cosine, sine, across = np.cos(self.angle), np.sin(self.angle), self.across + aside
        return np.array([along * cosine - across * sine, along * sine + across * cosine])

    def middle(self, aside: float = 0.0) -> Points:
        return self.place((self.first + self.last) / 2, aside)

    def far_from(self, point: Points) -> float:
        """Distance of a point from the row's line."""
        return abs(float(point[1] * np.cos(self.angle) - point[0] * np.sin(self.angle)) - self.across)


def other_zone(grey: Grey, known: Upright) -> bool:
    """Whether a line of another zone is in the picture in which ``known`` was read clearly.

    At least ``FEWEST_CHARACTERS`` of it must be seen, at about the known zone's scale. Takes about 20 ms.
    """
    pitch = float(np.hypot(*np.diff(known.centres, axis=1).mean(axis=(0, 1))))
    if pitch < _LEAST_PITCH:
        return False
    coarse = Coarse.of(grey, round(max(grey.shape) * min(1.0, _COARSE_PITCH / pitch)))
    step = pitch * coarse.scale
    blobs = _blobs(coarse.ink(STRENGTHS[1])[0], step)
    blobs = blobs[~_belongs(blobs, known.centres * coarse.scale, step)]
    if len(blobs) > _MOST_BLOBS:
        return False
    return any(_is_of_a_zone(grey, row, step, coarse) for row in _rows(blobs, step))


def _blobs(ink: Grey, step: float) -> Points:
    """Middles of what is as large as a character, n x (x, y)."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    stats = stats[1:]  # without the paper
    left, top, wide, high, area = (stats[:, column].astype(np.float64) for column in range(5))
    size = np.maximum(wide, high)
    like = (size >= 0.5 * step) & (size <= 1.75 * step) & (area >= 0.08 * step * step)
    return np.asarray(np.stack([left + wide / 2, top + high / 2], axis=1)[like], np.float64)


def _belongs(blobs: Points, centres: Points, step: float) -> NDArray[np.bool_]:
    """Which blobs lie in the known zone or right beside it."""
    corners = (centres[0, 0], centres[0, -1], centres[-1, -1], centres[-1, 0])
    outline = np.array(corners, np.float32)
    far = [cv2.pointPolygonTest(outline, (float(x), float(y)), True) for x, y in blobs]
    return np.array(far, np.float64) > -_KNOWN_MARGIN * step


def _rows(blobs: Points, step: float) -> Iterator[_Row]:
    """Rows of blobs whose distances are whole steps, those of most characters first; of each line once."""
    if len(blobs) < FEWEST_CHARACTERS:
        return
    found: list[tuple[int, _Row]] = []
    for angle in np.radians(_TURNS):
        cosine, sine = np.cos(angle), np.sin(angle)
        along, across = blobs @ (cosine, sine), blobs @ (-sine, cosine)
        for members in _strips(across, _ROW_WIDTH * step):
            places = np.sort(along[members])
            count, first, last = _regular_run(places, step)
            if count >= FEWEST_CHARACTERS:
                found.append((count, _Row(float(angle), first, last, float(np.median(across[members])))))
    found.sort(key=lambda row: -row[0])
    given: list[_Row] = []
    for _, row in found:
        if any(other.far_from(row.middle()) < 0.6 * step for other in given):
            continue
        given.append(row)
        yield row
        if len(given) == _ROWS_READ:
            return


def _strips(across: NDArray[np.float64], width: float) -> Iterator[NDArray[np.intp]]:
    """Members of the fullest strips, none of which overlaps another much."""
    order = np.argsort(across)
    ranked = across[order]
    ends = np.searchsorted(ranked, ranked + width)
    counts = ends - np.arange(len(ranked))
    used = np.zeros(len(ranked), bool)
    left = _ROWS_A_TURN
    for start in np.argsort(-counts):
        if counts[start] < FEWEST_CHARACTERS or not left:
            return
        if used[start]:
            continue
        used[np.searchsorted(ranked, ranked[start] - width) : ends[start]] = True
        left -= 1
        yield order[start : ends[start]]


def _regular_run(places: NDArray[np.float64], step: float) -> tuple[int, float, float]:
    """The longest run of places a whole number of steps apart: their number, the first and the last of them."""
    steps = np.diff(places) / step
    whole = np.round(steps)
    regular = (np.abs(steps - whole) < _REGULAR) & (whole >= 1) & (whole <= _LONGEST_STEP)
    breaks = np.concatenate([[-1], np.flatnonzero(~regular), [len(regular)]])
    runs = np.diff(breaks)
    longest = int(runs.argmax())
    return int(runs[longest]), float(places[breaks[longest] + 1]), float(places[breaks[longest + 1]])


def _is_of_a_zone(grey: Grey, row: _Row, step: float, coarse: Coarse) -> bool:
    cosine, sine = np.cos(row.angle), np.sin(row.angle)
    turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0]]) * coarse.scale
    half = 0.55 * step
    line = (row.first - 0.5 * step, row.across - half, row.last + 0.5 * step, row.across + half)
    grid = lay(grey, Band(turn, (line,), 0), round((row.last - row.first) / step) + 1)
    if grid is None or grid.fit < _LEAST_FIT:
        return False
    reading = upright(grid)
    if reading.legibility < _LEAST_LEGIBLE:
        return False
    fillers = int((reading.probabilities[:, :, :NOTHING][..., ALPHABET.index("<")] > _SURE).sum())
    return fillers >= _FILLERS or _runs_out(row, step, coarse.strokes.shape)


def _runs_out(row: _Row, step: float, shape: tuple[int, ...]) -> bool:
    """Whether the line, or one that would lie beside it in its zone, goes on outside the picture."""
    beyond = (
        row.place(row.first - 1.3 * step),
        row.place(row.last + 1.3 * step),
        row.middle(-_LINE_SPACING * step),
        row.middle(_LINE_SPACING * step),
    )
    return any(not (0 <= x < shape[1] and 0 <= y < shape[0]) for x, y in beyond)
