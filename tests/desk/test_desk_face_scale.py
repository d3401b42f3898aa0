"""The installed calibration judges where it holds; where it does not, nothing uncalibrated passes for a match."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inspection_station.desk.face_scale import FACE_FOLDER, face_scale
from inspection_station.matching.calibration import FaceCalibration
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_installation import save_calibration, station_key
from inspection_station.matching.score_normalisation import Cohort
from inspection_station.matching.thresholds import ThresholdStatus, built_in_thresholds

NOW = datetime(2026, 11, 23, tzinfo=UTC)
STORE_KEY = b"s" * 32
SHIPPED = built_in_thresholds()
MATCHER = cast(DlibFaceMatcher, SimpleNamespace(model_id=SHIPPED.model_id, model_sha256="ab" * 32))


def _install(data: Path, *, training: bool = False, **changes: object) -> None:
    drawn = np.random.default_rng(1).normal(size=(520, 128))
    cohort = Cohort((drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32), SHIPPED.model_id)
    made = FaceCalibration(
        model_id=SHIPPED.model_id, model_sha256="ab" * 32, made_on=date(2026, 11, 1), source="a test",
        cohort_sha256=cohort.digest, cohort_templates=520, nearest=50, persons=520, pictures=520, failed_to_enrol=0,
        genuine=1, impostor=400_000, match=4.4, inconclusive=2.9, match_fmr=1e-4, inconclusive_fmr=1e-3,
        rates=((2.9, 1e-3), (4.4, 1e-4)), bounds={}, fnmr={}, training=training,
    )  # fmt: skip
    save_calibration(
        data / FACE_FOLDER, replace(made, **changes), cohort,  # type: ignore[arg-type]
        key=station_key(STORE_KEY), signing=Ed25519PrivateKey.generate(), now=NOW,
    )  # fmt: skip


def test_without_a_calibration_the_shipped_bounds_stand(tmp_path: Path) -> None:
    scale = face_scale(tmp_path, STORE_KEY, MATCHER, SHIPPED, NOW)
    assert scale.thresholds is SHIPPED
    assert scale.cohort is None


def test_an_installed_calibration_judges_with_its_cohort(tmp_path: Path) -> None:
    _install(tmp_path)
    scale = face_scale(tmp_path, STORE_KEY, MATCHER, SHIPPED, NOW)
    assert scale.thresholds.status is ThresholdStatus.CALIBRATED
    assert scale.thresholds.one_in(2.9) == pytest.approx(1_000)
    assert scale.cohort is not None
    assert len(scale.cohort) == 520


def test_drawn_faces_never_judge_real_ones(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _install(tmp_path, training=True)
    assert face_scale(tmp_path, STORE_KEY, MATCHER, SHIPPED, NOW).thresholds is SHIPPED
    assert "drawn faces" in caplog.text
    for_training = face_scale(tmp_path, STORE_KEY, MATCHER, built_in_thresholds(training=True), NOW)
    assert for_training.cohort is not None


@pytest.mark.parametrize("fault", ["altered", "no signer", "expired", "another key", "another model", "torn cohort"])
def test_a_calibration_that_does_not_hold_is_not_used_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    _install(tmp_path, **({"model_sha256": "cd" * 32} if fault == "another model" else {}))
    folder, now, key = tmp_path / FACE_FOLDER, NOW, STORE_KEY
    if fault == "altered":
        file = folder / "calibration.json"
        file.write_text(file.read_text().replace('"match": 4.4', '"match": 3.0'))
    elif fault == "no signer":
        (folder / "signers" / "signer.pem").unlink()
    elif fault == "expired":
        now = NOW + timedelta(days=400)
    elif fault == "another key":
        key = b"x" * 32
    elif fault == "torn cohort":
        (folder / "cohort.faces").write_bytes((folder / "cohort.faces").read_bytes()[:-1])
    with caplog.at_level(logging.ERROR):
        assert face_scale(tmp_path, key, MATCHER, SHIPPED, now).thresholds is SHIPPED
    assert "not used" in caplog.text
