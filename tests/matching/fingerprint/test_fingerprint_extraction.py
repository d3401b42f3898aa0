"""Templates of pictures, and pictures that are refused with a reason."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.matching.fingerprint.extraction import Extraction, extract, extract_from_file
from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.finger_pictures import decode_finger, png_with_dpi
from inspection_station.matching.fingerprint.matcher import compare
from inspection_station.training.personas.face_live import LiveFace
from inspection_station.training.personas.good_faces import good_faces

Grey = npt.NDArray[np.uint8]


def refusal_of(grey: Grey, dpi: int = 500) -> FingerprintFault:
    with pytest.raises(UnusableFingerprint) as refused:
        extract(grey, dpi)
    assert refused.value.next_action
    return refused.value.code


def test_a_finger_has_minutiae_with_type_direction_and_quality(extractions: dict[tuple[int, int], Extraction]) -> None:
    for one in extractions.values():
        found = one.template.minutiae
        assert 12 <= len(found) <= 120
        assert set(found.kind) <= {1, 2}
        assert found.quality.min() >= 1
        assert found.quality.max() <= 100
        assert one.template.quality == one.quality.score
        assert "not NFIQ 2" in one.quality.method


def test_a_template_is_the_same_every_time(captures: dict[tuple[int, int], Grey]) -> None:
    one, other = extract(captures[4, 0]).template, extract(captures[4, 0]).template
    assert np.array_equal(one.minutiae.x, other.minutiae.x)
    assert np.array_equal(one.bits, other.bits)


def test_the_stated_resolution_is_obeyed(captures: dict[tuple[int, int], Grey]) -> None:
    larger = cv2.resize(captures[3, 0], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    at_1000 = extract_from_file(png_with_dpi(np.asarray(larger, np.uint8), 1000))
    told = extract_from_file(png_with_dpi(np.asarray(larger, np.uint8), 96), dpi=1000)
    assert decode_finger(png_with_dpi(captures[3, 0], 96)).dpi is None
    reference = extract(captures[3, 1]).template
    assert compare(at_1000.template, reference).match
    assert compare(told.template, reference).match


def test_a_photograph_is_refused() -> None:
    frame = LiveFace(good_faces()[0].seed, frame_seed=3).frame(0)
    grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
    assert refusal_of(grey) in {FingerprintFault.NOT_A_FINGERPRINT, FingerprintFault.SEVERAL_FINGERS}


@pytest.mark.parametrize("level", [0, 128, 230, 255])
def test_an_empty_platen_is_refused(level: int) -> None:
    clean = np.full((400, 320), level, np.uint8)
    assert refusal_of(clean) is FingerprintFault.NO_FINGER
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, 3, clean.shape), 0, 255).astype(np.uint8)
    assert refusal_of(noisy) in {FingerprintFault.NO_FINGER, FingerprintFault.NOT_A_FINGERPRINT}


def test_a_capture_of_100_by_100_is_too_small(captures: dict[tuple[int, int], Grey]) -> None:
    assert refusal_of(np.ascontiguousarray(captures[3, 0][150:250, 110:210])) is FingerprintFault.TOO_SMALL


def test_a_corner_of_a_finger_is_too_little(captures: dict[tuple[int, int], Grey]) -> None:
    corner = np.full((400, 320), 226, np.uint8)
    corner[150:200, 120:170] = captures[3, 0][165:215, 125:175]
    assert refusal_of(corner) is FingerprintFault.TOO_LITTLE


def test_two_fingers_are_refused(captures: dict[tuple[int, int], Grey]) -> None:
    gap = np.full((400, 40), 226, np.uint8)
    assert refusal_of(np.hstack([captures[3, 0], gap, captures[4, 0]])) is FingerprintFault.SEVERAL_FINGERS


@pytest.mark.parametrize("shape", [(10_000, 300), (300, 10_000), (10_000, 10_000), (2_000, 2_000)])
def test_a_picture_of_thousands_of_pixels_is_too_large(shape: tuple[int, int]) -> None:
    assert refusal_of(np.zeros(shape, np.uint8)) is FingerprintFault.TOO_LARGE


def test_a_large_file_is_refused_before_it_is_decoded() -> None:
    huge = png_with_dpi(np.zeros((10_000, 10_000), np.uint8), 500)
    with pytest.raises(UnusableFingerprint) as refused:
        extract_from_file(huge)
    assert refused.value.code is FingerprintFault.TOO_LARGE


@pytest.mark.parametrize("dpi", [-1, 0, 72, 5000])
def test_a_resolution_of_no_reader_is_refused(dpi: int, captures: dict[tuple[int, int], Grey]) -> None:
    assert refusal_of(captures[3, 0], dpi) is FingerprintFault.BAD_RESOLUTION


def test_two_fingers_that_touch_are_refused(captures: dict[tuple[int, int], Grey]) -> None:
    one, other = captures[3, 0][:, 40:-40], captures[4, 0][:, 40:-40]
    assert refusal_of(np.hstack([one, other])) is FingerprintFault.SEVERAL_FINGERS


def test_one_finger_above_another_is_refused(captures: dict[tuple[int, int], Grey]) -> None:
    one, other = captures[3, 0], captures[4, 0]
    gap = np.full((40, one.shape[1]), 226, np.uint8)
    assert refusal_of(np.vstack([one, other])) is FingerprintFault.SEVERAL_FINGERS
    assert refusal_of(np.vstack([one, gap, other])) is FingerprintFault.SEVERAL_FINGERS


@pytest.mark.parametrize("winding", [20, 40, 70])
def test_grain_of_wood_over_the_whole_picture_is_refused(winding: int) -> None:
    x = np.arange(420.0)[None]
    bend = cv2.GaussianBlur(np.random.default_rng(winding).standard_normal((420, 420)), (0, 0), winding)
    grain = 128 + 100 * np.sin(2 * np.pi * (x + 30 * bend / bend.std()) / 10)
    assert refusal_of(grain.astype(np.uint8)) is FingerprintFault.NOT_A_FINGERPRINT


@pytest.mark.parametrize("turn", [0.0, 0.6, 1.5])
def test_parallel_lines_are_refused(turn: float) -> None:
    y, x = np.mgrid[0:400, 0:360]
    wave = 127 + 100 * np.sin((x * np.cos(turn) + y * np.sin(turn)) * 2 * np.pi / 9)
    assert refusal_of(wave.astype(np.uint8)) is FingerprintFault.NOT_A_FINGERPRINT


def test_cloth_woven_as_finely_as_ridges_is_refused() -> None:
    y, x = np.mgrid[0:400, 0:360]
    threads = 127 + 60 * np.sin(x * 2 * np.pi / 9) + 60 * np.sin(y * 2 * np.pi / 9)
    threads += np.random.default_rng(5).normal(0, 10, threads.shape)
    assert refusal_of(np.clip(threads, 0, 255).astype(np.uint8)) is FingerprintFault.NOT_A_FINGERPRINT


@pytest.mark.parametrize("period", [7, 9, 12])
def test_noise_as_fine_as_ridges_is_refused(period: int) -> None:
    noise = np.fft.fft2(np.random.default_rng(period).standard_normal((400, 360)))
    radius = np.hypot(np.fft.fftfreq(400)[:, None], np.fft.fftfreq(360)[None, :])
    ring = np.exp(-0.5 * (np.log(np.maximum(radius, 1e-4) * period) / 0.25) ** 2)
    spots = np.fft.ifft2(noise * ring).real
    grey = np.clip(128 + 60 * spots / spots.std(), 0, 255).astype(np.uint8)
    assert refusal_of(grey) is FingerprintFault.NOT_A_FINGERPRINT


def test_a_dry_finger_whose_ridges_are_torn_into_dots_is_recognised(captures: dict[tuple[int, int], Grey]) -> None:
    rng = np.random.default_rng(8)
    for seed in (3, 4, 11):
        spots = cv2.GaussianBlur(rng.standard_normal(captures[seed, 0].shape).astype(np.float32), (0, 0), 1.3)
        torn = np.where(spots > 0.5 * spots.std(), np.uint8(226), captures[seed, 0])
        dry = extract(np.asarray(cv2.GaussianBlur(torn, (0, 0), 0.7), np.uint8))
        assert 7 < dry.quality.measures["ridge_period"] < 12
        assert compare(dry.template, extract(captures[seed, 1]).template).match


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_deep_picture_is_read_whichever_bits_the_reader_used(
    bits: int, captures: dict[tuple[int, int], Grey]
) -> None:
    deep = np.round(captures[3, 0].astype(np.float64) * ((2**bits - 1) / 255)).astype(np.uint16)
    encoded, data = cv2.imencode(".png", deep)
    assert encoded
    assert np.abs(decode_finger(data.tobytes()).grey.astype(int) - captures[3, 0].astype(int)).max() <= 12


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 420),
    width=st.integers(1, 420),
    blur=st.sampled_from([0.0, 1.0, 2.5, 6.0]),
    contrast=st.sampled_from([1, 20, 255]),
)
def test_any_picture_is_extracted_or_refused(seed: int, height: int, width: int, blur: float, contrast: int) -> None:
    rough = np.random.default_rng(seed).integers(0, contrast + 1, (height, width)).astype(np.uint8)
    grey = np.asarray(cv2.GaussianBlur(rough, (0, 0), blur), np.uint8) if blur else rough
    with suppress(UnusableFingerprint):
        assert len(extract(grey).template.minutiae) >= 3


@settings(max_examples=150, deadline=None)
@given(
    noise=st.binary(max_size=300),
    magic=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"II*\0", b"BM", b"P5\n", b"FIR\0"]),
)
def test_any_bytes_are_decoded_or_refused(noise: bytes, magic: bytes) -> None:
    with pytest.raises(UnusableFingerprint):
        extract_from_file(magic + noise)


def test_small_sensors_and_real_platens_do_not_crash(real_fingers: Path) -> None:
    for path in sorted((real_fingers / "libfprint").glob("*.png")):
        with suppress(UnusableFingerprint):
            assert len(extract_from_file(path.read_bytes()).template.minutiae) >= 3
