"""False-match and false non-match rates from scores (ISO/IEC 19795-1), in constant memory.

Impostor scores are counted in narrow bins: a hundred million pairs take as much room as a thousand. Every score here is
"higher is more alike"; a bound is the least score that matches, chosen so that the rate is at most the one asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

TARGETS: dict[str, float] = {"1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4}
RULE_OF = 30
"""A rate is measured when at least so many errors were possible at it (Doddington's rule of 30)."""

_BINS = 1 << 19

Scores = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a kind of score lies. ``low`` and ``high`` bound the bins; what lies beyond is counted at the edge."""

    name: str
    low: float
    high: float


STOCK = Scale("stock", -2.5, 0.0)  # the negative Euclidean distance of dlib's own descriptors
FLIP = Scale("flip", -1.0, 1.0)  # cosine of flip-averaged templates
SNORM = Scale("snorm", -40.0, 60.0)  # z


@dataclass(slots=True)
class ScoreTally:
    """Scores of genuine and of impostor pairs on one scale."""

    scale: Scale
    _impostor: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, np.int64))
    _genuine: list[Scores] = field(default_factory=list)
    _sorted: npt.NDArray[np.float64] | None = None
    _rates: npt.NDArray[np.float64] | None = None

    def add(self, genuine: Scores, impostor: Scores) -> None:
        """Count scores. A score that is no number is refused with ValueError."""
        if not (np.isfinite(genuine).all() and np.isfinite(impostor).all()):
            raise ValueError("a score is no number")
        self._genuine.append(np.asarray(genuine, np.float64).ravel())
        self._impostor += np.bincount(self._bin(impostor), minlength=_BINS)
        self._sorted = self._rates = None

    @property
    def genuine(self) -> int:
        """Pairs of one person."""
        return sum(len(part) for part in self._genuine)

    @property
    def impostor(self) -> int:
        """Pairs of two persons."""
        return int(self._impostor.sum())

    def supported(self, fmr: float) -> bool:
        """Whether there were impostor pairs enough to measure this rate."""
        return self.impostor * fmr >= RULE_OF

    def bound_at(self, fmr: float) -> float | None:
        """The least score whose false-match rate is at most ``fmr``; None without impostors."""
        rates = self._match_rates()
        if rates is None:
            return None
        place = int(np.argmax(rates <= fmr)) if (rates <= fmr).any() else _BINS + 1
        return self._edge(place)

    def false_match_rate(self, bound: float) -> float | None:
        """Share of impostor pairs at or above ``bound``."""
        rates = self._match_rates()
        if rates is None:
            return None
        place = min(_BINS, max(0, math.ceil((bound - self.scale.low) / self._width - 1e-6)))
        return float(rates[place]) if place < _BINS else 0.0

    def false_non_match_rate(self, bound: float) -> float | None:
        """Share of genuine pairs below ``bound``."""
        scores = self._genuine_sorted()
        if not len(scores):
            return None
        return float(np.searchsorted(scores, bound - 1e-12, side="left") / len(scores))

    def equal_error_rate(self) -> float | None:
        """Where both rates meet; the mean of the two at the nearest bound."""
        rates, scores = self._match_rates(), self._genuine_sorted()
        if rates is None or not len(scores):
            return None
        edges = self.scale.low + self._width * np.arange(_BINS)
        missed = np.searchsorted(scores, edges, side="left") / len(scores)
        place = int(np.argmin(np.abs(rates - missed)))
        return float((rates[place] + missed[place]) / 2.0)

    def table(self, fmrs: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
        """(bound, rate) for the measurable rates of ``fmrs``, bounds rising strictly, rates falling strictly."""
        points: list[tuple[float, float]] = []
        for fmr in sorted(fmrs, reverse=True):
            bound = self.bound_at(fmr)
            if bound is not None and self.supported(fmr) and (not points or bound > points[-1][0]):
                points.append((bound, fmr))
        return tuple(points)

    @property
    def _width(self) -> float:
        return (self.scale.high - self.scale.low) / _BINS

    def _edge(self, place: int) -> float:
        return self.scale.low + self._width * place

    def _bin(self, scores: Scores) -> npt.NDArray[np.int64]:
        places = ((np.asarray(scores, np.float64).ravel() - self.scale.low) / self._width).astype(np.int64)
        return np.clip(places, 0, _BINS - 1)

    def _match_rates(self) -> npt.NDArray[np.float64] | None:
        """Rate at the lower edge of each bin."""
        if self._rates is None:
            total = self._impostor.sum()
            if total == 0:
                return None
            self._rates = self._impostor[::-1].cumsum()[::-1] / total
        return self._rates

    def _genuine_sorted(self) -> npt.NDArray[np.float64]:
        if self._sorted is None:
            self._sorted = np.sort(np.concatenate(self._genuine)) if self._genuine else np.zeros(0)
        return self._sorted
