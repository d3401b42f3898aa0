"""Comparison one to one, fingers fused, and the search among many."""

from __future__ import annotations

import itertools
import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.extraction import Extraction
from inspection_station.matching.fingerprint.fvc_protocol import error_rates
from inspection_station.matching.fingerprint.matcher import compare, compare_fingers
from inspection_station.matching.fingerprint.scores import (
    LOWEST,
    MalformedScores,
    fused,
    model_for,
    parse_models,
    score_models,
)
from inspection_station.matching.fingerprint.search import FingerprintGallery
from inspection_station.matching.fingerprint.template import FingerprintTemplate, MinutiaSet, prepared

Captured = dict[tuple[int, int], Extraction]


def test_impressions_of_one_finger_match_and_of_others_do_not(extractions: Captured) -> None:
    for one in extractions:
        for other in extractions:
            result = compare(extractions[one].template, extractions[other].template)
            assert result.match is (one[0] == other[0]), (one, other, result.score)
            assert result.match == (result.score >= result.threshold)


def test_the_order_of_two_fingers_hardly_matters(extractions: Captured) -> None:
    there = compare(extractions[3, 0].template, extractions[3, 1].template)
    back = compare(extractions[3, 1].template, extractions[3, 0].template)
    assert there.match
    assert back.match


def test_a_finger_without_minutiae_matches_nothing(extractions: Captured) -> None:
    none = np.zeros(0, np.int16)
    nothing = np.zeros(0, np.uint8)
    empty = prepared(MinutiaSet(none, none, nothing, nothing, nothing), 300, 400, 0)
    result = compare(empty, extractions[3, 0].template)
    assert result.score == LOWEST
    assert result.fmr == 1.0
    assert not result.match


def test_a_finger_with_few_minutiae_far_apart_is_compared_by_its_ridges(extractions: Captured) -> None:
    def sparse(template: FingerprintTemplate) -> FingerprintTemplate:
        kept: list[int] = []
        for index, (x, y) in enumerate(zip(template.x, template.y, strict=True)):
            if all(np.hypot(x - template.x[one], y - template.y[one]) > 55 for one in kept):
                kept.append(index)
        found = template.minutiae
        few = MinutiaSet(found.x[kept], found.y[kept], found.turn[kept], found.kind[kept], found.quality[kept])
        return prepared(few, template.width, template.height, template.quality, template.flow)

    few = sparse(extractions[3, 0].template)
    assert len(few.minutiae) < 16
    own = compare(few, extractions[3, 0].template).score
    assert own > LOWEST
    assert own > compare(few, extractions[4, 0].template).score


def test_a_rate_falls_with_the_score_and_claims_nothing_unmeasured() -> None:
    for model in score_models().values():
        rates = [model.false_match_rate(score) for score in np.linspace(-20, 60, 400)]
        assert all(later <= earlier for earlier, later in itertools.pairwise(rates))
        assert rates[0] == 1.0
        assert rates[-1] == model.rates[-1][1] >= 1e-4
        assert model.false_match_rate(math.nan) == 1.0
        assert model.false_match_rate(model.threshold) == pytest.approx(1e-3, rel=0.01)
        assert "FVC2002" in model.source


@pytest.mark.parametrize("text", ["", "[set]", "[set.ridges]\nweights=[1]\n[set.minutiae]\n", "= nonsense"])
def test_a_damaged_table_of_scores_is_named(text: str) -> None:
    with pytest.raises(MalformedScores):
        parse_models(text)


def test_two_doubtful_fingers_are_more_than_one() -> None:
    assert fused([0.01]).fmr == pytest.approx(0.01)
    assert fused([0.01, 0.01]).fmr == pytest.approx(0.0001 * (1 - math.log(0.0001)))
    assert fused([0.5, 0.5]).fmr > 0.5
    for wrong in ([], [0.0], [1.5], [math.nan]):
        with pytest.raises(ValueError, match="rates"):
            fused(wrong)


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=10))
def test_fusing_gives_a_rate_and_a_better_finger_never_harms(rates: list[float]) -> None:
    whole = fused(rates).fmr
    assert 0 < whole <= 1
    assert fused([rates[0] / 2, *rates[1:]]).fmr <= whole


def test_fingers_are_compared_by_position(extractions: Captured) -> None:
    probe = {
        FingerPosition.RIGHT_INDEX: extractions[3, 0].template,
        FingerPosition.LEFT_INDEX: extractions[4, 0].template,
    }
    same = {
        FingerPosition.RIGHT_INDEX: extractions[3, 1].template,
        FingerPosition.LEFT_INDEX: extractions[4, 1].template,
    }
    both, each = compare_fingers(probe, same)
    assert both is not None
    assert both.fingers == 2
    assert both.fmr < min(one.fmr for one in each.values())
    swapped, _ = compare_fingers(probe, {FingerPosition.RIGHT_INDEX: extractions[4, 1].template})
    assert swapped is not None
    assert swapped.fmr > 0.001
    nothing, none = compare_fingers(probe, {FingerPosition.LEFT_RING: extractions[3, 1].template})
    assert nothing is None
    assert not none


def test_a_search_finds_the_mate_first_and_gives_the_scores_of_one_to_one(extractions: Captured) -> None:
    gallery = FingerprintGallery()
    for (seed, number), one in extractions.items():
        if number:
            gallery.add(f"{seed}-{number}", one.template, group=f"voyage {number}")
    found = gallery.search(extractions[4, 0].template)
    assert {candidate.identifier for candidate in found[:2]} == {"4-1", "4-2"}
    assert found[0].comparison == compare(
        extractions[4, 0].template, extractions[(4, int(found[0].identifier[-1]))].template
    )
    assert [candidate.comparison.score for candidate in found] == sorted(
        (candidate.comparison.score for candidate in found), reverse=True
    )
    one_group = gallery.search(extractions[4, 0].template, groups=["voyage 2"], most=1)
    assert [candidate.identifier for candidate in one_group] == ["4-2"]
    assert gallery.search(extractions[4, 0].template, groups=["no such group"]) == []


def test_fingers_with_and_without_ridge_flow_stand_in_one_order(extractions: Captured) -> None:
    gallery = FingerprintGallery()
    for (seed, number), one in extractions.items():
        bare = prepared(one.template.minutiae, one.template.width, one.template.height, one.template.quality)
        gallery.add(f"{seed}/{number}", one.template if number % 2 else bare)
    found = gallery.search(extractions[3, 0].template, most=len(gallery))
    rates = [candidate.comparison.fmr for candidate in found]
    assert rates == sorted(rates)
    assert {candidate.comparison.model_id for candidate in found} > {found[0].comparison.model_id}
    assert found[0].identifier.startswith("3/")


def test_what_is_removed_is_not_found_and_its_place_is_used_again(extractions: Captured) -> None:
    gallery = FingerprintGallery()
    assert gallery.search(extractions[3, 0].template) == []
    gallery.add("mate", extractions[3, 1].template, "a")
    gallery.add("other", extractions[4, 1].template, "b")
    gallery.remove("mate")
    assert [candidate.identifier for candidate in gallery.search(extractions[3, 0].template)] == ["other"]
    with pytest.raises(KeyError):
        gallery.remove("mate")
    gallery.add("again", extractions[3, 2].template, "a")
    assert gallery.search(extractions[3, 0].template)[0].identifier == "again"
    gallery.add("again", extractions[11, 2].template, "c")
    assert len(gallery) == 2
    assert not gallery.search(extractions[3, 0].template)[0].comparison.match
    assert gallery.remove_group("c") == 1
    assert "again" not in gallery


def test_searching_while_others_add_and_remove_is_safe(extractions: Captured) -> None:
    gallery = FingerprintGallery()
    gallery.add("mate", extractions[3, 1].template)
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            for number in range(40):
                gallery.add(f"churn {number}", extractions[11, 0].template)
            for number in range(40):
                gallery.remove(f"churn {number}")

    worker = threading.Thread(target=churn)
    worker.start()
    try:
        for _ in range(30):
            assert gallery.search(extractions[3, 0].template)[0].identifier == "mate"
    finally:
        stop.set()
        worker.join()


def test_error_rates_are_those_counted_by_hand() -> None:
    genuine = np.array([0.9, 0.8, 0.7, 0.3])
    impostor = np.array([0.1, 0.2, 0.4, 0.5] + [0.0] * 96)
    rates = error_rates(genuine, impostor)
    assert rates.zero_fmr == 0.25
    assert rates.fmr100 == 0.25  # one impostor in a hundred may pass: the bound lies above 0.4
    assert 0.0 < rates.eer < 0.25
    assert error_rates(np.array([2.0, 3.0]), np.array([0.0, 1.0])).eer == 0.0


def test_both_models_know_their_numbers() -> None:
    assert model_for(True).model_id != model_for(False).model_id
