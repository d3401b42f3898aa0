"""Drawings are kept in the cache: found again whole or drawn anew, and never in anybody's way."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.training.devices.drawing import FilmOrder, FingerOrder, draw, film, lay_down
from inspection_station.training.devices.kept_drawings import PLACE, kept
from inspection_station.training.personas.traveller import traveller

TODAY = date(2026, 11, 23)
PARTS = (b"a page", b"", bytes(range(256)))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(PLACE, str(tmp_path / "drawings"))
    return tmp_path / "drawings"


def never() -> list[bytes]:
    raise AssertionError("drawn a second time")


def giving(*parts: bytes) -> Callable[[], list[bytes]]:
    return lambda: list(parts)


def test_what_was_drawn_once_is_not_drawn_again(folder: Path) -> None:
    assert kept("page", (1, "x"), giving(*PARTS)) == PARTS
    assert kept("page", (1, "x"), never) == PARTS


def test_another_order_is_another_drawing(folder: Path) -> None:
    kept("page", 1, giving(b"one"))
    assert kept("page", 2, giving(b"two")) == (b"two",)
    assert kept("film", 1, giving(b"three")) == (b"three",)


@pytest.mark.parametrize("harm", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: data[:-1] + b"!"])
def test_a_torn_drawing_is_drawn_anew_and_kept_whole(folder: Path, harm: Callable[[bytes], bytes]) -> None:
    kept("page", 1, giving(*PARTS))
    (path,) = folder.iterdir()
    path.write_bytes(harm(path.read_bytes()))
    assert kept("page", 1, giving(*PARTS)) == PARTS
    assert kept("page", 1, never) == PARTS


def test_a_changed_byte_of_a_drawing_is_noticed(folder: Path) -> None:
    kept("page", 1, giving(b"a" * 1000))
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes().replace(b"aaaa", b"abaa", 1))
    assert kept("page", 1, giving(b"a" * 1000)) == (b"a" * 1000,)


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(PLACE, str(tmp_path / "file" / "drawings"))
    assert kept("page", 1, giving(*PARTS)) == PARTS
    assert kept("page", 1, giving(*PARTS)) == PARTS


def test_the_longest_unused_make_room(folder: Path) -> None:
    for number in range(4):
        kept("page", number, giving(bytes(1000)))
    for age, path in enumerate(sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)):
        os.utime(path, (time.time() - 100 + age,) * 2)
    kept("page", 0, never)  # now the newest used
    kept("page", 4, giving(bytes(1000)), room=3 * 1400)
    assert kept("page", 0, never) == (bytes(1000),)
    assert kept("page", 4, never) == (bytes(1000),)
    with pytest.raises(AssertionError, match="second time"):
        kept("page", 1, never)


def test_where_nothing_is_to_be_kept_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, "none")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kept("page", 1, giving(*PARTS)) == PARTS
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_traveller_and_fingers_from_the_cache_are_those_that_were_drawn(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone, fingers = traveller(7, today=TODAY), FingerOrder(7, FingerPosition.LEFT_INDEX, 0, 2)
    first, again = (draw(someone, TODAY) for _ in range(2))
    filmed, filmed_again = (film(FilmOrder(someone)) for _ in range(2))
    laid, laid_again = (lay_down(fingers) for _ in range(2))
    assert len(list(folder.iterdir())) == 4
    monkeypatch.setenv(PLACE, "none")
    anew = draw(someone, TODAY)
    assert first.page == again.page == anew.page
    assert filmed == filmed_again == film(FilmOrder(someone))
    assert first.passport.files["DG2"] == again.passport.files["DG2"] == anew.passport.files["DG2"]
    for one, other, drawn in zip(laid, laid_again, lay_down(fingers), strict=True):
        assert np.array_equal(one.image, other.image)
        assert np.array_equal(one.image, drawn.image)
