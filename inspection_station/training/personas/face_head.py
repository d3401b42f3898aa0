"""A whole head, painted and lit once: the two sheets that every picture of it is cut from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.training.personas.face_canvas import SCALE, Plane, display
from inspection_station.training.personas.face_dress import ears, glasses, neck
from inspection_station.training.personas.face_eyes import paint_eyes
from inspection_station.training.personas.face_hair import Layer, back_hair, front_hair
from inspection_station.training.personas.face_light import Light, lit
from inspection_station.training.personas.face_relief import relief
from inspection_station.training.personas.face_skin import painted_skin
from inspection_station.training.personas.face_traits import FaceTraits

Sheet = npt.NDArray[np.uint8]
"""Height x width x 4: blue, green, red, alpha (colours not multiplied by it)."""


@dataclass(frozen=True, slots=True)
class Head:
    """``front``: face, hair, glasses; ``back``: neck, ears, hair behind; ``depth``: heights of the front for turning."""

    front: Sheet
    front_closed: Sheet | None
    back: Sheet
    depth: Plane


def painted_head(t: FaceTraits, light: Light, *, gaze: tuple[float, float] = (0.0, 0.0), blink: bool = False) -> Head:
    """Paint and light a head. ``blink`` adds a second front with closed eyes."""
    shape = relief(t)
    skin, shine = painted_skin(t, shape)
    hair = front_hair(t, shape)
    fronts = []
    for open_share in (1.0, 0.05) if blink else (1.0,):
        face, gloss, height = skin.copy(), shine.copy(), shape.height.copy()
        gloss += 0.25 * paint_eyes(face, t, open_share=open_share, gaze=gaze)
        glasses(t, face, height, gloss)
        if hair is not None:
            _under_hair(face, hair)
        front, alpha, height = _over(face, gloss, height, shape.inside, hair)
        fronts.append(_sheet(lit(front, height, alpha[1], light), alpha[0]))
    depth = cv2.GaussianBlur(np.maximum(height, 26), (0, 0), 2.2 * SCALE)
    return Head(fronts[0], fronts[1] if blink else None, _back(t, light, back_hair(t, shape)), depth)


def _under_hair(face: Plane, hair: Layer) -> None:
    """The shade hair throws on the skin beside it."""
    soft = cv2.GaussianBlur(np.roll(hair.alpha, int(2.5 * SCALE), axis=0), (0, 0), 3.0 * SCALE)
    face *= 1 - 0.38 * soft[..., None]


def _over(
    face: Plane, gloss: Plane, height: Plane, inside: Plane, hair: Layer | None
) -> tuple[Plane, tuple[Plane, Plane], Plane]:
    if hair is None:
        return face, (inside, gloss), height
    alpha = hair.alpha + inside * (1 - hair.alpha)
    share = hair.alpha / np.maximum(alpha, 1e-3)
    colour = face + (hair.albedo - face) * share[..., None]
    return colour, (alpha, gloss + (hair.shine - gloss) * share), height + (hair.height - height) * share


def _back(t: FaceTraits, light: Light, hair: Layer | None) -> Sheet:
    colour: Plane | None = None
    alpha: Plane | None = None
    for layer in (hair, neck(t), ears(t)):
        if layer is None:
            continue
        shown = lit(layer.albedo, layer.height, layer.shine, light)
        if colour is None or alpha is None:
            colour, alpha = shown, layer.alpha.copy()
            continue
        total = layer.alpha + alpha * (1 - layer.alpha)
        share = layer.alpha / np.maximum(total, 1e-3)
        colour += (shown - colour) * share[..., None]
        alpha = total
    assert colour is not None and alpha is not None
    return _sheet(colour, alpha)


def _sheet(light: Plane, alpha: Plane) -> Sheet:
    out = np.empty((*alpha.shape, 4), np.uint8)
    out[..., :3] = display(light)[..., ::-1]
    out[..., 3] = np.clip(alpha * 255 + 0.5, 0, 255)
    return out
