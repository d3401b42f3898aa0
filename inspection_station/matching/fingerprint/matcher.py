"""What the desk and the command line call: compare two fingers, or several of one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.comparison import measures
from inspection_station.matching.fingerprint.scores import FusedFingers, fused, model_for
from inspection_station.matching.fingerprint.template import FingerprintTemplate


@dataclass(frozen=True, slots=True)
class FingerComparison:
    """One finger against one: ``score`` (higher is more alike), the false-match rate at it on FVC2002, the bound, and
    the model that gave them. ``match`` is the bound's verdict; the officer decides.
    """

    score: float
    fmr: float
    threshold: float
    match: bool
    model_id: str


def compare(probe: FingerprintTemplate, reference: FingerprintTemplate) -> FingerComparison:
    """Compare two templates; with the ridge flow where both know it, else by minutiae alone. Thread-safe."""
    use_flow = probe.has_flow and reference.has_flow
    model = model_for(use_flow)
    score = model.score(measures(probe, reference, use_flow))
    return FingerComparison(
        score, model.false_match_rate(score), model.threshold, score >= model.threshold, model.model_id
    )


def compare_fingers(
    probe: Mapping[FingerPosition, FingerprintTemplate], reference: Mapping[FingerPosition, FingerprintTemplate]
) -> tuple[FusedFingers | None, Mapping[FingerPosition, FingerComparison]]:
    """Compare the fingers that both have, and fuse them; None where they have none in common."""
    common = {position: compare(probe[position], reference[position]) for position in probe if position in reference}
    return (fused([one.fmr for one in common.values()]) if common else None), common
