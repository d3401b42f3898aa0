"""A second typeface for machine-readable zones, drawn by us from pen strokes after the shapes of OCR-B (ISO 1073-2).

It shares no outline with the OCR-B font that the reader's classifier learns from, and its weight is free. Its use is
to show pages to the reader in a print it has never seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# A glyph stands in a box 6 units wide and 9 high (y downwards). Strokes are separated by «;». Inside a stroke, «p»
# leads points, «a» an arc: centre x, centre y, radius x, radius y, first angle, last angle (degrees, clockwise from
# three o'clock) and, where it is no ellipse, the exponent of a superellipse; what follows is joined to what went
# before. What tells 0 from O in OCR-B: the digit has nearly upright sides and is taller (``_CAPITAL``), the letter is
# an ellipse.
_STROKES: dict[str, str] = {
    "<": "p 5.5,1.5 0.5,4.5 5.5,7.5",
    "0": "a 3,4.5,2.6,4.6,0,360,3",
    "1": "p 1,1.9 3.3,0 3.3,9",
    "2": "a 3,2.4,2.5,2.4,-170,25 p 0.5,9 5.7,9",
    "3": "p 0.8,0 5.2,0 2.8,3.5 a 2.8,6.2,2.6,2.8,-90,150",
    "4": "p 3.6,0 0.5,6.4 5.8,6.4;p 4.2,4 4.2,9",
    "5": "p 5.2,0 1,0 1,3.8 2.6,3.8 a 2.8,6.4,2.6,2.6,-90,145",
    "6": "p 4,0 1.1,4.4;a 3,6.3,2.5,2.7,0,360",
    "7": "p 0.6,0 5.5,0 2.8,5 2.5,9",
    "8": "a 3,2.2,2.1,2.2,0,360;a 3,6.7,2.6,2.3,0,360",
    "9": "a 3,2.7,2.5,2.7,0,360;p 4.9,4.6 2.1,9",
    "A": "p 0.2,9 3,0 5.8,9;p 1.2,6 4.8,6",
    "B": "p 0.8,0 0.8,9;p 0.8,0 3,0 a 3,2.1,2.1,2.1,-90,90 p 0.8,4.2;p 3,4.2 a 3,6.6,2.5,2.4,-90,90 p 0.8,9",
    "C": "a 3.4,4.5,2.8,4.5,-45,-315",
    "D": "p 0.7,0 0.7,9 2.4,9 a 2.5,4.5,2.9,4.5,90,-90 p 0.7,0",
    "E": "p 5.3,0 0.9,0 0.9,9 5.3,9;p 0.9,4.4 4.5,4.4",
    "F": "p 5.3,0 0.9,0 0.9,9;p 0.9,4.4 4.5,4.4",
    "G": "a 3.2,4.5,2.8,4.5,-45,-325 p 5.5,5 3.4,5",
    "H": "p 0.7,0 0.7,9;p 5.3,0 5.3,9;p 0.7,4.4 5.3,4.4",
    "I": "p 1,0 5,0;p 3,0 3,9;p 1,9 5,9",
    "J": "p 2.2,0 4.7,0 4.7,6.4 a 2.6,6.6,2.1,2.4,0,160",
    "K": "p 0.8,0 0.8,9;p 5.4,0 0.8,5.2;p 2.3,3.9 5.6,9",
    "L": "p 0.9,0 0.9,9 5.5,9",
    "M": "p 0.4,9 0.4,0 3,4.6 5.6,0 5.6,9",
    "N": "p 0.6,9 0.6,0 5.4,9 5.4,0",
    "O": "a 3,4.5,2.9,4.4,0,360",
    "P": "p 0.8,9 0.8,0 3,0 a 3,2.5,2.5,2.5,-90,90 p 0.8,5",
    "Q": "a 3,4.5,2.9,4.4,0,360;p 3.2,6 5.8,9.3",
    "R": "p 0.8,9 0.8,0 3,0 a 3,2.5,2.5,2.5,-90,90 p 0.8,5;p 2.8,5 5.6,9",
    "S": "a 3,2.2,2.4,2.2,-25,-270 a 3,6.7,2.5,2.3,-90,155",
    "T": "p 0.2,0 5.8,0;p 3,0 3,9",
    "U": "p 0.7,0 0.7,6.3 a 3,6.3,2.3,2.7,180,0 p 5.3,0",
    "V": "p 0.3,0 3,9 5.7,0",
    "W": "p 0.3,0 1.5,9 3,3.4 4.5,9 5.7,0",
    "X": "p 0.4,0 5.6,9;p 5.6,0 0.4,9",
    "Y": "p 0.3,0 3,4.6 5.7,0;p 3,4.6 3,9",
    "Z": "p 0.5,0 5.5,0 0.5,9 5.5,9",
}

_CAPITAL = 0.92  # height of a letter in parts of a digit's
_ROUND = 2.0  # the exponent of an ellipse
_UNIT_X_MM = 0.225
_UNIT_Y_MM = 0.265
_FINE = 4  # fractional bits of cv2's drawing coordinates


@dataclass(frozen=True, slots=True)
class Distortion:
    """How far a relative departs from the drawing: each character's width and height, each point of its strokes, and
    how square its arcs are.

    All are standard deviations, in parts of the box, for ``points`` in its units, for ``square`` in parts of the
    exponent.
    """

    width: float = 0.08
    height: float = 0.02
    points: float = 0.18
    square: float = 0.1


def draw_line(
    text: str,
    pixels_per_mm: float,
    *,
    pitch_mm: float,
    stroke_mm: float,
    distortion: Distortion | None = None,
    rng: np.random.Generator | None = None,
) -> NDArray[np.uint8]:
    """Coverage (0…255) of one line: height 5 mm, ``len(text) * pitch_mm`` wide, the digits centred in height.

    With ``distortion`` and ``rng`` the line is set in a random relative of the typeface, each character its own.
    """
    shapes = _STROKES if distortion is None or rng is None else _relative(distortion, rng)
    width = round(len(text) * pitch_mm * pixels_per_mm)
    coverage = np.zeros((round(5 * pixels_per_mm), width), np.uint8)
    thickness = max(1, round(stroke_mm * pixels_per_mm))
    for index, character in enumerate(text):
        left = (index + 0.5) * pitch_mm - 3 * _UNIT_X_MM
        top = 2.5 - 4.5 * _UNIT_Y_MM
        for stroke in shapes[character].split(";") if character != " " else ():
            units = np.array(_points(stroke))
            if not character.isdigit():
                units[:, 1] = 9 - (9 - units[:, 1]) * _CAPITAL
            units = units * [_UNIT_X_MM, _UNIT_Y_MM]
            points = (units + np.array([left, top])) * pixels_per_mm
            fixed = np.round(points * (1 << _FINE)).astype(np.int32)
            cv2.polylines(coverage, [fixed], False, 255, thickness, cv2.LINE_AA, _FINE)
    return coverage


def _relative(distortion: Distortion, rng: np.random.Generator) -> dict[str, str]:
    """The strokes with their numbers moved about the middle of the box."""
    relative = {}
    for character, strokes in _STROKES.items():
        width, height = 1 + distortion.width * rng.standard_normal(), 1 + distortion.height * rng.standard_normal()
        words = []
        for word in strokes.replace(";", " ; ").split():
            if word in ("p", "a", ";"):
                words.append(word)
                continue
            numbers = [float(number) for number in word.split(",")]
            shift = distortion.points * rng.standard_normal(2)
            x, y = 3 + (numbers[0] - 3) * width + shift[0], 4.5 + (numbers[1] - 4.5) * height + shift[1]
            arc = []
            if len(numbers) > 2:
                exponent = (numbers[6] if len(numbers) > 6 else _ROUND) * np.exp(
                    distortion.square * rng.standard_normal()
                )
                arc = [numbers[2] * width, numbers[3] * height, *numbers[4:6], exponent]
            words.append(",".join(f"{number:.3f}" for number in (x, y, *arc)))
        relative[character] = " ".join(words)
    return relative


def _points(stroke: str) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    arc = False
    for word in stroke.split():
        if word in ("p", "a"):
            arc = word == "a"
            continue
        numbers = [float(number) for number in word.split(",")]
        if not arc:
            points.append((numbers[0], numbers[1]))
            continue
        centre_x, centre_y, radius_x, radius_y, first, last = numbers[:6]
        power = 2 / (numbers[6] if len(numbers) > 6 else _ROUND)
        for step in range(49):
            angle = math.radians(first + (last - first) * step / 48)
            across, down = math.cos(angle), math.sin(angle)
            points.append(
                (
                    centre_x + radius_x * math.copysign(abs(across) ** power, across),
                    centre_y + radius_y * math.copysign(abs(down) ** power, down),
                )
            )
    return points
