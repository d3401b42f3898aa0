"""A group from portraits: resumed, cancelled, sealed; who gave no template is named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest

from inspection_station.matching.face_folders import Cancelled
from inspection_station.matching.face_groups import built_in_groups
from inspection_station.matching.face_whitelist import GroupBuilder, Portrait
from inspection_station.matching.gallery import GroupRefused
from inspection_station.matching.gallery_pack import read_pack
from inspection_station.matching.ports import DetectedFace, FacePrompt, FaceQuality, FaceTemplate, Image

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = b"k" * 32
POLICY = built_in_groups()["voyage-whitelist"]


class PlayedMatcher:
    """A template from the picture's own bytes; a dark picture has no face. Stops the run where it is told to."""

    model_id = "played"

    def __init__(self) -> None:
        self.made = 0
        self.cancel_after = (10**9, Event())

    def load(self) -> None:
        return

    def assess_portrait(self, image: Image) -> tuple[DetectedFace | None, FaceQuality]:
        dark = float(image.mean()) < 20
        quality = FaceQuality(FacePrompt.NO_FACE if dark else FacePrompt.GOOD, 0.5, {}, ())
        return None if dark else DetectedFace((0, 0, 9, 9), np.zeros((5, 2), np.float32), 1.0), quality

    def template_of(self, image: Image, face: DetectedFace) -> FaceTemplate:
        self.made += 1
        if self.made >= self.cancel_after[0]:
            self.cancel_after[1].set()
        seed = int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:4], "big")
        vector = np.random.default_rng(seed).normal(size=128)
        return FaceTemplate((vector / np.linalg.norm(vector)).astype(np.float32), self.model_id)


def _picture(number: int) -> bytes:
    image = np.full((40, 40, 3), 40 + number % 200, np.uint8)
    image[: number // 200 + 1] = 255
    done, encoded = cv2.imencode(".png", image)
    assert done
    return encoded.tobytes()


def _portraits(count: int) -> list[Portrait]:
    return [Portrait(f"entry-{number}", _picture(number)) for number in range(count)]


def _builder(folder: Path, matcher: PlayedMatcher, pool: ThreadPoolExecutor | None = None) -> GroupBuilder:
    return GroupBuilder(matcher, POLICY, folder / "whitelist.faces", KEY, None, pool)  # type: ignore[arg-type]


def test_a_voyage_is_built_and_sealed_with_progress(tmp_path: Path) -> None:
    seen: list[tuple[int, int, int]] = []
    with ThreadPoolExecutor(2) as pool:
        built = _builder(tmp_path, PlayedMatcher(), pool).build(
            iter(_portraits(30)), 30, version=1, now=NOW, progress=lambda *step: seen.append(step)
        )
    assert (built.enrolled, built.resumed, built.failures) == (30, 0, ())
    assert seen[-1] == (30, 30, 0)
    pack = read_pack(tmp_path / "whitelist.faces", KEY, model_id="played", now=NOW, group="voyage-whitelist")
    assert [bytes(subject).decode() for subject in pack.subjects] == [f"entry-{n}" for n in range(30)]
    assert pack.header.expires_at - pack.header.made_at == POLICY.valid
    assert [path.name for path in tmp_path.iterdir()] == ["whitelist.faces"]


def test_who_gave_no_template_is_named_with_the_reason(tmp_path: Path) -> None:
    done, dark = cv2.imencode(".png", np.zeros((40, 40, 3), np.uint8))
    assert done
    wrong = [Portrait("dark", dark.tobytes()), Portrait("torn", _picture(1)[:50]), Portrait("none", b"")]
    built = _builder(tmp_path, PlayedMatcher()).build([*_portraits(3), *wrong], 6, version=1, now=NOW)
    assert built.enrolled == 3
    assert {(one.name, one.code) for one in built.failures} == {
        ("dark", "no-face"), ("torn", "truncated"), ("none", "empty"),
    }  # fmt: skip


def test_a_run_that_was_stopped_goes_on_where_it_stopped_and_leaves_nothing_readable(tmp_path: Path) -> None:
    matcher, cancel = PlayedMatcher(), Event()
    matcher.cancel_after = (20, cancel)
    with pytest.raises(Cancelled):
        _builder(tmp_path, matcher).build(_portraits(30), 30, version=1, now=NOW, cancel=cancel)
    (work,) = tmp_path.iterdir()
    assert b"entry-" not in work.read_bytes()
    again = PlayedMatcher()
    built = _builder(tmp_path, again).build(_portraits(30), 30, version=1, now=NOW)
    assert built.enrolled == 30
    assert built.resumed == 19
    assert again.made == 11
    assert [path.name for path in tmp_path.iterdir()] == ["whitelist.faces"]


def test_a_work_file_cut_off_in_a_record_loses_that_record_alone(tmp_path: Path) -> None:
    matcher, cancel = PlayedMatcher(), Event()
    matcher.cancel_after = (20, cancel)
    with pytest.raises(Cancelled):
        _builder(tmp_path, matcher).build(_portraits(30), 30, version=1, now=NOW, cancel=cancel)
    (work,) = tmp_path.iterdir()
    work.write_bytes(work.read_bytes()[:-100])
    assert _builder(tmp_path, PlayedMatcher()).build(_portraits(30), 30, version=1, now=NOW).resumed == 18


def test_a_work_file_of_another_key_or_of_rubbish_is_begun_anew(tmp_path: Path) -> None:
    work = tmp_path / ".whitelist.faces.work"
    for content in (b"rubbish", b"ISFWORK1" + bytes(300)):
        work.write_bytes(content)
        built = _builder(tmp_path, PlayedMatcher()).build(_portraits(3), 3, version=1, now=NOW)
        assert (built.enrolled, built.resumed) == (3, 0)


def test_a_changed_portrait_is_enrolled_anew(tmp_path: Path) -> None:
    def stops(portraits: list[Portrait]) -> Iterator[Portrait]:
        yield from portraits
        raise OSError("the reader was unplugged")

    with pytest.raises(OSError, match="unplugged"):
        _builder(tmp_path, PlayedMatcher()).build(stops(_portraits(5)), 6, version=1, now=NOW)
    changed = [replace(_portraits(1)[0], picture=_picture(150)), *_portraits(5)[1:]]
    assert _builder(tmp_path, PlayedMatcher()).build(changed, 5, version=1, now=NOW).resumed == 4


def test_too_many_portraits_and_nobody_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GroupRefused, match="allowed"):
        _builder(tmp_path, PlayedMatcher()).build([], POLICY.largest + 1, version=1, now=NOW)
    with pytest.raises(GroupRefused, match="no portrait"):
        _builder(tmp_path, PlayedMatcher()).build([], 0, version=1, now=NOW)
