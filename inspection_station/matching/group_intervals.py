"""How far a group's false-match rate can be trusted: 95 % intervals over persons, not over pairs.

The pairs of a few persons are not independent: two people who look alike give a false match with every pair of their
photographs. Persons are therefore redrawn (bootstrap with replacement, both sides of a pair at once); somebody drawn
twice is no pair with himself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from inspection_station.matching.face_pairs import Matrix, PairBlock

DRAWS = 1_000
_SEED = 20260101  # the same figures from the same pictures
_DRAWS_AT_ONCE = 50
_NO_ERROR = 3.0  # none among n: at most 3/n with 95 % (rule of three)

Owners = npt.NDArray[np.int64]
Interval = tuple[float, float]


@dataclass(slots=True)
class FalseMatches:
    """False matches of one group at one bound, counted by pair of persons."""

    bound: float
    _pairs: list[Owners] = field(default_factory=list)
    _counts: list[Owners] = field(default_factory=list)

    def add(
        self, block: PairBlock, scores: Matrix, inside: npt.NDArray[np.bool_], owners: Owners, persons: int
    ) -> None:
        """Count those of a block that ``inside`` selects."""
        row, column = np.nonzero(inside & ~block.genuine & (scores >= self.bound - 1e-12))
        one, other = owners[block.rows][row], owners[block.columns][column]
        keys, counts = np.unique(np.minimum(one, other) * persons + np.maximum(one, other), return_counts=True)
        self._pairs.append(keys)
        self._counts.append(counts)

    def interval(self, pictures: Owners) -> Interval | None:
        """2.5 and 97.5 % points of the rate. ``pictures`` of each person, 0 for who is not of the group.

        None for fewer than two persons. Where nothing matched falsely the upper end is three in the number of pairs of
        persons.
        """
        members = np.flatnonzero(pictures)
        if len(members) < 2:
            return None
        keys = np.concatenate(self._pairs) if self._pairs else np.zeros(0, np.int64)
        if not len(keys):
            return 0.0, min(1.0, _NO_ERROR / (len(members) * (len(members) - 1) / 2))
        place = np.full(len(pictures), -1, np.int64)
        place[members] = np.arange(len(members))
        one, other = place[keys // len(pictures)], place[keys % len(pictures)]
        return _redrawn(one, other, np.concatenate(self._counts).astype(np.float64), pictures[members])


def _redrawn(one: Owners, other: Owners, counts: Matrix, pictures: Owners) -> Interval:
    chance = np.random.default_rng(_SEED)
    size = len(pictures)
    rates: list[Matrix] = []
    for _ in range(0, DRAWS, _DRAWS_AT_ONCE):
        times = chance.multinomial(size, np.full(size, 1.0 / size), size=_DRAWS_AT_ONCE).astype(np.float64)
        weighed = times * pictures
        pairs = (weighed.sum(axis=1) ** 2 - (weighed**2).sum(axis=1)) / 2.0
        false = np.zeros(_DRAWS_AT_ONCE)
        for start in range(0, len(counts), 100_000):
            part = slice(start, start + 100_000)
            false += (times[:, one[part]] * times[:, other[part]]) @ counts[part]
        rates.append(false[pairs > 0] / pairs[pairs > 0])
    low, high = np.quantile(np.concatenate(rates), (0.025, 0.975))
    return float(low), float(high)


def group_intervals(
    blocks: Iterable[PairBlock],
    owners: Owners,
    labels: npt.NDArray[np.int64],
    bounds: Mapping[str, Mapping[str, float]],
    groups: int,
) -> list[dict[str, dict[str, Interval | None]]]:
    """Intervals of each of ``groups``: scale → target → interval. ``labels``: the group's number of every picture.

    ``bounds``: scale (``stock``, ``flip``, ``snorm``) → target → bound. A second reading of all pairs, since the bounds
    follow from the first.
    """
    persons = int(owners.max()) + 1
    met = [{s: {t: FalseMatches(b) for t, b in of.items()} for s, of in bounds.items()} for _ in range(groups)]
    for block in blocks:
        scores = {"stock": block.stock, "flip": block.flip, "snorm": block.snorm}
        for number, scales in enumerate(met):
            inside = (labels[block.rows, None] == number) & (labels[None, block.columns] == number) & block.wanted
            if not inside.any():
                continue
            for scale, targets in scales.items():
                found = scores[scale]
                if found is None:
                    continue
                for tally in targets.values():
                    tally.add(block, found, inside, owners, persons)
    told = []
    for number, scales in enumerate(met):
        pictures = np.bincount(owners[labels == number], minlength=persons).astype(np.int64)
        told.append({s: {t: one.interval(pictures) for t, one in of.items()} for s, of in scales.items()})
    return told
