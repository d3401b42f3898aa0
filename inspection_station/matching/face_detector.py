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
import numpy.typing as npt

from inspection_station.matching.embedder_setup import landmark_file
from inspection_station.matching.ports import DetectedFace, FaceModelMissing, Image

_FRAME_PIXELS = 180_000  # 1280 x 720 at 0.44: finds 57 px between the eyes, so bystanders too
_STILL_PIXELS = 330_000
_LAST_RESORT_PIXELS = 800_000
_FAR_PIXELS = 160_000
_MOST_ENLARGED = 2.0
_STILL_ENLARGED = (_MOST_ENLARGED, 3.0)  # in turn: three times is for the smallest and misses faces that twice shows
_BYSTANDER = 0.6  # a face narrower than this share of the widest stands behind the traveller
_CUT_OFF = 0.08  # share of a face's box outside the picture
_CLEAR, _WEAK = 1.0, 0.3  # detector scores
_WHOLE = (slice(None), slice(None))

Grey = npt.NDArray[np.uint8]


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
        """Faces of a camera frame, the widest first. An empty frame's middle is searched for someone far away."""
        grey = self._grey(image)
        height, width = grey.shape
        faces = self._at_scale(grey, min(1.0, math.sqrt(_FRAME_PIXELS / (width * height))))
        if faces:
            return faces
        half, share = width // 4, round(height * 0.35)
        middle = (slice(height // 2 - share, height // 2 + share), slice(width // 2 - half, width // 2 + half))
        pixels = grey[middle].size
        return self._at_scale(grey, min(_MOST_ENLARGED, math.sqrt(_FAR_PIXELS / max(pixels, 1))), middle)

    def in_still(self, image: Image) -> tuple[DetectedFace, ...]:
        """Faces of a photograph, the widest first; small ones are searched again at a larger scale."""
        grey = self._grey(image)
        faces = self._at_scale(grey, min(1.0, math.sqrt(_STILL_PIXELS / grey.size)))
        most = math.sqrt(_LAST_RESORT_PIXELS / grey.size)
        for scale in sorted({min(enlarged, most) for enlarged in _STILL_ENLARGED}):
            faces = faces or self._at_scale(grey, scale)
        return faces

    def _grey(self, image: Image) -> Grey:
        if self._points is None:
            self.load()
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)

    def _at_scale(self, grey: Grey, scale: float, part: tuple[slice, slice] = _WHOLE) -> tuple[DetectedFace, ...]:
        import dlib

        searched = _resized(np.ascontiguousarray(grey[part]), scale)
        top, left = part[0].start or 0, part[1].start or 0
        with self._lock:  # the scanner keeps its pyramid between calls
            boxes, scores, _ = self._hog.run(searched, 0, 0.0)
        faces = []
        for box, score in zip(boxes, scores, strict=True):
            full = dlib.rectangle(
                left + round(box.left() / scale),
                top + round(box.top() / scale),
                left + round(box.right() / scale),
                top + round(box.bottom() / scale),
            )
            shape = self._points(grey, full)
            landmarks = np.array([(point.x, point.y) for point in shape.parts()], np.float32)
            faces.append(DetectedFace((full.left(), full.top(), full.width(), full.height()), landmarks, float(score)))
        return tuple(sorted(faces, key=lambda face: -face.box[2]))


def _resized(grey: Grey, scale: float) -> Grey:
    """At ``scale``; below a half by whole pixels first, six times faster than averaging parts of pixels."""
    if scale == 1.0:
        return grey
    height, width = grey.shape
    wanted = max(1, round(width * scale)), max(1, round(height * scale))
    whole = int(1.0 / scale) if scale < 1.0 else 1
    if whole > 1:
        size = max(wanted[0], width // whole), max(wanted[1], height // whole)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    kernel = cv2.INTER_AREA if scale < 1.0 and whole == 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, wanted, interpolation=kernel), np.uint8)


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


def covering_the_middle(faces: tuple[DetectedFace, ...], width: int, height: int) -> DetectedFace | None:
    """The one face whose box holds the middle of the picture; None where none does, or several."""
    middle = width / 2.0, height / 2.0
    over = [
        face
        for face in faces
        if 0 <= middle[0] - face.box[0] <= face.box[2] and 0 <= middle[1] - face.box[1] <= face.box[3]
    ]
    return over[0] if len(over) == 1 else None


def _cut_off(face: DetectedFace, width: int, height: int) -> float:
    x, y, box_width, box_height = face.box
    return max(-x / box_width, (x + box_width - width) / box_width, (y + box_height - height) / box_height)
