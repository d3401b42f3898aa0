"""Error rates on the development half of Labeled Faces in the Wild, the cohort always of other persons."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_benchmark import run_benchmark
from inspection_station.matching.face_folders import enrol_folders

pytestmark = pytest.mark.benchmark


def test_s_norm_beats_flip_cosine_which_beats_the_stock_distance() -> None:
    root = Path(os.environ.get("STATION_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    if not (root / "face" / "lfw_dev").is_dir():
        pytest.skip("no face pictures: set STATION_TEST_DATA")
    listed = (root / "face" / "lfw_dev_east_asian.txt").read_text().split()
    faces = enrol_folders(DlibFaceMatcher(), root / "face" / "lfw_dev")
    told = run_benchmark(faces, None, dict.fromkeys(listed, "east-asian")).as_json()
    for kind in ("stock", "flip", "snorm", "snorm_clear"):
        print(kind, told[kind])
    east_asian = told["groups"]["east-asian"]
    print("east-asian", {kind: east_asian[kind] for kind in ("stock", "flip", "snorm")})
    print(told["cohort"], {key: told["counts"][key] for key in ("enrolled", "failed_to_enrol", "genuine", "impostor")})
    for fmr in ("1e-3", "1e-4"):
        assert told["snorm"]["fnmr"][fmr] < told["flip"]["fnmr"][fmr] < told["stock"]["fnmr"][fmr]
    assert east_asian["snorm"]["fmr"]["1e-3"] < 0.005
    assert told["counts"]["failure_to_enrol_rate"] < 0.01
