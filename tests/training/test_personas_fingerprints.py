"""Fingers of invented people."""

from __future__ import annotations

import numpy as np
import pytest

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.extraction import extract
from inspection_station.matching.fingerprint.matcher import compare
from inspection_station.training.personas.fingerprint import (
    IMAGE_HEIGHT,
    IMAGE_WIDTH,
    ImpressionCondition,
    finger_of,
    impression,
    invented_finger,
)


def test_the_same_seed_gives_the_same_picture_and_another_number_another() -> None:
    finger = invented_finger(21)
    one = impression(finger, 0)
    assert one.shape == (IMAGE_HEIGHT, IMAGE_WIDTH)
    assert one.dtype == np.uint8
    assert np.array_equal(one, impression(finger, 0))
    assert not np.array_equal(one, impression(finger, 1))


def test_every_finger_of_a_person_is_its_own() -> None:
    right = finger_of(5, FingerPosition.RIGHT_INDEX)
    left = finger_of(5, FingerPosition.LEFT_INDEX)
    other = finger_of(6, FingerPosition.RIGHT_INDEX)
    assert len({right.seed, left.seed, other.seed}) == 3
    templates = [extract(impression(finger, 0)).template for finger in (right, left, other)]
    assert not compare(templates[0], templates[1]).match
    assert not compare(templates[0], templates[2]).match
    assert compare(templates[0], extract(impression(right, 1)).template).match


@pytest.mark.parametrize(
    "condition",
    [
        ImpressionCondition(turn=20),
        ImpressionCondition(pressure=0.8),
        ImpressionCondition(pressure=-0.7),
        ImpressionCondition(stretch=6),
        ImpressionCondition(noise=0.9),
        ImpressionCondition(part=0.65),
        ImpressionCondition(shift=(35, 40)),
    ],
)
def test_a_badly_laid_finger_still_matches_its_own(condition: ImpressionCondition) -> None:
    finger = invented_finger(21)
    fair = extract(impression(finger, 0, ImpressionCondition())).template
    assert compare(fair, extract(impression(finger, 1, condition)).template).match
