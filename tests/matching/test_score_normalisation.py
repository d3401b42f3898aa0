"""S-norm: the formula, the cohort's limits, and that no pair is normalised by its own persons."""

from __future__ import annotations

import numpy as np
import pytest

from inspection_station.matching.cohort import cohort_apart, cohort_of
from inspection_station.matching.face_folders import FaceFolders
from inspection_station.matching.face_pairs import EverybodyElse, GivenCohort, pair_blocks
from inspection_station.matching.ports import FaceTemplate, IncomparableTemplates
from inspection_station.matching.score_normalisation import Cohort, CohortTooSmall, nearest_count, pull_of


def _units(count: int, seed: int, size: int = 16) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(0.4, 1.0, (count, size))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def folders(persons: int = 20, each: int = 3, seed: int = 4, size: int = 16, prefix: str = "p") -> FaceFolders:
    """Invented templates: each person's lie round a centre of their own."""
    centres = np.repeat(_units(persons, seed, size), each, axis=0)
    noisy = centres + np.random.default_rng(seed + 1).normal(0.0, 0.12, centres.shape)
    vectors = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
    owners = np.repeat(np.arange(persons), each)
    names = tuple(f"{prefix}{owner:03}/{place}.jpg" for place, owner in enumerate(owners))
    confidence = np.tile(np.array([2.0, 1.0, 2.0], np.float32), persons)[: len(owners)]
    people = tuple(f"{prefix}{number:03}" for number in range(persons))
    return FaceFolders(people, owners, vectors, vectors * 1.4, confidence, names, (), (), "invented-model", 1.0)


def test_z_is_the_mean_of_both_sides_standardised_by_their_nearest_strangers() -> None:
    cohort = Cohort(_units(600, 1), "m")
    probe, reference = (FaceTemplate(vector, "m") for vector in _units(2, 2))
    similarity = float(probe.vector @ reference.vector)
    expected = 0.0
    for template in (probe, reference):
        near = np.sort(cohort.vectors @ template.vector)[-25:]
        expected += (similarity - near.mean()) / float(cohort.steadied(near.std(keepdims=True))[0]) / 2
    assert cohort.nearest == 25
    assert cohort.normalised(probe, reference, similarity) == pytest.approx(expected, rel=1e-4)
    assert cohort.normalised(reference, probe, similarity) == pytest.approx(expected, rel=1e-4)


def test_how_many_strangers_count_grows_with_the_cohort_and_is_bounded() -> None:
    assert [nearest_count(size) for size in (40, 200, 500, 1_020, 1_625, 50_000)] == [10, 25, 25, 65, 175, 250]


def test_a_deviation_is_drawn_towards_the_typical_one_the_more_the_smaller_the_cohort() -> None:
    wide = np.array([0.5], np.float32)
    drawn = [float(Cohort(_units(size, 1), "m").steadied(wide)[0]) for size in (400, 800, 3_200)]
    assert drawn == sorted(drawn)
    assert all(value < 0.5 for value in drawn)
    assert [round(pull_of(size), 3) for size in (100, 500, 800, 1_600)] == [0.5, 0.5, 0.3, 0.092]


def test_a_cohort_of_less_than_500_says_so_and_one_of_nobody_is_refused() -> None:
    assert not Cohort(_units(499, 1), "m").sufficient
    assert Cohort(_units(500, 1), "m").sufficient
    with pytest.raises(CohortTooSmall):
        Cohort(_units(3, 1), "m")
    with pytest.raises(ValueError, match="unit vectors"):
        Cohort(np.full((10, 4), np.nan, np.float32), "m")


def test_templates_of_another_model_are_not_normalised() -> None:
    cohort = Cohort(_units(100, 1), "m")
    one, other = (FaceTemplate(vector, "another") for vector in _units(2, 2))
    with pytest.raises(IncomparableTemplates):
        cohort.normalised(one, other, 0.5)
    with pytest.raises(IncomparableTemplates):
        cohort.spread(_units(2, 3, size=8))


def test_equal_templates_do_not_divide_by_nothing() -> None:
    same = np.repeat(_units(1, 5), 100, axis=0)
    spread = Cohort(same, "m").spread(same[:1])
    assert np.isfinite(spread.mean).all()
    assert (spread.deviation > 0).all()


def test_each_pair_is_normalised_without_either_of_its_persons() -> None:
    faces = folders()
    normaliser = EverybodyElse(faces.vectors, faces.owners)
    for block in pair_blocks(faces, normaliser):
        assert block.snorm is not None
        for row, column in np.argwhere(block.wanted)[::37]:
            i, j = block.rows.start + row, block.columns.start + column
            others = (faces.owners != faces.owners[i]) & (faces.owners != faces.owners[j])
            similarity = float(faces.vectors[i] @ faces.vectors[j])
            expected = 0.0
            for side in (i, j):
                near = np.sort(faces.vectors[others] @ faces.vectors[side])[-normaliser.nearest :]
                spread = Cohort(faces.vectors, "m").steadied(near.std(keepdims=True))
                expected += (similarity - near.mean()) / float(spread[0]) / 2
            assert block.snorm[row, column] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_every_pair_is_scored_once() -> None:
    faces = folders(persons=100, each=3)
    blocks = list(pair_blocks(faces, None))
    assert sum(int(block.wanted.sum()) for block in blocks) == 300 * 299 // 2
    assert sum(int((block.wanted & block.genuine).sum()) for block in blocks) == 100 * 3


def test_a_given_cohort_gives_the_same_z_as_a_single_comparison() -> None:
    faces, cohort = folders(), Cohort(_units(600, 9), "invented-model")
    block = next(pair_blocks(faces, GivenCohort(cohort, faces.vectors)))
    assert block.snorm is not None
    one, other = (FaceTemplate(faces.vectors[row], "invented-model") for row in (0, 7))
    similarity = float(one.vector @ other.vector)
    assert block.snorm[0, 7] == pytest.approx(cohort.normalised(one, other, similarity), rel=1e-3)


def test_too_few_persons_cannot_be_each_others_cohort() -> None:
    few = folders(persons=5)
    with pytest.raises(CohortTooSmall):
        EverybodyElse(few.vectors, few.owners)


def test_tested_persons_leave_the_cohort_by_name_and_by_picture() -> None:
    tested = folders(persons=10)
    assert len(cohort_apart(folders(persons=30, seed=50), tested)) == 20 * 3
    renamed = folders(persons=10, prefix="q")  # the same pictures under other names
    with pytest.raises(CohortTooSmall):
        cohort_apart(renamed, tested)
    assert len(cohort_of(tested)) == 30
