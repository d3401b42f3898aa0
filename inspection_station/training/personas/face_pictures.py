"""Pictures of invented faces: the portrait for a chip or page, and what a live camera sees."""

from __future__ import annotations

import numpy as np

from inspection_station.training.personas.face_canvas import display
from inspection_station.training.personas.face_dress import shoulders
from inspection_station.training.personas.face_head import Sheet, painted_head
from inspection_station.training.personas.face_light import Light
from inspection_station.training.personas.face_pose import Pose
from inspection_station.training.personas.face_scene import (
    Picture,
    camera_noise,
    over,
    place_back,
    place_front,
    portrait_ground,
)
from inspection_station.training.personas.face_traits import FaceTraits, traits

PORTRAIT_SIZE = (413, 531)
"""Width and height: 35 x 45 mm at 300 dots per inch (ISO/IEC 19794-5)."""
_PORTRAIT_LIGHT = Light()


def portrait(face_seed: int) -> Picture:
    """Portrait of a seed on a light ground, BGR, 531 x 413 x 3; eyes about 110 pixels apart."""
    return portrait_of(traits(face_seed))


def portrait_of(t: FaceTraits) -> Picture:
    """Portrait of given traits. From crown to chin the head takes 72 to 78 % of the height."""
    width, height = PORTRAIT_SIZE
    scale = 0.75 * height / (t.crown + t.chin)
    pose = Pose(0.0, 0.0, 0.0, width / 2, height * 0.115 + t.crown * scale, scale, 1500.0)
    picture = portrait_ground(width, height)
    head = painted_head(t, _PORTRAIT_LIGHT)
    place_back(picture, head, pose)
    over(picture, clothes(t, pose, PORTRAIT_SIZE), 0, 0)
    place_front(picture, head, pose)
    return camera_noise(picture, np.random.default_rng(t.texture), 1.0)


def clothes(t: FaceTraits, pose: Pose, size: tuple[int, int], light: float = 1.0) -> Sheet:
    """Shoulders for a picture of ``size`` (width, height), as a sheet to lay over it at its own place."""
    width, height = size
    first = min(height - 1, max(0, int(pose.y + (t.chin - 12) * pose.scale)))  # nothing to draw above the neck
    alpha, colour = shoulders(t, (width, height - first), pose.scale, (pose.x, pose.y - first))
    sheet = np.zeros((height, width, 4), np.uint8)
    sheet[first:, :, :3] = display(colour * np.float32(light))[..., ::-1]
    sheet[first:, :, 3] = np.clip(alpha * 255 + 0.5, 0, 255)
    return sheet
