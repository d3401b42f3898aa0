"""Bands come from data, and nothing uncalibrated is shown as a match."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.matching.embedder import DlibOnnx
from inspection_station.matching.thresholds import (
    FaceThresholds,
    MalformedThresholds,
    ThresholdStatus,
    built_in_thresholds,
    parse_thresholds,
)

CALIBRATED = FaceThresholds(
    "model", ThresholdStatus.CALIBRATED, 0.95, 0.93, "a test", ((0.90, 1e-2), (0.93, 1e-3), (0.95, 1e-4))
)


def test_the_shipped_sets_belong_to_the_shipped_model() -> None:
    assert built_in_thresholds().model_id == DlibOnnx().model_id
    assert built_in_thresholds(training=True).model_id == DlibOnnx().model_id
    assert built_in_thresholds(training=True).status is ThresholdStatus.TRAINING


def test_a_provisional_match_is_shown_as_uncalibrated_but_doubt_is_shown_as_doubt() -> None:
    provisional = built_in_thresholds()
    assert provisional.decision(0.99) is ComparisonBand.MATCH
    assert provisional.band(0.99) is ComparisonBand.UNCALIBRATED
    assert provisional.band(0.935) is ComparisonBand.INCONCLUSIVE
    assert provisional.band(0.5) is ComparisonBand.NO_MATCH
    assert provisional.one_in(0.99) is None


def test_training_faces_match_in_training() -> None:
    assert built_in_thresholds(training=True).band(0.97) is ComparisonBand.MATCH


def test_a_calibrated_score_says_one_in_n_and_claims_nothing_beyond_what_was_measured() -> None:
    assert CALIBRATED.one_in(0.93) == pytest.approx(1_000)
    assert CALIBRATED.one_in(0.94) == pytest.approx(3_162, rel=0.01)
    assert CALIBRATED.one_in(0.999) == pytest.approx(10_000)
    assert CALIBRATED.one_in(0.2) == 1.0


def test_a_score_that_is_no_number_never_matches() -> None:
    assert CALIBRATED.band(math.nan) is ComparisonBand.NO_MATCH
    assert CALIBRATED.one_in(math.nan) is None


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_more_alike_is_never_a_worse_band_nor_a_smaller_n(one: float, other: float) -> None:
    low, high = sorted((one, other))
    order = [ComparisonBand.NO_MATCH, ComparisonBand.INCONCLUSIVE, ComparisonBand.MATCH]
    assert order.index(CALIBRATED.band(low)) <= order.index(CALIBRATED.band(high))
    assert (CALIBRATED.one_in(low) or 0) <= (CALIBRATED.one_in(high) or 0) + 1e-6


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "nothing = 1",
        "[set.x]\nstatus='calibrated'",
        "[set.x]\nmodel_id='m'\nstatus='guessed'\nmatch_distance=1\ninconclusive_distance=2\nsource=''",
        "[set.x]\nmodel_id='m'\nstatus='training'\nmatch_distance=0.2\ninconclusive_distance=0.1\nsource=''",
        "[set.x]\nmodel_id='m'\nstatus='training'\nmatch_distance=nan\ninconclusive_distance=0.1\nsource=''",
        "[set.x]\nmodel_id='m'\nstatus='training'\nmatch_distance=0.1\ninconclusive_distance=0.2\nsource=''\n"
        "rates=[{distance=0.1,fmr=0.1},{distance=0.2,fmr=0.01}]",
    ],
)
def test_a_damaged_table_is_refused(text: str) -> None:
    with pytest.raises(MalformedThresholds):
        parse_thresholds(text)
