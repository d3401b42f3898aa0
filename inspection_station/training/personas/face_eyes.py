"""Eyes, painted: opening, white, iris, pupil, catch light, lashes, crease."""

from __future__ import annotations

import numpy as np

from inspection_station.training.personas.face_canvas import Plane, grid, linear, step, tint, window
from inspection_station.training.personas.face_skin import skin_colour
from inspection_station.training.personas.face_traits import FaceTraits

_IRIS = (
    linear(52, 32, 22),
    linear(88, 56, 34),
    linear(112, 88, 50),
    linear(92, 108, 76),
    linear(96, 128, 156),
    linear(116, 126, 134),
)
_LASH = linear(22, 17, 16)


def paint_eyes(
    albedo: Plane, t: FaceTraits, *, open_share: float = 1.0, gaze: tuple[float, float] = (0.0, 0.0)
) -> Plane:
    """Paint both eyes over the skin; returns their gloss. ``gaze`` in mm, ``open_share`` 0 is a blink."""
    gloss = np.zeros(albedo.shape[:2], np.float32)
    for side in (-1, 1):
        _eye(albedo, gloss, t, side, open_share * (1 + 0.02 * side * t.lean), gaze)
    return gloss


def _eye(albedo: Plane, gloss: Plane, t: FaceTraits, side: int, open_share: float, gaze: tuple[float, float]) -> None:
    cx, cy = side * t.eye_half_distance, t.eye_height
    part = window(cx, cy, t.eye_half_width + 10, 18)
    gx, gy = (g[part] for g in grid())
    turn = np.radians(t.eye_tilt) * -side
    dx, dy = gx - np.float32(cx), gy - np.float32(cy)
    # u runs from the inner (−1) to the outer corner (1); v is down, both along the tilted eye.
    along = (dx * np.cos(turn) + dy * np.sin(turn)) * side
    v = dy * np.cos(turn) - dx * np.sin(turn)
    u = along / np.float32(t.eye_half_width)
    arch = np.clip(1 - np.abs(u) ** 2.15, 0, 1)
    skew = 1 - 0.16 * u
    opening = t.eye_opening * open_share
    upper = -0.54 * opening * (arch**0.82) * skew + (1 - open_share) * 0.28 * t.eye_opening * arch
    lower = 0.40 * t.eye_opening * (arch**0.95) * (1 + 0.14 * u)
    lower = np.maximum(lower, upper)
    inside = step(v - upper, -0.35, 0.45) * step(lower - v, -0.35, 0.45) * step(1.02 - np.abs(u), 0, 0.06)
    skin = skin_colour(t)
    _lids(albedo, part, t, u, v, upper, lower, arch, skin)
    if open_share > 0.15:
        _globe(albedo, gloss, part, t, side, along, dx, dy, u, v - upper, inside, gaze)
    _lashes(albedo, part, t, u, v, upper, lower, skin)


def _globe(albedo: Plane, gloss: Plane, part: tuple[slice, slice], t: FaceTraits, side: int, along: Plane, dx: Plane,
           dy: Plane, u: Plane, below_lid: Plane, inside: Plane, gaze: tuple[float, float]) -> None:  # fmt: skip
    white = linear(208, 202, 197) * np.float32(1 - 0.10 * t.melanin)
    rounding = 1 - 0.42 * np.abs(u) ** 2.4
    shadow = 0.62 + 0.38 * step(below_lid, 0.2, 4.2)
    tint(albedo, part, inside, white * (rounding * shadow)[..., None])
    tear = np.exp(-(((along + t.eye_half_width - 2.2) / 2.0) ** 2)) * inside
    tint(albedo, part, (0.55 * tear).astype(np.float32), skin_colour(t) * [0.95, 0.6, 0.58])
    ix, iy = dx - gaze[0], dy + 0.9 - gaze[1]
    r = np.sqrt(ix * ix + iy * iy)
    angle = np.arctan2(iy, ix)
    iris = np.broadcast_to(_IRIS[t.iris], (*r.shape, 3)).copy()
    rays = 1 + 0.16 * np.sin(angle * 23 + 3 * np.sin(angle * 5 + t.texture % 7)) + 0.1 * np.sin(angle * 41)
    depth = (0.85 + 0.5 * step(r, 5.6, 2.4)) * (1 - 0.62 * step(r, 4.5, 5.9)) * (1 + 0.22 * iy / 6)
    iris *= (rays * depth * shadow)[..., None]
    disc = step(6.15 - r, -0.35, 0.35) * inside
    tint(albedo, part, disc.astype(np.float32), iris)
    pupil = step(2.15 - r, -0.3, 0.3) * inside
    tint(albedo, part, pupil.astype(np.float32), linear(12, 10, 10))
    catch = np.exp(-(((ix + 1.9) / 0.95) ** 2) - ((iy + 2.0) / 0.95) ** 2) + 0.35 * np.exp(
        -(((ix - 2.4) / 1.1) ** 2) - ((iy - 2.2) / 0.8) ** 2
    )
    tint(albedo, part, np.clip(0.9 * catch * inside, 0, 0.9).astype(np.float32), linear(246, 248, 250))
    gloss[part] = np.maximum(gloss[part], 0.8 * inside)


def _lids(albedo: Plane, part: tuple[slice, slice], t: FaceTraits, u: Plane, v: Plane, upper: Plane, lower: Plane,
          arch: Plane, skin: Plane) -> None:  # fmt: skip
    crease = upper - (2.3 + 1.5 * t.lid_crease) * (arch + 0.25) ** 0.6
    line = np.exp(-(((v - crease) / 0.75) ** 2)) * step(1.12 - np.abs(u), 0, 0.4)
    tint(albedo, part, (0.62 * t.lid_crease * line).astype(np.float32), skin * [0.34, 0.24, 0.22])
    above = np.exp(-(((v - crease + 2.2) / 2.4) ** 2)) * step(1.2 - np.abs(u), 0, 0.5)
    tint(albedo, part, (0.22 * above).astype(np.float32), skin * [0.6, 0.5, 0.48])
    bag = np.exp(-(((v - lower - 3.6) / 1.3) ** 2)) * step(1.0 - np.abs(u), 0, 0.5)
    tint(albedo, part, (0.16 * bag).astype(np.float32), skin * [0.55, 0.45, 0.45])
    rim = np.exp(-(((v - lower - 0.5) / 0.6) ** 2)) * step(1.0 - np.abs(u), 0, 0.2)
    tint(albedo, part, (0.3 * rim).astype(np.float32), skin * [1.05, 0.72, 0.7])


def _lashes(albedo: Plane, part: tuple[slice, slice], t: FaceTraits, u: Plane, v: Plane, upper: Plane, lower: Plane,
            skin: Plane) -> None:  # fmt: skip
    woman = t.sex == "F"
    weight = (0.75 if woman else 0.55) + (0.5 if woman else 0.3) * np.clip(u + 0.5, 0, 1.3)
    reach = step(1.10 - u, 0, 0.12) * step(u + 1.02, 0, 0.25)
    line = step(weight + 0.35 - np.abs(v - upper + 0.35 * weight), 0, 0.55) * reach
    tint(albedo, part, (0.9 * line).astype(np.float32), _LASH)
    fine = np.exp(-(((v - lower - 0.15) / 0.45) ** 2)) * step(1.0 - u, 0, 0.15) * step(u + 0.55, 0, 0.5)
    tint(albedo, part, ((0.5 if woman else 0.36) * fine).astype(np.float32), skin * [0.2, 0.14, 0.12])
