"""From photographs filed by person to a cohort, bounds for the target false-match rates, and figures by group.

Every template of the set is in the cohort that ships to the stations; while it is measured, each pair is normalised
without either of its persons, so that what is measured is what strangers will meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from inspection_station.matching.calibration import FaceCalibration, GroupFigures
from inspection_station.matching.error_rates import RULE_OF, TARGETS, ScoreTally
from inspection_station.matching.face_benchmark import FaceBenchmark, run_benchmark
from inspection_station.matching.face_folders import FaceFolders
from inspection_station.matching.score_normalisation import LEAST_TEMPLATES, Cohort

MATCH_FMR, INCONCLUSIVE_FMR = 1e-4, 1e-3

_TABLE = tuple(step * 10.0**-power for power in range(1, 8) for step in (1.0, 0.5, 0.2))


class TooFewToCalibrate(ValueError):
    """The set is too small for a bound at the target rate. ``needed`` and ``had`` impostor pairs or templates."""

    def __init__(self, what: str, needed: int, had: int) -> None:
        super().__init__(f"{what}: {needed:,} needed, {had:,} there")
        self.needed = needed
        self.had = had


@dataclass(frozen=True, slots=True)
class CalibrationRun:
    """Cohort and figures of one set, and everything that was measured on the way."""

    calibration: FaceCalibration
    cohort: Cohort
    benchmark: FaceBenchmark


def calibrate(
    faces: FaceFolders,
    *,
    model_sha256: str,
    source: str,
    made_on: date,
    groups: Mapping[str, str] | None = None,
    match_fmr: float = MATCH_FMR,
    inconclusive_fmr: float = INCONCLUSIVE_FMR,
    training: bool = False,
) -> CalibrationRun:
    """Measure and set the bounds. ``groups``: person → group.

    Raises ``TooFewToCalibrate`` below 500 templates or where fewer than 30 false matches could have been seen at the
    match bound, ``TooFewFaces``, ``ValueError`` for rates in the wrong order.
    """
    if not 0.0 < match_fmr < inconclusive_fmr < 1.0:
        raise ValueError("the match bound's false-match rate lies below the inconclusive bound's")
    if len(faces.vectors) < LEAST_TEMPLATES:
        raise TooFewToCalibrate("usable photographs", LEAST_TEMPLATES, len(faces.vectors))
    measured = run_benchmark(faces, None, groups)
    tally = measured.all_pairs.snorm
    if not tally.supported(match_fmr):
        raise TooFewToCalibrate("pairs of two persons", round(RULE_OF / match_fmr), tally.impostor)
    cohort = Cohort(faces.vectors, faces.model_id)
    rates = tally.table(tuple(sorted({*_TABLE, match_fmr, inconclusive_fmr})))
    bounds = {name: bound for name, fmr in TARGETS.items() if (bound := tally.bound_at(fmr)) is not None}
    calibration = FaceCalibration(
        model_id=faces.model_id,
        model_sha256=model_sha256,
        made_on=made_on,
        source=source,
        cohort_sha256=cohort.digest,
        cohort_templates=len(cohort),
        nearest=cohort.nearest,
        persons=len(faces.persons),
        pictures=len(faces.names),
        failed_to_enrol=len(faces.failures),
        genuine=tally.genuine,
        impostor=tally.impostor,
        match=_bound(tally, match_fmr),
        inconclusive=_bound(tally, inconclusive_fmr),
        match_fmr=match_fmr,
        inconclusive_fmr=inconclusive_fmr,
        rates=rates,
        bounds=bounds,
        fnmr={name: tally.false_non_match_rate(bound) or 0.0 for name, bound in bounds.items()},
        groups=_groups(measured, bounds),
        training=training,
    )
    return CalibrationRun(calibration, cohort, measured)


def _bound(tally: ScoreTally, fmr: float) -> float:
    bound = tally.bound_at(fmr)
    if bound is None:
        raise TooFewToCalibrate("pairs of two persons", round(RULE_OF / fmr), 0)
    return bound


def _groups(measured: FaceBenchmark, bounds: Mapping[str, float]) -> dict[str, GroupFigures]:
    told = {}
    for group in measured.groups:
        own = group.tallies.snorm
        told[group.name] = GroupFigures(
            persons=group.persons,
            genuine=own.genuine,
            impostor=own.impostor,
            fmr={name: own.false_match_rate(bound) for name, bound in bounds.items()},
            fnmr={name: own.false_non_match_rate(bound) for name, bound in bounds.items()},
        )
    return told
