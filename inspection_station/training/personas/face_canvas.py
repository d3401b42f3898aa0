"""The sheet a face is painted on: millimetre grid, soft shapes, noise, colours in linear light."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.floating[Any]]
"""Height x width, or height x width x 3 (red, green, blue in linear light)."""

SCALE = 2.4
"""Pixels a millimetre."""
WIDTH, HEIGHT = 704, 836
CENTRE_X, CENTRE_Y = 352.0, 372.0
"""Where the point between the eyes lies."""


@cache
def grid() -> tuple[Plane, Plane]:
    """x and y of each pixel's centre in millimetres."""
    x = (np.arange(WIDTH, dtype=np.float32) - CENTRE_X) / SCALE
    y = (np.arange(HEIGHT, dtype=np.float32) - CENTRE_Y) / SCALE
    return np.broadcast_to(x, (HEIGHT, WIDTH)), np.broadcast_to(y[:, None], (HEIGHT, WIDTH))


def window(x: float, y: float, reach_x: float, reach_y: float) -> tuple[slice, slice]:
    """The part of the sheet within reach of a point, clipped to it."""
    left = max(0, int((x - reach_x) * SCALE + CENTRE_X))
    right = min(WIDTH, int((x + reach_x) * SCALE + CENTRE_X) + 2)
    top = max(0, int((y - reach_y) * SCALE + CENTRE_Y))
    bottom = min(HEIGHT, int((y + reach_y) * SCALE + CENTRE_Y) + 2)
    return slice(top, max(top, bottom)), slice(left, max(left, right))


def bump(x: float, y: float, sx: float, sy: float, angle: float = 0.0) -> tuple[tuple[slice, slice], Plane]:
    """A Gaussian of height 1 with its window; ``angle`` in degrees turns its x axis clockwise."""
    reach = 3.2 * max(sx, sy) if angle else 0.0
    part = window(x, y, reach or 3.2 * sx, reach or 3.2 * sy)
    gx, gy = grid()
    dx, dy = gx[part] - np.float32(x), gy[part] - np.float32(y)
    if angle:
        c, s = np.float32(np.cos(np.radians(angle))), np.float32(np.sin(np.radians(angle)))
        dx, dy = dx * c + dy * s, dy * c - dx * s
    return part, np.exp(-0.5 * ((dx / np.float32(sx)) ** 2 + (dy / np.float32(sy)) ** 2)).astype(np.float32)


def add_bump(target: Plane, height: float, x: float, y: float, sx: float, sy: float, angle: float = 0.0) -> None:
    """Raise (or sink) a height map by a Gaussian."""
    part, shape = bump(x, y, sx, sy, angle)
    target[part] += np.float32(height) * shape


def tint(target: Plane, part: tuple[slice, slice], alpha: Plane, colour: npt.ArrayLike) -> None:
    """Lay a colour (three values, or one a pixel) over a painting with an alpha of the window's size."""
    a = alpha[..., None]
    target[part] += (np.asarray(colour, np.float32) - target[part]) * a


def step(value: Plane, low: float, high: float) -> Plane:
    """Smooth 0 → 1 between two bounds (``low`` may be the greater one)."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def noise(seed: int, grain: float, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> Plane:
    """Smooth noise of about unit spread; ``grain`` is the size of its blobs in millimetres."""
    rows, columns = (max(2, int(n / (grain * SCALE)) + 2) for n in shape)
    rough = np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(rough, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def linear(red: float, green: float, blue: float) -> Plane:
    """A display colour (0…255, sRGB) in linear light 0…1."""
    c = np.array([red, green, blue], np.float32) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _display_table() -> npt.NDArray[np.uint8]:
    v = np.arange(4096, dtype=np.float32) / 4095
    s = np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)
    return np.clip(s * 255 + 0.5, 0, 255).astype(np.uint8)


def display(light: Plane) -> npt.NDArray[np.uint8]:
    """Linear light to sRGB bytes, same channel order; a soft shoulder keeps highlights from clipping."""
    rolled = np.where(light > 0.8, 0.8 + 0.2 * np.tanh((light - 0.8) / 0.35), light)
    return np.asarray(_display_table()[np.clip(rolled * 4095, 0, 4095).astype(np.uint16)], np.uint8)


def mixed(colours: Plane, at: float) -> Plane:
    """A colour between the rows of a table; ``at`` 0…1 runs over the whole table."""
    place = min(max(at, 0.0), 1.0) * (len(colours) - 1)
    low = min(int(place), len(colours) - 2)
    return np.asarray(colours[low] + (colours[low + 1] - colours[low]) * (place - low), np.float32)
