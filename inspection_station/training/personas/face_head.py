"""A whole head, painted and lit once: the two sheets that every picture of it is cut from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.training.personas.face_canvas import SCALE, Plane, display, window
from inspection_station.training.personas.face_dress import ears, glasses, neck
from inspection_station.training.personas.face_eyes import paint_eyes
from inspection_station.training.personas.face_hair import Layer, back_hair, front_hair
from inspection_station.training.personas.face_light import Light, lit
from inspection_station.training.personas.face_relief import relief
from inspection_station.training.personas.face_skin import painted_skin
from inspection_station.training.personas.face_traits import FaceTraits

Sheet = npt.NDArray[np.uint8]
"""Height x width x 4: blue, green, red, alpha (colours not multiplied by it)."""


_MARGIN = 26.0
"""Millimetres beyond the eyes' band that its light depends on."""


@dataclass(frozen=True, slots=True)
class Head:
    """``front``: face, hair, glasses; ``back``: neck, ears, hair behind; ``depth``: heights of the front."""

    front: Sheet
    front_closed: Sheet | None
    back: Sheet
    depth: Plane


def painted_head(t: FaceTraits, light: Light, *, gaze: tuple[float, float] = (0.0, 0.0), blink: bool = False) -> Head:
    """Paint and light a head. ``blink`` adds a second front with closed eyes."""
    shape = relief(t)
    skin, shine = painted_skin(t, shape)
    hair = front_hair(t, shape)
    whole = slice(0, skin.shape[0])
    front = _front(t, light, (skin, shine, shape.height, shape.inside), hair, whole, 1.0, gaze)
    closed = None
    if blink:
        band = window(0, t.eye_height, 150, 24 + _MARGIN)[0]
        shut = _front(t, light, (skin, shine, shape.height, shape.inside), hair, band, 0.05, gaze)
        inner = slice(band.start + int(_MARGIN * SCALE), band.stop - int(_MARGIN * SCALE))
        closed = front.copy()
        closed[inner] = shut[int(_MARGIN * SCALE) : shut.shape[0] - int(_MARGIN * SCALE)]
    height = shape.height
    if hair is not None:
        _, share = _blend(shape.inside, hair.alpha)
        height = height + (hair.height - height) * share
    depth = cv2.GaussianBlur(np.maximum(height, 26), (0, 0), 2.2 * SCALE)
    return Head(front, closed, _back(t, light, back_hair(t, shape)), depth)


def _front(
    t: FaceTraits,
    light: Light,
    painted: tuple[Plane, Plane, Plane, Plane],
    hair: Layer | None,
    rows: slice,
    open_share: float,
    gaze: tuple[float, float],
) -> Sheet:
    """Face, glasses and hair, lit. ``painted``: skin, shine, height, inside; only ``rows`` of the sheet are lit."""
    skin, shine, height, inside = (plane.copy() for plane in painted)
    shine += 0.08 * paint_eyes(skin, t, open_share=open_share, gaze=gaze)
    glasses(t, skin, height, shine)
    if hair is None:
        return _sheet(lit(skin[rows], height[rows], shine[rows], light), inside[rows])
    soft = cv2.GaussianBlur(np.roll(hair.alpha, int(2.5 * SCALE), axis=0), (0, 0), 3.0 * SCALE)
    skin *= 1 - 0.38 * soft[..., None]  # the shade hair throws on the skin beside it
    alpha, share = _blend(inside[rows], hair.alpha[rows])
    colour = skin[rows] + (hair.albedo[rows] - skin[rows]) * share[..., None]
    gloss = shine[rows] + (hair.shine[rows] - shine[rows]) * share
    return _sheet(lit(colour, height[rows] + (hair.height[rows] - height[rows]) * share, gloss, light), alpha)


def _blend(below: Plane, above: Plane) -> tuple[Plane, Plane]:
    """Alpha of two layers together, and the upper one's share of the colour."""
    alpha = above + below * (1 - above)
    return alpha, above / np.maximum(alpha, np.float32(1e-3))


def _back(t: FaceTraits, light: Light, hair: Layer | None) -> Sheet:
    lower = neck(t)
    layers = ([hair] if hair is not None else []) + [lower, ears(t)]
    colour, shine, height, alpha = layers[0].albedo, layers[0].shine, layers[0].height, layers[0].alpha
    for layer in layers[1:]:
        alpha, share = _blend(alpha, layer.alpha)
        colour = colour + (layer.albedo - colour) * share[..., None]
        shine = shine + (layer.shine - shine) * share
        height = height + (layer.height - height) * share
    return _sheet(lit(colour, height, shine, light), alpha)


def _sheet(light: Plane, alpha: Plane) -> Sheet:
    out = np.empty((*alpha.shape, 4), np.uint8)
    out[..., :3] = display(light)[..., ::-1]
    out[..., 3] = np.clip(alpha * 255 + 0.5, 0, 255)
    return out
