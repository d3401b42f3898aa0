"""A contiguous stretch of templates and the exact search in it: one thread, one reading, at the memory's own speed.

z = ½[(s-μp)/σp + (s-μr)/σr] is s·(gr+gp) + (or+op), with gain g = ½/σ and offset o = -½μ/σ of each side: one product
and one sum a row. A row that was taken out has the offset -∞.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from inspection_station.matching.gallery_pack import SUBJECT_BYTES, Subjects
from inspection_station.matching.ports import IncomparableTemplates, Vector
from inspection_station.matching.score_normalisation import Spread

LEAST_FOR_MACHINE_CODE: Final = 8_192  # below, the search is done before the machine code would be loaded
_ROWS_AT_ONCE: Final = 16_384  # their scores stay in a cache, and few steps are made

_LOG = logging.getLogger(__name__)

Rowed = npt.NDArray[np.int64]


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
        """(score, cosine, subject) of the ``count`` highest, in no order. Raises ``IncomparableTemplates``."""
        used = self.used
        direction = np.array(probe, np.float32)
        if direction.shape != self.vectors.shape[1:]:  # machine code would read on behind its end
            raise IncomparableTemplates("a template of another length than the group's")
        gain, offset = (float(part[0]) for part in coefficients(own, 1)) if own is not None else (0.0, 0.0)
        scan = machine_scan() if used >= LEAST_FOR_MACHINE_CODE else None
        parts = self.vectors[:used], direction, self.gain[:used], np.float32(gain), self.offset[:used]
        scores, rows = np.full(count, -np.inf, np.float32), np.zeros(count, np.int64)
        (scan or scan_in_blocks)(*parts, scores, rows)
        found = []
        for score, row in zip(scores.tolist(), rows.tolist(), strict=True):
            if np.isfinite(score):
                similarity = float(np.dot(self.vectors[row], direction))
                found.append((score + offset, similarity, bytes(self.subjects[row]).decode()))
        return found


@functools.cache
def machine_scan() -> Callable[..., None] | None:
    """The search as machine code, ready to run; None, with a line in the log, where it cannot be made.

    It comes from Numba's cache in half a second, or is compiled in two: call it ahead, behind the splash screen.
    """
    try:
        from inspection_station.matching.gallery_scan import scan

        tiny = np.zeros((5, 4), np.float32)
        scan(tiny, tiny[0], tiny[:, 0].copy(), np.float32(0), tiny[:, 0].copy(), tiny[0].copy(), np.zeros(4, np.int64))
    except Exception as fault:  # whatever keeps a compiler from working: the search is slower then, and as exact
        _LOG.warning("face search runs without machine code (%s)", type(fault).__name__)
        return None
    return scan


def scan_in_blocks(
    vectors: Vector, direction: Vector, gain: Vector, own_gain: np.float32, offset: Vector, scores: Vector, rows: Rowed
) -> None:
    """``gallery_scan.scan`` without machine code: for a stretch that is read in no time, and where Numba fails."""
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        block = np.vecdot(vectors[part], direction) * (gain[part] + own_gain) + offset[part]
        every = np.concatenate((scores, block))
        numbers = np.concatenate((rows, np.arange(start, start + len(block))))
        best = np.argpartition(-every, len(scores) - 1)[: len(scores)]
        scores[:], rows[:] = every[best], numbers[best]


def coefficients(spread: Spread | None, rows: int) -> tuple[Vector, Vector]:
    """Gain and offset of each row; without a cohort the score is the cosine itself."""
    if spread is None:
        return np.ones(rows, np.float32), np.zeros(rows, np.float32)
    gain = np.asarray(0.5 / spread.deviation, np.float32)
    return gain, np.asarray(-spread.mean * gain, np.float32)
