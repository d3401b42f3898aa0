"""A contiguous stretch of templates and the exact search in it, one thread, within a third of the memory's own speed.

z = ½[(s-μp)/σp + (s-μr)/σr] is s·(gr+gp) + (or+op), with gain g = ½/σ and offset o = -½μ/σ of each side: one product
and one sum a row. A row that was taken out has the offset -∞.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from inspection_station.matching.gallery_pack import SUBJECT_BYTES, Subjects
from inspection_station.matching.ports import Vector
from inspection_station.matching.score_normalisation import Spread

_ROWS_AT_ONCE: Final = 16_384  # their scores stay in a cache, and few steps are made


@dataclass(slots=True)
class Rows:
    """``used`` rows are searched; behind them is room. The owner sees to it that one thread writes at a time.

    A row is written before ``used`` counts it, so that a search meanwhile sees whole rows only.
    """

    vectors: Vector
    gain: Vector
    offset: Vector
    subjects: Subjects
    used: int
    live: int

    @classmethod
    def empty(cls, room: int, dimension: int) -> Rows:
        """Room for ``room`` templates."""
        return cls(
            np.zeros((room, dimension), np.float32),
            np.zeros(room, np.float32),
            np.zeros(room, np.float32),
            np.zeros(room, f"S{SUBJECT_BYTES}"),
            0,
            0,
        )

    @classmethod
    def taken(cls, vectors: Vector, subjects: Subjects, spread: Spread | None) -> Rows:
        """Rows that are there already; their memory is taken over."""
        gain, offset = coefficients(spread, len(vectors))
        return cls(vectors, gain, offset, subjects, len(vectors), len(vectors))

    @property
    def free(self) -> int:
        return len(self.vectors) - self.used

    def append(self, vectors: Vector, subjects: Subjects, spread: Spread | None) -> None:
        """Write behind the used rows; ``free`` must suffice."""
        part = slice(self.used, self.used + len(vectors))
        self.vectors[part], self.subjects[part] = vectors, subjects
        self.gain[part], self.offset[part] = coefficients(spread, len(vectors))
        self.used = part.stop
        self.live += len(vectors)

    def erase(self, subject: bytes) -> int:
        """Mask and overwrite a subject's rows; how many."""
        found = np.flatnonzero((self.subjects[: self.used] == subject) & np.isfinite(self.offset[: self.used]))
        self.offset[found] = -np.inf
        self.vectors[found] = 0.0
        self.subjects[found] = b""
        self.live -= len(found)
        return len(found)

    def erase_all(self) -> None:
        """Mask and overwrite everything."""
        self.offset.fill(-np.inf)
        self.vectors.fill(0.0)
        self.live = 0

    def contents(self) -> tuple[Vector, Subjects]:
        """Live vectors and subjects."""
        live = np.isfinite(self.offset[: self.used])
        return self.vectors[: self.used][live], self.subjects[: self.used][live]

    def best(self, probe: Vector, own: Spread | None, count: int) -> list[tuple[float, float, str]]:
        """(score, cosine, subject) of the ``count`` highest, in no order."""
        used = self.used
        direction = np.asarray(probe, np.float32)
        gain, offset = (float(part[0]) for part in coefficients(own, 1)) if own is not None else (0.0, 0.0)
        kept_scores = np.empty(0, np.float32)
        kept_rows = np.empty(0, np.int64)
        floor = -np.inf
        room = np.empty((2, min(_ROWS_AT_ONCE, used)), np.float32)
        for start in range(0, used, _ROWS_AT_ONCE):
            part = slice(start, min(start + _ROWS_AT_ONCE, used))
            scores, factor = room[:, : part.stop - start]
            np.vecdot(self.vectors[part], direction, out=scores)
            np.add(self.gain[part], np.float32(gain), out=factor)
            np.multiply(scores, factor, out=scores)
            np.add(scores, self.offset[part], out=scores)
            if float(scores.max()) <= floor:
                continue
            rows = np.flatnonzero(scores > floor)
            if len(rows) > count:
                rows = rows[np.argpartition(-scores[rows], count - 1)[:count]]
            kept_scores = np.concatenate((kept_scores, scores[rows]))
            kept_rows = np.concatenate((kept_rows, rows + start))
            if len(kept_rows) > count:
                best = np.argpartition(-kept_scores, count - 1)[:count]
                kept_scores, kept_rows = kept_scores[best], kept_rows[best]
            if len(kept_rows) == count:
                floor = float(kept_scores.min())
        found = []
        for score, row in zip(kept_scores.tolist(), kept_rows.tolist(), strict=True):
            if np.isfinite(score):
                similarity = float(np.dot(self.vectors[row], direction))
                found.append((score + offset, similarity, bytes(self.subjects[row]).decode()))
        return found


def coefficients(spread: Spread | None, rows: int) -> tuple[Vector, Vector]:
    """Gain and offset of each row; without a cohort the score is the cosine itself."""
    if spread is None:
        return np.ones(rows, np.float32), np.zeros(rows, np.float32)
    gain = np.asarray(0.5 / spread.deviation, np.float32)
    return gain, np.asarray(-spread.mean * gain, np.float32)
