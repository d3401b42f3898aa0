"""``read-mrz`` tells people and programs what a picture holds, with exit codes that can be relied on."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspection_station.cli import main
from inspection_station.inspection.document import DocumentFormat
from inspection_station.training.mrz_specimens import Specimen, specimen
from inspection_station.training.page_renderer import PageStyle, print_zone, render_page
from inspection_station.training.page_wear import Wear, wear_page

TODAY = ("--today", "2026-11-23")
LINES = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")


def _saved(folder: Path, name: str, lines: tuple[str, ...] = LINES) -> Path:
    document: Specimen = specimen(DocumentFormat.TD3, np.random.default_rng(5))
    page = wear_page(render_page(document.text, lines, seed=5), Wear(pixels_wide=1400, noise=2), seed=5)
    cv2.imwrite(str(folder / name), page)
    return folder / name


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = main(["read-mrz", *map(str, arguments)])
    return code, capsys.readouterr().out


def test_a_readable_page_gives_lines_fields_checks_and_exit_code_zero(tmp_path, capsys):
    page = _saved(tmp_path, "page.png")
    code, out = _run(capsys, page, "--json", *TODAY)
    (result,) = json.loads(out)
    assert code == 0
    assert result["file"] == str(page)
    assert result["document_type"] == "TD3"
    assert tuple(result["lines"]) == LINES
    assert result["valid"] is True
    assert result["doubts"] == result["problems"] == []
    assert result["ms"] > 0
    assert result["fields"]["surname"] == "ERIKSSON"
    assert result["fields"]["given_names"] == "ANNA MARIA"
    assert result["fields"]["document_number"] == "L898902C3"
    assert result["fields"]["date_of_birth"] == "1974-08-12"
    assert {check["verdict"] for check in result["checks"]} == {"correct"}


def test_a_wrong_check_digit_gives_exit_code_one_and_is_not_valid(tmp_path, capsys):
    forged = LINES[1][:9] + "1" + LINES[1][10:]
    code, out = _run(
        capsys, _saved(tmp_path, "forged.png", (LINES[0], forged)), "--json", "--no-second-opinion", *TODAY
    )
    (result,) = json.loads(out)
    assert code == 1
    assert result["valid"] is False
    assert ("DOC-02", "document_number") in {(problem["code"], problem["field"]) for problem in result["problems"]}
    assert all(problem[part] for problem in result["problems"] for part in ("what", "why", "do"))


def test_lines_of_another_length_than_a_zones_are_told_by_code_lengths_and_what_to_do(tmp_path, capsys):
    sheet = np.full((500, 1700, 3), 235, np.uint8)
    print_zone(sheet, [line[:-1] for line in LINES], (90, 120), PageStyle(), np.random.default_rng(1))
    cv2.imwrite(str(tmp_path / "short.png"), sheet)
    code, out = _run(capsys, tmp_path / "short.png", "--json", *TODAY)
    error = json.loads(out)[0]["error"]
    assert code == 2
    assert (error["code"], error["lengths"]) == ("DOC-10", [43, 43])
    assert all(error[part] for part in ("what", "why", "do"))
    code, out = _run(capsys, tmp_path / "short.png", *TODAY)
    assert "DOC-10" in out
    assert "Do this:" in out


def test_an_unreadable_picture_gives_code_what_why_and_do_and_exit_code_two(tmp_path, capsys):
    (tmp_path / "empty.jpg").write_bytes(b"")
    code, out = _run(capsys, tmp_path / "empty.jpg", "--json")
    (result,) = json.loads(out)
    assert code == 2
    assert result["error"]["code"] == "DOC-05"
    assert all(result["error"][part] for part in ("what", "why", "do"))


def test_a_missing_file_is_told_and_does_not_stop_the_next_picture(tmp_path, capsys):
    page = _saved(tmp_path, "page.png")
    code, out = _run(capsys, tmp_path / "nowhere.png", page, tmp_path, "--json", *TODAY)
    missing, read, folder = json.loads(out)
    assert code == 2
    assert missing["error"]["code"] == folder["error"]["code"] == "FILE"
    assert read["valid"] is True


def test_people_read_the_lines_or_what_to_do(tmp_path, capsys):
    page = _saved(tmp_path, "page.png")
    (tmp_path / "text.png").write_bytes(b"not a picture")
    code, out = _run(capsys, page, tmp_path / "text.png", *TODAY)
    assert code == 2
    assert LINES[0] in out
    assert "TD3, valid" in out
    assert "DOC-05 Not a picture" in out


def test_no_picture_is_a_usage_error():
    with pytest.raises(SystemExit) as stopped:
        main(["read-mrz"])
    assert stopped.value.code == 2
