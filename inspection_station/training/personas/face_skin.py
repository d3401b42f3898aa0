"""Colour of the face: skin, lips, brows, beard, nostrils; and how much each part shines."""

from __future__ import annotations

import cv2
import numpy as np

from inspection_station.training.personas.face_canvas import (
    SCALE,
    Plane,
    bump,
    grid,
    linear,
    mixed,
    noise,
    step,
    tint,
    window,
)
from inspection_station.training.personas.face_relief import Relief
from inspection_station.training.personas.face_traits import ADULT, FaceTraits

_SKIN = np.stack(
    [
        linear(243, 214, 196),
        linear(233, 196, 172),
        linear(219, 178, 147),
        linear(199, 154, 120),
        linear(172, 127, 95),
        linear(141, 100, 74),
        linear(118, 84, 63),
        linear(101, 73, 56),
    ]
)
_HAIR = np.stack(
    [linear(30, 26, 26), linear(48, 36, 30), linear(82, 58, 42), linear(104, 58, 38), linear(150, 116, 78)]
)
_GREY = linear(176, 174, 172)


def skin_colour(t: FaceTraits) -> Plane:
    """The skin's own colour, before what varies over the face."""
    warm = np.array([1 + 0.02 * t.undertone, 1, 1 - 0.07 * t.undertone], np.float32)
    return mixed(_SKIN, t.melanin) * warm


def hair_colour(t: FaceTraits) -> Plane:
    """Colour of the hair on the head."""
    return np.asarray(_HAIR[t.hair_colour] * (1 - t.hair_grey) + _GREY * t.hair_grey, np.float32)


def brow_colour(t: FaceTraits) -> Plane:
    """Brows grey later than the head; on dark skin they stay black."""
    own = _HAIR[min(t.hair_colour, 3)] * 0.8
    grey = 0.5 * t.hair_grey * (t.melanin < 0.55)
    return np.asarray(own * (1 - grey) + _GREY * 0.6 * grey, np.float32)


def painted_skin(t: FaceTraits, shape: Relief) -> tuple[Plane, Plane]:
    """Albedo (height x width x 3) and shine (height x width) of the face without eyes and hair."""
    base = skin_colour(t)
    # Blotches of blood and of melanin at three sizes.
    mottle = 0.035 * noise(t.texture, 14) + 0.025 * noise(t.texture + 1, 4) + 0.028 * noise(t.texture + 2, 1.1)
    blood = 0.05 * noise(t.texture + 3, 10)
    albedo = base * np.exp(mottle[..., None] + blood[..., None] * np.array([0.2, -0.8, -0.6], np.float32))
    _flush(albedo, t)
    if t.freckles:
        _freckles(albedo, t)
    e, ey = t.eye_half_distance, t.eye_height
    tired = 0.10 + 0.22 * max(0.0, (t.age - 30) / 40)
    for side in (-1, 1):
        part, soft = bump(side * (e - 3), ey + 9.5, 11, 4.5, side * 10)
        tint(albedo, part, tired * soft, base * [0.62, 0.5, 0.55])
        part, soft = bump(side * e, ey - 5, 15, 6)
        tint(albedo, part, (0.08 + 0.40 * t.socket) * soft, base * [0.62, 0.5, 0.48])
        part, soft = bump(side * (e - 15), ey - 2, 4.5, 8)
        tint(albedo, part, 0.2 * soft, base * [0.68, 0.55, 0.5])
    _wrinkles(albedo, t)
    _beard(albedo, t, shape)
    _nostrils(albedo, t)
    _lips(albedo, t)
    _brows(albedo, t)
    shine = np.full(albedo.shape[:2], 0.045 + 0.035 * t.melanin, np.float32)
    for sx, px, py, wx, wy in ((0.09, 0, t.nose_tip - 2, 6, 6), (0.06, 0, ey - 45, 24, 14), (0.05, 0, 15, 3, 18)):
        part, soft = bump(px, py, wx, wy)
        shine[part] += sx * soft
    for side in (-1, 1):
        part, soft = bump(side * 42, ey + 24, 14, 8)
        shine[part] += 0.05 * soft
    part, soft = bump(0, t.mouth + 0.55 * t.lower_lip, 10, 0.5 * t.lower_lip)
    shine[part] += 0.12 * soft
    return albedo.astype(np.float32), shine * np.exp(0.25 * noise(t.texture + 5, 1.4))


def _flush(albedo: Plane, t: FaceTraits) -> None:
    red = np.array([1.02, 0.74, 0.72], np.float32)
    amount = 0.5 - 0.25 * t.melanin
    for x, y, sx, sy, strength in (
        (-40, t.eye_height + 32, 17, 14, 0.75),
        (40, t.eye_height + 32, 17, 14, 0.75),
        (0, t.nose_tip, 12, 9, 0.7),
        (0, t.chin - 10, 16, 9, 0.35),
    ):
        part, soft = bump(x, y, sx, sy)
        tint(albedo, part, amount * strength * soft, albedo[part] * red)


def _freckles(albedo: Plane, t: FaceTraits) -> None:
    x, y = grid()
    spots = step(noise(t.texture + 7, 1.5), 1.25, 1.9)
    zone = np.exp(-(((np.abs(x) - 22) / 26) ** 2) - ((y - t.eye_height - 24) / 20) ** 2)
    a = (t.freckles * 0.55 * spots * zone).astype(np.float32)[..., None]
    albedo *= 1 - a * np.array([0.35, 0.55, 0.65], np.float32)


def _wrinkles(albedo: Plane, t: FaceTraits) -> None:
    amount = min(1.0, max(0.0, (t.age - 36) / 34))
    if not amount:
        return
    x, y = grid()
    wave = noise(t.texture + 11, 22)
    for level in (-50, -42, -35):
        line = y - (t.eye_height + level * 1.0) - 0.0012 * x * x - 1.4 * wave
        a = 0.22 * amount * np.exp(-((line / 0.8) ** 2)) * np.exp(-((x / 30) ** 4))
        albedo *= 1 - a[..., None].astype(np.float32) * np.array([0.8, 1, 1], np.float32)
    for side in (-1, 1):
        fold_x = 0.5 * (t.nose_half_width + t.mouth_half_width) + 6.5
        part, soft = bump(side * fold_x, 0.5 * (t.nose_tip + t.mouth) + 2, 1.0, 9.5, -side * 25)
        albedo[part] *= 1 - (0.32 * amount * soft)[..., None]
        for turn in (-16, 2, 20):
            part, soft = bump(
                side * (t.eye_half_distance + t.eye_half_width + 7), t.eye_height + 0.32 * turn, 5, 0.55, side * turn
            )
            albedo[part] *= 1 - (0.25 * amount * soft)[..., None]


def _nostrils(albedo: Plane, t: FaceTraits) -> None:
    dark = skin_colour(t) * np.array([0.16, 0.10, 0.09], np.float32)
    for side in (-1, 1):
        part, soft = bump(side * 0.45 * t.nose_half_width, t.nose_tip + 6.2, 2.9, 1.25, side * 14)
        tint(albedo, part, np.clip(1.2 * soft - 0.18, 0, 0.75), dark)
        part, soft = bump(side * (t.nose_half_width - 0.8), t.nose_tip + 1.5, 1.0, 4.2, -side * 12)
        tint(albedo, part, 0.3 * soft, dark * 3)
    part, soft = bump(0, t.nose_tip + 8.2, 9, 1.2)
    tint(albedo, part, 0.2 * soft, dark * 3)


def _lips(albedo: Plane, t: FaceTraits) -> None:
    part = window(0, t.mouth, t.mouth_half_width + 6, 18)
    x, y = (g[part] for g in grid())
    w = t.mouth_half_width
    u = np.clip(np.abs(x) / w, 0, 1)
    line = t.mouth - t.mouth_curve * u**2 + 0.9 * np.exp(-((u / 0.22) ** 2)) - 0.5 * np.exp(-(((u - 0.33) / 0.2) ** 2))
    bow = 1 - 0.24 * np.exp(-((u / 0.13) ** 2))
    top = line - t.upper_lip * bow * (1 - u**1.8) ** 0.9
    bottom = line + t.lower_lip * (1 - u**2.1) ** 0.85
    inside = step(y - top, -0.7, 0.9) * step(bottom - y, -0.9, 1.1) * step(w - np.abs(x), -0.3, 2.5)
    skin = skin_colour(t)
    rosy = 1.25 if t.sex == "F" else 1.0
    lip = skin * np.array([0.86, 0.56, 0.56], np.float32) ** rosy
    grain = np.exp(0.12 * noise(t.texture + 13, 0.9)[part])
    shade = np.where(y < line, 0.78, 1.0).astype(np.float32) * grain
    tint(albedo, part, (0.82 * inside).astype(np.float32), lip * shade[..., None])
    gap = np.exp(-(((y - line) / 0.85) ** 2)) * step(w + 1.2 - np.abs(x), 0, 4)
    tint(albedo, part, (0.82 * gap).astype(np.float32), skin * np.array([0.2, 0.09, 0.09], np.float32))
    under = np.exp(-(((y - bottom - 1.6) / 1.6) ** 2)) * (1 - u**2)
    tint(albedo, part, (0.25 * under).astype(np.float32), skin * np.array([0.6, 0.48, 0.45], np.float32))


def _brows(albedo: Plane, t: FaceTraits) -> None:
    colour = brow_colour(t)
    for side in (-1, 1):
        centre = side * (t.eye_half_distance + 1.5)
        middle = t.eye_height - t.brow_height
        part = window(centre, middle, 26, 14)
        x, y = (g[part] for g in grid())
        u = (x - centre) * side / 20  # −1 at the nose, 1 at the temple
        rise = -t.brow_arch * np.exp(-(((u - 0.35) / 0.6) ** 2)) - np.tan(np.radians(t.brow_tilt)) * 20 * u * 0.8
        drop = 2.6 * np.clip(u - 0.45, 0, 1) ** 1.5 * 2
        v = y - (middle + rise + drop + 0.5 * t.brow_arch)
        half = 0.5 * t.brow_thickness * np.clip(1.15 - 0.25 * u - 0.75 * np.clip(u, 0, 1) ** 2, 0.12, 2)
        band = step(half + 0.5 - np.abs(v), 0, 1.3) * step(u, -1.06, -0.78) * step(1.1 - u, 0, 0.3)
        hairs = _strokes(t.texture + 17 + side, u * 20, v, 62)
        a = np.clip(band * (0.74 + 0.32 * hairs), 0, 0.93)
        tint(albedo, part, a.astype(np.float32), colour)


def _strokes(seed: int, along: Plane, across: Plane, lean: float) -> Plane:
    """Hair strokes: noise stretched along a direction leaning by degrees against ``along``; about −1…1."""
    c, s = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    lengthwise = (along * c - across * s) * 0.35
    crosswise = (along * s + across * c) * 2.2
    texture = np.random.default_rng(seed).standard_normal((256, 256)).astype(np.float32)
    return np.asarray(
        cv2.remap(
            texture,
            ((crosswise + 300) % 250).astype(np.float32),
            ((lengthwise + 300) % 250).astype(np.float32),
            cv2.INTER_LINEAR,
        ),
        np.float32,
    )


def _beard(albedo: Plane, t: FaceTraits, shape: Relief) -> None:
    if t.sex != "M" or t.age < ADULT:
        return
    part = window(0, 0.5 * (t.nose_tip + t.chin), 90, 0.5 * (t.chin - t.nose_tip) + 26)
    x, y = (g[part] for g in grid())
    m, w = t.mouth, t.mouth_half_width
    # Cheek line from the ear to the corner of the mouth, then around the lips.
    cheek = m - 6 - 0.42 * (np.abs(x) - w - 4) * (np.abs(x) > w + 4)
    jaw = step(y - cheek, -3, 7)
    philtrum = 0.5 * (t.nose_tip + 8 + m - t.upper_lip)
    droop = 0.004 * x * x
    lip_zone = np.exp(-((x / (w * 1.02)) ** 4) - ((y - philtrum - droop) / 4.6) ** 2)
    mouth = step(np.sqrt((x / (w + 1)) ** 2 + ((y - m - 0.5) / (t.upper_lip + t.lower_lip)) ** 2), 0.7, 1.05)
    full = np.maximum(jaw, lip_zone) * np.maximum(mouth, lip_zone * 0.9)
    shade = 0.10 + 0.10 * (t.hair_colour < 2)
    dimmed = (shade * (1 - t.hair_grey) * full)[..., None] * np.array([1.0, 0.85, 0.72], np.float32)
    albedo[part] *= (1 - dimmed).astype(np.float32)
    if t.beard in ("full", "stubble"):
        zone = full
    elif t.beard == "moustache":
        zone = lip_zone
    elif t.beard == "goatee":
        zone = np.maximum(lip_zone, np.exp(-((x / (w + 6)) ** 6)) * step(y - m, 2, 8) * mouth)
    else:
        return
    colour = hair_colour(t) * 0.75 + brow_colour(t) * 0.25
    strokes = _strokes(t.texture + 23, x * 0.8, y * 0.8, 80)
    if t.beard == "stubble":
        a = np.clip(0.34 * zone * (0.75 + 0.35 * strokes), 0, 0.97)
    else:
        a = np.clip(step(zone, 0.15, 0.75) * (0.86 + 0.2 * strokes), 0, 0.97)
        thick = cv2.GaussianBlur(step(zone, 0.2, 0.9), (0, 0), 1.2 * SCALE)
        shape.height[part] += 3.2 * thick * (1 + 0.06 * strokes)
    tint(albedo, part, a.astype(np.float32), colour * np.exp(0.22 * strokes)[..., None])
