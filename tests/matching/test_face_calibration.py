"""From templates to a signed calibration, and what is refused of one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from test_score_normalisation import folders

from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.matching.calibration import (
    CalibrationFault,
    CalibrationRefused,
    FaceCalibration,
    read_calibration,
    require_fit,
    sign_calibration,
)
from inspection_station.matching.face_benchmark import TooFewFaces, run_benchmark
from inspection_station.matching.face_calibrating import CalibrationRun, TooFewToCalibrate, calibrate
from inspection_station.matching.face_comparison import compare
from inspection_station.matching.face_installation import (
    UnusableKey,
    install,
    load_scale,
    pack_key,
    save_calibration,
    signing_key,
    station_key,
    write_cohort,
)
from inspection_station.matching.face_report import face_report
from inspection_station.matching.gallery_pack import PackFault, PackRefused
from inspection_station.matching.ports import FaceTemplate
from inspection_station.matching.score_normalisation import Cohort
from inspection_station.matching.thresholds import ScoreScale

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = bytes(range(32))
GROUPS = {f"p{number:03}": "east" if number % 3 else "west" for number in range(300)}


@pytest.fixture(scope="module")
def run() -> CalibrationRun:
    faces = folders(persons=300, each=3, size=32)
    return calibrate(
        faces, model_sha256="ab" * 32, source="invented", made_on=date(2026, 11, 23), groups=GROUPS, match_fmr=2e-4
    )


def _signed(run: CalibrationRun) -> tuple[bytes, Ed25519PrivateKey]:
    key = Ed25519PrivateKey.generate()
    return sign_calibration(run.calibration, key), key


def test_bounds_table_groups_and_cohort_come_from_the_same_pictures(run: CalibrationRun) -> None:
    made = run.calibration
    assert made.match > made.inconclusive
    assert made.cohort_sha256 == run.cohort.digest
    assert (made.cohort_templates, made.persons, made.genuine) == (900, 300, 900)
    assert set(made.groups) == {"east", "west"}
    assert made.groups["east"].persons == 200
    assert [rate for _, rate in made.rates] == sorted((rate for _, rate in made.rates), reverse=True)
    assert min(rate for _, rate in made.rates) >= 30 / made.impostor


def test_a_groups_false_match_rate_comes_with_an_interval_over_its_persons(run: CalibrationRun) -> None:
    told = run.benchmark.as_json()["groups"]
    for group in told.values():
        for kind in ("stock", "flip", "snorm"):
            for target, rate in group[kind]["fmr"].items():
                low, high = group[kind]["fmr_interval"][target]
                assert 0.0 <= low <= rate <= high <= 1.0
                assert high > 0.0
    # west has half of east's persons: less is known of it
    of_east, of_west = (told[name]["flip"]["fmr_interval"]["1e-2"] for name in ("east", "west"))
    assert of_west[1] - of_west[0] > of_east[1] - of_east[0]


def test_two_persons_who_look_alike_make_the_rate_of_a_small_group_uncertain() -> None:
    faces = folders(persons=60, each=3, size=32)
    vectors = faces.vectors.copy()
    vectors[faces.owners == 1] = vectors[faces.owners == 0]
    alike = replace(faces, vectors=vectors)
    group = dict.fromkeys(faces.persons[:12], "few")
    told = run_benchmark(alike, None, group).as_json()["groups"]["few"]["flip"]
    low, high = told["fmr_interval"]["1e-3"]
    assert low == 0.0  # a draw without both of them has no false match
    assert high > 2 * told["fmr"]["1e-3"]


def test_a_rate_that_the_pictures_cannot_show_is_not_calibrated() -> None:
    faces = folders(persons=300, each=3, size=32)
    with pytest.raises(TooFewToCalibrate, match="pairs"):
        calibrate(faces, model_sha256="", source="", made_on=date(2026, 1, 1), match_fmr=1e-6)
    with pytest.raises(TooFewToCalibrate, match="photographs"):
        calibrate(folders(persons=100), model_sha256="", source="", made_on=date(2026, 1, 1))
    with pytest.raises(TooFewFaces):
        run_benchmark(folders(persons=20, each=1))


def test_a_calibrated_comparison_says_one_in_n_and_its_band(run: CalibrationRun) -> None:
    faces = folders(persons=300, each=3, size=32)
    thresholds = run.calibration.thresholds()
    assert thresholds.scale is ScoreScale.NORMALISED
    same, other = (FaceTemplate(faces.vectors[row], faces.model_id) for row in (1, 4))
    cohort = Cohort(np.delete(faces.vectors, [0, 1, 2], axis=0), faces.model_id)
    match = compare(FaceTemplate(faces.vectors[0], faces.model_id), same, thresholds, cohort=cohort)
    stranger = compare(FaceTemplate(faces.vectors[0], faces.model_id), other, thresholds, cohort=cohort)
    assert match.band is ComparisonBand.MATCH
    assert match.one_in is not None
    assert match.one_in >= 5_000
    assert stranger.band is ComparisonBand.NO_MATCH
    with pytest.raises(ValueError, match="cohort"):
        compare(same, other, thresholds)


def test_a_signed_calibration_is_read_back_whole(run: CalibrationRun) -> None:
    data, key = _signed(run)
    assert read_calibration(data, [key.public_key()]) == run.calibration


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace('"match": ', '"match": 1'), CalibrationFault.BAD_SIGNATURE),
        (lambda text: text[: len(text) // 2], CalibrationFault.MALFORMED),
        (lambda text: "[]", CalibrationFault.MALFORMED),
        (lambda text: "[" * 100_000, CalibrationFault.MALFORMED),
        (lambda text: text.replace('"signature": "', '"signature": "%'), CalibrationFault.BAD_SIGNATURE),
        (lambda text: text.replace('"match": ', '"match": NaN, "x": '), CalibrationFault.MALFORMED),
    ],
)
def test_a_changed_calibration_is_refused(run: CalibrationRun, change: object, code: CalibrationFault) -> None:
    data, key = _signed(run)
    with pytest.raises(CalibrationRefused) as refused:
        read_calibration(change(data.decode()).encode(), [key.public_key()])  # type: ignore[operator]
    assert refused.value.code is code


def test_a_signer_whom_nobody_trusts_is_refused(run: CalibrationRun) -> None:
    data, _ = _signed(run)
    for trusted in ([], [Ed25519PrivateKey.generate().public_key()]):
        with pytest.raises(CalibrationRefused) as refused:
            read_calibration(data, trusted)
        assert refused.value.code is CalibrationFault.UNKNOWN_SIGNER


def test_figures_that_are_signed_and_make_no_sense_are_refused(run: CalibrationRun) -> None:
    key = Ed25519PrivateKey.generate()
    body = json.loads(sign_calibration(run.calibration, key))["calibration"]
    from inspection_station.matching import calibration as module

    for changes in (
        {"match": -9.0},
        {"rates": []},
        {"rates": [[1, 2, 3]]},
        {"made_on": "soon"},
        {"layout": 9},
        {"new": 1},
    ):
        torn = {**body, **changes}
        signature = key.sign(module._DOMAIN + module._canonical(torn))
        import base64

        file = {
            "calibration": torn,
            "signer": module.signer_id(key.public_key()),
            "signature": base64.b64encode(signature).decode(),
        }
        with pytest.raises(CalibrationRefused) as refused:
            read_calibration(json.dumps(file).encode(), [key.public_key()])
        assert refused.value.code is CalibrationFault.MALFORMED


def test_a_calibration_holds_for_one_model_and_one_cohort(run: CalibrationRun) -> None:
    made: FaceCalibration = run.calibration
    require_fit(made, made.model_id, made.model_sha256, made.cohort_sha256)
    for wrong, code in (
        (("other", made.model_sha256, made.cohort_sha256), CalibrationFault.OTHER_MODEL),
        ((made.model_id, "00" * 32, made.cohort_sha256), CalibrationFault.OTHER_MODEL),
        ((made.model_id, made.model_sha256, "00" * 32), CalibrationFault.OTHER_COHORT),
    ):
        with pytest.raises(CalibrationRefused) as refused:
            require_fit(made, *wrong)
        assert refused.value.code is code


def test_face_data_travel_sealed_and_are_sealed_anew_for_the_station(run: CalibrationRun, tmp_path: Path) -> None:
    signing = Ed25519PrivateKey.generate()
    sent, station = tmp_path / "sent", tmp_path / "station"
    save_calibration(sent, run.calibration, run.cohort, key=KEY, signing=signing, now=NOW)
    own = station_key(b"s" * 32)
    made = run.calibration
    taken = install(sent, KEY, station, own, model_id=made.model_id, now=NOW)
    assert taken == ["cohort", "calibration"]
    wanted = {"key": own, "model_id": made.model_id, "model_sha256": made.model_sha256, "now": NOW}
    with pytest.raises(CalibrationRefused) as refused:  # the signer did not travel with it
        load_scale(station, **wanted)
    assert refused.value.code is CalibrationFault.UNKNOWN_SIGNER
    scale = load_scale(station, **wanted, signers=[signing.public_key()])
    assert scale.cohort is not None
    assert scale.cohort.digest == made.cohort_sha256
    with pytest.raises(PackRefused) as expired:
        load_scale(station, **{**wanted, "now": NOW + timedelta(days=400)}, signers=[signing.public_key()])
    assert expired.value.code is PackFault.EXPIRED
    write_cohort(station, Cohort(run.cohort.vectors[:600], made.model_id), key=own, now=NOW)
    with pytest.raises(CalibrationRefused) as other:
        load_scale(station, **wanted, signers=[signing.public_key()])
    assert other.value.code is CalibrationFault.OTHER_COHORT


def test_nothing_of_a_template_lies_in_the_clear(run: CalibrationRun, tmp_path: Path) -> None:
    save_calibration(tmp_path, run.calibration, run.cohort, key=KEY, signing=Ed25519PrivateKey.generate(), now=NOW)
    needle = run.cohort.vectors[5].tobytes()[:16]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert needle not in path.read_bytes()


def test_keys_are_made_once_and_bad_ones_are_refused(tmp_path: Path) -> None:
    key, made = pack_key(tmp_path / "key", make=True)
    assert made
    assert pack_key(tmp_path / "key", make=True) == (key, False)
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    signing, made = signing_key(tmp_path / "signing.pem", make=True)
    assert made
    assert signing_key(tmp_path / "signing.pem")[0].public_key() == signing.public_key()
    for content in (b"", b"zz" * 32, b"00" * 31, b"\xff\xfe"):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(UnusableKey):
            pack_key(tmp_path / "bad")
        with pytest.raises(UnusableKey):
            signing_key(tmp_path / "bad")


def test_the_report_stands_alone_and_names_nobody(run: CalibrationRun) -> None:
    page = face_report(run.benchmark, run.calibration)
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 2
    assert "one in" in page
    assert "src=" not in page
    assert "href=" not in page
    assert not any(person in page for person in run.benchmark.faces.persons)
