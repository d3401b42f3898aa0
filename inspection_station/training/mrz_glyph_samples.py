"""Labelled pictures of single characters for the zone's classifier: printed, worn, located and cut like real ones."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.mrz_image.classifier import NOTHING
from inspection_station.documents.mrz_image.glyphs import ALPHABET, CELL_HEIGHT, CELL_WIDTH, Cells
from inspection_station.documents.mrz_image.grid import Grid, lay_grids
from inspection_station.documents.mrz_image.locate import Coarse, find_bands
from inspection_station.training.mrz_print import LINE_SPACING_MM, PITCH_MM, Printer, PrintStyle, Typeface
from inspection_station.training.page_renderer import PageStyle, Picture, print_zone, security_paper
from inspection_station.training.page_wear import Severity, random_wear, wear_page

TRAINING_TYPEFACES = (Typeface.ROUND, Typeface.SHARP, Typeface.RELATIVE)
TRAINING_PRINTERS = (Printer.OFFSET, Printer.LASER, Printer.INKJET, Printer.ENGRAVED)

Labels = NDArray[np.int16]

_COLUMNS = 44
_MARGIN_MM = 7.0


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
    for _ in range(zones):
        text = ["".join(ALPHABET[i] for i in rng.integers(0, len(ALPHABET), _COLUMNS)) for _ in range(2)]
        picture = _worn_zone(text, rng)
        bands = find_bands(Coarse.of(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)))
        for band in bands[:1]:
            grids = lay_grids(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8), band)
            if grids and grids[0].fit > 0.3 and grids[0].cells.shape[:2] == (2, _COLUMNS):
                yield _with_nothing(grids[0], text, rng)


def _worn_zone(text: list[str], rng: np.random.Generator) -> Picture:
    style = random_style(rng)
    scale = style.dots_per_inch / 25.4
    width = round((_COLUMNS * style.mrz.pitch_mm + 2 * _MARGIN_MM) * scale)
    height = round((2 * _MARGIN_MM + 2 * LINE_SPACING_MM) * scale)
    paper = security_paper(width, height, style, rng)
    print_zone(paper, text, (_MARGIN_MM * scale, _MARGIN_MM * scale), style, rng)
    severity = list(Severity)[rng.choice(3, p=[0.2, 0.3, 0.5])]
    wear = random_wear(severity, rng)
    return wear_page(paper, wear, seed=int(rng.integers(1 << 31)))


def _with_nothing(grid: Grid, text: list[str], rng: np.random.Generator) -> tuple[Cells, Labels]:
    """The grid's cells, and some that lie between two characters."""
    cells = grid.cells.reshape(-1, CELL_HEIGHT, CELL_WIDTH)
    labels = np.array([ALPHABET.index(character) for line in text for character in line], np.int16)
    between = np.concatenate(
        [
            np.concatenate([line[:-1, :, CELL_WIDTH // 2 :], line[1:, :, : CELL_WIDTH // 2]], axis=2)
            for line in grid.cells
        ]
    )
    chosen = between[rng.choice(len(between), 4, replace=False)]
    return (
        np.concatenate([cells, chosen]).astype(np.float32),
        np.concatenate([labels, np.full(len(chosen), NOTHING, np.int16)]),
    )


def varied(cells: Cells, rng: np.random.Generator) -> Cells:
    """Each cell moved, scaled, sheared and blurred a little: what other faces and a grid laid less well do."""
    result = np.empty_like(cells)
    middle = np.array([(CELL_WIDTH - 1) / 2, (CELL_HEIGHT - 1) / 2])
    for index, cell in enumerate(cells):
        matrix = np.array(
            [
                [rng.uniform(0.86, 1.14), rng.uniform(-0.1, 0.1), 0],
                [rng.uniform(-0.04, 0.04), rng.uniform(0.88, 1.1), 0],
            ]
        )
        matrix[:, 2] = middle - matrix[:, :2] @ middle + rng.uniform(-1.5, 1.5, 2)
        moved = cv2.warpAffine(cell, matrix, (CELL_WIDTH, CELL_HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        if rng.random() < 0.3:
            moved = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.4, 1.2))
        if rng.random() < 0.4:
            moved = moved + rng.standard_normal(moved.shape) * rng.uniform(0, 0.12) * float(moved.std() + 1)
        result[index] = moved
    return result
