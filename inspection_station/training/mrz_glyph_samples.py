"""Labelled pictures of single characters for the zone's classifier: printed, worn, located and cut like real ones.

Among them stand what no zone has: other symbols, blank and blotted places, characters of which half is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.classifier import NOTHING
from inspection_station.documents.mrz_image.glyphs import ALPHABET, CELL_HEIGHT, CELL_WIDTH, Cells
from inspection_station.documents.mrz_image.grid import Grid, lay_grids
from inspection_station.documents.mrz_image.locate import Coarse, find_bands
from inspection_station.training.mrz_print import LINE_SPACING_MM, PITCH_MM, Printer, PrintStyle, Typeface
from inspection_station.training.page_renderer import PageStyle, Picture, print_zone, security_paper
from inspection_station.training.page_wear import Severity, Wear, random_wear, wear_page

TRAINING_TYPEFACES = (Typeface.ROUND, Typeface.SHARP, Typeface.RELATIVE)
TRAINING_PRINTERS = (Printer.OFFSET, Printer.LASER, Printer.INKJET, Printer.ENGRAVED)

Labels = NDArray[np.int16]

_COLUMNS: Final = 44
_MARGIN_MM: Final = 7.0
_BANDS: Final = 4
_BLANK: Final = " "
_SYMBOLS: Final = "abcdefghijklmnopqrstuvwxyz!\"#$%&'()*+,-./:;=>?@[\\]^_{|}~"
_FOREIGN: Final = 0.08  # of the places
_BLANKS: Final = 0.2  # of these
_BLOTS: Final = 0.15
_HALVES: Final = 4  # a zone
_LOOKALIKES: Final = {"<": 4.0, "0": 2.5, "O": 2.0, "D": 1.5, "Q": 1.5}
"""How much more often than others these are printed: fillers are a third of every zone, rounds are told hardest."""


def random_style(
    rng: np.random.Generator,
    typefaces: tuple[Typeface, ...] = TRAINING_TYPEFACES,
    printers: tuple[Printer, ...] = TRAINING_PRINTERS,
) -> PageStyle:
    """A print of any weight, ink and background in one of the typefaces by one of the printers."""
    print_style = PrintStyle(
        typeface=typefaces[rng.integers(len(typefaces))],
        printer=printers[rng.integers(len(printers))],
        weight_mm=rng.uniform(-0.1, 0.12),
        ink=rng.uniform(0.65, 0.98),
        pitch_mm=PITCH_MM * rng.uniform(0.98, 1.02),
    )
    tint = tuple(int(value) for value in rng.integers(120, 210, 3))
    return PageStyle(mrz=print_style, pattern=rng.uniform(0, 0.9), tint=(tint[0], tint[1], tint[2]), dots_per_inch=260)


def sample_cells(seed: int, zones: int) -> Iterator[tuple[Cells, Labels]]:
    """Cells and labels of ``zones`` printed zones of random text, one zone at a time; zones not found are left out."""
    rng = np.random.default_rng(seed)
    weights = np.array([_LOOKALIKES.get(character, 1.0) for character in ALPHABET])
    for _ in range(zones):
        text = ["".join(rng.choice(list(ALPHABET), _COLUMNS, p=weights / weights.sum())) for _ in range(2)]
        text, strange = _with_strangers(text, rng)
        picture = np.asarray(cv2.cvtColor(_worn_zone(text, strange, rng), cv2.COLOR_BGR2GRAY), np.uint8)
        for band in find_bands(Coarse.of(picture))[:_BANDS]:
            grids = lay_grids(picture, band)
            if grids and grids[0].fit > 0.3 and grids[0].cells.shape[:2] == (2, _COLUMNS):
                yield _labelled(grids[0], text, rng)
                break


def _with_strangers(text: list[str], rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """The text with blanks for what no zone has, and that itself in lines of its own. Each line keeps its ends, by
    which its grid is laid.
    """
    kept, strange = [], []
    for line in text:
        places = set((1 + np.flatnonzero(rng.random(_COLUMNS - 2) < _FOREIGN)).tolist())
        kept.append("".join(_BLANK if place in places else character for place, character in enumerate(line)))
        symbols = [_BLANK if rng.random() < _BLANKS else str(rng.choice(list(_SYMBOLS))) for _ in line]
        strange.append("".join(symbol if place in places else _BLANK for place, symbol in enumerate(symbols)))
    return kept, strange


def _worn_zone(text: list[str], strange: list[str], rng: np.random.Generator) -> Picture:
    style = random_style(rng, printers=(*TRAINING_PRINTERS, Printer.NEEDLE, Printer.RIBBON))
    scale = style.dots_per_inch / 25.4
    width = round((_COLUMNS * style.mrz.pitch_mm + 2 * _MARGIN_MM) * scale)
    height = round((2 * _MARGIN_MM + 2 * LINE_SPACING_MM) * scale)
    paper = _patterned(security_paper(width, height, style, rng), rng)
    corner = (_MARGIN_MM * scale, _MARGIN_MM * scale)
    print_zone(paper, text, corner, style, rng)
    face = Typeface.SHARP if style.mrz.typeface is Typeface.SHARP else Typeface.ROUND
    print_zone(paper, strange, corner, replace(style, mrz=replace(style.mrz, typeface=face)), rng)
    _blot(paper, text, strange, corner, style, rng)
    severity = list(Severity)[rng.choice(3, p=[0.2, 0.3, 0.5])]
    wear = _smaller(random_wear(severity, rng), rng) if rng.random() < 0.5 else random_wear(severity, rng)
    return wear_page(paper, wear, seed=int(rng.integers(1 << 31)))


def _smaller(wear: Wear, rng: np.random.Generator) -> Wear:
    """The same page seen by fewer pixels: 10 to 18 from character to character. Most of the blur is the lens's."""
    wide = int(rng.integers(600, 1100))
    ratio = wide / wear.pixels_wide
    return replace(wear, pixels_wide=wide, blur=wear.blur * ratio**0.8, motion=wear.motion * ratio)


def _patterned(paper: Picture, rng: np.random.Generator) -> Picture:
    """The paper, now and then with dots, waves of tint or a mottled tint through it."""
    kind = rng.integers(6)
    height, width = paper.shape[:2]
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    if kind == 0:
        step = rng.uniform(5, 14)
        shade = np.hypot(across % step - step / 2, down % step - step / 2) < step * rng.uniform(0.15, 0.3)
    elif kind == 1:
        shade = np.sin(across * rng.uniform(0.05, 0.2) + 3 * np.sin(down * rng.uniform(0.02, 0.06))) * 0.5 + 0.5
    elif kind == 2:
        shade = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), rng.uniform(1, 12))
        shade = np.clip(0.5 + 0.3 * shade / shade.std(), 0, 1)
    else:
        return paper
    tint = rng.integers(90, 220, 3).astype(np.float32)
    share = (shade.astype(np.float32) * rng.uniform(0.1, 0.5))[..., None]
    return np.asarray(paper * (1 - share) + tint * share, np.uint8)


def _blot(
    paper: Picture,
    text: list[str],
    strange: list[str],
    corner: tuple[float, float],
    style: PageStyle,
    rng: np.random.Generator,
) -> None:
    """Ink blots over some of the blank places."""
    scale = style.dots_per_inch / 25.4
    for index, (line, symbols) in enumerate(zip(text, strange, strict=True)):
        for column, (character, symbol) in enumerate(zip(line, symbols, strict=True)):
            if character != _BLANK or symbol != _BLANK or rng.random() > _BLOTS / _BLANKS:
                continue
            x = corner[0] + ((column + 0.5) * style.mrz.pitch_mm + rng.uniform(-0.4, 0.4)) * scale
            y = corner[1] + (index * LINE_SPACING_MM + 2.5 + rng.uniform(-0.6, 0.6)) * scale
            axes = (round(rng.uniform(0.3, 1.2) * scale), round(rng.uniform(0.3, 1.6) * scale))
            shade = int(rng.integers(20, 130))
            cv2.ellipse(paper, (round(x), round(y)), axes, rng.uniform(0, 180), 0, 360, (shade, shade, shade), -1)


def _labelled(grid: Grid, text: list[str], rng: np.random.Generator) -> tuple[Cells, Labels]:
    """The grid's cells, and some more of nothing: what lies between two characters, and halves of characters."""
    cells = grid.cells.reshape(-1, CELL_HEIGHT, CELL_WIDTH)
    labels = np.array(
        [ALPHABET.index(character) if character != _BLANK else NOTHING for line in text for character in line], np.int16
    )
    between = np.concatenate(
        [
            np.concatenate([line[:-1, :, CELL_WIDTH // 2 :], line[1:, :, : CELL_WIDTH // 2]], axis=2)
            for line in grid.cells
        ]
    )
    more = between[rng.choice(len(between), 4, replace=False)]
    blank = np.flatnonzero(labels == NOTHING)
    if len(blank):
        printed = rng.choice(np.flatnonzero(labels != NOTHING), _HALVES, replace=False)
        paper = cells[rng.choice(blank, _HALVES)]
        halves = [_half(cell, other, rng) for cell, other in zip(cells[printed], paper, strict=True)]
        more = np.concatenate([more, np.stack(halves)])
    return (
        np.concatenate([cells, more]).astype(np.float32),
        np.concatenate([labels, np.full(len(more), NOTHING, np.int16)]),
    )


def _half(cell: NDArray[np.float32], other: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A cell of which about a half shows something else."""
    half = cell.copy()
    row, column = CELL_HEIGHT // 2 + int(rng.integers(-2, 3)), CELL_WIDTH // 2 + int(rng.integers(-2, 3))
    part = (slice(row, None), slice(None, row))[rng.integers(2)]
    side = (slice(column, None), slice(None, column))[rng.integers(2)]
    place = (part, slice(None)) if rng.random() < 0.5 else (slice(None), side)
    half[place] = other[place]
    return half


def varied(cells: Cells, rng: np.random.Generator) -> Cells:
    """Each cell moved, scaled, sheared and blurred a little: what other faces and a grid laid less well do."""
    result = np.empty_like(cells)
    middle = np.array([(CELL_WIDTH - 1) / 2, (CELL_HEIGHT - 1) / 2])
    for index, cell in enumerate(cells):
        matrix = np.array(
            [
                [rng.uniform(0.86, 1.14), rng.uniform(-0.16, 0.16), 0],
                [rng.uniform(-0.04, 0.04), rng.uniform(0.91, 1.09), 0],
            ]
        )
        matrix[:, 2] = middle - matrix[:, :2] @ middle + rng.uniform(-1, 1, 2) * (2.2, 1.8)
        moved = cv2.warpAffine(cell, matrix, (CELL_WIDTH, CELL_HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        if rng.random() < 0.3:
            moved = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.4, 1.2))
        if rng.random() < 0.4:
            moved = moved + rng.standard_normal(moved.shape) * rng.uniform(0, 0.12) * float(moved.std() + 1)
        result[index] = moved
    return result
