"""The second reader settles doubts only by naming the same character, adds doubts by differing, and may be absent."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from inspection_station.documents.mrz_image import second_opinion
from inspection_station.documents.mrz_image.reader import read_image
from inspection_station.documents.mrz_image.second_opinion import SecondOpinion, compared
from inspection_station.documents.mrz_image.settle import Draft
from inspection_station.inspection.document import CharacterDoubt, DocumentFormat
from inspection_station.training.mrz_specimens import specimen
from inspection_station.training.page_renderer import render_page

LINES = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")


def _draft(column: int, confidence: float, read: str = "K") -> Draft:
    confidences = [[0.99] * 44, [0.99] * 44]
    confidences[0][column] = confidence
    doubt = CharacterDoubt(0, column, read, read + "X", confidence)
    return Draft(DocumentFormat.TD3, LINES, tuple(map(tuple, confidences)), (doubt,))


def test_the_same_character_settles_a_doubt():
    weighed, opinion = compared(_draft(8, 0.7), LINES)
    assert weighed.doubts == ()
    assert opinion is SecondOpinion.AGREED


def test_the_same_character_does_not_settle_what_was_a_guess():
    weighed, _ = compared(_draft(8, 0.3), LINES)
    assert len(weighed.doubts) == 1


def test_another_character_where_ours_is_not_sure_is_a_doubt_with_both():
    draft = _draft(8, 0.9)
    other = (LINES[0][:8] + "H" + LINES[0][9:], LINES[1])
    weighed, opinion = compared(draft, other)
    assert opinion is SecondOpinion.DIFFERED
    assert [doubt.candidates for doubt in weighed.doubts] == ["KXH"]


def test_a_slip_of_the_second_reader_where_ours_is_sure_adds_no_doubt():
    other = (LINES[0], LINES[1].replace("0", "O"))
    weighed, _ = compared(_draft(8, 0.7), other)
    assert weighed.doubts == ()


def test_lost_fillers_do_not_shift_the_comparison():
    weighed, opinion = compared(_draft(8, 0.7), (LINES[0][:-9], LINES[1]))
    assert weighed.doubts == ()
    assert opinion is SecondOpinion.AGREED


@pytest.mark.parametrize("other", [(), ("",), ("NOTHINGALIKE999",)])
def test_nothing_comparable_leaves_the_draft_as_it_was(other: tuple[str, ...]):
    draft = _draft(8, 0.7)
    assert compared(draft, other) == (draft, SecondOpinion.SILENT)


@pytest.fixture(autouse=True)
def _a_busy_machine_is_no_late_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "PATIENCE_SECONDS", 60.0)


def _half_hidden_page() -> np.ndarray:
    document = specimen(DocumentFormat.TD3, np.random.default_rng(31))
    page = render_page(document.text, document.lines, seed=31)
    reading = read_image(page, today=date(2026, 11, 23), ask_second=False)
    (left, top), (right, _) = reading.corners[:2]
    pitch = (right - left) / 43
    x = left + 7 * pitch
    page[int(top - pitch) : int(top + pitch), int(x - 0.45 * pitch) : int(x + 0.45 * pitch)] = 235
    return page


def test_a_missing_second_reader_is_told_and_is_no_error(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    reading = read_image(_half_hidden_page(), today=date(2026, 11, 23))
    assert reading.second_opinion is SecondOpinion.ABSENT
    assert not reading.zone.valid


def _stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    (folder / "tesseract").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "tesseract").chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_a_second_reader_that_takes_too_long_is_ended_and_the_reading_stands_without_it(tmp_path, monkeypatch):
    _stand_in(tmp_path, monkeypatch, f"echo $$ > '{tmp_path}/number'\nexec sleep 60")
    monkeypatch.setattr(second_opinion, "PATIENCE_SECONDS", 3.0)
    reading = read_image(_half_hidden_page(), today=date(2026, 11, 23))
    assert reading.second_opinion is SecondOpinion.LATE
    assert not reading.zone.valid
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "number").read_text()), 0)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.parametrize("script", ["exit 1", "kill -9 $$", "cat > /dev/null; exit 7"])
def test_a_second_reader_that_fails_is_as_if_it_were_not_there(script: str, tmp_path, monkeypatch):
    _stand_in(tmp_path, monkeypatch, script)
    reading = read_image(_half_hidden_page(), today=date(2026, 11, 23))
    assert reading.second_opinion is SecondOpinion.ABSENT


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_a_second_reader_that_says_nothing_is_told_as_silent(tmp_path, monkeypatch):
    _stand_in(tmp_path, monkeypatch, "exit 0")
    assert read_image(_half_hidden_page(), today=date(2026, 11, 23)).second_opinion is SecondOpinion.SILENT


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_an_unsure_reading_asks_the_second_reader():
    reading = read_image(_half_hidden_page(), today=date(2026, 11, 23))
    assert reading.second_opinion in (SecondOpinion.AGREED, SecondOpinion.DIFFERED, SecondOpinion.SILENT)
    assert not reading.zone.valid
