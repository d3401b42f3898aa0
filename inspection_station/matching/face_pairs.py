"""Every pair of a set of templates, scored three ways, a block of rows at a time.

The cohort never holds either person of a pair: it is one of other people, or, where none is given, everybody else of
the set, for each pair anew (leave two persons out). A stranger who is in the cohort would be compared with himself and
seem further away than strangers are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from inspection_station.matching.face_folders import FaceFolders
from inspection_station.matching.ports import Vector
from inspection_station.matching.score_normalisation import Cohort, CohortTooSmall, deviation

_ROWS = 128
_LEAST_PERSONS = 12

Owners = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PairBlock:
    """Scores of rows x columns; only ``wanted`` ones count (each pair once, nobody with himself)."""

    rows: slice
    columns: slice
    stock: Matrix
    flip: Matrix
    snorm: Matrix | None
    genuine: npt.NDArray[np.bool_]
    wanted: npt.NDArray[np.bool_]


class Normaliser(Protocol):
    """Turns a block of cosines into z, by the ``nearest`` of ``size`` templates; ``description`` is for people."""

    @property
    def size(self) -> int: ...
    @property
    def nearest(self) -> int: ...
    @property
    def description(self) -> str: ...
    def block(self, cosines: Matrix, rows: slice, columns: slice) -> Matrix: ...


class GivenCohort:
    """A cohort of people none of whom is in the set."""

    def __init__(self, cohort: Cohort, vectors: Vector, description: str = "a cohort of other persons") -> None:
        spread = cohort.spread(vectors)
        self._mean = spread.mean.astype(np.float64)
        self._deviation = spread.deviation.astype(np.float64)
        self.size, self.nearest, self.description = len(cohort), cohort.nearest, description

    def block(self, cosines: Matrix, rows: slice, columns: slice) -> Matrix:
        one = (cosines - self._mean[rows, None]) / self._deviation[rows, None]
        other = (cosines - self._mean[None, columns]) / self._deviation[None, columns]
        return np.asarray((one + other) / 2.0, np.float64)


class EverybodyElse:
    """For each pair, the templates of all other persons of the set. Raises ``CohortTooSmall`` below twelve persons."""

    description = "everybody else of the tested set, without either person of the pair"

    def __init__(self, vectors: Vector, owners: Owners) -> None:
        persons = int(owners.max()) + 1 if len(owners) else 0
        if persons < _LEAST_PERSONS:
            raise CohortTooSmall(
                f"{persons} persons cannot be each other's cohort; at least {_LEAST_PERSONS} are needed"
            )
        self._cohort = Cohort(vectors, "everybody")  # as the stations' cohort will be: the same count, the same pull
        self.size, self.nearest = len(vectors), self._cohort.nearest
        self._owners, self._persons = owners, persons
        counts = np.bincount(owners)
        self._reach = min(len(vectors) - 1, self.nearest + int(counts.max()))
        size = len(vectors), self.nearest
        self._whose = np.full(size, -1, np.int64)  # persons among the nearest of a row, whose leaving changes it
        self._without_mean, self._without_deviation = np.zeros(size), np.ones(size)
        self._mean, self._deviation = np.zeros(len(vectors)), np.ones(len(vectors))
        for start in range(0, len(vectors), _ROWS):
            self._prepare(vectors, start, min(start + _ROWS, len(vectors)))
        self._deviation = self._cohort.steadied(self._deviation.astype(np.float32)).astype(np.float64)
        self._without_deviation = self._cohort.steadied(self._without_deviation.astype(np.float32)).astype(np.float64)

    def _prepare(self, vectors: Vector, start: int, stop: int) -> None:
        similarities = (vectors[start:stop] @ vectors.T).astype(np.float64)
        similarities[self._owners[start:stop, None] == self._owners[None, :]] = -np.inf
        near = np.argpartition(-similarities, self._reach, axis=1)[:, : self._reach + 1]
        for row, columns in enumerate(near, start):
            ordered = columns[np.argsort(-similarities[row - start, columns])]
            values = similarities[row - start, ordered]
            ordered, values = ordered[np.isfinite(values)], values[np.isfinite(values)]
            self._mean[row], self._deviation[row] = _statistics(values[: self.nearest])
            whose = self._owners[ordered]
            for place, person in enumerate(np.unique(whose[: self.nearest])):
                self._whose[row, place] = person
                left = values[whose != person][: self.nearest]
                if len(left):
                    self._without_mean[row, place], self._without_deviation[row, place] = _statistics(left)

    def block(self, cosines: Matrix, rows: slice, columns: slice) -> Matrix:
        """Statistics of each row without the column's person, and of each column without the row's person."""
        first, last = int(self._owners[rows].min()), int(self._owners[rows].max())
        mean, spread = self._table(rows, 0, self._persons - 1)
        others = self._owners[columns]
        one = (cosines - mean[:, others]) / spread[:, others]
        mean, spread = self._table(columns, first, last)
        mine = self._owners[rows] - first
        other = (cosines - mean[:, mine].T) / spread[:, mine].T
        return np.asarray((one + other) / 2.0, np.float64)

    def _table(self, rows: slice, first: int, last: int) -> tuple[Matrix, Matrix]:
        """Mean and deviation of ``rows`` without each of the persons ``first`` to ``last``."""
        width = last - first + 1
        mean = np.repeat(self._mean[rows, None], width, axis=1)
        spread = np.repeat(self._deviation[rows, None], width, axis=1)
        whose = self._whose[rows]
        row, place = np.nonzero((whose >= first) & (whose <= last))
        person = whose[row, place] - first
        mean[row, person] = self._without_mean[rows][row, place]
        spread[row, person] = self._without_deviation[rows][row, place]
        return mean, spread


def pair_blocks(faces: FaceFolders, normaliser: Normaliser | None) -> Iterator[PairBlock]:
    """Every pair once: rows of a block against the columns from there on."""
    vectors, plain, owners = faces.vectors, faces.plain.astype(np.float64), faces.owners
    squares = (plain * plain).sum(axis=1)
    total = len(owners)
    for start in range(0, total, _ROWS):
        rows, columns = slice(start, min(start + _ROWS, total)), slice(start, total)
        cosines = (vectors[rows] @ vectors[columns].T).astype(np.float64)
        products = plain[rows] @ plain[columns].T
        distances = np.sqrt(np.maximum(squares[rows, None] + squares[None, columns] - 2.0 * products, 0.0))
        genuine = owners[rows, None] == owners[None, columns]
        wanted = np.arange(start, rows.stop)[:, None] < np.arange(start, total)[None, :]
        snorm = normaliser.block(cosines, rows, columns) if normaliser is not None else None
        yield PairBlock(rows, columns, -distances, cosines, snorm, genuine, wanted)


def _statistics(values: Matrix) -> tuple[float, float]:
    spread = deviation(values[None, :].astype(np.float32))
    return float(values.mean()), float(spread[0])
