"""The verbs on fingerprints: exit codes, keys, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inspection_station.cli import main
from inspection_station.matching.fingerprint.finger_pictures import png_with_dpi
from inspection_station.training.personas.fingerprint import ImpressionCondition, impression, invented_finger


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two fingers, two impressions each, named the FVC way."""
    folder = tmp_path_factory.mktemp("database")
    for finger, seed in ((101, 3), (102, 4)):
        for number in (1, 2):
            grey = impression(invented_finger(seed), number, ImpressionCondition(turn=4.0 * number))
            (folder / f"{finger}_{number}.png").write_bytes(png_with_dpi(grey, 500))
    return folder


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    loaded = json.loads(capsys.readouterr().out)
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("form", ["iso", "ansi"])
def test_a_template_is_written_and_compared(
    form: str, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "finger.fmr"
    made = main(["extract-fingerprint", str(pictures / "101_1.png"), "--out", str(out), "--format", form, "--json"])
    assert made == 0
    told = answer(capsys)
    assert told["bytes"] == out.stat().st_size
    assert main(["compare-fingerprints", str(out), str(pictures / "101_2.png"), "--json"]) == 0
    told = answer(capsys)
    assert {"score", "fmr", "threshold", "decision", "quality_a", "quality_b", "ms"} <= told.keys()
    assert told["decision"] == "match"
    assert main(["compare-fingerprints", str(out), str(pictures / "102_2.png"), "--json"]) == 1
    assert answer(capsys)["decision"] == "no match"


def test_a_search_names_the_mate_and_what_it_skipped(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("101_2.png", "102_1.png"):
        (tmp_path / name).write_bytes((pictures / name).read_bytes())
    (tmp_path / "notes.txt").write_text("no finger")
    probe = str(pictures / "101_1.png")
    assert main(["search-fingerprints", probe, "--gallery", str(tmp_path), "--json"]) == 0
    told = answer(capsys)
    assert told["searched"] == 2
    assert told["skipped"] == [{"file": "notes.txt", "code": "not-a-picture"}]
    assert told["candidates"][0]["file"] == "101_2.png"  # type: ignore[index]
    (tmp_path / "101_2.png").unlink()
    assert main(["search-fingerprints", probe, "--gallery", str(tmp_path)]) == 1


def test_the_benchmark_counts_every_pair(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark-fingerprints", str(pictures), "--json"]) == 0
    told = answer(capsys)
    (database,) = told["databases"]  # type: ignore[misc]
    assert (database["genuine"], database["impostor"], database["failed_to_enrol"]) == (2, 4, 0)
    assert told["mean"]["eer"] == 0.0  # type: ignore[index]


def test_several_databases_are_reported_each_and_in_the_mean(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DB1_B", "DB2_B"):
        (tmp_path / name).symlink_to(pictures, target_is_directory=True)
    assert main(["benchmark-fingerprints", str(tmp_path), "--json"]) == 0
    told = answer(capsys)
    assert [database["name"] for database in told["databases"]] == ["DB1_B", "DB2_B"]  # type: ignore[attr-defined]


def test_bad_input_is_refused_with_code_and_next_action(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = tmp_path / "blank.png"
    blank.write_bytes(png_with_dpi(np.full((400, 320), 230, np.uint8), 500))
    good = str(pictures / "101_1.png")
    for arguments, code in (
        (["extract-fingerprint", str(blank), "--out", str(tmp_path / "x"), "--json"], "no-finger"),
        (["extract-fingerprint", str(tmp_path / "none.png"), "--out", str(tmp_path / "x"), "--json"], "FILE"),
        (["extract-fingerprint", good, "--out", str(tmp_path / "no" / "x"), "--json"], "FILE"),
        (["extract-fingerprint", good, "--dpi", "9", "--out", str(tmp_path / "x"), "--json"], "bad-resolution"),
        (["compare-fingerprints", good, str(blank), "--json"], "no-finger"),
        (["search-fingerprints", good, "--gallery", str(tmp_path / "none"), "--json"], "FILE"),
        (["search-fingerprints", good, "--gallery", str(tmp_path), "--json"], "FILE"),
        (["benchmark-fingerprints", str(tmp_path), "--json"], "FILE"),
    ):
        assert main(arguments) == 2
        told = answer(capsys)["error"]
        assert told["code"] == code  # type: ignore[index]
        assert told["do"]  # type: ignore[index]
    assert not (tmp_path / "x").exists()
