"""Printing of a machine-readable zone on a fictional page: typefaces, weights and kinds of printer.

Dimensions follow Doc 9303 part 3 §4 (OCR-B size 1, ten characters an inch, lines 6.35 mm apart).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inspection_station.resource_path import resource
from inspection_station.training import stroke_typeface

PITCH_MM = 2.54
LINE_SPACING_MM = 6.35
LINE_HEIGHT_MM = 5.0
_ADVANCE_OF_EM = 0.723  # advance width of the OCR-B files in parts of the em
_CAPITAL_MIDDLE_OF_EM = 0.352  # height of the middle of a capital above the baseline, likewise

Coverage = NDArray[np.float32]


class Typeface(StrEnum):
    """ROUND and SHARP are the OCR-B files; STROKE is our own drawing, RELATIVE random distortions of it.

    The classifier learns from all but STROKE itself.
    """

    ROUND = "OCRB.otf"
    SHARP = "OCRBS.otf"
    STROKE = "stroke"
    RELATIVE = "relative"


class Printer(StrEnum):
    """How ink meets paper. THERMAL and DOT are kept from the classifier's training, to test it on what is new; NEEDLE
    and RIBBON, of any fineness and wear, are only for training.
    """

    OFFSET = "offset"
    LASER = "laser"
    INKJET = "inkjet"
    ENGRAVED = "engraved"
    THERMAL = "thermal"
    DOT = "dot"
    NEEDLE = "needle"
    RIBBON = "ribbon"


@dataclass(frozen=True, slots=True)
class PrintStyle:
    """``weight_mm`` is added to the stroke on both sides together; ``ink`` is its darkness from 0 to 1."""

    typeface: Typeface = Typeface.ROUND
    printer: Printer = Printer.OFFSET
    weight_mm: float = 0.0
    ink: float = 0.88
    pitch_mm: float = PITCH_MM


def print_line(text: str, pixels_per_mm: float, style: PrintStyle, rng: np.random.Generator) -> Coverage:
    """Ink coverage (0…1) of one line: 5 mm high, ``len(text)`` pitches wide, the capitals' middle in the middle."""
    if style.typeface in (Typeface.STROKE, Typeface.RELATIVE):
        distortion = stroke_typeface.Distortion() if style.typeface is Typeface.RELATIVE else None
        shape = stroke_typeface.draw_line(
            text, pixels_per_mm, pitch_mm=style.pitch_mm, stroke_mm=0.35, distortion=distortion, rng=rng
        )
    else:
        shape = _typeset(text, pixels_per_mm, style)
    return _ink(_weigh(shape, style.weight_mm * pixels_per_mm / 2), pixels_per_mm, style.printer, rng)


@lru_cache(maxsize=16)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(resource("fonts", "ocr-b", name)), size)


def _typeset(text: str, pixels_per_mm: float, style: PrintStyle) -> NDArray[np.uint8]:
    size = round(PITCH_MM / _ADVANCE_OF_EM * pixels_per_mm)
    font = _font(style.typeface.value, size)
    pitch = style.pitch_mm * pixels_per_mm
    sheet = Image.new("L", (round(pitch * len(text)), round(LINE_HEIGHT_MM * pixels_per_mm)))
    pen = ImageDraw.Draw(sheet)
    baseline = sheet.height / 2 + _CAPITAL_MIDDLE_OF_EM * size
    for index, character in enumerate(text):
        pen.text(((index + 0.5) * pitch, baseline), character, font=font, fill=255, anchor="ms")
    return np.asarray(sheet, np.uint8)


def _weigh(shape: NDArray[np.uint8], grow: float) -> Coverage:
    """Move every edge outwards by ``grow`` pixels (inwards if negative), keeping it smooth."""
    if abs(grow) < 0.05:
        return np.asarray(shape.astype(np.float32) / 255, np.float32)
    inside = (shape > 127).astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    weighed: Coverage = np.asarray(distance + (grow + 0.5), dtype=np.float32)
    return np.asarray(weighed.clip(0, 1), dtype=np.float32)


def _field(shape: tuple[int, int], grain: float, rng: np.random.Generator) -> Coverage:
    """Smooth random field of unit variance; ``grain`` is the size of its patches in pixels."""
    small = (max(2, round(shape[0] / grain)), max(2, round(shape[1] / grain)))
    noise = rng.standard_normal(small).astype(np.float32)
    return np.asarray(cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _ink(shape: Coverage, pixels_per_mm: float, printer: Printer, rng: np.random.Generator) -> Coverage:
    size = (shape.shape[0], shape.shape[1])
    if printer is Printer.LASER:
        speckle = _field(size, 0.08 * pixels_per_mm, rng)
        return np.asarray(np.clip(shape * (1 - 0.25 * (speckle > 1.6)) + 0.2 * (speckle > 3.2), 0, 1), np.float32)
    if printer is Printer.INKJET:
        soft = cv2.GaussianBlur(shape, (0, 0), 0.05 * pixels_per_mm)
        ragged = soft + 0.16 * _field(size, 0.1 * pixels_per_mm, rng)
        body = np.clip((ragged - 0.5) * 4 + 0.5, 0, 1) * (soft > 0.04)
        return np.asarray(body * (1 - 0.12 * np.abs(_field(size, 0.5 * pixels_per_mm, rng))).clip(0.5, 1), np.float32)
    if printer is Printer.ENGRAVED:
        grain = np.clip(0.8 + 0.18 * _field(size, 0.07 * pixels_per_mm, rng), 0, 1)
        return np.asarray(cv2.GaussianBlur(shape * grain, (0, 0), 0.04 * pixels_per_mm), np.float32)
    if printer is Printer.THERMAL:
        rows = np.where(rng.random((size[0], 1)) < 0.06, 0.45, 1.0).astype(np.float32)
        rows = cv2.GaussianBlur(rows, (0, 0), 0.03 * pixels_per_mm + 0.1)
        return np.asarray(shape * rows, np.float32)
    if printer is Printer.DOT:
        return _dots(shape, 0.16 * pixels_per_mm, 0.12 * pixels_per_mm)
    if printer is Printer.NEEDLE:
        step = rng.uniform(0.14, 0.24) * pixels_per_mm
        return _dots(shape, step, rng.uniform(0.5, 0.8) * step)
    if printer is Printer.RIBBON:
        return _ribbon(shape, pixels_per_mm, rng)
    return shape


def _ribbon(shape: Coverage, pixels_per_mm: float, rng: np.random.Generator) -> Coverage:
    """A worn ribbon: the ink fails in patches and along a few rows."""
    size = (shape.shape[0], shape.shape[1])
    worn = rng.uniform(0.1, 0.4) * _field(size, rng.uniform(0.3, 1.5) * pixels_per_mm, rng)
    rows = np.where(rng.random((size[0], 1)) < rng.uniform(0, 0.1), rng.uniform(0.2, 0.7), 1.0)
    soft = cv2.GaussianBlur(shape, (0, 0), rng.uniform(0.02, 0.06) * pixels_per_mm)
    return np.asarray(soft * np.clip(1 - np.abs(worn), 0, 1) * rows, np.float32)


def _dots(shape: Coverage, step: float, radius: float) -> Coverage:
    """Needle print: round dots of a radius wherever the shape is inked, a step apart (in pixels). 24 pins strike every
    0.16 mm with needles of 0.24 mm.
    """
    height, width = shape.shape
    across, down = np.meshgrid(np.arange(step / 2, width, step), np.arange(step / 2, height, step))
    inked = cv2.remap(shape, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR) > 0.5
    sheet = np.zeros(shape.shape, np.uint8)
    for x, y in zip(across[inked], down[inked], strict=True):
        cv2.circle(sheet, (round(x * 16), round(y * 16)), round(radius * 16), 255, -1, cv2.LINE_AA, 4)
    return np.asarray(sheet.astype(np.float32) / 255, np.float32)
