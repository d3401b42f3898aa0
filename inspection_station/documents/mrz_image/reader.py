"""A picture in, a zone out: with a confidence for every character and the doubts that no check digit settles."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.classifier import NOTHING
from inspection_station.documents.mrz_image.extent import Places, paper, printed_lengths, without_paper
from inspection_station.documents.mrz_image.grid import lay_grids
from inspection_station.documents.mrz_image.locate import COARSE_SIDE, STRENGTHS, Band, Coarse, Grey, find_bands
from inspection_station.documents.mrz_image.orientation import Upright, read_closely, upright
from inspection_station.documents.mrz_image.other_zone import other_zone
from inspection_station.documents.mrz_image.pictures import Unreadable, UnreadableImage, open_picture
from inspection_station.documents.mrz_image.second_opinion import (
    NoSecondReading,
    SecondOpinion,
    compared,
    second_reading,
)
from inspection_station.documents.mrz_image.settle import Draft, checks_right, draft, settled
from inspection_station.documents.mrz_image.sheet import find_sheet
from inspection_station.inspection.document import MachineReadableZone

__all__ = ["ImageReading", "Unreadable", "UnreadableImage", "read_image"]

_LEAST_SIDE: Final = 40  # pixels; two lines of the smallest legible print are higher
_LEAST_FIT: Final = 0.25
_LEAST_LEGIBLE: Final = 0.55
_CLEARLY_A_ZONE: Final = 0.85
_GOES_ON: Final = 0.1  # so much less legible counts a reading whose lines seem to go on
_SURELY_GOES_ON: Final = 0.85  # of the ink in a cell, beside the grid
_CHECK_RIGHT: Final = 0.06
_ENOUGH_RIGHT: Final = 4  # check digits: a visa has three, which chance may give now and then
_TRIED_FIRST: Final = (9, 3)  # bands of several lines, and lines alone: nearly every zone is found among these
_TRIED_AGAIN: Final = (8, 2)
_TRIED_BESIDE: Final = 3
_SPACINGS: Final = (2.5, 1.65, 2.0, 3.0)  # pitches from line to line: as Doc 9303 wants it, and as others print it
_ABOVE_ZONE: Final = {30: 13, 36: 23, 44: 29}  # pitches from the first line to the page's upper edge
_MUCH_FINER: Final = 1.4
_SAME_PLACE: Final = 0.005  # of a line's length: a fifth of a character
_CELLS_OUTSIDE: Final = 2
_MOST_IN_DOUBT: Final = 1 / 3


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
    Tesseract's, which takes half a second, and never more than ``second_opinion.PATIENCE_SECONDS``. Raises
    UnreadableImage: see its codes.
    """
    started = time.perf_counter()
    grey = open_picture(data)
    found = _find(grey) if min(grey.shape) >= _LEAST_SIDE else []
    if not found:
        raise UnreadableImage(Unreadable.NO_ZONE, f"{grey.shape[1]} x {grey.shape[0]} pixels searched")
    if len(found) > 1:
        raise UnreadableImage(Unreadable.TWO_DOCUMENTS, f"{len(found)} zones in view")
    if _is_clear(found[0]) and other_zone(grey, found[0]):
        raise UnreadableImage(Unreadable.TWO_DOCUMENTS, "a part of another zone in view")
    blank = paper(found[0].cells)
    _refuse_other_lengths(grey, found[0], blank)
    first = draft(without_paper(read_closely(found[0]).probabilities, blank))
    zone = settled(first, today=today)
    opinion = SecondOpinion.NOT_ASKED
    if ask_second and not zone.valid:
        first, opinion = _weighed(grey, found[0], first)
        zone = settled(first, today=today)
    if not zone.valid:
        _refuse_fragment(grey, found[0], zone)
    return ImageReading((zone,), first.confidences, _corners(found[0]), opinion, time.perf_counter() - started)


def _find(grey: Grey) -> list[Upright]:
    """The zones in the picture: clear ones, or else the one that is most legible."""
    found, coarse = _search(grey)
    if len(found) == 1 and _is_clear(found[0]):
        found = [_card_of(grey, coarse, found[0])]
        found += _another(grey, Coarse.of(grey) if coarse.corner else coarse, found[0])
    return found


def _views(grey: Grey) -> Iterator[tuple[Coarse, float]]:
    """Reduced pictures to search and the strengths of ``Coarse.ink`` to do it with, one after the other: the sheet that
    lies on a table, then all of the picture, at last larger.
    """
    sheet = find_sheet(grey)
    if sheet is not None:
        coarse = Coarse.within(grey, sheet)
        yield from ((coarse, strength) for strength in STRENGTHS)
    coarse = Coarse.of(grey)
    yield from ((coarse, strength) for strength in STRENGTHS)
    if max(grey.shape) > _MUCH_FINER * COARSE_SIDE:
        yield Coarse.of(grey, 2 * COARSE_SIDE), STRENGTHS[1]


def _search(grey: Grey) -> tuple[list[Upright], Coarse]:
    """Zones as ``_find`` tells them, before a second look, and the reduced picture in which they were seen."""
    faint: list[Upright] = []  # less legible, or perhaps only a part
    tried = _Tried()
    stacks_tried, lines_tried = _TRIED_FIRST
    in_a_sheet = False
    for coarse, strength in _views(grey):
        if faint and in_a_sheet and coarse.corner is None:
            break  # the zone on the sheet is hard to read; the table around it has none that is easier
        in_a_sheet = coarse.corner is not None
        bands = find_bands(coarse, strength)
        clear = _clear_zones(grey, [band for band in bands if len(band.lines) > 1][:stacks_tried], faint, tried)
        if clear:
            return clear, coarse
        for band in [band for band in bands if len(band.lines) == 1][:lines_tried]:
            if tried.anew(band):
                faint += _around(grey, band, tried)
        faint.sort(key=_merit, reverse=True)
        if faint and _is_clear(faint[0]):
            break
        stacks_tried, lines_tried = _TRIED_AGAIN
    return faint[:1], coarse


class _Tried:
    """Bands that were tried: another strength finds many of them again, and they stay what they are."""

    def __init__(self) -> None:
        self._known: list[tuple[int, NDArray[np.float64]]] = []

    def anew(self, band: Band) -> bool:
        """Whether this one was not tried; now it is."""
        count, ends = len(band.lines), band.ends()
        near = _SAME_PLACE * float(np.hypot(*(ends[1] - ends[0])))
        if any(count == lines and np.abs(ends - place).max() < near for lines, place in self._known):
            return False
        self._known.append((count, ends))
        return True


def _clear_zones(grey: Grey, bands: list[Band], faint: list[Upright], tried: _Tried) -> list[Upright]:
    """Clearly legible zones among bands of two or three lines; what is less legible is added to ``faint``.

    Rows on a known zone's page are its portrait and its pattern, which take longer to refuse than the zone to read.
    """
    clear: list[Upright] = []
    longest = 0.0
    for band in bands:
        length = band.right - band.left
        if clear and (length < 0.5 * longest or any(_overlaps(band, known) for known in clear)):
            continue
        found = _zone_in(grey, band) if tried.anew(band) else None
        if found is None:
            continue
        if _is_clear(found):
            clear.append(found)
            longest = max(longest, length)
        else:
            faint.append(found)
    return clear


def _is_clear(found: Upright) -> bool:
    if not found.whole or found.partial or found.overlong:
        return False
    return found.legibility >= _CLEARLY_A_ZONE or checks_right(found.probabilities) >= _ENOUGH_RIGHT


def _card_of(grey: Grey, coarse: Coarse, known: Upright) -> Upright:
    """The card whose third line was left out, where two of its lines were read as longer ones; else what is known.

    Beside a card's thirty characters a table's grain may look like six more.
    """
    lines, columns = known.centres.shape[:2]
    if (lines, columns) != (2, 36):
        return known
    legible = np.convolve(known.probabilities[:, :, :NOTHING].max(axis=2).mean(axis=0), np.ones(30), "valid")
    first = int(legible.argmax())
    left, right = known.centres[:, first].mean(axis=0), known.centres[:, first + 29].mean(axis=0)
    cosine, sine = (right - left) / np.hypot(*(right - left))
    turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0]]) * coarse.scale
    upper, lower = cv2.transform(known.centres[:, [first, first + 29]], turn).mean(axis=1)[:, 1]
    ends = cv2.transform(np.array([[left, right]]), turn)[0][:, 0]
    half = (ends[1] - ends[0]) / 58
    apart = lower - upper
    for top in (upper - apart, upper):
        middles = [top + k * apart for k in range(3)]
        stack = tuple((ends[0] - half, middle - half, ends[1] + half, middle + half) for middle in middles)
        card = _zone_in(grey, Band(turn, stack, 0))
        if card is not None and _is_clear(card) and card.legibility > known.legibility:
            return card
    return known


def _another(grey: Grey, coarse: Coarse, known: Upright) -> list[Upright]:
    """A second zone as clear as the known one, if there is any, of whatever size and skew.

    The known one's page is taken away, since its print outweighs a fainter, smaller or askew one. What lies upon it is
    as near as it is, so that ``other_zone`` sees it.
    """
    rest, tried = coarse.without(_page_of(known)), _Tried()
    for strength in STRENGTHS[:2]:
        stacks = [band for band in find_bands(rest, strength) if len(band.lines) > 1][:_TRIED_BESIDE]
        for band in stacks:
            other = _zone_in(grey, band) if tried.anew(band) else None
            if other is not None and _is_clear(other):
                return [other]
    return []


def _zone_in(grey: Grey, band: Band) -> Upright | None:
    """The best reading of a band; of two alike the longer, since the shorter may be a part of it."""
    readings = [upright(grid) for grid in lay_grids(grey, band) if grid.fit >= _LEAST_FIT and grid.apart()]
    legible = [reading for reading in readings if reading.legibility >= _LEAST_LEGIBLE]
    if len(legible) < 2:
        return legible[0] if legible else None
    longest = max(reading.probabilities.shape[1] for reading in legible)
    return max(legible, key=lambda reading: _merit(reading) + 0.03 * (reading.probabilities.shape[1] == longest))


def _merit(reading: Upright) -> float:
    """How legible it is, and the more check digits are right: those of a part of a zone, or of a grid laid aside, are
    so by chance alone.
    """
    goes_on = reading.partial or reading.overlong or not reading.whole or reading.spill > _SURELY_GOES_ON
    return reading.legibility - _GOES_ON * goes_on + _CHECK_RIGHT * checks_right(reading.probabilities)


def _around(grey: Grey, band: Band, tried: _Tried) -> list[Upright]:
    """Zones that a line found alone belongs to: its neighbours are looked for where they must be."""
    grids = lay_grids(grey, band)
    if not grids or grids[0].fit < _LEAST_FIT or upright(grids[0]).legibility < _LEAST_LEGIBLE:
        return []
    level = band.turned(grids[0].slope(band.turn))
    columns = grids[0].cells.shape[1]
    zones: list[Upright] = []
    for pitches in _SPACINGS:
        stacks = [stack for stack in level.beside(columns, pitches) if tried.anew(stack)]
        zones += [found for stack in stacks if (found := _zone_in(grey, stack)) is not None]
        if any(_is_clear(zone) for zone in zones):
            break
    return zones


def _overlaps(band: Band, known: Upright) -> bool:
    """Whether the middle of one of the band's lines lies within the known zone or right beside it, or all of them on
    its page.
    """
    level = np.array([[((line[0] + line[2]) / 2, (line[1] + line[3]) / 2) for line in band.lines]], np.float64)
    middles = [(float(x), float(y)) for x, y in cv2.transform(level, cv2.invertAffineTransform(band.turn))[0]]
    outline, page = np.array(_corners(known), np.float32), _page_of(known).astype(np.float32)
    pitch = float(np.hypot(*(outline[1] - outline[0]))) / (known.centres.shape[1] - 1)
    beside = 0.8 * float(np.hypot(*(outline[3] - outline[0])))
    return any(cv2.pointPolygonTest(outline, middle, True) > -beside for middle in middles) or all(
        cv2.pointPolygonTest(page, middle, True) > -pitch for middle in middles
    )


def _page_of(known: Upright) -> NDArray[np.float64]:
    """The outline of the page that the zone stands at the foot of, n x (x, y): Doc 9303 parts 4 to 7, in pitches."""
    lines, columns = known.centres.shape[:2]
    corners = np.array(_corners(known), np.float64)
    across = (corners[1] - corners[0]) / (columns - 1)
    down = (corners[3] - corners[0]) / (lines - 1) / 2.5
    above = _ABOVE_ZONE[columns]
    grown = [(-2.5, -above), (2.5, -above), (2.5, 2.5), (-2.5, 2.5)]
    return np.asarray(corners + np.array([across * x + down * y for x, y in grown]), np.float64)


def _corners(found: Upright) -> tuple[tuple[float, float], ...]:
    centres = found.centres
    first, last = centres[0], centres[-1]
    return tuple((float(x), float(y)) for x, y in (first[0], first[-1], last[-1], last[0]))


def _refuse_other_lengths(grey: Grey, found: Upright, blank: Places) -> None:
    """Raises UnreadableImage where a line has more or fewer characters than the layout that it was read as."""
    lines, columns = found.probabilities.shape[:2]
    lengths = printed_lengths(grey, found, blank)
    if not found.overlong and all(length == columns for length in lengths):
        return
    sure = found.probabilities[:, :, :NOTHING].max(axis=2)
    printed = zip(sure, ~blank, strict=True)
    if all(seen.any() and line[seen].mean() > _CLEARLY_A_ZONE for line, seen in printed):
        told = ", ".join(map(str, lengths))
        raise UnreadableImage(Unreadable.WRONG_LENGTH, f"{lines} lines of {told} characters", lengths)
    if found.overlong:
        raise UnreadableImage(Unreadable.ILLEGIBLE, f"lines longer than the {columns} characters found")


def _refuse_fragment(grey: Grey, found: Upright, zone: MachineReadableZone) -> None:
    """Raises UnreadableImage for a zone that runs out of the picture, and for one that is a guess in most places:
    characters that nobody can see, under another layout than the document's, help no officer.
    """
    x, y = found.centres[..., 0], found.centres[..., 1]
    outside = int(((x < 0) | (x >= grey.shape[1]) | (y < 0) | (y >= grey.shape[0])).sum())
    if outside >= _CELLS_OUTSIDE:
        raise UnreadableImage(Unreadable.CUT_OFF, f"{outside} characters outside the picture")
    characters = sum(len(line) for line in zone.lines)
    if found.partial and zone.doubts and not zone.checks_pass:
        raise UnreadableImage(Unreadable.ILLEGIBLE, f"lines longer than the {len(zone.lines[0])} characters found")
    if len(zone.doubts) >= characters * _MOST_IN_DOUBT:
        raise UnreadableImage(Unreadable.ILLEGIBLE, f"{len(zone.doubts)} of {characters} characters in doubt")


def _weighed(grey: Grey, found: Upright, first: Draft) -> tuple[Draft, SecondOpinion]:
    try:
        other = second_reading(_flattened(grey, found))
    except NoSecondReading as none:
        return first, none.opinion
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
