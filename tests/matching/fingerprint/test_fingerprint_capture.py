"""Live guidance, best of several frames, and the legal order of substitutes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.faults import UnusableFingerprint
from inspection_station.matching.fingerprint.finger_capture import best_of, finger_to_take, judged
from inspection_station.matching.fingerprint.nfiq2 import installed, nfiq2_score
from inspection_station.matching.ports import FingerPrompt

Grey = npt.NDArray[np.uint8]


def test_a_fair_capture_is_good_and_an_empty_platen_asks_for_a_finger(captures: dict[tuple[int, int], Grey]) -> None:
    assert judged(captures[3, 0]).quality.prompt is FingerPrompt.GOOD
    empty = judged(np.full((400, 320), 228, np.uint8))
    assert empty.quality.prompt is FingerPrompt.NO_FINGER
    assert empty.extraction is None


def test_two_fingers_are_asked_to_be_one(captures: dict[tuple[int, int], Grey]) -> None:
    gap = np.full((400, 40), 226, np.uint8)
    assert judged(np.hstack([captures[3, 0], gap, captures[4, 0]])).quality.prompt is FingerPrompt.ONE_FINGER


def test_a_finger_over_the_edge_is_to_be_centred(captures: dict[tuple[int, int], Grey]) -> None:
    cut = np.ascontiguousarray(captures[3, 0][:, 150:])
    assert judged(cut).quality.prompt is FingerPrompt.CENTRE


def test_a_picture_of_the_wrong_kind_is_an_error_and_no_prompt() -> None:
    with pytest.raises(UnusableFingerprint):
        judged(np.zeros((90, 90), np.uint8))


def test_the_best_of_several_frames_is_kept(captures: dict[tuple[int, int], Grey]) -> None:
    blurred = np.clip(
        captures[3, 0].astype(np.int16) // 8 + np.random.default_rng(2).normal(180, 12, captures[3, 0].shape), 0, 255
    ).astype(np.uint8)
    frames = [judged(np.full((400, 320), 228, np.uint8)), judged(blurred), judged(captures[3, 0])]
    best = best_of(frames)
    assert best is frames[2]
    assert best_of(frames[:1]) is None


def test_substitutes_come_in_the_legal_order_and_stay_on_their_hand() -> None:
    taken: set[FingerPosition] = set()
    order = []
    while (finger := finger_to_take(True, taken)) is not None:
        order.append(finger.value)
        taken.add(finger)
    assert order == ["right index", "right thumb", "right middle", "right ring", "right little"]
    assert finger_to_take(False, taken) is FingerPosition.LEFT_INDEX


def test_nfiq2_is_given_only_where_its_library_is_installed(captures: dict[tuple[int, int], Grey]) -> None:
    score = nfiq2_score(captures[3, 0], 500)
    assert (score is None) or (installed() and 0 <= score <= 100)
