"""Invented fingers and their templates, and the folder of real ones that is kept outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from inspection_station.matching.fingerprint.extraction import Extraction, extract
from inspection_station.training.personas.fingerprint import ImpressionCondition, impression, invented_finger

SEEDS = (3, 4, 11)


@pytest.fixture(scope="session")
def captures() -> dict[tuple[int, int], npt.NDArray[np.uint8]]:
    """Three fingers, three impressions each, by (seed, impression)."""
    conditions = (
        ImpressionCondition(),
        ImpressionCondition(turn=14, shift=(12, -10), pressure=0.4, stretch=3),
        ImpressionCondition(turn=-10, shift=(-8, 12), pressure=-0.4, noise=0.4),
    )
    return {
        (seed, number): impression(invented_finger(seed), number, condition)
        for seed in SEEDS
        for number, condition in enumerate(conditions)
    }


@pytest.fixture(scope="session")
def extractions(captures: dict[tuple[int, int], npt.NDArray[np.uint8]]) -> dict[tuple[int, int], Extraction]:
    return {key: extract(grey) for key, grey in captures.items()}


@pytest.fixture(scope="session")
def real_fingers() -> Path:
    """FVC2002 set B; real people's prints, for tests only."""
    root = Path(os.environ.get("STATION_TEST_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
    if not (root / "fingerprint" / "fvc2002").is_dir():
        pytest.skip("no fingerprints: set STATION_TEST_DATA")
    return root / "fingerprint"
