"""Hair and headscarf: what lies behind the head and what lies over it, with heights for light and turning."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inspection_station.training.personas.face_canvas import HEIGHT, SCALE, WIDTH, Plane, grid, noise, step
from inspection_station.training.personas.face_relief import Relief
from inspection_station.training.personas.face_skin import hair_colour
from inspection_station.training.personas.face_traits import FaceTraits


@dataclass(frozen=True, slots=True)
class Layer:
    """A covering: alpha, albedo, shine and height (mm) a pixel."""

    alpha: Plane
    albedo: Plane
    shine: Plane
    height: Plane


# Per style: volume over the crown, volume at the sides, how far down the sides it goes (mm), opening's width (1 = head)
_SHAPE = {
    "crop": (9.0, 3.5, 6.0, 0.93),
    "side": (13.0, 4.5, 4.0, 0.93),
    "short": (14.0, 8.0, 24.0, 0.93),
    "buzz": (2.5, 1.6, 2.0, 0.95),
    "receding": (5.0, 3.5, 8.0, 0.93),
    "bald": (0.0, 2.0, 8.0, 0.96),
    "afro": (30.0, 24.0, 16.0, 0.92),
    "bun": (7.0, 2.5, 0.0, 0.92),
    "bob": (13.0, 11.0, 88.0, 0.91),
    "long": (12.0, 9.0, 175.0, 0.90),
    "long_waves": (15.0, 15.0, 165.0, 0.91),
}


def front_hair(t: FaceTraits, shape: Relief) -> Layer | None:
    """Hair over the brow, the temples and the crown; None for a wholly bald head."""
    if t.hair_style == "headscarf":
        return _scarf(t, shape)
    x, y = grid()
    top, sides, down, open_width = _SHAPE[t.hair_style]
    volume = sides + (top - sides) * step(-y / t.crown, 0.1, 0.75)
    curly = t.hair_style in ("afro", "long_waves")
    rough = noise(t.texture + 31, 5.0) * (1.1 if curly else 0.5) + noise(t.texture + 32, 1.4) * (1.0 if curly else 0.35)
    outer = shape.radius + volume - (shape.reach * shape.radius) + rough
    body = step(outer, -0.8, 0.8)
    opening = _opening(t, shape, open_width) + 0.7 * noise(t.texture + 33, 1.2) + 0.8 * noise(t.texture + 34, 4.0)
    soft = 3.5 if t.hair_style in ("buzz", "receding") else 1.8
    alpha = body * step(opening, 0.0, soft) * step(down + 2.2 * noise(t.texture + 35, 2.5) - y, -3, 3)
    if t.hair_style == "bald":
        alpha *= step(y, -26, -6) * 0.8
    if t.hair_style == "buzz":
        alpha *= 0.82
    along, across = _flow(t, x, y)
    strands = _strands(t, along, across, curly=t.hair_style == "afro")
    # The hair has a dome of its own, or the skull's edge would show through as a line.
    thick = cv2.GaussianBlur(alpha, (0, 0), 2.0 * SCALE) * (1.5 + 0.2 * volume)
    height = _dome(shape, volume) + thick + 0.5 * strands
    return Layer(alpha, _coloured(t, strands), _gloss(t, strands), height.astype(np.float32))


def back_hair(t: FaceTraits, shape: Relief) -> Layer | None:
    """What hangs behind the neck and the shoulders."""
    x, y = grid()
    w = t.half_width
    if t.hair_style == "headscarf":
        width = w + 13 + 0.10 * np.clip(y - 20, 0, 200)
        alpha: Plane = step(width - np.abs(x), -0.8, 0.8) * step(y, -60, -40)
        fold = np.sin(x * 0.16 + 0.02 * y + noise(t.texture + 51, 30)) * 0.06
        return Layer(alpha, _cloth(t) * np.exp(fold - 0.25)[..., None], np.full_like(x, 0.01), np.zeros_like(x))
    if t.hair_style == "bun":
        d = np.sqrt((x / 27) ** 2 + ((y + t.crown + 9) / 22) ** 2) + 0.02 * noise(t.texture + 52, 3)
        alpha = step(1 - d, -0.03, 0.03)
        dome = np.sqrt(np.clip(1 - d * d, 0, 1)) * 16
        strands = _strands(t, np.arctan2(y + t.crown + 9, x) * 9, d * 24, curly=False)
        return Layer(alpha, _coloured(t, strands), _gloss(t, strands), dome.astype(np.float32))
    if t.hair_style not in ("bob", "long", "long_waves"):
        return None
    end = {"bob": 92.0, "long": 178.0, "long_waves": 168.0}[t.hair_style]
    wave = 3.5 * np.sin(y * 0.11 + t.texture % 6) if t.hair_style == "long_waves" else 0.8 * np.sin(y * 0.05)
    spread = {"bob": 13.0, "long": 9.0, "long_waves": 17.0}[t.hair_style]
    half = w + spread + wave - 0.0009 * np.clip(y - 40, 0, 200) ** 2 + 1.2 * noise(t.texture + 53, 6)
    alpha = (
        step(half - np.abs(x), -0.8, 0.8)
        * step(end + 2.5 * noise(t.texture + 54, 9) + 0.8 * noise(t.texture + 55, 2) - y, -2, 4)
        * step(y, -6, 26)
    )
    strands = _strands(t, y * 0.5, x + wave, curly=False)
    lift = 14 * np.sqrt(np.clip(1 - (x / half) ** 2, 0, 1))
    dark = 0.5 + 0.5 * step(np.abs(x), w - 14, w + 8)
    return Layer(alpha, _coloured(t, strands) * dark[..., None], _gloss(t, strands) * dark, lift.astype(np.float32))


def _dome(shape: Relief, volume: Plane | np.float32) -> Plane:
    """The head's dome blown up by the hair's volume."""
    reach = shape.reach * shape.radius / (shape.radius + volume + 0.5)
    return (96 * np.clip(1 - reach**2.5, 0, 1) ** 0.6).astype(np.float32)


def _opening(t: FaceTraits, shape: Relief, width: float) -> Plane:
    """Signed distance-like measure in mm, positive outside the face's opening."""
    x, y = grid()
    half = t.half_width * width
    line: Plane = np.full_like(x, t.hairline)
    if t.hair_style == "receding":
        line = line - 14 - 16 * np.exp(-(((np.abs(x) - 30) / 16) ** 2))
    if t.hair_style == "bald":
        return (np.abs(x) - half).astype(np.float32)
    if t.hair_style == "side":
        line = line - 5 * np.sign(t.parting) * np.tanh((x - t.parting) / 14)
    if t.hair_style in ("long", "bob", "long_waves"):
        # Parted: the hair falls from the parting to both sides.
        line = line - 9 * np.exp(-(((x - t.parting * 0.5) / 13) ** 2)) + 2
    centre = 22.0
    depth = centre - line
    side = half * (1 - 0.05 * step(y, -10, 40))
    p = 2.7 if t.sex == "M" else 2.35
    above = (np.abs(x) / side) ** p + (np.clip(centre - y, 0, None) / depth) ** p
    measure = np.where(y < centre, above ** (1 / p) - 1, np.abs(x) / side - 1)
    return np.asarray(measure * half * 0.9, np.float32)


def _flow(t: FaceTraits, x: Plane, y: Plane) -> tuple[Plane, Plane]:
    """Coordinates along and across the strands, which fan out from the parting on the crown."""
    px = t.parting if t.hair_style in ("side", "long", "bob", "long_waves", "short") else 0.0
    dx, dy = x - px, y + 0.86 * t.crown
    distance = np.sqrt(dx * dx + dy * dy)
    fan = np.arctan2(dx, dy + 46)
    if t.hair_style == "long_waves":
        fan = fan + 0.05 * np.sin(distance * 0.13)
    return distance.astype(np.float32), (fan * 60).astype(np.float32)


def _strands(t: FaceTraits, along: Plane, across: Plane, *, curly: bool) -> Plane:
    """Strands of about unit spread: noise stretched along the flow, or curls."""
    if curly:
        return noise(t.texture + 41, 1.5) * 0.8 + noise(t.texture + 42, 3.4) * 0.7
    texture = np.random.default_rng(t.texture + 43).standard_normal((512, 512)).astype(np.float32)
    out = np.zeros((HEIGHT, WIDTH), np.float32)
    for fine, share in ((1.5, 0.75), (0.45, 0.6)):
        column = (across * fine + 1000) % 510
        row = (along * 0.035 * fine + 1000) % 510
        out += share * cv2.remap(texture, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR)
    return out


def _coloured(t: FaceTraits, strands: Plane) -> Plane:
    colour = hair_colour(t) * np.exp(0.34 * strands)[..., None]
    if 0.05 < t.hair_grey < 0.8:
        white = step(strands, 1.3 - 1.6 * t.hair_grey, 2.0 - 1.6 * t.hair_grey)[..., None]
        colour = colour + (np.float32(0.36) - colour) * 0.55 * white
    return np.asarray(colour, np.float32)


def _gloss(t: FaceTraits, strands: Plane) -> Plane:
    level = 0.03 if t.hair_style in ("afro", "buzz") else 0.085
    return np.asarray(level * np.exp(0.5 * strands), np.float32)


def _cloth(t: FaceTraits) -> Plane:
    """Colour of the scarf: muted."""
    hsv = np.array([[[int(t.scarf_hue * 179), 70, 130]]], np.uint8)
    blue, green, red = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32) / 255
    return np.array([red, green, blue], np.float32) ** 2.2


def _scarf(t: FaceTraits, shape: Relief) -> Layer:
    x, y = grid()
    outer = step(shape.radius + 9 - shape.reach * shape.radius + 0.6 * noise(t.texture + 61, 12), -0.7, 0.7)
    below = step(y, 30, 60) * step(t.half_width + 13 + 0.10 * np.clip(y - 20, 0, 200) - np.abs(x), -0.7, 0.7)
    half, top, bottom = t.half_width * 0.88, -t.hairline + 3, t.chin + 3
    reach = np.where(y < 0, top, bottom)
    d = ((np.abs(x) / half) ** 2.5 + (np.abs(y) / reach) ** 2.5) ** (1 / 2.5)
    hole = step((d - 1) * half, -0.8, 0.8)
    alpha = np.clip(outer + below, 0, 1) * hole
    edge = np.exp(-((((d - 1) * half - 2) / 2.4) ** 2))
    around = np.arctan2(x, -y)
    folds = 0.10 * np.sin(d * 26 + 2.5 * noise(t.texture + 62, 26)) * step(d, 1.0, 1.3) + 0.05 * np.sin(around * 17)
    height = _dome(shape, np.float32(10.0)) * step(y, 70, 30) + 30 * step(y, 30, 70)
    height = height + 5.0 * cv2.GaussianBlur(alpha, (0, 0), 1.4 * SCALE) + 14 * folds + 1.6 * edge
    albedo = _cloth(t) * np.exp(0.7 * folds + 0.03 * noise(t.texture + 63, 0.8))[..., None]
    return Layer(alpha.astype(np.float32), albedo.astype(np.float32), np.full_like(x, 0.008), height.astype(np.float32))
