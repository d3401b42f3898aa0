"""Draws the data page of a fictional travel document: passport (TD3), card (TD1, TD2) or visa (MRV-A, MRV-B).

Everything is our own drawing for the state UTO, which Doc 9303 keeps for specimens; no real state's page is imitated.
Sizes and the place of the zone: Doc 9303 parts 3 to 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inspection_station.inspection.document import DocumentFormat
from inspection_station.resource_path import resource
from inspection_station.training.mrz_print import LINE_HEIGHT_MM, LINE_SPACING_MM, PrintStyle, print_line

Picture = NDArray[np.uint8]

_SIZE_MM: dict[DocumentFormat, tuple[float, float]] = {
    DocumentFormat.TD1: (85.6, 54.0),
    DocumentFormat.TD2: (105.0, 74.0),
    DocumentFormat.TD3: (125.0, 88.0),
    DocumentFormat.MRV_A: (120.0, 80.0),
    DocumentFormat.MRV_B: (105.0, 74.0),
}
_LEFT_MARGIN_MM = {DocumentFormat.TD1: 4.0, DocumentFormat.MRV_A: 3.5}
_LAST_LINE_ABOVE_EDGE_MM = 8.2  # middle of the last line above the lower edge
_TITLES = {
    DocumentFormat.TD1: "IDENTITY CARD",
    DocumentFormat.TD2: "IDENTITY CARD",
    DocumentFormat.TD3: "PASSPORT",
    DocumentFormat.MRV_A: "VISA",
    DocumentFormat.MRV_B: "VISA",
}


@dataclass(frozen=True, slots=True)
class PageText:
    """What is printed for people, as it is to appear: pairs of label and value, in order."""

    rows: tuple[tuple[str, str], ...] = ()
    state: str = "UTOPIA"


@dataclass(frozen=True, slots=True)
class PageStyle:
    """How the page is made. ``dots_per_inch`` sets the picture's size: a TD3 page at 300 is 1476 x 1039 pixels.

    ``pattern`` is the strength of the security background from 0 (none) to 1.
    """

    dots_per_inch: float = 300.0
    mrz: PrintStyle = field(default_factory=PrintStyle)
    pattern: float = 0.5
    paper: tuple[int, int, int] = (226, 234, 236)  # BGR
    tint: tuple[int, int, int] = (168, 140, 112)


def format_of(lines: Sequence[str]) -> DocumentFormat:
    """Layout of printed lines, by their number, length and first letter. ValueError for any other shape."""
    shape = (len(lines), {len(line) for line in lines})
    visa = bool(lines) and lines[0].startswith("V")
    if shape == (3, {30}):
        return DocumentFormat.TD1
    if shape == (2, {36}):
        return DocumentFormat.MRV_B if visa else DocumentFormat.TD2
    if shape == (2, {44}):
        return DocumentFormat.MRV_A if visa else DocumentFormat.TD3
    raise ValueError("lines of a machine-readable zone are 3 x 30, 2 x 36 or 2 x 44 characters")


def render_page(
    text: PageText,
    mrz_lines: Sequence[str],
    *,
    portrait: Picture | None = None,
    style: PageStyle | None = None,
    seed: int = 0,
) -> Picture:
    """The page as a flat BGR picture, height x width x 3, the document filling it to the edges.

    ``portrait`` is a BGR picture of any size (scaled to fit); None leaves the place empty. The same arguments give
    the same picture. Raises ValueError when the lines fit no layout.
    """
    style = style or PageStyle()
    layout = format_of(mrz_lines)
    scale = style.dots_per_inch / 25.4
    width_mm, height_mm = _SIZE_MM[layout]
    rng = np.random.default_rng(seed)
    page = security_paper(round(width_mm * scale), round(height_mm * scale), style, rng)
    page = _write(page, text, layout, scale, with_portrait=portrait is not None)
    if portrait is not None:
        _place_portrait(page, portrait, layout, scale)
    left, top, _, _ = mrz_box(mrz_lines, style)
    print_zone(page, mrz_lines, (left, top), style, rng)
    return page


def mrz_box(lines: Sequence[str], style: PageStyle) -> tuple[float, float, float, float]:
    """Where the zone lies in ``render_page``'s picture: left, top, right, bottom in pixels."""
    layout = format_of(lines)
    scale = style.dots_per_inch / 25.4
    width_mm, height_mm = _SIZE_MM[layout]
    left = _left_margin(layout, len(lines[0]), style, width_mm)
    bottom = height_mm - _LAST_LINE_ABOVE_EDGE_MM + LINE_HEIGHT_MM / 2
    top = bottom - LINE_HEIGHT_MM - (len(lines) - 1) * LINE_SPACING_MM
    right = left + len(lines[0]) * style.mrz.pitch_mm
    return left * scale, top * scale, right * scale, bottom * scale


def _left_margin(layout: DocumentFormat, columns: int, style: PageStyle, width_mm: float) -> float:
    spare = width_mm - columns * style.mrz.pitch_mm
    return min(_LEFT_MARGIN_MM.get(layout, 6.0), spare / 2)


def security_paper(width: int, height: int, style: PageStyle, rng: np.random.Generator) -> Picture:
    """Empty paper with its pattern of fine lines, BGR; ``width`` and ``height`` in pixels."""
    page = np.full((height, width, 3), style.paper, np.uint8)
    if style.pattern <= 0:
        return page
    inked = np.zeros((height, width), np.uint8)
    x = np.arange(0, width, 3, dtype=np.float64)
    for _ in range(2):
        waves = rng.uniform(0.6, 1.6, 3) * height / 24
        lengths = rng.uniform(0.12, 0.5, 3) * width
        phases = rng.uniform(0, 2 * np.pi, 3)
        spacing = height / rng.uniform(30, 48)
        for row in range(-4, int(height / spacing) + 4):
            bend = sum(
                w * np.sin(2 * np.pi * x / n + p + row * 0.05) for w, n, p in zip(waves, lengths, phases, strict=True)
            )
            curve = np.stack([x, row * spacing + bend], axis=1)
            cv2.polylines(inked, [np.round(curve * 16).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    inked = _rosette(inked, width * 0.62, height * 0.45, height * 0.3, rng)
    share = (inked.astype(np.float32) / 255 * min(1.0, style.pattern))[..., None]
    mixed = page * (1 - share) + np.array(style.tint, np.float32) * share
    return np.asarray(mixed, np.uint8)


def _rosette(inked: Picture, x: float, y: float, radius: float, rng: np.random.Generator) -> Picture:
    turn = np.linspace(0, 2 * np.pi, 720)
    petals = int(rng.integers(7, 15))
    for ring in range(14):
        reach = radius * (0.35 + 0.05 * ring) * (1 + 0.18 * np.sin(petals * turn + ring * 0.35))
        curve = np.stack([x + reach * np.cos(turn), y + reach * np.sin(turn)], axis=1)
        cv2.polylines(inked, [np.round(curve * 16).astype(np.int32)], True, 255, 1, cv2.LINE_AA, 4)
    return inked


@lru_cache(maxsize=32)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(resource("fonts", name)), size)


def _portrait_box(layout: DocumentFormat) -> tuple[float, float, float, float]:
    """Left, top, width, height in millimetres."""
    if layout is DocumentFormat.TD1:
        return 4.0, 8.0, 16.5, 21.0
    _, height = _SIZE_MM[layout]
    return 6.0, 13.0, 30.0, min(39.0, height - 23.2 - 16.0)


def _write(page: Picture, text: PageText, layout: DocumentFormat, scale: float, *, with_portrait: bool) -> Picture:
    sheet = Image.fromarray(page)
    pen = ImageDraw.Draw(sheet)
    dark = (58, 44, 36)
    margin = _LEFT_MARGIN_MM.get(layout, 6.0) * scale
    small = layout is DocumentFormat.TD1
    heading = _font("NotoSans-Bold.ttf", round((2.6 if small else 4.0) * scale))
    pen.text((margin, 1.2 * scale), text.state, font=heading, fill=(96, 62, 30))
    pen.text((sheet.width - margin, 1.2 * scale), _TITLES[layout], font=heading, fill=(96, 62, 30), anchor="ra")
    left_mm, top_mm, box_width, box_height = _portrait_box(layout)
    if not with_portrait:
        corner = (left_mm * scale, top_mm * scale)
        far = ((left_mm + box_width) * scale, (top_mm + box_height) * scale)
        pen.rectangle((corner, far), outline=(150, 140, 130))
    room = sheet.height / scale - top_mm - (24.5 if small else 23.2)
    # Two rows side by side where one column would be too tight to be read.
    columns = 2 if len(text.rows) * 6.0 > room else 1
    per_column = max(1, -(-len(text.rows) // columns))
    step = min(7.5, room / per_column)
    label_font = _font("NotoSans-Regular.ttf", max(6, round(step * 0.3 * scale)))
    value_font = _font("NotoSans-Bold.ttf", max(8, round(step * 0.44 * scale)))
    text_left = left_mm + box_width + 4.0
    column_width = (sheet.width / scale - text_left - 4.0) / columns
    for index, (label, value) in enumerate(text.rows):
        x = (text_left + (index // per_column) * column_width) * scale
        y = (top_mm - 1.0 + (index % per_column) * step) * scale
        pen.text((x, y), label, font=label_font, fill=(140, 110, 90))
        pen.text((x, y + step * 0.36 * scale), value, font=value_font, fill=dark)
    return np.array(sheet, np.uint8)


def _place_portrait(page: Picture, portrait: Picture, layout: DocumentFormat, scale: float) -> None:
    left, top, width, height = (round(value * scale) for value in _portrait_box(layout))
    ratio = max(width / portrait.shape[1], height / portrait.shape[0])
    size = (max(width, round(portrait.shape[1] * ratio)), max(height, round(portrait.shape[0] * ratio)))
    scaled = cv2.resize(portrait, size, interpolation=cv2.INTER_AREA)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    page[top : top + height, left : left + width] = scaled[y : y + height, x : x + width]


def print_zone(
    page: Picture, lines: Sequence[str], corner: tuple[float, float], style: PageStyle, rng: np.random.Generator
) -> None:
    """Print lines into the picture, the first line's upper left corner at ``corner`` (x, y in pixels)."""
    scale = style.dots_per_inch / 25.4
    fine = max(24.0, scale)  # print at no less than 600 dots an inch, then look at it at the page's own
    ink = np.array([38, 32, 30], np.float32)
    for index, line in enumerate(lines):
        coverage = print_line(line, fine, style.mrz, rng)
        size = (round(coverage.shape[1] * scale / fine), round(coverage.shape[0] * scale / fine))
        share = cv2.resize(coverage, size, interpolation=cv2.INTER_AREA)[..., None] * style.mrz.ink
        y, x = round(corner[1] + index * LINE_SPACING_MM * scale), round(corner[0])
        place = page[y : y + size[1], x : x + size[0]]
        share = share[: place.shape[0], : place.shape[1]]
        place[:] = (place * (1 - share) + ink * share).astype(np.uint8)
