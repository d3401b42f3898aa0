"""Pictures: decoded beside the screen, refused when they are none, forgotten with the traveller."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest
from desk_props import FakeDesk, grey_picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from screen_events import settle_events, soon

from inspection_station.inspection.document import BlobRef
from inspection_station.ui.fonts import visible
from inspection_station.ui.pictures import PictureStore, PictureUnreadable, decode
from inspection_station.ui.power import read_level
from inspection_station.ui.presenters.top_bar import NoBattery


@pytest.mark.parametrize("form", ["JPEG", "PNG", "JPEG2000"])
def test_the_picture_forms_of_chips_and_cameras_are_shown(form: str) -> None:
    image = decode(grey_picture(form=form))
    assert (image.width(), image.height()) == (413, 531)


def test_a_large_picture_is_shown_no_larger_than_the_screen_needs() -> None:
    image = decode(grey_picture(size=(4000, 3000)))
    assert max(image.width(), image.height()) == 1600


def test_a_picture_that_claims_too_many_pixels_is_refused_before_it_is_opened() -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    with pytest.raises(PictureUnreadable):
        decode(out.getvalue())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400))
def test_bytes_that_are_no_picture_are_refused_and_never_crash(noise: bytes, cut: int) -> None:
    for content in (noise, grey_picture()[:cut] + noise):
        try:
            decode(content)
        except PictureUnreadable:
            continue


@pytest.mark.usefixtures("zone_family")
def test_decoding_happens_on_another_thread_and_the_screen_is_told() -> None:
    desk = FakeDesk()
    ref = desk.keep(grey_picture())
    threads: list[int] = []

    def fetch(wanted: BlobRef) -> bytes | None:
        threads.append(threading.get_ident())
        return desk.picture(wanted)

    store = PictureStore(fetch)
    told: list[bool] = []
    store.arrived.connect(lambda: told.append(True))
    assert store.get(ref) is None
    soon(lambda: told)
    assert store.get(ref) is not None
    assert threading.get_ident() not in threads
    store.forget()
    assert store.get(ref) is None
    store.close()


@pytest.mark.usefixtures("zone_family")
def test_an_unreadable_portrait_is_said_to_be_unreadable(caplog: pytest.LogCaptureFixture) -> None:
    desk = FakeDesk()
    ref = desk.keep(b"not a picture", "image/jp2")
    store = PictureStore(desk.picture)
    store.load_now(ref)
    settle_events()
    assert store.unreadable(ref)
    assert "not a picture" not in caplog.text
    store.close()


@pytest.mark.usefixtures("zone_family")
def test_a_character_without_a_glyph_is_shown_as_its_code_point() -> None:
    assert visible("ŁUKASZ 王 Ş ğ Ő") == "ŁUKASZ 王 Ş ğ Ő"
    assert visible("A\U000e0041") == "A[U+E0041]"


def test_without_a_battery_the_mains_are_told_and_another_system_is_not_known(tmp_path: Path) -> None:
    assert read_level(tmp_path / "nothing") is None
    assert read_level(tmp_path) == NoBattery.NOTHING_NAMED
    for name, parts in {
        "AC": {"type": "Mains", "online": "1"},
        "hidpp_battery_0": {"type": "Battery", "scope": "Device", "capacity": "5"},  # of a mouse
    }.items():
        (tmp_path / name).mkdir()
        for part, said in parts.items():
            (tmp_path / name / part).write_text(said + "\n")
    assert read_level(tmp_path) == NoBattery.ON_MAINS


def test_the_lowest_battery_counts(tmp_path: Path) -> None:
    folder = tmp_path
    for name, kind, level in (("BAT0", "Battery", "81"), ("BAT1", "Battery", "17"), ("AC", "Mains", "1")):
        (folder / name).mkdir()
        (folder / name / "type").write_text(kind + "\n")
        (folder / name / "capacity").write_text(level + "\n")
    (folder / "BAT2").mkdir()
    (folder / "BAT2" / "capacity").write_text("?")
    (folder / "BAT2" / "type").write_text("Battery")
    assert read_level(folder) == 17
