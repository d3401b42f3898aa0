"""Fingers out of a folder: decoded in grey with their resolution, taken once, removed; rubbish refused by name."""

import io

import numpy as np
import pytest
from fakes.unhurried import meanwhile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inspection_station.hardware.conformance import Outcome, run_conformance
from inspection_station.hardware.drivers.finger_file import decoded_finger
from inspection_station.hardware.drivers.finger_rehearsal import drawn_finger
from inspection_station.hardware.drivers.folder_fingerprint import FolderFingerprintReader, factory
from inspection_station.hardware.errors import DeviceGarbage
from inspection_station.hardware.ports import DriverSettings

FINGER = drawn_finger()


def encoded(kind: str, picture=FINGER, **more) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "stated"), [("PNG", 1000), ("BMP", 500), ("TIFF", 512), ("PNG", None)])
def test_a_lossless_file_comes_out_as_it_was_with_its_resolution(kind, stated):
    more = {} if stated is None else {"dpi": (stated, stated)}
    finger = decoded_finger(encoded(kind, **more), 500)
    assert np.array_equal(finger.image, FINGER)
    assert finger.dpi == (stated or 500)


def test_the_resolution_of_a_screen_is_not_believed():
    assert decoded_finger(encoded("PNG", dpi=(72, 72)), 512).dpi == 512


def test_a_coloured_picture_becomes_grey():
    assert decoded_finger(encoded("PNG", np.dstack([FINGER] * 3)), 500).image.ndim == 2


def test_a_wavelet_file_is_decoded():
    wsq = pytest.importorskip("wsq")
    assert wsq is not None
    picture = Image.fromarray(FINGER)
    out = io.BytesIO()
    picture.save(out, "WSQ")
    finger = decoded_finger(out.getvalue(), 500)
    assert finger.image.shape == FINGER.shape
    assert np.abs(finger.image.astype(int) - FINGER).mean() < 8


@pytest.mark.parametrize(
    "content",
    [b"", b"ERIKSSON", encoded("PNG")[:200], b"\xff\xa0\xff", b"BM" + bytes(60), encoded("GIF")],
    ids=["empty", "text", "torn", "wavelet stump", "empty bitmap", "another format"],
)
def test_what_is_no_finger_picture_is_garbage(content):
    with pytest.raises(DeviceGarbage) as refusal:
        decoded_finger(content, 500)
    assert "ERIKSSON" not in str(refusal.value)


def test_a_picture_far_larger_than_a_hand_is_garbage_before_it_is_decoded():
    with pytest.raises(DeviceGarbage, match="10000 x 10"):
        decoded_finger(encoded("PNG", np.zeros((10, 10_000), np.uint8)), 500)


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["PNG", "BMP", "TIFF", "JPEG"]), st.integers(0, 10**6))
def test_a_damaged_file_is_a_picture_or_garbage(noise, kind, at):
    whole = encoded(kind, FINGER[:40, :40].copy())
    at %= len(whole)
    try:
        finger = decoded_finger(whole[:at] + noise + whole[at + len(noise) :], 500)
    except DeviceGarbage:
        return
    assert finger.image.ndim == 2
    assert finger.image.dtype == np.uint8


def test_a_file_saved_while_waiting_is_taken_once_and_removed(tmp_path):
    (tmp_path / "earlier.png").write_bytes(encoded("PNG"))
    reader = FolderFingerprintReader(DriverSettings({"folder": str(tmp_path), "settle_seconds": 0.05}))
    reader.open()
    taken = reader.capture(meanwhile((tmp_path / "now.bmp").write_bytes, encoded("BMP", 255 - FINGER)))
    assert np.array_equal(taken.image, 255 - FINGER)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("settings", [{}, {"folder": "x", "dpi": 72}, {"folder": "x", "page": True}])
def test_settings_that_are_wrong_are_refused_by_the_drivers_name(settings):
    with pytest.raises(ValueError, match="folder-fingerprint"):
        factory(DriverSettings(settings))


def test_the_driver_keeps_every_rule_of_its_port():
    with factory.rehearsal() as (device, script):
        results = run_conformance(device, script)
    assert [f"{r.check}: {r.detail}" for r in results if r.outcome is Outcome.FAILED] == []
