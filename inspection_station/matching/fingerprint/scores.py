"""What a comparison's measures are worth: a score, and how often strangers reach it.

The numbers are data (``resources/tables/fingerprint_scores.toml``): weights of a logistic model and points of
(score, false-match rate). They were fitted on FVC2002's four small databases; a rate is a statement about those, not
about the agency's travellers and readers. Nothing below the last measured rate is claimed for one finger.
"""

from __future__ import annotations

import bisect
import itertools
import math
import operator
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from inspection_station.matching.fingerprint.comparison import MEASURES
from inspection_station.resource_path import resource

LOWEST = -12.0
"""The score where nothing could be compared."""


class MalformedScores(ValueError):
    """The table does not say what it must: the installation is damaged."""


_bound = operator.itemgetter(0)


@dataclass(frozen=True, slots=True)
class ScoreModel:
    """``weights`` and ``offset`` turn measures into a score; ``rates`` are (score, false-match rate), scores rising.

    ``threshold`` is the score from which a comparison counts as a match; ``source`` says what stands behind it all.
    """

    model_id: str
    weights: tuple[float, ...]
    offset: float
    rates: tuple[tuple[float, float], ...]
    threshold: float
    source: str

    def score(self, found: npt.NDArray[np.float32]) -> float:
        """Score of one comparison's measures; higher is more alike."""
        values = found.tolist()  # ten numbers: plain Python is quicker than NumPy here
        if not any(values):
            return LOWEST
        return max(sum(map(operator.mul, values, self.weights), self.offset), LOWEST)

    def false_match_rate(self, score: float) -> float:
        """Share of strangers' comparisons that reach ``score``: log-linear between measured points, 1 below the first
        and the last measured rate beyond the last.
        """
        place = bisect.bisect_right(self.rates, score, key=_bound)
        if place == 0 or math.isnan(score):
            return 1.0
        if place == len(self.rates):
            return self.rates[-1][1]
        (low, low_rate), (high, high_rate) = self.rates[place - 1], self.rates[place]
        share = (score - low) / (high - low)
        return math.exp((1.0 - share) * math.log(low_rate) + share * math.log(high_rate))

    def score_at(self, rate: float) -> float:
        """The score whose false-match rate is ``rate``, between the first and the last measured one."""
        bound = min(max(rate, self.rates[-1][1]), 1.0)
        for (low, low_rate), (high, high_rate) in itertools.pairwise(self.rates):
            if low_rate >= bound >= high_rate:
                share = (math.log(bound) - math.log(low_rate)) / (math.log(high_rate) - math.log(low_rate))
                return low + share * (high - low)
        return self.rates[-1][0]


@dataclass(frozen=True, slots=True)
class FusedFingers:
    """Several fingers of one person taken together: the false-match rate and the fingers that took part."""

    fmr: float
    fingers: int


def fused(rates: Sequence[float]) -> FusedFingers:
    """Fisher's combination of the false-match rates of different fingers of one person.

    Assumes that strangers' fingers agree independently of one another; measured on FVC2002 in ``docs/fingerprints.md``.
    Raises ValueError without any rate or with one outside of 0 to 1.
    """
    if not rates or not all(0.0 < rate <= 1.0 for rate in rates):
        raise ValueError("false-match rates lie above 0 and at most at 1, and there is at least one")
    half = -sum(math.log(rate) for rate in rates)  # half of Fisher's statistic
    term, total = 1.0, 1.0
    for step in range(1, len(rates)):  # survival of chi-squared with 2k degrees of freedom, in closed form
        term *= half / step
        total += term
    return FusedFingers(min(1.0, math.exp(-half) * total), len(rates))


@cache
def score_models() -> dict[str, ScoreModel]:
    """``ridges`` (both templates know the ridge flow) and ``minutiae``. Raises ``MalformedScores``."""
    return parse_models(resource("tables", "fingerprint_scores.toml").read_text(encoding="utf-8"))


def model_for(use_flow: bool) -> ScoreModel:
    """The model of one kind of comparison."""
    return score_models()["ridges" if use_flow else "minutiae"]


def parse_models(text: str) -> dict[str, ScoreModel]:
    """Every set of a TOML table by name. Raises ``MalformedScores``."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as torn:
        raise MalformedScores(f"not TOML: {torn}") from torn
    sets = table.get("set")
    if not isinstance(sets, dict) or not {"ridges", "minutiae"} <= sets.keys():
        raise MalformedScores("the sets ridges and minutiae are missing")
    return {name: _one(name, values, table) for name, values in sets.items()}


def _one(name: str, values: Any, table: dict[str, Any]) -> ScoreModel:
    try:
        weights = tuple(float(weight) for weight in values["weights"])
        rates = tuple((float(point["score"]), float(point["fmr"])) for point in values["rates"])
        rising = all(a[0] < b[0] and a[1] > b[1] > 0 for a, b in itertools.pairwise(rates))
        if len(weights) != MEASURES or not all(map(math.isfinite, weights)) or len(rates) < 2 or not rising:
            raise MalformedScores(f"set {name}: weights or rates do not fit")
        model = ScoreModel(
            f"{table['model_id']}-{name}", weights, float(values["offset"]), rates, 0.0, str(table["source"])
        )
        bound = model.score_at(float(table["match_fmr"]))
        return ScoreModel(model.model_id, weights, model.offset, rates, bound, model.source)
    except MalformedScores:
        raise
    except (KeyError, TypeError, ValueError) as wrong:
        raise MalformedScores(f"set {name}: {wrong}") from wrong
