"""The station's own face matcher: dlib's detector and points, dlib's network in onnxruntime, judged by five points."""

from __future__ import annotations

import numpy as np

from inspection_station.matching.embedder import DlibOnnx
from inspection_station.matching.face_detector import FaceDetector, covering_the_middle, possible_subjects
from inspection_station.matching.face_quality import LIVE, PORTRAIT, QualityLimits, face_quality, no_face
from inspection_station.matching.ports import (
    DetectedFace,
    Embedder,
    FacePrompt,
    FaceQuality,
    FaceRejected,
    FaceTemplate,
    Image,
    IncomparableTemplates,
)


class DlibFaceMatcher:
    """``FaceMatcher``. Pictures are BGR, height x width x 3, uint8; safe to share between threads.

    Models are read on first use; ``load`` does it ahead, at start-up (0.4 s, of which 0.3 s hold the
    interpreter's lock).
    """

    def __init__(self, embedder: Embedder | None = None, live: QualityLimits = LIVE) -> None:
        self._embedder = embedder if embedder is not None else DlibOnnx()
        self._detector = FaceDetector()
        self._live = live

    @property
    def model_id(self) -> str:
        return self._embedder.model_id

    @property
    def model_sha256(self) -> str:
        return self._embedder.model_sha256

    @property
    def embedder(self) -> Embedder:
        """The model in use."""
        return self._embedder

    def load(self) -> None:
        """Read every model. Raises ``FaceModelMissing``."""
        import cv2

        cv2.setNumThreads(1)  # two cores are shared with the window and the devices
        self._detector.load()
        self._embedder.load()

    def detect(self, image: Image) -> tuple[DetectedFace, ...]:
        """Faces of a camera frame, the widest first. 14 ms at 1280 x 720."""
        return self._detector.in_frame(_checked(image))

    def assess(self, image: Image) -> tuple[DetectedFace | None, FaceQuality]:
        """The traveller's face in a camera frame and the prompt to show. 15 ms at 1280 x 720."""
        return self._judge(image, self.detect(image), self._live)

    def assess_portrait(self, image: Image) -> tuple[DetectedFace | None, FaceQuality]:
        """The face of a still (chip, history, file), judged by whether it can be compared at all."""
        return self._judge(image, self._detector.in_still(_checked(image)), PORTRAIT)

    def assess_filed(self, image: Image) -> tuple[DetectedFace | None, FaceQuality]:
        """The face of a still that is filed under one person: bystanders do not count if one face covers the middle."""
        found = self._detector.in_still(_checked(image))
        central = covering_the_middle(found, image.shape[1], image.shape[0])
        if central is None:
            return self._judge(image, found, PORTRAIT)
        return central, face_quality(image, central, 1, PORTRAIT)

    def template(self, image: Image) -> FaceTemplate:
        """Template of a still. Raises ``FaceRejected`` without a face, with several, or with one too small."""
        face, quality = self.assess_portrait(image)
        if face is None or quality.prompt in NO_TEMPLATE:
            raise FaceRejected(quality.prompt)
        return self.template_of(image, face)

    def template_of(self, image: Image, face: DetectedFace) -> FaceTemplate:
        """Template of a face already found in ``image``. 12 ms."""
        return FaceTemplate(self._embedder.embed(image, face), self._embedder.model_id)

    def similarity(self, probe: FaceTemplate, reference: FaceTemplate) -> float:
        """Cosine, -1…1, higher is more alike. Raises ``IncomparableTemplates`` for templates of different models."""
        return cosine(probe, reference)

    def _judge(
        self, image: Image, found: tuple[DetectedFace, ...], limits: QualityLimits
    ) -> tuple[DetectedFace | None, FaceQuality]:
        candidates = possible_subjects(found, image.shape[1], image.shape[0])
        if not candidates:
            return None, no_face(image if limits.judged_as_frame else None)
        face = candidates[0]
        return face, face_quality(image, face, len(candidates), limits)


NO_TEMPLATE = frozenset({FacePrompt.NO_FACE, FacePrompt.SEVERAL_FACES, FacePrompt.CLOSER})
"""Prompts on a still from which no template can be made."""


def cosine(probe: FaceTemplate, reference: FaceTemplate) -> float:
    """Cosine of two templates of one model. Raises ``IncomparableTemplates``."""
    if probe.model_id != reference.model_id:
        raise IncomparableTemplates(f"{probe.model_id} against {reference.model_id}")
    if probe.vector.shape != reference.vector.shape:
        raise IncomparableTemplates("templates of different length")
    return float(np.dot(probe.vector.astype(np.float64), reference.vector.astype(np.float64)))


def _checked(image: Image) -> Image:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError("a picture is height x width x 3, uint8")
    return image
