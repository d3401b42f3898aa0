"""Shared faces and models for the tests of matching."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.ports import FaceModelMissing


@pytest.fixture(scope="session")
def matcher() -> DlibFaceMatcher:
    loaded = DlibFaceMatcher()
    try:
        loaded.load()
    except FaceModelMissing as missing:
        pytest.skip(f"{missing.what}: {missing.next_action}")
    return loaded


@pytest.fixture(scope="session")
def face_pictures() -> Path:
    """Folder of photographs kept outside the repository."""
    root = Path(os.environ.get("STATION_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    if not (root / "face").is_dir():
        pytest.skip("no face pictures: set STATION_TEST_DATA")
    return root / "face"
