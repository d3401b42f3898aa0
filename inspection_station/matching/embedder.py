"""Face vectors by dlib's ResNet, run in onnxruntime: 6 ms a face on one core, with the interpreter's lock released.

Flip averaging: the vector is the normalised mean of the face and its mirror image, which lowers the false non-match
rate at a false-match rate of 1e-4 from 22 to 18 % (LFW, half of the identities) at twice the cost, without chance.
"""

from __future__ import annotations

import threading
from typing import Any

import cv2
import numpy as np

from inspection_station.matching.embedder_setup import PUBLISHED_SHA256, converted_model
from inspection_station.matching.ports import DetectedFace, FaceModelMissing, Image, Vector

CHIP_SIDE = 150
_CHIP_PADDING = 0.25
_REACH = 3.2  # the chip's far corner is 2.8 eye distances from between the eyes
_REACH_MARGIN = 16.0  # pixels: dlib smooths before it reduces
_LARGE_EYES = 110.0  # in the chip it is 53 pixels
VECTOR_SIZE = 128


class DlibOnnx:
    """``Embedder`` on 150 x 150 chips aligned by five points. Thread-safe; ``load`` takes about 0.1 s."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: Any = None

    @property
    def model_id(self) -> str:
        """Architecture, alignment, averaging and the source's digest: any change makes old templates incomparable."""
        return f"dlib-resnet29-5pt-flip-{PUBLISHED_SHA256[:8]}"

    @property
    def model_sha256(self) -> str:
        """Digest of the file the network is converted from."""
        return PUBLISHED_SHA256

    @property
    def dimension(self) -> int:
        return VECTOR_SIZE

    def load(self) -> None:
        """Read the network. Raises ``FaceModelMissing``."""
        with self._lock:
            if self._session is None:
                self._session = onnx_session(converted_model().onnx)

    def embed(self, image: Image, face: DetectedFace) -> Vector:
        """Unit vector (128 float32) of a face in a BGR picture."""
        return self.describe(image, face)[1]

    def describe(self, image: Image, face: DetectedFace) -> tuple[Vector, Vector]:
        """dlib's own descriptor of the face, and the template: two vectors for the price of the second. 12 ms."""
        chip = aligned_chip(image, face)
        vectors = self.raw(np.stack((chip, chip[:, ::-1])))
        return vectors[0], unit(vectors[0] + vectors[1])

    def raw(self, chips: Image) -> Vector:
        """dlib's own descriptors (not normalised) of N x 150 x 150 x 3 RGB chips: equal to dlib's to 1e-6."""
        if self._session is None:
            self.load()
        descriptors: Vector = self._session.run(None, {"chips": np.ascontiguousarray(chips)})[0]
        return descriptors


def aligned_chip(image: Image, face: DetectedFace) -> Image:
    """The 150 x 150 RGB chip dlib's network was trained on, turned and scaled by the five points."""
    import dlib

    part, landmarks = _surroundings(image, face.landmarks)
    points = dlib.points()
    for across, down in landmarks:
        points.append(dlib.point(round(float(across)), round(float(down))))
    height, width = part.shape[:2]
    shape = dlib.full_object_detection(dlib.rectangle(0, 0, width - 1, height - 1), points)
    chip: Image = dlib.get_face_chip(cv2.cvtColor(part, cv2.COLOR_BGR2RGB), shape, CHIP_SIDE, _CHIP_PADDING)
    return chip


def _surroundings(image: Image, landmarks: Vector) -> tuple[Image, Vector]:
    """What a chip is cut from, with the points in it: a large face is reduced, since dlib keeps the lock meanwhile."""
    eyes = max(float(np.hypot(*(landmarks[2:4].mean(axis=0) - landmarks[0:2].mean(axis=0)))), 1.0)
    across, down = landmarks[0:4].mean(axis=0)
    reach = _REACH * eyes + _REACH_MARGIN
    left, top = max(0, int(across - reach)), max(0, int(down - reach))
    part = image[top : max(0, int(down + reach)) + 1, left : max(0, int(across + reach)) + 1]
    moved = landmarks - np.array((left, top), np.float32)
    if part.size == 0:  # points outside of the picture: dlib fills with black what is not there
        return image, landmarks
    whole = int(eyes / _LARGE_EYES)
    if whole < 2 or whole > min(part.shape[:2]):
        return part, moved
    size = part.shape[1] // whole, part.shape[0] // whole
    even = np.ascontiguousarray(part[: size[1] * whole, : size[0] * whole])  # whole pixels: no part of one is averaged
    reduced = np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8)
    half = np.float32(0.5)
    return reduced, (moved + half) / np.float32(whole) - half


def unit(vector: Vector) -> Vector:
    """The vector scaled to length 1."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length <= 0.0:
        raise ValueError("a vector without direction cannot be a template")
    scaled: Vector = np.asarray(vector / length, dtype=np.float32)
    return scaled


def onnx_session(model: bytes) -> Any:
    """A model ready to run on one core. Raises ``FaceModelMissing`` when it is none, or onnxruntime is not there."""
    try:
        import onnxruntime
    except ImportError as absent:
        raise FaceModelMissing(
            "onnxruntime is not installed", "run the set-up again (make run); it installs onnxruntime"
        ) from absent
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # two BLAS threads stall under load; the station has two cores
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as refused:  # onnxruntime has no common error of its own
        raise FaceModelMissing(
            f"the face model cannot be run ({type(refused).__name__})", "put the right model in its place"
        ) from None
