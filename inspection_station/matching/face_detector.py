"""Where faces are: dlib's HOG detector on a reduced grey picture, five points at full size.

dlib holds the interpreter's lock while it searches (55 ns a pixel), so the searched picture is bounded: 13 ms for a
camera frame, 45 ms at most for a still. The detector finds faces from about 25 pixels between the eyes.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import cv2
import numpy as np

from inspection_station.matching.embedder_setup import landmark_file
from inspection_station.matching.ports import DetectedFace, FaceModelMissing, Image

_FRAME_PIXELS = 240_000  # half of 1280 x 720 either way: finds 50 px between the eyes, and bystanders too
_STILL_PIXELS = 330_000
_LAST_RESORT_PIXELS = 800_000
_MOST_ENLARGED = 2.0
_BYSTANDER = 0.6  # a face narrower than this share of the widest stands behind the traveller
_CUT_OFF = 0.08  # share of a face's box outside the picture
_CLEAR, _WEAK = 1.0, 0.3  # detector scores


class FaceDetector:
    """Thread-safe. ``load`` holds the interpreter's lock about 0.3 s: call it behind the splash screen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hog: Any = None
        self._points: Any = None

    def load(self) -> None:
        """Build the detector and read the landmark model. Raises ``FaceModelMissing``."""
        with self._lock:
            if self._points is not None:
                return
            try:
                import dlib
            except ImportError as absent:
                raise FaceModelMissing(
                    "dlib is not installed", "run the set-up again (make run); it installs dlib-bin"
                ) from absent
            path = landmark_file()
            self._hog = dlib.get_frontal_face_detector()
            self._points = dlib.shape_predictor(str(path))

    def in_frame(self, image: Image) -> tuple[DetectedFace, ...]:
        """Faces of a camera frame, the widest first."""
        small = image.shape[0] * image.shape[1] < _FRAME_PIXELS
        return self._search(image, _FRAME_PIXELS, again_enlarged=small)

    def in_still(self, image: Image) -> tuple[DetectedFace, ...]:
        """Faces of a photograph, the widest first; small ones are searched again at a larger scale."""
        return self._search(image, _STILL_PIXELS, again_enlarged=True)

    def _search(self, image: Image, budget: int, again_enlarged: bool) -> tuple[DetectedFace, ...]:
        if self._points is None:
            self.load()
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        pixels = grey.shape[0] * grey.shape[1]
        faces = self._at_scale(grey, min(1.0, math.sqrt(budget / pixels)))
        if not faces and again_enlarged:
            faces = self._at_scale(grey, min(_MOST_ENLARGED, math.sqrt(_LAST_RESORT_PIXELS / pixels)))
        return faces

    def _at_scale(self, grey: Any, scale: float) -> tuple[DetectedFace, ...]:
        import dlib

        if scale == 1.0:
            searched = np.ascontiguousarray(grey)
        else:
            kernel = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
            searched = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=kernel)
        with self._lock:  # the scanner keeps its pyramid between calls
            boxes, scores, _ = self._hog.run(searched, 0, 0.0)
        faces = []
        for box, score in zip(boxes, scores, strict=True):
            full = dlib.rectangle(
                round(box.left() / scale),
                round(box.top() / scale),
                round(box.right() / scale),
                round(box.bottom() / scale),
            )
            shape = self._points(grey, full)
            landmarks = np.array([(point.x, point.y) for point in shape.parts()], np.float32)
            faces.append(DetectedFace((full.left(), full.top(), full.width(), full.height()), landmarks, float(score)))
        return tuple(sorted(faces, key=lambda face: -face.box[2]))


def possible_subjects(faces: tuple[DetectedFace, ...], width: int, height: int) -> tuple[DetectedFace, ...]:
    """The faces that could be the person meant, the widest first.

    Left out, while another remains: faces cut off by the picture's edge, weak findings beside a clear one, and faces
    so much smaller that they stand behind.
    """
    whole = [face for face in faces if _cut_off(face, width, height) <= _CUT_OFF] or list(faces)
    if any(face.confidence >= _CLEAR for face in whole):
        whole = [face for face in whole if face.confidence >= _WEAK]
    widest = max((face.box[2] for face in whole), default=0)
    return tuple(face for face in whole if face.box[2] >= _BYSTANDER * widest)


def _cut_off(face: DetectedFace, width: int, height: int) -> float:
    x, y, box_width, box_height = face.box
    return max(-x / box_width, (x + box_width - width) / box_width, (y + box_height - height) / box_height)
