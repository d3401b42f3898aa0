"""benchmark-faces, calibrate-faces, search-faces, face-quality and faces …: keys, exit codes, refusals."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from inspection_station.cli import main

TARGETS = {"1e-2", "1e-3", "1e-4"}


@pytest.fixture(scope="module")
def photographs() -> Path:
    root = Path(os.environ.get("STATION_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    if not (root / "face" / "fixtures").is_dir():
        pytest.skip("no face pictures: set STATION_TEST_DATA")
    return root / "face" / "fixtures"


@pytest.fixture(scope="module")
def filed(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixtures, a folder for each person, and one picture without a face."""
    folder = tmp_path_factory.mktemp("filed")
    for path in photographs.glob("*.jpg"):
        (folder / path.stem[:6]).mkdir(exist_ok=True)
        shutil.copy(path, folder / path.stem[:6] / path.name)
    (folder / "wall").mkdir()
    Pillow.fromarray(np.full((200, 200, 3), 150, np.uint8)).save(folder / "wall" / "wall.png")
    return folder


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
    code = main([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_benchmark_tells_three_ways_by_rate_and_by_group(
    capsys: pytest.CaptureFixture[str], filed: Path, tmp_path: Path
) -> None:
    groups = tmp_path / "some.txt"
    groups.write_text("021507\n021102\n021928\n040700\n")
    before = sorted(path.name for path in filed.rglob("*"))
    code, told = _run(capsys, "benchmark-faces", filed, "--groups", groups, "--report", tmp_path / "report")
    assert code == 0
    for kind in ("stock", "flip", "snorm"):
        assert set(told[kind]) == {"eer", "fnmr", "thresholds"}
        assert set(told[kind]["fnmr"]) == set(told[kind]["thresholds"]) == TARGETS
    assert told["flip"]["fnmr"]["1e-2"] == 0.0
    assert told["supported"] == {"1e-2": False, "1e-3": False, "1e-4": False}
    assert set(told["groups"]) == {"some", "other"}
    assert told["groups"]["some"]["persons"] == 4
    assert set(told["groups"]["some"]["snorm"]["fmr"]) == TARGETS
    assert set(told["groups"]["some"]["flip"]["own"]) == {"eer", "fnmr", "thresholds"}
    assert told["cohort"]["kind"] == "leave-two-persons-out"
    assert told["cohort"]["sufficient"] is False
    assert told["cohort"]["failed_to_enrol"] == 0
    assert told["counts"]["failures"] == [{"file": "wall/wall.png", "code": "no-face"}]
    assert told["counts"]["genuine"] == 5
    assert sorted(path.name for path in filed.rglob("*")) == before
    page = (tmp_path / "report" / "faces.html").read_text()
    assert "<svg" in page
    told_of = page + (tmp_path / "report" / "faces.json").read_text()
    assert not re.search(r"(?<![\d.])021507(?!\d)", told_of)  # which may well be among the digits of a score
    assert main(["benchmark-faces", str(filed)]) == 0
    assert "snorm" in capsys.readouterr().out


def test_a_cohort_of_the_tested_persons_themselves_is_refused(capsys: pytest.CaptureFixture[str], filed: Path) -> None:
    code, told = _run(capsys, "benchmark-faces", filed, "--cohort", filed)
    assert (code, told["error"]["code"]) == (2, "USE-01")


@pytest.mark.parametrize("verb", ["benchmark-faces", "calibrate-faces"])
def test_a_folder_that_holds_no_persons_is_refused(
    capsys: pytest.CaptureFixture[str], verb: str, tmp_path: Path
) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        code, told = _run(capsys, verb, folder)
        assert (code, told["error"]["code"]) == (2, "USE-01")
        assert "folder" in told["error"]["do"]


def test_too_few_photographs_are_not_calibrated(
    capsys: pytest.CaptureFixture[str], filed: Path, tmp_path: Path
) -> None:
    code, told = _run(capsys, "calibrate-faces", filed)
    assert (code, told["error"]["code"]) == (2, "USE-01")
    assert "500 needed" in told["error"]["what"]
    code, told = _run(capsys, "calibrate-faces", filed, "--out", tmp_path)
    assert code == 2
    assert "--key" in told["error"]["what"]
    code, told = _run(capsys, "calibrate-faces", filed, "--match-fmr", "0.1")
    assert code == 2


def test_a_person_is_found_in_a_folder_with_the_margin_to_the_second(
    capsys: pytest.CaptureFixture[str], filed: Path, photographs: Path
) -> None:
    code, told = _run(
        capsys, "search-faces", photographs / "021507_wiki_9f6e1a2e.jpg", "--gallery", filed, "--top", "3"
    )
    assert code == 0
    answer = told["groups"][0]
    assert answer["candidates"][0]["id"] == "021507"
    assert answer["candidates"][0]["above"]
    assert len(answer["candidates"]) == 3
    assert answer["margin"] > 0
    assert told["calibrated"] is False
    assert answer["candidates"][0]["one_in"] is None
    assert told["ms"]["search"] >= 0


def test_a_group_is_built_searched_and_enrolled_again(
    capsys: pytest.CaptureFixture[str], filed: Path, photographs: Path, tmp_path: Path
) -> None:
    where = ("--faces", tmp_path / "faces", "--key", tmp_path / "key")
    code, told = _run(capsys, "faces", "build-group", filed, "--group", "voyage-whitelist", *where)
    assert code == 1  # the wall gave no template
    assert (told["enrolled"], told["version"], told["failures"]) == (22, 1, [{"id": "wall", "code": "no-face"}])
    assert (tmp_path / "faces" / "groups" / "voyage-whitelist.faces").is_file()
    code, told = _run(capsys, "faces", "re-enrol", filed, "--group", "voyage-whitelist", *where)
    assert (code, told["version"], told["without_picture"]) == (0, 2, [])
    probe = photographs / "021507_wiki_9f6e1a2e.jpg"
    code, told = _run(capsys, "search-faces", probe, "--group", "voyage-whitelist", *where)
    assert code == 0
    assert told["calibrated"] is False  # no calibration in that folder
    assert (told["groups"][0]["use"], told["groups"][0]["version"]) == ("whitelist", 2)
    assert told["groups"][0]["candidates"][0]["id"] == "021507"
    code, told = _run(capsys, "faces", "build-group", filed, "--group", "no-such", *where)
    assert (code, told["error"]["code"]) == (2, "USE-01")


@pytest.fixture
def oddly_named(photographs: Path, tmp_path: Path) -> Path:
    """Two persons whose folders are named in bytes that are no UTF-8, and at too great a length for a group."""
    folder = tmp_path / "gallery"
    for person, start in ((os.fsdecode(b"who_\xff"), "021507"), ("名" * 40, "021928")):
        (folder / person).mkdir(parents=True)
        for path in photographs.glob(f"{start}_bio*.jpg"):
            shutil.copy(path, folder / person / path.name)
    return folder


@pytest.mark.skipif(os.name == "nt", reason="names there are Unicode")
def test_folders_may_have_any_name_in_a_search_and_are_refused_early_for_a_group(
    capsys: pytest.CaptureFixture[str], photographs: Path, oddly_named: Path, tmp_path: Path
) -> None:
    code, told = _run(capsys, "search-faces", photographs / "021507_wiki_9f6e1a2e.jpg", "--gallery", oddly_named)
    assert code == 0
    assert [one["id"] for one in told["groups"][0]["candidates"]] == [os.fsdecode(b"who_\xff"), "名" * 40]
    where = ("--faces", tmp_path / "faces", "--key", tmp_path / "key")
    code, told = _run(capsys, "faces", "build-group", oddly_named, "--group", "voyage-whitelist", *where)
    assert (code, told["error"]["code"]) == (2, "USE-01")
    assert "名" not in told["error"]["detail"]
    assert not (tmp_path / "faces").exists()


def test_a_gallery_without_a_face_is_a_refusal_and_not_a_search_that_found_nobody(
    capsys: pytest.CaptureFixture[str], filed: Path, photographs: Path, tmp_path: Path
) -> None:
    shutil.copytree(filed / "wall", tmp_path / "gallery" / "wall")
    code, told = _run(capsys, "search-faces", photographs / "obama.jpg", "--gallery", tmp_path / "gallery")
    assert (code, told["error"]["code"]) == (2, "no-face")
    assert main(["search-faces", str(photographs / "obama.jpg"), "--gallery", str(filed)]) in (0, 1)
    assert "not searched: 1" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [("--group", "voyage-whitelist"), ("--group", "nobody"), ("--gallery", "absent")])
def test_a_search_in_nothing_is_refused(
    capsys: pytest.CaptureFixture[str], photographs: Path, arguments: tuple[str, str]
) -> None:
    code, told = _run(capsys, "search-faces", photographs / "obama.jpg", *arguments)
    assert code == 2
    assert told["error"]["do"]


def test_quality_tells_one_prompt_and_what_was_not_assessed(
    capsys: pytest.CaptureFixture[str], photographs: Path, filed: Path
) -> None:
    code, told = _run(capsys, "face-quality", photographs / "obama.jpg")
    assert (code, told["prompt"]) == (0, "good")
    assert told["picture"] == {"width": 910, "height": 1137}
    assert told["face"]["width"] > 100
    assert "headwear" in told["not_assessed"]
    assert told["presentation_attack"].startswith("not performed")
    code, told = _run(capsys, "face-quality", filed / "wall" / "wall.png")
    assert (code, told["prompt"], told["face"]) == (1, "no-face", None)
    code, told = _run(capsys, "face-quality", filed)
    assert (code, told["error"]["code"]) == (2, "unreadable")


def test_a_model_that_is_not_there_exits_with_3(capsys: pytest.CaptureFixture[str], photographs: Path) -> None:
    pair = (photographs / "obama.jpg", photographs / "biden.jpg")
    code, told = _run(capsys, "compare-faces", *pair, "--model", "absent.toml")
    assert (code, told["error"]["code"]) == (3, "model-missing")


def test_face_data_that_are_not_there_are_refused(
    capsys: pytest.CaptureFixture[str], photographs: Path, tmp_path: Path
) -> None:
    pair = (photographs / "obama.jpg", photographs / "biden.jpg")
    (tmp_path / "key").write_text("00" * 32)
    for options in (("--faces", tmp_path), ("--faces", tmp_path, "--key", tmp_path / "key"), ("--profile", "no-such")):
        code, told = _run(capsys, "compare-faces", *pair, *options)
        assert code == 2
        assert told["error"]["do"]


@pytest.mark.slow
def test_an_agency_calibrates_installs_its_signer_and_is_told_one_in_n(
    capsys: pytest.CaptureFixture[str], photographs: Path, tmp_path: Path
) -> None:
    news = photographs.parent / "lfw_dev"
    if not news.is_dir():
        pytest.skip("no photographs to calibrate with")
    agency = tmp_path / "agency"
    copied = 0
    for person in sorted(news.iterdir()):
        pictures = sorted(person.iterdir())[:4]
        if len(pictures) > 1 and copied < 560:
            shutil.copytree(person, agency / person.name, ignore=lambda _, names, kept=pictures: {
                name for name in names if name not in {picture.name for picture in kept}
            })  # fmt: skip
            copied += len(pictures)
    out, key = tmp_path / "out", tmp_path / "key"
    keys = ("--key", key, "--signing-key", tmp_path / "signing.pem")
    code, told = _run(
        capsys, "calibrate-faces", agency, "--out", out, *keys, "--match-fmr", "3e-4", "--source", "a test"
    )
    assert code == 0
    assert (told["written"], told["keys_made"]) == (True, ["key", "signing-key"])
    assert told["match"] > told["inconclusive"] > 0
    pair = (photographs / "021507_wiki_9f6e1a2e.jpg", photographs / "021507_bio_guide_fc21b64e.jpg")
    code, told = _run(capsys, "compare-faces", *pair, "--faces", out, "--key", key)
    assert (code, told["band"], told["scale"], told["calibrated"]) == (0, "match", "z", True)
    assert told["fmr"] <= 3e-4
    assert told["one_in"] == pytest.approx(1 / told["fmr"])
    code, told = _run(
        capsys, "compare-faces", photographs / "obama.jpg", photographs / "biden.jpg", "--faces", out, "--key", key
    )
    assert (code, told["band"]) == (1, "no match")
    file = out / "calibration.json"
    file.write_text(file.read_text().replace('"match": ', '"match": 0'))
    code, told = _run(capsys, "compare-faces", *pair, "--faces", out, "--key", key)
    assert code == 2
    assert told["error"]["code"].startswith("calibration-")
