"""compare-faces: score, band, quality; exit codes 0 match, 1 no match, 2 unusable picture, 3 model missing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from inspection_station.cli import main


@pytest.fixture(scope="module")
def photographs() -> Path:
    root = Path(os.environ.get("STATION_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    if not (root / "face" / "fixtures").is_dir():
        pytest.skip("no face pictures: set STATION_TEST_DATA")
    return root / "face" / "fixtures"


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code = main(["compare-faces", *map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    path = tmp_path / "blank.png"
    Pillow.fromarray(np.full((300, 300, 3), 180, np.uint8)).save(path)
    return path


def test_two_photographs_of_one_person_exit_with_0_and_say_they_are_uncalibrated(
    capsys: pytest.CaptureFixture[str], photographs: Path
) -> None:
    code, result = _run(capsys, photographs / "021507_wiki_9f6e1a2e.jpg", photographs / "021507_bio_guide_fc21b64e.jpg")
    assert code == 0
    assert result["decision"] == "match"
    assert result["band"] == "uncalibrated"
    assert result["calibrated"] is False
    assert result["one_in"] is None
    assert result["score"] > result["threshold"]
    assert result["quality_a"]["prompt"] == "good"
    assert "headwear" in result["quality_b"]["not_assessed"]
    assert result["presentation_attack"].startswith("not performed")
    assert result["ms"] > 0


def test_strangers_exit_with_1(capsys: pytest.CaptureFixture[str], photographs: Path) -> None:
    code, result = _run(capsys, photographs / "obama.jpg", photographs / "biden.jpg")
    assert (code, result["decision"]) == (1, "no match")
    assert main(["compare-faces", str(photographs / "obama.jpg"), str(photographs / "biden.jpg")]) == 1
    assert "compare by eye" in capsys.readouterr().out


def test_a_picture_without_a_face_exits_with_2_and_the_prompt(
    capsys: pytest.CaptureFixture[str], blank: Path, photographs: Path
) -> None:
    code, result = _run(capsys, photographs / "obama.jpg", blank)
    assert code == 2
    assert result["error"]["code"] == "no-face"
    assert result["error"]["picture"] == "reference"
    assert result["error"]["prompt"] == "no-face"
    assert "one face" in result["error"]["do"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b"no picture at all", "not-a-picture"), (b"\xff\xd8\xff\xe0\x00\x10JFIF", "truncated")],
)
def test_an_unusable_picture_exits_with_2_and_its_code(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, blank: Path, content: bytes, code: str
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(content)
    exit_code, result = _run(capsys, broken, blank)
    assert (exit_code, result["error"]["code"], result["error"]["picture"]) == (2, code, "probe")


def test_a_path_that_cannot_be_read_exits_with_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, blank: Path
) -> None:
    assert _run(capsys, tmp_path / "absent.jpg", blank)[0] == 2
    assert _run(capsys, blank, tmp_path)[1]["error"]["picture"] == "reference"


def test_a_missing_model_exits_with_3_and_what_to_do(
    capsys: pytest.CaptureFixture[str], blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspection_station.matching.embedder_setup._MODELS_PACKAGE", "no_such_models_package")
    code, result = _run(capsys, blank, blank)
    assert code == 3
    assert result["error"]["code"] == "model-missing"
    assert "install" in result["error"]["prompt"]


def test_the_command_line_starts_without_loading_models_or_picture_libraries() -> None:
    import subprocess
    import sys

    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, inspection_station.cli as c; c.parser(); print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"dlib", "cv2", "onnxruntime", "onnx", "PIL"} & set(loaded)
