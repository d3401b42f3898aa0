"""Symmetric cohort normalisation (S-norm): a similarity is read against those of each side with strangers.

z = ½ [(s - μp)/σp + (s - μr)/σr], mean and spread of each side's similarities to its nearest strangers of a cohort.
A face whose group the model tells apart badly has near strangers, so that its own impostors no longer match: one bound
serves travellers of every origin, as far as the cohort holds people like them.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inspection_station.matching.ports import FaceTemplate, IncomparableTemplates, Vector

LEAST_TEMPLATES = 500
"""Below this a cohort says too little about strangers; what is measured with fewer is marked so."""

_RULE = b"s-norm 3"  # part of a cohort's digest: statistics and bounds hold for one rule
_NEAREST, _MOST_NEAREST, _SMALL, _SHARE = 25, 250, 800, 5.5
_PULL, _MOST_PULL = 0.3, 0.5
_SAMPLE = 256
_ROWS_AT_ONCE = 256  # 256 x 2,000 similarities: 3 ms a step, so no thread waits long for the interpreter
_LEAST_SPREAD = 1e-4  # a cohort of one picture many times has none


class CohortTooSmall(ValueError):
    """A cohort without enough strangers to normalise by."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation of N templates' similarities to their nearest strangers, N float32 each."""

    mean: Vector
    deviation: Vector


def nearest_count(templates: int) -> int:
    """How many of a cohort's templates speak for the strangers nearest to a face.

    25, of cohorts above 800 templates (which hold several photographs of a person) two elevenths of the excess more, at
    most 250; of a small one a quarter. Measured in docs/faces.md.
    """
    wanted = min(_MOST_NEAREST, _NEAREST + int(max(0, templates - _SMALL) / _SHARE))
    return max(1, min(wanted, templates // 4))


def pull_of(templates: int) -> float:
    """How far a deviation is drawn towards the cohort's typical one, 0…½ of the way (in logarithms).

    The fewer strangers, the less a single face's deviation can be trusted: 0.3 with 800 templates, 0.09 with
    twice as many.
    """
    return min(_MOST_PULL, _PULL * math.pow(_SMALL / templates, 1.7))


class Cohort:
    """Templates of strangers, lawfully held: of people like the travellers, and of none of them. Immutable."""

    def __init__(self, vectors: Vector, model_id: str) -> None:
        kept = np.ascontiguousarray(vectors, dtype=np.float32)
        if kept.ndim != 2 or kept.shape[0] < 4:
            raise CohortTooSmall("a cohort has at least four templates")
        if not np.isfinite(kept).all() or not np.allclose(np.linalg.norm(kept, axis=1), 1.0, atol=1e-3):
            raise ValueError("a cohort's templates are unit vectors")
        kept.setflags(write=False)
        self._vectors = kept
        self.model_id = model_id
        self.nearest = nearest_count(len(kept))
        self._pull = pull_of(len(kept))
        self._typical = self._typical_deviation()

    def __len__(self) -> int:
        return len(self._vectors)

    @property
    def vectors(self) -> Vector:
        """n x d float32, read-only."""
        return self._vectors

    @property
    def digest(self) -> str:
        """SHA-256 over rule, model and templates: statistics and calibrations belong to one cohort."""
        return hashlib.sha256(_RULE + self.model_id.encode() + b"\0" + self._vectors.tobytes()).hexdigest()

    @property
    def sufficient(self) -> bool:
        """Whether it is large enough to calibrate with."""
        return len(self._vectors) >= LEAST_TEMPLATES

    def spread(self, vectors: Vector) -> Spread:
        """Statistics of N unit vectors (N x d). 0.1 ms each for a cohort of 1,600."""
        probes = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
        if probes.shape[1] != self._vectors.shape[1]:
            raise IncomparableTemplates("templates of another length than the cohort's")
        means = np.empty(len(probes), np.float32)
        deviations = np.empty(len(probes), np.float32)
        for start in range(0, len(probes), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            near = nearest(probes[part] @ self._vectors.T, self.nearest)
            means[part], deviations[part] = near.mean(axis=1), self.steadied(deviation(near))
        return Spread(means, deviations)

    def steadied(self, deviations: Vector) -> Vector:
        """Deviations drawn towards the cohort's typical one."""
        drawn = np.power(deviations, 1.0 - self._pull) * self._typical**self._pull
        return np.asarray(drawn, dtype=np.float32)

    def _typical_deviation(self) -> float:
        """Median over some of the cohort's own templates, each against the others."""
        rows = np.unique(np.linspace(0, len(self._vectors) - 1, min(_SAMPLE, len(self._vectors))).astype(np.int64))
        near = nearest(self._vectors[rows] @ self._vectors.T, self.nearest + 1)
        others = np.sort(near, axis=1)[:, :-1]  # the highest is the template itself
        return float(np.median(deviation(others)))

    def normalised(self, probe: FaceTemplate, reference: FaceTemplate, similarity: float) -> float:
        """z of a similarity (cosine) of two templates. Raises ``IncomparableTemplates``."""
        for template in (probe, reference):
            if template.model_id != self.model_id:
                raise IncomparableTemplates(f"{template.model_id} against a cohort of {self.model_id}")
        both = self.spread(np.stack((probe.vector, reference.vector)))
        return float(
            0.5 * ((similarity - both.mean[0]) / both.deviation[0] + (similarity - both.mean[1]) / both.deviation[1])
        )


def nearest(similarities: Vector, count: int) -> Vector:
    """The ``count`` highest of each row, in no order."""
    columns = similarities.shape[1]
    if count >= columns:
        return similarities
    return np.partition(similarities, columns - count, axis=1)[:, columns - count :]


def deviation(near: Vector) -> Vector:
    """Standard deviation of each row, never so small that a division by it would be meaningless."""
    spread: npt.NDArray[np.float32] = np.maximum(near.std(axis=1, dtype=np.float64), _LEAST_SPREAD).astype(np.float32)
    return spread
