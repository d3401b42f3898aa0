"""Makes the scenarios' stations importable and closes them after each module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
if str(_HERE) not in sys.path:
    sys.path.insert(0, str(_HERE))

from real_station import RealStation  # noqa: E402


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStation]:
    """One running training station for a module's travellers, one after the other."""
    running = RealStation(tmp_path_factory.mktemp("station") / "data")
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _nobody_is_left_standing(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "station" in request.fixturenames:
        request.getfixturevalue("station").clear()
