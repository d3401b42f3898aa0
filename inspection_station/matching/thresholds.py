"""Where a score becomes a band. The numbers are data (``resources/tables/face_thresholds.toml``), never code.

A set is *calibrated* (an agency's own signed figures), *provisional* (published photographs, not the agency's
travellers: a match is shown as «uncalibrated, compare by eye»), *training* (drawn faces; never for a real one) or
*none* (a model about which nothing was measured).
"""

from __future__ import annotations

import bisect
import itertools
import math
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.resource_path import resource


class ThresholdStatus(StrEnum):
    """What stands behind the numbers."""

    CALIBRATED = "calibrated"
    PROVISIONAL = "provisional"
    TRAINING = "training"
    NONE = "none"


_MEASURED = frozenset({ThresholdStatus.CALIBRATED, ThresholdStatus.TRAINING})


class ScoreScale(StrEnum):
    """What the bounds are bounds of."""

    COSINE = "cosine"
    NORMALISED = "z"


class MalformedThresholds(ValueError):
    """The threshold table does not say what it must."""


@dataclass(frozen=True, slots=True)
class FaceThresholds:
    """Bounds on the score (higher is more alike) of one model's templates: their cosine, or z by a cohort.

    ``rates``: (score, false-match rate) pairs, score rising, rate falling; empty where nothing was measured.
    ``cohort_sha256``: the one cohort by which z was measured.
    """

    model_id: str
    status: ThresholdStatus
    match: float
    inconclusive: float
    source: str
    rates: tuple[tuple[float, float], ...] = ()
    scale: ScoreScale = ScoreScale.COSINE
    cohort_sha256: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.match) and math.isfinite(self.inconclusive)):
            raise MalformedThresholds("a bound is no number")
        if self.inconclusive > self.match:
            raise MalformedThresholds("the match bound lies below the inconclusive bound")
        for (low, low_rate), (high, high_rate) in zip(self.rates, self.rates[1:], strict=False):
            if not (low < high and low_rate > high_rate > 0.0):
                raise MalformedThresholds("false-match rates must fall as similarity rises")

    @property
    def calibrated(self) -> bool:
        """Whether "1 in N" may be said at all."""
        return self.status is ThresholdStatus.CALIBRATED

    def decision(self, score: float) -> ComparisonBand:
        """MATCH, INCONCLUSIVE or NO_MATCH by the bounds alone. A score that is no number never matches."""
        if self.status is ThresholdStatus.NONE:
            return ComparisonBand.INCONCLUSIVE
        if score >= self.match:
            return ComparisonBand.MATCH
        return ComparisonBand.INCONCLUSIVE if score >= self.inconclusive else ComparisonBand.NO_MATCH

    def band(self, score: float) -> ComparisonBand:
        """The band the officer is shown: provisional bounds may raise doubt, but a match by them is UNCALIBRATED."""
        decision = self.decision(score)
        if self.status is ThresholdStatus.NONE:
            return ComparisonBand.UNCALIBRATED
        if decision is ComparisonBand.MATCH and self.status is ThresholdStatus.PROVISIONAL:
            return ComparisonBand.UNCALIBRATED
        return decision

    def false_match_rate(self, score: float) -> float | None:
        """Share of strangers who reach this score, log-linear between measured points; None unless calibrated.

        Drawn faces have their own, which speak of drawn strangers. Beyond the last measured point the last rate stands:
        nothing is claimed that was not measured.
        """
        if self.status not in _MEASURED or not self.rates or not math.isfinite(score):
            return None
        place = bisect.bisect_right([bound for bound, _ in self.rates], score)
        if place == 0:
            return 1.0
        if place == len(self.rates):
            return self.rates[-1][1]
        (low, low_rate), (high, high_rate) = self.rates[place - 1], self.rates[place]
        share = (score - low) / (high - low)
        return math.exp((1.0 - share) * math.log(low_rate) + share * math.log(high_rate))

    def one_in(self, score: float) -> float | None:
        """«One stranger in so many»: 1 / false-match rate; None unless calibrated."""
        rate = self.false_match_rate(score)
        return None if rate is None else 1.0 / rate

    def bound_for(self, rate: float) -> tuple[float, bool]:
        """The score whose false-match rate is ``rate``, and whether that was measured.

        Below the lowest measured rate the last bound comes back with False; so does the match bound where nothing was
        measured at all.
        """
        if not self.rates:
            return self.match, False
        if rate < self.rates[-1][1]:
            return self.rates[-1][0], False
        if rate >= self.rates[0][1]:
            return self.rates[0][0], True
        for (low, low_rate), (high, high_rate) in itertools.pairwise(self.rates):
            if high_rate <= rate:
                share = math.log(low_rate / rate) / math.log(low_rate / high_rate)
                return low + share * (high - low), True
        return self.rates[-1][0], True


def built_in_thresholds(training: bool = False, model_id: str | None = None) -> FaceThresholds:
    """The set that ships with the station: provisional, or the one for drawn faces in the training profile.

    For a ``model_id`` that no set ships for: no bounds at all; everything is to be compared by eye. Raises
    ``MalformedThresholds`` or FileNotFoundError when the installation is damaged.
    """
    text = resource("tables", "face_thresholds.toml").read_text(encoding="utf-8")
    shipped = parse_thresholds(text)["training" if training else "provisional"]
    if model_id is None or model_id == shipped.model_id:
        return shipped
    return FaceThresholds(model_id, ThresholdStatus.NONE, 1.0, -1.0, "nothing was measured with this model")


def parse_thresholds(text: str) -> dict[str, FaceThresholds]:
    """Every set of a TOML table by name. Raises ``MalformedThresholds``."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as torn:
        raise MalformedThresholds(f"not TOML: {torn}") from torn
    sets = table.get("set")
    if not isinstance(sets, dict) or not sets:
        raise MalformedThresholds("no [set.…] table")
    return {name: _one_set(name, values) for name, values in sets.items()}


def _one_set(name: str, values: Any) -> FaceThresholds:
    try:
        rates = tuple((1.0 - float(point["distance"]), float(point["fmr"])) for point in values.get("rates", []))
        return FaceThresholds(
            model_id=str(values["model_id"]),
            status=ThresholdStatus(values["status"]),
            match=1.0 - float(values["match_distance"]),
            inconclusive=1.0 - float(values["inconclusive_distance"]),
            source=str(values["source"]),
            rates=tuple(sorted(rates)),
        )
    except MalformedThresholds:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise MalformedThresholds(f"set {name}: {wrong}") from wrong
