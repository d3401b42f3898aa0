"""One face against one: similarity, the bounds it is held against, and the band the officer sees."""

from __future__ import annotations

import time
from dataclasses import dataclass

from inspection_station.inspection.biometrics import ComparisonBand, ComparisonResult, Modality, ReferenceKind
from inspection_station.matching.face import NO_TEMPLATE, DlibFaceMatcher, cosine
from inspection_station.matching.ports import (
    FacePrompt,
    FaceQuality,
    FaceRejected,
    FaceTemplate,
    Image,
    IncomparableTemplates,
)
from inspection_station.matching.score_normalisation import Cohort
from inspection_station.matching.thresholds import FaceThresholds, ScoreScale


class PictureRejected(FaceRejected):
    """``FaceRejected`` that says which picture: "probe" or "reference"."""

    def __init__(self, prompt: FacePrompt, which: str) -> None:
        super().__init__(prompt)
        self.which = which


@dataclass(frozen=True, slots=True)
class CompareOutcome:
    """A comparison with what led to it. ``decision`` goes by the bounds alone; ``result.band`` is what is shown.

    ``similarity`` is the cosine, whatever the ``scale`` of the result's score. Qualities are None for a side given as
    template. ``ms``: all computing, without reading the pictures.
    """

    result: ComparisonResult
    decision: ComparisonBand
    calibrated: bool
    probe_quality: FaceQuality | None
    reference_quality: FaceQuality | None
    ms: float
    scale: ScoreScale = ScoreScale.COSINE
    similarity: float = 0.0


def compare(
    probe: FaceTemplate,
    reference: FaceTemplate,
    thresholds: FaceThresholds,
    kind: ReferenceKind = ReferenceKind.CHIP_PORTRAIT,
    cohort: Cohort | None = None,
) -> ComparisonResult:
    """Compare two templates; bounds of z need their ``cohort``.

    Raises ``IncomparableTemplates`` when models differ, also from the thresholds' model, ``ValueError`` for bounds of z
    without a cohort.
    """
    if thresholds.model_id != probe.model_id:
        raise IncomparableTemplates(f"thresholds of {thresholds.model_id} for templates of {probe.model_id}")
    score = cosine(probe, reference)
    if thresholds.scale is ScoreScale.NORMALISED:
        if cohort is None:
            raise ValueError("bounds of z without their cohort")
        score = cohort.normalised(probe, reference, score)
    return ComparisonResult(
        modality=Modality.FACE,
        reference=kind,
        score=round(score, 5),
        threshold=thresholds.match,
        band=thresholds.band(score),
        model_id=probe.model_id,
        one_in=thresholds.one_in(score),
    )


def compare_pictures(
    matcher: DlibFaceMatcher,
    probe: Image | FaceTemplate,
    reference: Image | FaceTemplate,
    thresholds: FaceThresholds,
    kind: ReferenceKind = ReferenceKind.CHIP_PORTRAIT,
    cohort: Cohort | None = None,
) -> CompareOutcome:
    """Compare pictures (BGR stills) or templates made before.

    Raises ``PictureRejected`` with the prompt to show, ``FaceModelMissing``, ``IncomparableTemplates``.
    """
    started = time.perf_counter()
    probe_template, probe_quality = _template(matcher, probe, "probe")
    reference_template, reference_quality = _template(matcher, reference, "reference")
    result = compare(probe_template, reference_template, thresholds, kind, cohort)
    return CompareOutcome(
        result,
        thresholds.decision(result.score),
        thresholds.calibrated,
        probe_quality,
        reference_quality,
        round((time.perf_counter() - started) * 1000.0, 1),
        thresholds.scale,
        round(cosine(probe_template, reference_template), 5),
    )


def _template(
    matcher: DlibFaceMatcher, side: Image | FaceTemplate, which: str
) -> tuple[FaceTemplate, FaceQuality | None]:
    if isinstance(side, FaceTemplate):
        return side, None
    face, quality = matcher.assess_portrait(side)
    if face is None or quality.prompt in NO_TEMPLATE:
        raise PictureRejected(quality.prompt, which)
    return matcher.template_of(side, face), quality
