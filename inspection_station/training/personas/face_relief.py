"""The head as a height map: outline, dome and features, seen from the front without perspective."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inspection_station.training.personas.face_canvas import SCALE, Plane, add_bump, grid, step
from inspection_station.training.personas.face_traits import FaceTraits

_ANGLES = np.radians([0, 30, 60, 90, 106, 124, 140, 156, 168, 180]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Relief:
    """``radius``: the outline's distance from the origin in each pixel's direction; ``reach``: 1 on the outline;
    ``height`` in mm, the farthest point of the dome about 95; ``skull``: the same without features."""

    radius: Plane
    reach: Plane
    height: Plane
    skull: Plane
    inside: Plane


def relief(t: FaceTraits) -> Relief:
    """Heights of a face without hair."""
    x, y = grid()
    angle = np.arctan2(np.abs(x), -y)
    table = _outline(t)
    radius = np.interp(angle, np.linspace(0, np.pi, len(table)), table).astype(np.float32)
    distance = np.sqrt(x * x + y * y)
    reach = (distance / radius).astype(np.float32)
    # The jaw hangs forward of the neck: towards the chin the dome ends before it has sunk.
    hang = 1 + 0.16 * step(angle.astype(np.float32), 1.7, 2.9)
    dome = np.clip(1 - (reach / hang) ** 2.5, 0, 1)
    skull = (95 * dome**0.6).astype(np.float32)
    height = skull.copy()
    _features(height, t)
    height = cv2.GaussianBlur(height, (0, 0), 0.55 * SCALE)
    inside = step((1 - reach) * radius, -0.45, 0.45)
    return Relief(radius, reach, height, skull, inside)


def _outline(t: FaceTraits) -> Plane:
    """Radius at 721 angles from the crown to the chin, through ten points, smoothed."""
    w = t.half_width
    points = [
        t.crown,
        0.963 * t.crown,
        1.15 * w,
        1.0 * w,
        1.025 * w * t.cheek,
        1.09 * w * (0.5 * t.cheek + 0.5 * t.jaw),
        0.5 * (1.25 * w * t.jaw + 0.80 * t.chin),
        0.5 * (1.36 * w * t.jaw * (0.6 + 0.4 * t.chin_width) + 0.91 * t.chin),
        0.965 * t.chin * (0.85 + 0.15 * t.chin_width),
        t.chin,
    ]
    fine = np.linspace(0, np.pi, 721)
    table = np.interp(fine, _ANGLES, points)
    mirrored = np.concatenate([table[::-1], table[1:], table[-2::-1]])
    soft = cv2.GaussianBlur(mirrored[None].astype(np.float32), (0, 0), 34)[0]
    return np.asarray(soft[720:1441], np.float32)


def _features(height: Plane, t: FaceTraits) -> None:
    e, ey = t.eye_half_distance, t.eye_height
    old = max(0.0, (t.age - 40) / 35)
    man = t.sex == "M"
    for side in (-1, 1):
        shift = 1 + 0.006 * side * t.lean
        add_bump(height, -3.5 - 7.5 * t.socket, side * e * 0.97, ey - 2, 15, 9.5)  # socket
        add_bump(height, -4.0, side * (e - 15), ey - 1, 5, 8)  # inner corner beside the bridge
        add_bump(height, 4.4, side * e, ey + 0.5, 10.5, 6.0)  # eyeball
        add_bump(height, 3.8 + 1.8 * man, side * e * 0.92, ey - t.brow_height * 0.86, 16, 5.0, side * 6)  # brow ridge
        add_bump(height, (4.6 - 1.6 * t.fullness) * t.cheek * shift, side * 44, ey + 27, 15, 12)  # cheekbone
        add_bump(height, -2.4 - 1.4 * old + 4.2 * t.fullness, side * 46, t.mouth - 4, 13, 17)  # hollow of the cheek
        add_bump(height, -2.2 - 2.5 * old, side * (e - 6), ey + 14, 12, 3.2, side * 14)  # tear trough
        # fold from the wing of the nose to the corner of the mouth
        fold_x = 0.5 * (t.nose_half_width + t.mouth_half_width) + 7
        add_bump(height, -1.5 - 2.2 * old, side * fold_x, 0.5 * (t.nose_tip + t.mouth) + 2, 3.0, 12, -side * 24)
        add_bump(height, 1.6, side * (fold_x + 7), 0.5 * (t.nose_tip + t.mouth), 7, 12, -side * 24)
        add_bump(height, -2.0, side * (t.mouth_half_width + 2), t.mouth + 1, 4.5, 5)
        add_bump(height, 1.2 + 1.6 * man, side * 52 * t.jaw, t.mouth + 12, 9, 12)  # angle of the jaw
        add_bump(height, -3.0, side * 60, ey - 30, 12, 18)  # temple
    add_bump(height, 3.0, 0, ey - 52, 36, 22)  # forehead
    _nose(height, t)
    m = t.mouth
    add_bump(height, 4.0, 0, m, 22, 13)  # the teeth carry the lips
    add_bump(height, 2.8, -6, m - 0.55 * t.upper_lip, 8, 0.45 * t.upper_lip + 0.8)
    add_bump(height, 2.8, 6, m - 0.55 * t.upper_lip, 8, 0.45 * t.upper_lip + 0.8)
    add_bump(height, 3.8, 0, m + 0.55 * t.lower_lip, 12.5, 0.42 * t.lower_lip + 0.8)
    add_bump(height, -2.6, 0, m, t.mouth_half_width * 0.6, 1.2)  # between the lips
    add_bump(height, -1.3, 0, 0.5 * (t.nose_tip + 6 + m - t.upper_lip), 2.6, 5)  # philtrum
    add_bump(height, -3.4, 0, m + t.lower_lip + 6, 15, 3.6)  # under the lower lip
    add_bump(height, 5.5 if man else 4.2, 0, t.chin - 11, 12 * t.chin_width, 8.5)  # chin


def _nose(height: Plane, t: FaceTraits) -> None:
    x, y = grid()
    tip, bridge = t.nose_tip, t.nose_bridge
    top = t.eye_height - 6
    along = np.clip((y - top) / np.float32(tip - top), 0, 1.3)
    ridge = bridge * 0.45 + (18.5 - bridge * 0.45) * along**1.25
    ridge = ridge * step(y, top - 12, top + 10) * step(y, tip + 10.0, tip - 1.0)
    half = 5.2 + 0.24 * t.nose_half_width * along
    profile = np.exp(-(np.abs(x / half) ** 2.2) * 0.62)
    height += (ridge * profile).astype(np.float32)
    add_bump(height, 4.0, 0, tip - 1, 5.5 + 0.1 * t.nose_half_width, 5.5)
    for side in (-1, 1):
        wing = t.nose_half_width - 4.2
        add_bump(height, 8.0, side * wing, tip + 1.5, 4.4, 5.2)
        add_bump(height, -3.2, side * (t.nose_half_width + 1.6), tip - 1, 2.0, 6.0, -side * 18)
        add_bump(height, -5.5, side * (0.42 * t.nose_half_width), tip + 5.6, 3.0, 1.9, side * 16)
    add_bump(height, 3.0, 0, tip + 5.0, 2.4, 3.0)
