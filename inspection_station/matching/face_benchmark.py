"""How well faces are told apart on photographs filed by person: stock habit, flip cosine and S-norm on the same pairs.

Rates are shares, 0…1. False non-matches are of pictures that gave a template; failures to enrol stand beside them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inspection_station.matching.error_rates import FLIP, SNORM, STOCK, TARGETS, ScoreTally
from inspection_station.matching.face_folders import FaceFolders
from inspection_station.matching.face_pairs import EverybodyElse, GivenCohort, Normaliser, PairBlock, pair_blocks
from inspection_station.matching.group_intervals import Interval, group_intervals
from inspection_station.matching.score_normalisation import LEAST_TEMPLATES, Cohort, CohortTooSmall

CLEAR_SCORE = 1.5
"""Detector score from which a picture counts as clear: of pairs of two such, half as many are falsely rejected."""

_MOST_GROUPS = 24
_KINDS = (STOCK, FLIP, SNORM)


class TooFewFaces(ValueError):
    """The pictures do not give both pairs of one person and pairs of two."""


@dataclass(slots=True)
class Tallies:
    """The same pairs on every scale. ``snorm`` stays empty where there is no cohort."""

    stock: ScoreTally = field(default_factory=lambda: ScoreTally(STOCK))
    flip: ScoreTally = field(default_factory=lambda: ScoreTally(FLIP))
    snorm: ScoreTally = field(default_factory=lambda: ScoreTally(SNORM))

    def add(self, block: PairBlock, where: Any) -> None:
        """Count the pairs of a block that ``where`` (rows x columns, bool) selects."""
        genuine, impostor = where & block.genuine, where & ~block.genuine
        self.stock.add(block.stock[genuine], block.stock[impostor])
        self.flip.add(block.flip[genuine], block.flip[impostor])
        if block.snorm is not None:
            self.snorm.add(block.snorm[genuine], block.snorm[impostor])

    def of(self, name: str) -> ScoreTally:
        """By the name of the scale."""
        return {"stock": self.stock, "flip": self.flip, "snorm": self.snorm}[name]


@dataclass(frozen=True, slots=True)
class GroupTally:
    """Pairs within one group of people. ``persons`` and ``pictures`` enrolled.

    ``intervals``: scale → target → 95 % interval of the false-match rate at the bound for everybody, over persons.
    """

    name: str
    persons: int
    pictures: int
    tallies: Tallies
    intervals: Mapping[str, Mapping[str, Interval | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FaceBenchmark:
    """All of it; ``as_json`` is what the command line prints."""

    faces: FaceFolders
    all_pairs: Tallies
    clear_pairs: Tallies
    groups: tuple[GroupTally, ...]
    normaliser: Normaliser | None
    without_cohort: str
    pair_seconds: float
    cohort_failures: int = 0

    def as_json(self) -> dict[str, Any]:
        """Stable keys; see docs/command-line.md."""
        result: dict[str, Any] = {scale.name: _rates(self.all_pairs.of(scale.name)) for scale in _KINDS}
        result["snorm_clear"] = _rates(self.clear_pairs.snorm)
        result["groups"] = {group.name: self._group(group) for group in self.groups}
        result["cohort"] = self._cohort()
        result["counts"] = self._counts()
        result["supported"] = {name: self.all_pairs.flip.supported(fmr) for name, fmr in TARGETS.items()}
        result["times"] = {"ms_per_picture": self.faces.ms_each, "pairs_s": round(self.pair_seconds, 2)}
        result["model"] = self.faces.model_id
        return result

    def _cohort(self) -> dict[str, Any]:
        if self.normaliser is None:
            none = {"templates": 0, "nearest": 0, "sufficient": False, "failed_to_enrol": 0}
            return {"kind": "none", "why": self.without_cohort, **none}
        return {
            "kind": "given" if isinstance(self.normaliser, GivenCohort) else "leave-two-persons-out",
            "why": self.normaliser.description,
            "templates": self.normaliser.size,
            "nearest": self.normaliser.nearest,
            "sufficient": self.normaliser.size >= LEAST_TEMPLATES,
            "failed_to_enrol": self.cohort_failures,
        }

    def _counts(self) -> dict[str, Any]:
        faces = self.faces
        tried = len(faces.names) + len(faces.failures)
        return {
            "persons": len(faces.persons),
            "pictures": tried + len(faces.duplicates),
            "enrolled": len(faces.names),
            "duplicates": len(faces.duplicates),
            "failed_to_enrol": len(faces.failures),
            "failure_to_enrol_rate": round(len(faces.failures) / max(tried, 1), 5),
            "failures": [{"file": one.name, "code": one.code} for one in faces.failures],
            "genuine": self.all_pairs.flip.genuine,
            "impostor": self.all_pairs.flip.impostor,
            "clear_genuine": self.clear_pairs.flip.genuine,
            "clear_impostor": self.clear_pairs.flip.impostor,
        }

    def _group(self, group: GroupTally) -> dict[str, Any]:
        """A group's own rates at the bounds of all pairs together: what one bound for everybody does to this group.

        ``own``: its rates at bounds of its own, as if the set held nobody else.
        """
        told: dict[str, Any] = {
            "persons": group.persons,
            "pictures": group.pictures,
            "genuine": group.tallies.flip.genuine,
            "impostor": group.tallies.flip.impostor,
        }
        for scale in _KINDS:
            whole, own = self.all_pairs.of(scale.name), group.tallies.of(scale.name)
            fmr: dict[str, float | None] = {}
            fnmr: dict[str, float | None] = {}
            for name, target in TARGETS.items():
                bound = whole.bound_at(target)
                fmr[name] = None if bound is None else own.false_match_rate(bound)
                fnmr[name] = None if bound is None else own.false_non_match_rate(bound)
            told[scale.name] = {
                "fmr": _rounded(fmr),
                "fmr_interval": self._intervals(group, scale.name),
                "fnmr": _rounded(fnmr),
                "own": _rates(own),
            }
        told["supported"] = {name: group.tallies.flip.supported(fmr) for name, fmr in TARGETS.items()}
        return told

    @staticmethod
    def _intervals(group: GroupTally, scale: str) -> dict[str, list[float] | None]:
        known = {name: group.intervals.get(scale, {}).get(name) for name in TARGETS}
        return {name: None if one is None else [round(end, 6) for end in one] for name, one in known.items()}


def run_benchmark(
    faces: FaceFolders,
    cohort: Cohort | None = None,
    groups: Mapping[str, str] | None = None,
    cohort_failures: int = 0,
) -> FaceBenchmark:
    """Score every pair. ``groups``: person → group; who is not in it belongs to "other".

    ``cohort_failures``: pictures meant for ``cohort`` that gave no template, to be told.

    Without a cohort everybody else of the set serves each pair. Raises ``TooFewFaces``.
    """
    if len(faces.persons) < 2 or len(faces.names) == len(faces.persons):
        raise TooFewFaces("at least two persons, and two usable photographs of one of them, are needed")
    started = time.perf_counter()
    normaliser, why = _normaliser(faces, cohort)
    labels, names = _labels(faces, groups or {})
    whole, clear = Tallies(), Tallies()
    within = [Tallies() for _ in names]
    distinct = faces.confidence >= CLEAR_SCORE
    for block in pair_blocks(faces, normaliser):
        whole.add(block, block.wanted)
        clear.add(block, block.wanted & distinct[block.rows, None] & distinct[None, block.columns])
        for number, tally in enumerate(within):
            inside = (labels[block.rows, None] == number) & (labels[None, block.columns] == number)
            if inside.any():
                tally.add(block, block.wanted & inside)
    intervals = (
        group_intervals(pair_blocks(faces, normaliser), faces.owners, labels, _bounds(whole), len(names))
        if names
        else []
    )
    counted = tuple(
        GroupTally(
            name,
            len(set(faces.owners[labels == number])),
            int((labels == number).sum()),
            within[number],
            intervals[number],
        )
        for number, name in enumerate(names)
    )
    return FaceBenchmark(faces, whole, clear, counted, normaliser, why, time.perf_counter() - started, cohort_failures)


def _bounds(whole: Tallies) -> dict[str, dict[str, float]]:
    """Scale → target → bound, where one was measured."""
    told: dict[str, dict[str, float]] = {}
    for scale in _KINDS:
        of = {name: whole.of(scale.name).bound_at(target) for name, target in TARGETS.items()}
        told[scale.name] = {name: bound for name, bound in of.items() if bound is not None}
    return told


def _normaliser(faces: FaceFolders, cohort: Cohort | None) -> tuple[Normaliser | None, str]:
    if cohort is not None:
        return GivenCohort(cohort, faces.vectors), ""
    try:
        return EverybodyElse(faces.vectors, faces.owners), ""
    except CohortTooSmall as small:
        return None, str(small)


def _labels(faces: FaceFolders, groups: Mapping[str, str]) -> tuple[Any, tuple[str, ...]]:
    """Group number of every picture, and the groups' names, the largest first."""
    if not groups:
        return np.zeros(len(faces.owners), np.int64), ()
    of_person = [groups.get(person, "other") for person in faces.persons]
    names = tuple(name for name, _ in Counter(sorted(of_person)).most_common(_MOST_GROUPS))
    number = {name: place for place, name in enumerate(names)}
    of_owner = np.array([number.get(name, -1) for name in of_person], np.int64)
    return of_owner[faces.owners], names


def _rates(tally: ScoreTally) -> dict[str, Any]:
    eer = tally.equal_error_rate()
    bounds = {name: tally.bound_at(fmr) for name, fmr in TARGETS.items()}
    fnmr = {name: None if bound is None else tally.false_non_match_rate(bound) for name, bound in bounds.items()}
    shown = {
        name: None if bound is None else abs(bound) if tally.scale is STOCK else bound for name, bound in bounds.items()
    }
    return {"eer": None if eer is None else round(eer, 6), "fnmr": _rounded(fnmr), "thresholds": _rounded(shown)}


def _rounded(rates: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if rate is None else round(rate, 6) for name, rate in rates.items()}
