"""What comparison offers to the desk. All calls are pure computing: thread-safe, no I/O, no personal data kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Vector = npt.NDArray[np.float32]


class FacePrompt(StrEnum):
    """What to tell the traveller, one at a time; the value is the stable key that the wording table translates."""

    NO_FACE = "no-face"
    SEVERAL_FACES = "several-faces"
    CLOSER = "closer"
    FURTHER = "further"
    FRONTAL = "frontal"
    STRAIGHT = "straight"
    MORE_LIGHT = "more-light"
    LESS_LIGHT = "less-light"
    EVEN_LIGHT = "even-light"
    HOLD_STILL = "hold-still"
    CENTRE = "centre"
    GOOD = "good"


class FingerPrompt(StrEnum):
    """What to tell the person; the value is the stable key that the wording table translates."""

    NO_FINGER = "no-finger"
    ONE_FINGER = "one-finger"
    MORE_FINGER = "more-finger"
    CENTRE = "centre-finger"
    PRESS_HARDER = "press-harder"
    DRY_FINGER = "dry-finger"
    CLEAN = "clean-finger"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """A face in a picture. ``box`` x, y, width, height in pixels; ``landmarks`` 5 x 2 float32 (dlib's order:
    outer and inner corner of one eye, then of the other, base of the nose); ``confidence`` is the detector's score.
    """

    box: tuple[int, int, int, int]
    landmarks: npt.NDArray[np.float32]
    confidence: float


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """Verdict on one frame: the one prompt to show, the overall 0...1, each measure, and what could not be judged."""

    prompt: FacePrompt
    overall: float
    measures: dict[str, float]
    not_assessed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FaceTemplate:
    """A unit vector of a named model. Templates of different models are never compared."""

    vector: Vector
    model_id: str


class FaceRejected(ValueError):
    """A picture that cannot become a template. ``prompt`` is what to show."""

    def __init__(self, prompt: FacePrompt) -> None:
        super().__init__(prompt.value)
        self.prompt = prompt


class FaceModelMissing(RuntimeError):
    """A model file is not installed or cannot be used. ``next_action`` is what to do about it."""

    def __init__(self, what: str, next_action: str) -> None:
        super().__init__(what)
        self.what = what
        self.next_action = next_action


class IncomparableTemplates(ValueError):
    """Templates of different models were held against each other: the stored image must be enrolled again."""


class Embedder(Protocol):
    """A model that turns a located face into a unit vector, with the alignment it was trained on.

    ``model_id`` stands in every template; templates of different models are never compared. ``model_sha256`` is the
    digest of the file the model comes from: a calibration holds for one file. ``describe`` gives the model's plain
    vector and the template; ``embed`` the template alone.
    """

    @property
    def model_id(self) -> str: ...
    @property
    def model_sha256(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    def load(self) -> None: ...
    def embed(self, image: Image, face: DetectedFace) -> Vector: ...
    def describe(self, image: Image, face: DetectedFace) -> tuple[Vector, Vector]: ...


class FaceMatcher(Protocol):
    """Detection, quality, template and 1:1 comparison. Pictures are BGR, height x width x 3, uint8."""

    @property
    def model_id(self) -> str: ...
    def detect(self, image: Image) -> tuple[DetectedFace, ...]: ...
    def assess(self, image: Image) -> tuple[DetectedFace | None, FaceQuality]: ...
    def template(self, image: Image) -> FaceTemplate: ...
    def similarity(self, probe: FaceTemplate, reference: FaceTemplate) -> float: ...
