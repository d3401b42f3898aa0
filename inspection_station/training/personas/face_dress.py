"""What belongs to a person besides the face: ears, neck, glasses, and the clothes on the shoulders."""

from __future__ import annotations

import cv2
import numpy as np

from inspection_station.training.personas.face_canvas import (
    CENTRE_X,
    CENTRE_Y,
    HEIGHT,
    SCALE,
    WIDTH,
    Plane,
    bump,
    grid,
    linear,
    noise,
    step,
    window,
)
from inspection_station.training.personas.face_hair import Layer
from inspection_station.training.personas.face_skin import skin_colour
from inspection_station.training.personas.face_traits import ADULT, FaceTraits


def neck(t: FaceTraits) -> Layer:
    """A column under the chin with its shadow; runs out below the collar."""
    alpha, albedo, height = _empty(t, (0.97, 0.93, 0.91))
    part = window(0, 110, 84, 90)
    x, y = (g[part] for g in grid())
    child = t.age < ADULT
    half = t.half_width * _neck_share(t) - 3 * child + np.float32(0.0003) * np.clip(y - 120, 0, 80) ** 3 / 10
    alpha[part] = step(half - np.abs(x), -0.6, 0.6) * step(y, 20, 30)
    height[part] = np.sqrt(np.clip(1 - (x / (half + 1)) ** 2, 0, 1)) * 34
    cast = 1 - 0.58 * step(y, t.chin + 40, t.chin + 2) * (1 - 0.3 * (np.abs(x) / half) ** 2)
    albedo[part] *= (cast * np.exp(0.04 * noise(t.texture + 71, 3)[part]))[..., None]
    for side in (-1, 1):
        cord, soft = bump(side * t.half_width * 0.38, t.chin + 38, 3.5, 26, side * 14)
        albedo[cord] *= 1 - 0.10 * soft[..., None]
    return Layer(alpha, albedo, np.full_like(alpha, 0.02), height)


def ears(t: FaceTraits) -> Layer:
    """Both ears as shells; hair and scarf lie over them."""
    alpha, albedo, height = _empty(t, (1.0, 0.84, 0.8))
    for side in (-1, 1):
        middle = side * (t.half_width * t.cheek * 0.985 + 2.0)
        part = window(middle, t.eye_height + 16, 22, 40)
        x, y = (g[part] for g in grid())
        dx, dy = (x - np.float32(middle)) * side, y - np.float32(t.eye_height + 16)
        lean = dx + 0.14 * dy
        d = np.sqrt((lean / (9.5 - 0.05 * dy)) ** 2 + (dy / 27) ** 2)
        alpha[part] = step(1 - d, -0.04, 0.04)
        rim = np.exp(-(((d - 0.84) / 0.13) ** 2)) * 3.5
        shell = -5 * np.exp(-(((lean + 1.5) / 5) ** 2) - ((dy - 2) / 13) ** 2)
        height[part] = np.where(d < 1.3, rim + shell + 6, 0)
        hollow = np.exp(-(((lean + 2.5) / 4) ** 2) - ((dy - 3) / 11) ** 2)
        albedo[part] *= 1 - (0.42 * hollow)[..., None]
    return Layer(alpha, albedo, np.full_like(alpha, 0.03), height)


def _empty(t: FaceTraits, tone: tuple[float, float, float]) -> tuple[Plane, Plane, Plane]:
    skin = skin_colour(t) * np.array(tone, np.float32)
    albedo = np.empty((HEIGHT, WIDTH, 3), np.float32)
    albedo[...] = skin
    return np.zeros((HEIGHT, WIDTH), np.float32), albedo, np.zeros((HEIGHT, WIDTH), np.float32)


def _neck_share(t: FaceTraits) -> float:
    """Width of the neck over that of the head."""
    return 0.75 if t.sex == "M" else 0.62


def glasses(t: FaceTraits, skin: Plane, height: Plane, shine: Plane) -> None:
    """Draw frames over a painted face, with the shade they throw."""
    if t.glasses == "none":
        return
    mask = np.zeros(height.shape, np.uint8)
    e, ey = t.eye_half_distance, t.eye_height + 3
    shift, fine = 4, 16
    rx, ry = (23.0, 21.0) if t.glasses == "round" else (25.5, 18.5)
    rx = min(rx, e - 7.0)

    def at(px: float, py: float) -> tuple[int, int]:
        return round((px * SCALE + CENTRE_X) * fine), round((py * SCALE + CENTRE_Y) * fine)

    power = 2.0 if t.glasses == "round" else 4.2
    turns = np.linspace(0, 2 * np.pi, 120)
    thick = 5 if t.texture % 2 else 3
    for side in (-1, 1):
        c, s = np.cos(turns), np.sin(turns)
        px = side * e + rx * np.sign(c) * np.abs(c) ** (2 / power)
        py = ey + ry * np.sign(s) * np.abs(s) ** (2 / power)
        points = np.array([at(a, b) for a, b in zip(px, py, strict=True)], np.int32)
        cv2.polylines(mask, [points], True, 255, thick, cv2.LINE_AA, shift)
        cv2.line(
            mask, at(side * (e + rx), ey - 5), at(side * (t.half_width + 2), ey - 6), 255, thick, cv2.LINE_AA, shift
        )
    bridge = np.array(
        [at(v, ey - 4 - 3 * np.cos(v / (e - rx) * 1.4)) for v in np.linspace(-(e - rx), e - rx, 16)], np.int32
    )
    cv2.polylines(mask, [bridge], False, 255, thick, cv2.LINE_AA, shift)
    a = (mask / np.float32(255)).astype(np.float32)
    shade = cv2.GaussianBlur(np.roll(a, int(2.2 * SCALE), axis=0), (0, 0), 1.3 * SCALE)
    skin *= 1 - 0.30 * shade[..., None]
    colour = (linear(34, 30, 30), linear(72, 48, 34), linear(96, 96, 102))[t.texture % 3]
    skin += (colour - skin) * (0.95 * a)[..., None]
    shine += 0.10 * a
    height += 1.2 * a


def shoulders(t: FaceTraits, size: tuple[int, int], scale: float, at: tuple[float, float]) -> tuple[Plane, Plane]:
    """Clothes at picture resolution: alpha, linear light. ``size`` width, height; ``at``: the eyes' place in pixels."""
    width, height = size
    x = ((np.arange(width, dtype=np.float32) - at[0]) / np.float32(scale))[None, :]
    y = ((np.arange(height, dtype=np.float32) - at[1]) / np.float32(scale))[:, None]
    child = t.age < ADULT
    build = (1.0 if t.sex == "M" else 0.88) * (0.8 if child else 1.0)
    neck_half = t.half_width * _neck_share(t)
    base = t.chin + (8 if t.sex == "M" else 14)  # where the neck meets the shoulders
    reach = 205 * build
    out = np.clip((np.abs(x) - neck_half) / (reach - neck_half), 0, 1)
    top = base + 8 + 42 * out**1.15 + 60 * np.clip((np.abs(x) / reach - 0.62) / 0.42, 0, 2) ** 2.6
    body = step(y - top, -1, 1) * step(reach + 14 + 0.02 * y - np.abs(x), -1, 1)
    hue = cv2.cvtColor(np.array([[[int(t.shirt_hue * 179), 88, 118]]], np.uint8), cv2.COLOR_HSV2BGR)[0, 0, ::-1]
    cloth = linear(*(float(v) for v in hue))
    fold = cv2.GaussianBlur(noise(t.texture + 81, 34 * scale / SCALE, (height, width)), (0, 0), 8)
    light = (0.95 - 0.25 * (np.abs(x) / reach) ** 2 + 0.045 * fold) * (1 - 0.28 * step(y, top.max() - 30, base + 180))
    colour = cloth * light[..., None]
    if t.shirt_kind == "vee":
        opening = (y - base) - 62 + np.abs(x) * 1.05
    elif t.shirt_kind == "crew" or child:
        opening = (y - base) - 24 * np.sqrt(np.clip(1 - (x / (neck_half * 1.12)) ** 2, 0, 1)) + 2
    else:
        opening = (y - base) - 40 + np.abs(x) * 0.62
    edge = step(opening, -0.8, 0.8)
    if t.shirt_kind in ("crew", "vee") or child:
        seam = np.exp(-(((opening - 7) / 1.0) ** 2))
        colour = colour * (1 - 0.25 * seam[..., None])
    else:
        colour = _collar(t, colour, light, x, y, base, neck_half, opening)
    alpha = body * edge
    if t.shirt_kind in ("collar", "jacket") and not child:
        stand = step(neck_half + 5 - np.abs(x), -0.8, 0.8) * step(y - base + 12, -1, 1) * edge
        alpha = np.maximum(alpha, stand)
    return alpha.astype(np.float32), colour.astype(np.float32)


def _collar(t: FaceTraits, colour: Plane, light: Plane, x: Plane, y: Plane, base: float, neck_half: float,
            opening: Plane) -> Plane:  # fmt: skip
    """A shirt collar; for a jacket, lapels over a light shirt."""
    shirt = linear(226, 228, 232) if t.texture % 3 else linear(168, 188, 214)
    if t.shirt_kind == "jacket":
        dark = (linear(44, 50, 66), linear(58, 56, 58), linear(66, 54, 46))[t.texture % 3]
        lapel = step((y - base) - 150 + np.abs(x) * 2.1, -1, 1)
        colour = (dark * lapel[..., None] + shirt * (1 - lapel[..., None])) * light[..., None]
        seam = np.exp(-((((y - base) - 150 + np.abs(x) * 2.1) / 2.0) ** 2))
        colour = colour * (1 - 0.4 * seam[..., None])
    flap = step(30 - np.abs(opening - 13), 14, 17) * step(neck_half * 1.25 - np.abs(x), -1, 1)
    edge = np.exp(-(((opening - 28) / 1.3) ** 2)) * step(neck_half * 1.25 - np.abs(x), -1, 1)
    tone = shirt if t.shirt_kind == "jacket" else colour / np.maximum(light[..., None], 0.1) * 1.12
    colour = colour + (tone * light[..., None] - colour) * flap[..., None]
    middle = np.exp(-((x / 0.9) ** 2)) * step(y - base, 38, 44)
    return np.asarray(colour * (1 - 0.3 * edge[..., None]) * (1 - 0.35 * middle[..., None]), np.float32)
