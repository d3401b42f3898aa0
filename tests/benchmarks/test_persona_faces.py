"""What drawing a training traveller costs, in processor time: portrait, first live frame, the frames after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import cv2
import pytest

from inspection_station.training.personas import LiveFace, portrait
from inspection_station.training.personas.good_faces import good_faces

pytestmark = pytest.mark.benchmark
_SEEDS = [face.seed for face in good_faces()[:8]]


def _seconds(act: Callable[[], object]) -> float:
    before = time.process_time()
    act()
    return time.process_time() - before


def test_cost_of_portraits_and_live_frames() -> None:
    cv2.setNumThreads(1)
    portrait(_SEEDS[0])
    portraits = [_seconds(lambda seed=seed: portrait(seed)) for seed in _SEEDS]  # type: ignore[misc]
    firsts, following = [], []
    for seed in _SEEDS:
        film = LiveFace(seed)
        firsts.append(_seconds(lambda film=film: film.frame(0)))  # type: ignore[misc]
        following += [_seconds(lambda film=film, i=i: film.frame(i)) for i in range(1, 16)]  # type: ignore[misc]
    print(
        f"\nportrait {median(portraits) * 1000:.0f} ms, first live frame {median(firsts) * 1000:.0f} ms,"
        f" following frames {median(following) * 1000:.0f} ms ({1 / median(following):.0f} a second), 1280 x 720"
    )
    assert median(portraits) < 2
    assert median(following) < 1 / 5
