"""A head turned before a camera: for every picture pixel, the place on the sheet that it shows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.training.personas.face_canvas import CENTRE_X, CENTRE_Y, SCALE, Plane

PIVOT = 30.0
"""Height (mm) of the axis the head turns about; eyes lie at about 85."""
_EYES = 85.0 - PIVOT
_STEPS = 7
_DAMPING = 0.75
_COARSE = 4
"""The map is solved at every fourth pixel and stretched: it is smooth."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles in degrees (yaw to the viewer's right, pitch down, roll clockwise); ``x`` and ``y`` of the point between
    the eyes in pixels; ``scale`` in pixels a millimetre there; ``distance`` of the camera in millimetres.
    """

    yaw: float
    pitch: float
    roll: float
    x: float
    y: float
    scale: float
    distance: float = 1200.0

    def rotation(self) -> npt.NDArray[np.float32]:
        """Head to camera."""
        a, b, c = (np.radians(v) for v in (self.yaw, self.pitch, self.roll))
        ry = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        rx = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
        rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
        return np.asarray(rz @ rx @ ry, np.float32)


def sheet_map(height: Plane, pose: Pose, box: tuple[int, int, int, int]) -> tuple[Plane, Plane]:
    """Where each pixel of a box (x, y, width, height of the picture) looks on the sheet, in sheet pixels.

    ``height`` is sampled at a quarter of its resolution; a damped fixed-point iteration of seven steps settles to well
    under a pixel while the surface turns away by less than about 70 degrees.
    """
    left, top, width, tall = box
    columns, rows = width // _COARSE + 2, tall // _COARSE + 2
    px = ((left + _COARSE * np.arange(columns, dtype=np.float32)) - np.float32(pose.x)) / np.float32(pose.scale)
    py = ((top + _COARSE * np.arange(rows, dtype=np.float32)) - np.float32(pose.y)) / np.float32(pose.scale)
    want_x, want_y = (np.ascontiguousarray(v, np.float32) for v in np.meshgrid(px, py))
    r = pose.rotation()
    c, s = np.float32(np.cos(np.radians(pose.roll))), np.float32(np.sin(np.radians(pose.roll)))
    small = cv2.resize(height, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    x, y = want_x * c + want_y * s, want_y * c - want_x * s
    # The middle of the eyes stays where the pose puts it.
    anchor = r @ np.array([0, 0, _EYES], np.float32)
    for _ in range(_STEPS):
        z = cv2.remap(
            small,
            (x * np.float32(SCALE) + np.float32(CENTRE_X)) * np.float32(0.25),
            (y * np.float32(SCALE) + np.float32(CENTRE_Y)) * np.float32(0.25),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ) - np.float32(PIVOT)
        sx = r[0, 0] * x + r[0, 1] * y + r[0, 2] * z - anchor[0]
        sy = r[1, 0] * x + r[1, 1] * y + r[1, 2] * z - anchor[1]
        sz = r[2, 0] * x + r[2, 1] * y + r[2, 2] * z - anchor[2]
        near = np.float32(pose.distance) / (np.float32(pose.distance) - sz)
        ex, ey = want_x - sx * near, want_y - sy * near
        x = x + np.float32(_DAMPING) * (ex * c + ey * s)
        y = y + np.float32(_DAMPING) * (ey * c - ex * s)
    stretch = np.array([[1 / _COARSE, 0, 0], [0, 1 / _COARSE, 0]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    map_x = cv2.warpAffine(x * np.float32(SCALE) + np.float32(CENTRE_X), stretch, (width, tall), flags=flags)
    map_y = cv2.warpAffine(y * np.float32(SCALE) + np.float32(CENTRE_Y), stretch, (width, tall), flags=flags)
    return np.asarray(map_x, np.float32), np.asarray(map_y, np.float32)
