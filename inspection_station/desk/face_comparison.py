"""Faces for the desk: bursts and comparisons with one matcher and one set of bounds. Keeps nothing of anybody."""

from __future__ import annotations

import cv2
import numpy as np

from inspection_station.desk import ports
from inspection_station.desk.ports import StepFault
from inspection_station.hardware.ports import Image
from inspection_station.inspection.biometrics import ComparisonResult
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_capture import BurstCapture, CapturedFace
from inspection_station.matching.face_comparison import PictureRejected, compare_pictures
from inspection_station.matching.pictures import UnusablePicture, decode_picture
from inspection_station.matching.ports import FaceModelMissing, FacePrompt, FaceTemplate
from inspection_station.matching.score_normalisation import Cohort
from inspection_station.matching.thresholds import FaceThresholds

_JPEG_QUALITY = 90
_MARGIN = 0.9  # of the face box, on every side: head and shoulders, as a portrait shows them


class FaceComparison:
    """Implements ``ports.FaceComparer``. Thread-safe."""

    def __init__(self, matcher: DlibFaceMatcher, thresholds: FaceThresholds, cohort: Cohort | None = None) -> None:
        self._matcher = matcher
        self._thresholds = thresholds
        self._cohort = cohort

    def burst(self) -> _Burst:
        return _Burst(BurstCapture(self._matcher))

    def compare(
        self, probe: bytes, reference: bytes, probe_template: object | None = None
    ) -> tuple[ComparisonResult, ...]:
        """Raises StepFault: BIO-01 with the prompt when a picture shows no usable face, SYS-02 without the model."""
        try:
            live: Image | FaceTemplate = (
                probe_template if isinstance(probe_template, FaceTemplate) else decode_picture(probe)
            )
            outcome = compare_pictures(
                self._matcher, live, decode_picture(reference), self._thresholds, cohort=self._cohort
            )
        except PictureRejected as fault:
            code = "BIO-07" if fault.which == "reference" else "BIO-01"
            raise StepFault(code, fault.prompt.value) from fault
        except UnusablePicture as fault:
            raise StepFault("BIO-07", fault.detail) from fault
        except FaceModelMissing as fault:
            raise StepFault("SYS-02", "face model") from fault
        return (outcome.result,)


class _Burst:
    """Implements ``ports.FaceBurst``."""

    def __init__(self, burst: BurstCapture) -> None:
        self._burst = burst

    def feed(self, image: Image, sequence: int) -> FacePrompt:
        return self._burst.feed(image, sequence).prompt

    def result(self) -> ports.CapturedFace | None:
        if not self._burst.progress.complete:
            return None
        captured = self._burst.result()
        if captured is None:
            return None
        return ports.CapturedFace(
            _encoded(captured),
            "image/jpeg",
            float(captured.quality.overall),
            tuple(captured.quality.not_assessed),
            captured.template,
        )


def _encoded(captured: CapturedFace) -> bytes:
    """Head and shoulders of the best frame as JPEG: the whole hall behind the traveller is nobody's business."""
    height, width = captured.image.shape[:2]
    x, y, w, h = captured.face.box
    left, top = max(0, int(x - _MARGIN * w)), max(0, int(y - _MARGIN * h))
    right, bottom = min(width, int(x + w + _MARGIN * w)), min(height, int(y + h + _MARGIN * h))
    cut = np.ascontiguousarray(captured.image[top:bottom, left:right])
    ok, encoded = cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not ok:
        raise StepFault("BIO-01", "the frame cannot be encoded")
    return encoded.tobytes()
