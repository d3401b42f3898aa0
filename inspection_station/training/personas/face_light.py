"""Light on a painted relief: wrapped Lambert per channel, sky from above, a Blinn highlight, shade in the hollows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inspection_station.training.personas.face_canvas import SCALE, Plane

_WRAP = np.array([0.36, 0.26, 0.20], np.float32)  # red light travels farthest under skin


@dataclass(frozen=True, slots=True)
class Light:
    """Where the main light comes from (x right, y down, z to the viewer) and the colours of main and sky light."""

    direction: tuple[float, float, float] = (-0.18, -0.42, 0.89)
    colour: tuple[float, float, float] = (1.0, 0.985, 0.96)
    strength: float = 0.80
    sky: float = 0.36
    exposure: float = 1.0


def lit(albedo: Plane, height: Plane, shine: Plane, light: Light) -> Plane:
    """Linear light that the camera sees, height x width x 3."""
    smooth = cv2.GaussianBlur(height, (0, 0), 0.35 * SCALE)
    slope_x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=SCALE / 8)
    slope_y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=SCALE / 8)
    length = 1 / np.sqrt(1 + slope_x * slope_x + slope_y * slope_y)
    direction = np.array(light.direction, np.float32)
    direction /= np.linalg.norm(direction)
    lx, ly, lz = (np.float32(v) for v in direction)
    facing = (lz - lx * slope_x - ly * slope_y) * length
    up = slope_y * length  # a surface that looks up has its normal's y below zero
    small = cv2.resize(smooth, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), 9 * SCALE / 4)
    near = cv2.GaussianBlur(small, (0, 0), 3.2 * SCALE / 4)
    size = (height.shape[1], height.shape[0])
    sunk = (
        np.clip(cv2.resize(near, size) - smooth, 0, 6) * 0.055 + np.clip(cv2.resize(wide, size) - smooth, 0, 14) * 0.012
    )
    open_sky = 1 - np.clip(sunk, 0, 0.55)
    half_x, half_y, half_z = lx, ly, lz + 1
    norm = np.float32(1 / np.sqrt(half_x**2 + half_y**2 + half_z**2))
    glance = np.clip((half_z - half_x * slope_x - half_y * slope_y) * length * norm, 0, 1)
    highlight = shine * (0.7 * glance**14 + 0.9 * glance**42) * open_sky
    ambient = np.float32(light.sky) * (0.80 + 0.20 * up + 0.12 * length) * open_sky
    out = np.empty_like(albedo)
    for channel in range(3):
        wrap = _WRAP[channel]
        diffuse = np.clip((facing + wrap) / (1 + wrap), 0, None) * open_sky ** (1.3 - wrap)
        key = np.float32(light.strength * light.colour[channel])
        out[..., channel] = albedo[..., channel] * (diffuse * key + ambient) + highlight * key
    return out * np.float32(light.exposure)
