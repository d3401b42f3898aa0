"""Where a face is seen: the plain ground of a portrait, the hall behind a counter, and what a camera adds."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.training.personas.face_head import Head, Sheet
from inspection_station.training.personas.face_pose import Pose, sheet_map

Picture = npt.NDArray[np.uint8]
"""Height x width x 3, blue, green, red."""


def portrait_ground(width: int, height: int) -> Picture:
    """Light grey, a little brighter in the middle."""
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    level = 231 - 7 * (x * x + 0.6 * y * y)
    return np.repeat(level[..., None], 3, axis=2).astype(np.uint8)


def hall(seed: int, width: int, height: int) -> Picture:
    """A hall out of focus: wall, floor line, pillars, lamps, a coloured board; no person in it."""
    full = (width, height)
    width, height = width // 4, height // 4  # it is out of focus anyway
    draw = np.random.default_rng(seed)
    top, bottom = draw.integers(120, 190), draw.integers(70, 130)
    ramp = np.linspace(float(top), float(bottom), height, dtype=np.float32)[:, None, None]
    tone = 1 + draw.uniform(-0.06, 0.06, 3).astype(np.float32)
    scene = np.clip(np.broadcast_to(ramp, (height, width, 3)) * tone, 0, 255).astype(np.uint8).copy()
    for _ in range(draw.integers(3, 7)):
        left = int(draw.integers(-10, width))
        level = int(draw.integers(70, 205))
        colour = tuple(int(v) for v in np.clip(level + draw.integers(-14, 15, 3), 0, 255))
        cv2.rectangle(scene, (left, 0), (left + int(draw.integers(6, 33)), height), colour, -1)
    board = [int(v) for v in draw.integers(60, 200, 3)]
    corner = (int(draw.integers(0, width)), int(draw.integers(0, height // 4)))
    cv2.rectangle(scene, corner, (corner[0] + width // 4, corner[1] + height // 7), board, -1)
    cv2.rectangle(scene, (0, int(height * 0.78)), (width, height), [int(v) for v in draw.integers(60, 110, 3)], -1)
    for _ in range(draw.integers(3, 8)):
        spot = (int(draw.integers(0, width)), int(draw.integers(0, height // 3)))
        cv2.circle(scene, spot, int(draw.integers(2, 6)), (236, 240, 244), -1)
    soft = cv2.GaussianBlur(scene, (0, 0), width / 70)
    return np.asarray(cv2.resize(soft, full, interpolation=cv2.INTER_LINEAR), np.uint8)


def over(picture: Picture, layer: Sheet, left: int, top: int) -> None:
    """Lay a sheet's part with alpha into a picture, in place; what falls outside is cut."""
    height, width = picture.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + layer.shape[1]), min(height, top + layer.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = layer[y0 - top : y1 - top, x0 - left : x1 - left]
    ground = picture[y0:y1, x0:x1]
    alpha = cv2.merge([part[..., 3]] * 3)
    blended = cv2.add(
        cv2.multiply(part[..., :3], alpha, scale=1 / 255), cv2.multiply(ground, cv2.bitwise_not(alpha), scale=1 / 255)
    )
    picture[y0:y1, x0:x1] = blended


def place_back(picture: Picture, head: Head, pose: Pose) -> None:
    """Neck, ears and the hair behind: nearly flat, so a plain shift and turn serves."""
    box = _box(picture, pose)
    flat = np.full_like(head.depth[::8, ::8], 34.0)
    flat = cv2.resize(flat, (head.depth.shape[1], head.depth.shape[0]))
    _lay(picture, head.back, flat, pose, box)


def place_front(picture: Picture, head: Head, pose: Pose, *, eyes_closed: bool = False) -> None:
    """The face itself."""
    front = head.front_closed if eyes_closed and head.front_closed is not None else head.front
    _lay(picture, front, head.depth, pose, _box(picture, pose))


def _lay(
    picture: Picture, sheet: Sheet, depth: npt.NDArray[np.float32], pose: Pose, box: tuple[int, int, int, int]
) -> None:
    if box[2] <= 0 or box[3] <= 0:
        return
    map_x, map_y = sheet_map(depth, pose, box)
    # More sheet than picture pixels: soften first, or thin lines flicker.
    seen = cv2.remap(sheet, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0))
    over(picture, np.asarray(seen, np.uint8), box[0], box[1])


def _box(picture: Picture, pose: Pose) -> tuple[int, int, int, int]:
    height, width = picture.shape[:2]
    left = max(0, int(pose.x - 150 * pose.scale))
    right = min(width, int(pose.x + 150 * pose.scale))
    top = max(0, int(pose.y - 165 * pose.scale))
    bottom = min(height, int(pose.y + 200 * pose.scale))
    return left, top, right - left, bottom - top


def camera_noise(picture: Picture, draw: np.random.Generator, strength: float) -> Picture:
    """Sensor noise of a standard deviation in grey levels, coarser than a pixel as real cameras' is."""
    height, width = picture.shape[:2]
    rough = draw.standard_normal((height // 2 + 1, width // 2 + 1)).astype(np.float32) * strength * 1.6
    grain = cv2.resize(rough, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(picture, cv2.merge([grain] * 3).astype(np.int16), dtype=cv2.CV_8U), np.uint8)
