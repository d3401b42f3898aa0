"""Rates by counting: bounds keep their target, and agree with a direct count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.matching.error_rates import FLIP, SNORM, ScoreTally

scores = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=200)


def _tally(genuine: list[float], impostor: list[float]) -> ScoreTally:
    tally = ScoreTally(FLIP)
    tally.add(np.array(genuine), np.array(impostor))
    return tally


@settings(max_examples=25, deadline=None)
@given(scores, scores, st.sampled_from([0.5, 0.1, 0.01]))
def test_a_bound_never_lets_more_through_than_its_target(
    genuine: list[float], impostor: list[float], fmr: float
) -> None:
    tally = _tally(genuine, impostor)
    bound = tally.bound_at(fmr)
    assert bound is not None
    assert np.mean(np.array(impostor) >= bound) <= fmr
    assert tally.false_non_match_rate(bound) == pytest.approx(np.mean(np.array(genuine) < bound - 1e-12))


def test_rates_of_two_known_distributions_are_found() -> None:
    chance = np.random.default_rng(3)
    tally = ScoreTally(SNORM)
    for _ in range(4):
        tally.add(chance.normal(5.0, 1.0, 5_000), chance.normal(0.0, 1.0, 250_000))
    bound = tally.bound_at(1e-3)
    assert bound == pytest.approx(3.09, abs=0.03)
    assert tally.false_match_rate(bound) == pytest.approx(1e-3, rel=0.02)
    assert tally.false_non_match_rate(bound) == pytest.approx(0.028, abs=0.004)
    assert tally.equal_error_rate() == pytest.approx(0.0062, abs=0.0006)
    assert (tally.genuine, tally.impostor) == (20_000, 1_000_000)


def test_a_rate_counts_as_measured_from_thirty_possible_errors() -> None:
    tally = _tally([0.9], list(np.linspace(-0.5, 0.5, 3_000)))
    assert tally.supported(1e-2)
    assert not tally.supported(9e-3)
    table = tally.table((0.5, 0.1, 0.01, 0.001))
    assert [fmr for _, fmr in table] == [0.5, 0.1, 0.01]
    assert [bound for bound, _ in table] == sorted(bound for bound, _ in table)


def test_nothing_measured_is_none_and_a_score_that_is_no_number_is_refused() -> None:
    empty = ScoreTally(FLIP)
    assert empty.bound_at(1e-3) is None
    assert empty.equal_error_rate() is None
    assert empty.false_non_match_rate(0.5) is None
    with pytest.raises(ValueError, match="no number"):
        _tally([float("nan")], [0.1])
