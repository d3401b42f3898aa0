"""How the list of good faces is chosen, on made-up measures."""

from __future__ import annotations

import tomllib

import numpy as np
import numpy.typing as npt

from inspection_station.training.personas.screen_seeds import Candidate, chosen, strangers, table, widest


def _direction(degrees: float) -> npt.NDArray[np.float32]:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


def _candidate(seed: int, degrees: float, *, found: int = 2, content: int = 2, score: float = 1.0) -> Candidate:
    return Candidate(seed, _direction(degrees), (_direction(degrees + 1),) * found, 2, score, content)


def test_of_faces_too_near_each_other_the_one_with_most_neighbours_leaves() -> None:
    row = [_candidate(1, 0), _candidate(2, 10), _candidate(3, 20), _candidate(4, 90)]
    listed = [c.seed for c, _ in chosen(row, apart=0.02, genuine=0.1, score=0.0)]
    assert listed == [1, 3, 4]


def test_a_face_that_was_missed_once_or_draws_prompts_is_not_listed() -> None:
    row = [_candidate(1, 0, found=1), _candidate(2, 40, content=0), _candidate(3, 80, score=0.1), _candidate(4, 120)]
    assert [c.seed for c, _ in chosen(row, apart=0.02, genuine=0.1, score=0.5)] == [4]


def test_the_list_is_spread_as_wide_as_its_length_allows() -> None:
    row = [_candidate(n, 12.0 * n) for n in range(8)]
    few, listed_few = widest(row, 2, genuine=0.1, score=0.0)
    many, listed_many = widest(row, 8, genuine=0.1, score=0.0)
    assert few > many
    assert len(listed_few) >= 2
    assert len(listed_many) == 8


def test_the_written_table_reads_back_as_toml() -> None:
    listed = chosen([_candidate(4, 0), _candidate(9, 90)], apart=0.1, genuine=0.1, score=0.0)
    rows = tomllib.loads(table(listed, "# heading\n"))["face"]
    assert [row["seed"] for row in rows] == [4, 9]
    assert all(row["nearest"] > row["genuine"] for row in rows)


def test_an_impostor_is_taken_only_from_faces_far_away() -> None:
    listed = chosen([_candidate(1, 0), _candidate(2, 15), _candidate(3, 60)], apart=0.0, genuine=0.1, score=0.0)
    assert strangers(listed[0][0], listed) == [3]
