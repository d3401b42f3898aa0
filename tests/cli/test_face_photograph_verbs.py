"""History photographs and photographs of a group, from folders to a sealed pack."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from inspection_station.cli import main
from inspection_station.matching.face_installation import pack_key
from inspection_station.matching.portrait_pack import document_key, history_file, open_portraits


def picture(tone: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 80), (tone, tone, tone)).save(out, "JPEG")
    return out.getvalue()


def test_history_photographs_are_sealed_by_document_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, tone in (("L898902C3", 90), ("x12 7", 120)):
        (tmp_path / "people" / number).mkdir(parents=True)
        (tmp_path / "people" / number / "1.jpg").write_bytes(picture(tone))
    faces, key = tmp_path / "faces", tmp_path / "key"
    words = ["faces", "build-history", str(tmp_path / "people"), "--faces", str(faces), "--key", str(key), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["photographs"] == 2
    pack = open_portraits(history_file(faces), pack_key(key)[0], name="history", now=datetime.now(UTC))
    assert pack.picture(document_key("X127")) == picture(120)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["faces", "build-history", str(tmp_path / "nobody"), "--faces", str(tmp_path), "--key", str(tmp_path / "k")]
    assert main([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"]
