"""Quality of a face from five points and pixels, and the one thing to tell the traveller.

Measures follow ISO/IEC 39794-5 annex D and ISO/IEC 29794-5 as far as five points allow; what needs other models (eyes
open, mouth, gaze, occlusion, headwear) is listed as not assessed, never assumed good. About 0.5 ms a face.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inspection_station.matching.ports import DetectedFace, FacePrompt, FaceQuality, Image

NOT_ASSESSED = ("eyes-open", "mouth-closed", "gaze", "occlusion", "headwear", "glasses")
PRESENTATION_ATTACK_NOT_PERFORMED = "not performed; the officer observes"

_EYES_OF_BOX = 0.45  # eye distance of a frontal face, as share of the detector's box
_DARK_FRAME = 35.0  # mean grey below which a frame without a face is called dark
_NORMAL_EYES = 48.0  # pixels between the eyes at which sharpness and light are measured, whatever the camera
_ASIDE, _ABOVE, _BELOW = 1.0, 0.75, 1.45  # the inner face from between the eyes, in eye distances


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Bounds beyond which the traveller is told something. Distances in pixels, angles in degrees."""

    eyes_least: float = 90.0  # ISO/IEC 39794-5: 90 px between the eyes, 120 preferred
    eyes_most_of_width: float = 0.25
    face_most_of_height: float = 0.60  # brow to chin
    off_centre_most: float = 0.20  # of the frame's width and height
    roll_most: float = 8.0
    nose_offset_most: float = 0.15  # of the eye distance, about 15 degrees; beyond 0.30 false non-matches double
    nose_drop_least: float = 0.50  # base of the nose below the eyes, of the eye distance: looking up
    nose_drop_most: float = 1.12  # looking down
    detector_least: float = 0.4
    brightness_least: float = 55.0
    brightness_most: float = 215.0
    clipped_most: float = 0.12
    balance_least: float = 0.45  # darker half over lighter half of the face
    sharpness_least: float = 0.012
    judged_as_frame: bool = True  # framing (further, centre) matters only before a camera


LIVE = QualityLimits()
# A portrait from a chip or a web page is small and cropped close; the comparison bears it. What 17, 13 and 10 px
# between the eyes cost is in docs/faces.md.
PORTRAIT = QualityLimits(
    eyes_least=12.0,
    roll_most=20.0,
    nose_offset_most=0.40,
    nose_drop_least=0.1,
    nose_drop_most=1.3,
    detector_least=0.0,
    brightness_least=25.0,
    brightness_most=245.0,
    clipped_most=0.6,
    balance_least=0.2,
    sharpness_least=0.0,
    judged_as_frame=False,
)


@dataclass(frozen=True, slots=True)
class FaceGeometry:
    """What five points say. ``eyes`` px, ``roll`` degrees, nose offset and drop as shares of the eye distance."""

    eyes: float
    roll: float
    nose_offset: float
    nose_drop: float
    centre: tuple[float, float]


def geometry(landmarks: npt.NDArray[np.float32]) -> FaceGeometry:
    """Geometry of dlib's five points (two corners of each eye, base of the nose)."""
    points = np.asarray(landmarks, dtype=np.float64)
    right, left = (points[0] + points[1]) / 2.0, (points[2] + points[3]) / 2.0  # as seen in the picture
    across = right - left
    eyes = max(float(np.hypot(*across)), 1e-6)
    middle = (right + left) / 2.0
    direction = across / eyes
    to_nose = points[4] - middle
    offset = float(to_nose @ direction) / eyes
    drop = float(to_nose @ np.array([-direction[1], direction[0]])) / eyes
    roll = math.degrees(math.atan2(across[1], across[0]))
    return FaceGeometry(eyes, roll, offset, drop, (float(middle[0]), float(middle[1])))


def no_face(image: Image | None = None) -> FaceQuality:
    """Verdict on a picture without a face; for a camera frame that is all but black the prompt is more light."""
    dark = image is not None and float(image[::8, ::8].mean()) < _DARK_FRAME
    prompt = FacePrompt.MORE_LIGHT if dark else FacePrompt.NO_FACE
    return FaceQuality(prompt, 0.0, {"faces": 0.0}, NOT_ASSESSED)


def face_quality(image: Image, face: DetectedFace, faces: int, limits: QualityLimits = LIVE) -> FaceQuality:
    """Verdict on ``face``; ``faces`` is how many of comparable size the picture shows."""
    shape = geometry(face.landmarks)
    height, width = image.shape[:2]
    measures = {
        "faces": float(faces),
        "eye_distance": shape.eyes,
        "roll": shape.roll,
        "nose_offset": shape.nose_offset,
        "nose_drop": shape.nose_drop,
        "off_centre": max(abs(shape.centre[0] / width - 0.5), abs(shape.centre[1] / height - 0.45)),
        "detector_score": face.confidence,
        **_pixels(image, shape),
    }
    prompt = _prompt(measures, face.box, (width, height), limits)
    return FaceQuality(prompt, _overall(measures), measures, NOT_ASSESSED)


def _pixels(image: Image, shape: FaceGeometry) -> dict[str, float]:
    """Light and sharpness of the upright inner face, resampled to a common size so that cameras can be compared."""
    scale = _NORMAL_EYES / shape.eyes
    left, top, right, bottom = _inner_face(shape)
    part = image[top:bottom, left:right]
    if part.size == 0:
        part, left, top = image, 0, 0
    around = np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8)
    if scale < 0.5:  # warping alone would alias: reduce first
        reduced = scale * 2.0
        around = np.asarray(cv2.resize(around, None, fx=reduced, fy=reduced, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        reduced = 1.0
    centre = (shape.centre[0] - left) * reduced, (shape.centre[1] - top) * reduced
    size = round(_NORMAL_EYES * _ASIDE * 2.0), round(_NORMAL_EYES * (_ABOVE + _BELOW))
    turn = cv2.getRotationMatrix2D(centre, shape.roll, scale / reduced)
    turn[:, 2] += size[0] / 2.0 - centre[0], _NORMAL_EYES * _ABOVE - centre[1]
    inner = cv2.warpAffine(around, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    grey = inner.astype(np.float32)
    half = size[0] // 2
    sides = sorted((float(grey[:, :half].mean()) + 1.0, float(grey[:, half:].mean()) + 1.0))
    contrast = float(grey.var()) + 25.0
    return {
        "brightness": float(grey.mean()),
        "clipped": float(((grey < 8) | (grey > 247)).mean()),
        "balance": sides[0] / sides[1],
        "sharpness": _sharpness(grey) / contrast,
    }


def _inner_face(shape: FaceGeometry) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what the upright inner face is taken from, with a margin for resampling."""
    turned = math.radians(shape.roll)
    along, down = np.array((math.cos(turned), math.sin(turned))), np.array((-math.sin(turned), math.cos(turned)))
    corners = [x * along + y * down for x in (-_ASIDE, _ASIDE) for y in (-_ABOVE, _BELOW)]
    margin = 0.1 * shape.eyes + 4.0
    first = np.array(shape.centre) + np.min(corners, axis=0) * shape.eyes - margin
    last = np.array(shape.centre) + np.max(corners, axis=0) * shape.eyes + margin
    return max(0, int(first[0])), max(0, int(first[1])), max(0, int(last[0]) + 1), max(0, int(last[1]) + 1)


def _sharpness(grey: npt.NDArray[np.float32]) -> float:
    """Curvature around the eyes in the weaker direction: motion blurs one direction only, and a face has three times
    more detail downwards (lids, brows) than across."""
    band = cv2.GaussianBlur(grey, (0, 0), 0.8)[round(_NORMAL_EYES * 0.4) : round(_NORMAL_EYES * 1.1)]
    across = float(cv2.Sobel(band, cv2.CV_32F, 2, 0, ksize=3).var()) / 16.0
    down = float(cv2.Sobel(band, cv2.CV_32F, 0, 2, ksize=3).var()) / 16.0
    return min(3.0 * across, down)


def _prompt(
    measures: dict[str, float], box: tuple[int, int, int, int], frame: tuple[int, int], limits: QualityLimits
) -> FacePrompt:
    """The first thing wrong, in the order a traveller can mend it."""
    x, y, box_width, box_height = box
    outside = x < -0.1 * box_width or y < -0.1 * box_height
    outside = outside or x + box_width > frame[0] + 0.1 * box_width or y + box_height > frame[1] + 0.1 * box_height
    too_near = measures["eye_distance"] > limits.eyes_most_of_width * frame[0]
    too_near = too_near or box_height > limits.face_most_of_height * frame[1]
    aside = abs(measures["nose_offset"]) > limits.nose_offset_most
    turned = aside or not limits.nose_drop_least <= measures["nose_drop"] <= limits.nose_drop_most
    eyes = measures["eye_distance"]
    if aside:  # turning the head brings the eyes together: its size tells the distance
        eyes = max(eyes, _EYES_OF_BOX * box_width)
    checks = (
        (measures["faces"] > 1, FacePrompt.SEVERAL_FACES),
        (eyes < limits.eyes_least, FacePrompt.CLOSER),
        (limits.judged_as_frame and too_near, FacePrompt.FURTHER),
        (
            limits.judged_as_frame and (outside or measures["off_centre"] > limits.off_centre_most),
            FacePrompt.CENTRE,
        ),
        (abs(measures["roll"]) > limits.roll_most, FacePrompt.STRAIGHT),
        (turned, FacePrompt.FRONTAL),
        (measures["brightness"] < limits.brightness_least, FacePrompt.MORE_LIGHT),
        (
            measures["brightness"] > limits.brightness_most or measures["clipped"] > limits.clipped_most,
            FacePrompt.LESS_LIGHT,
        ),
        (measures["balance"] < limits.balance_least, FacePrompt.EVEN_LIGHT),
        (measures["sharpness"] < limits.sharpness_least, FacePrompt.HOLD_STILL),
        (measures["detector_score"] < limits.detector_least, FacePrompt.FRONTAL),
    )
    return next((prompt for wrong, prompt in checks if wrong), FacePrompt.GOOD)


def _overall(measures: dict[str, float]) -> float:
    """0…1: the geometric mean of each measure's goodness, so that one bad measure cannot be bought off by others."""
    goodness = (
        _ramp(measures["eye_distance"], 20.0, 120.0),
        _ramp(-abs(measures["roll"]), -25.0, -4.0),
        _ramp(-abs(measures["nose_offset"]), -0.45, -0.08),
        _ramp(measures["detector_score"], -0.2, 2.0),
        _ramp(measures["brightness"], 20.0, 80.0) * _ramp(-measures["clipped"], -0.6, -0.05),
        _ramp(measures["balance"], 0.2, 0.75),
        _ramp(measures["sharpness"], 0.002, 0.06),
    )
    if measures["faces"] != 1.0:
        return 0.0
    return round(math.exp(sum(math.log(max(share, 1e-3)) for share in goodness) / len(goodness)), 3)


def _ramp(value: float, bad: float, good: float) -> float:
    return min(1.0, max(0.0, (value - bad) / (good - bad)))
