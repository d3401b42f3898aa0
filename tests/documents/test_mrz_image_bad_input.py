"""What is no readable picture is refused by kind, code and next action, and never crashes the reader."""

from __future__ import annotations

import struct
import zlib
from datetime import date
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inspection_station.documents.mrz_image.reader import Unreadable, UnreadableImage, read_image
from inspection_station.inspection.document import DocumentFormat
from inspection_station.training.mrz_specimens import specimen
from inspection_station.training.page_renderer import PageStyle, print_zone, render_page
from inspection_station.training.page_wear import Wear, wear_page

TODAY = date(2026, 11, 23)


def _refusal(data: bytes | np.ndarray) -> UnreadableImage:
    with pytest.raises(UnreadableImage) as caught:
        read_image(data, today=TODAY, ask_second=False)
    return caught.value


def _outcome(data: bytes) -> str:
    try:
        read_image(data, today=TODAY, ask_second=False)
    except UnreadableImage as refusal:
        return refusal.code
    return "read"


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def _page(seed: int) -> np.ndarray:
    document = specimen(DocumentFormat.TD3, np.random.default_rng(seed))
    return render_page(document.text, document.lines, seed=seed)


def _encoded(pixels: np.ndarray, kind: str = "JPEG", **how: object) -> bytes:
    sheet = BytesIO()
    Image.fromarray(pixels[:, :, ::-1]).save(sheet, kind, **how)
    return sheet.getvalue()


def test_an_empty_file_is_refused_as_empty():
    refusal = _refusal(b"")
    assert (refusal.reason, refusal.code, refusal.action) == (Unreadable.EMPTY, "DOC-05", "take-the-picture-again")


def test_text_is_refused_as_no_picture():
    assert _refusal(b"P<UTOERIKSSON<<ANNA<MARIA" * 40).reason is Unreadable.NOT_A_PICTURE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_picture_that_breaks_off_is_refused_as_truncated(kind: str):
    whole = _encoded(_page(1), kind)
    refusal = _refusal(whole[: len(whole) // 2])
    assert refusal.reason in (Unreadable.TRUNCATED, Unreadable.NOT_A_PICTURE)
    assert refusal.code == "DOC-05"


def test_two_hundred_megapixels_are_refused_before_they_are_decoded():
    refusal = _refusal(_png_header(20_000, 10_000))
    assert (refusal.reason, refusal.action) == (Unreadable.TOO_LARGE, "give-a-smaller-picture")


def test_a_picture_just_over_the_limit_is_refused_with_its_size():
    refusal = _refusal(_png_header(10_000, 7_000))
    assert refusal.reason is Unreadable.TOO_LARGE
    assert "10000 x 7000" in refusal.detail


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (41, 41), (640, 480)])
def test_a_blank_picture_holds_no_zone(size: tuple[int, int]):
    refusal = _refusal(np.full((*size, 3), 230, np.uint8))
    assert (refusal.reason, refusal.code, refusal.action) == (Unreadable.NO_ZONE, "DOC-01", "flatten-and-replace")


def test_noise_holds_no_zone():
    assert _refusal(np.random.default_rng(3).integers(0, 255, (900, 1400, 3), np.uint8)).reason is Unreadable.NO_ZONE


def test_a_page_whose_zone_is_covered_holds_no_zone():
    page = _page(4)
    page[int(page.shape[0] * 0.75) :] = 200
    assert _refusal(page).reason is Unreadable.NO_ZONE


def test_two_passports_in_one_frame_are_refused_and_one_is_asked_for():
    frame = np.vstack([wear_page(_page(seed), Wear(pixels_wide=1400), seed=seed) for seed in (5, 6)])
    refusal = _refusal(frame)
    assert (refusal.reason, refusal.code, refusal.action) == (Unreadable.TWO_DOCUMENTS, "DOC-04", "show-one-document")


def test_two_passports_side_by_side_are_refused_too():
    frame = np.hstack([wear_page(_page(seed), Wear(pixels_wide=1200), seed=3)[:780] for seed in (7, 8)])
    assert _refusal(frame).reason is Unreadable.TWO_DOCUMENTS


@pytest.mark.parametrize(("scale", "degrees"), [(0.6, 0.0), (0.55, 7.0), (0.8, -5.0)])
def test_a_second_passport_that_is_smaller_or_lies_askew_is_seen(scale: float, degrees: float):
    near = _page(21)
    far = wear_page(
        _page(22), Wear(skew_degrees=degrees, margin=0.02, pixels_wide=round(scale * near.shape[1])), seed=1
    )
    table = np.full((near.shape[0] + far.shape[0] + 60, near.shape[1] + 40, 3), 90, np.uint8)
    table[20 : 20 + near.shape[0], 20 : 20 + near.shape[1]] = near
    table[near.shape[0] + 40 : near.shape[0] + 40 + far.shape[0], 30 : 30 + far.shape[1]] = far
    assert _refusal(table).code == "DOC-04"


@pytest.mark.parametrize("layout", list(DocumentFormat))
@pytest.mark.parametrize("end", ["before", "after"])
def test_lines_that_are_a_character_too_long_never_give_a_valid_zone(layout: DocumentFormat, end: str):
    document = specimen(layout, np.random.default_rng(5))
    lines = ["<" + line if end == "before" else line + "<" for line in document.lines]
    paper = np.full((500, 1700, 3), 235, np.uint8)
    print_zone(paper, lines, (90, 120), PageStyle(), np.random.default_rng(1))
    refusal = _refusal(paper)
    assert (refusal.reason, refusal.code) == (Unreadable.WRONG_LENGTH, "DOC-10")
    assert refusal.lengths == tuple(map(len, lines))


@pytest.mark.parametrize("layout", list(DocumentFormat))
@pytest.mark.parametrize("change", ["one too few", "one too many"])
def test_a_single_line_of_another_length_is_refused_with_the_lengths(layout: DocumentFormat, change: str):
    document = specimen(layout, np.random.default_rng(5))
    for row in range(len(document.lines)):
        lines = list(document.lines)
        lines[row] = lines[row][:-1] if change == "one too few" else lines[row] + "7"
        paper = np.full((500, 1700, 3), 235, np.uint8)
        print_zone(paper, lines, (90, 120), PageStyle(), np.random.default_rng(1))
        assert _refusal(paper).lengths == tuple(map(len, lines))


def test_a_passports_lines_cut_to_another_layouts_length_are_never_valid():
    lines = [line[:36] for line in specimen(DocumentFormat.TD3, np.random.default_rng(5)).lines]
    paper = np.full((500, 1700, 3), 235, np.uint8)
    print_zone(paper, lines, (90, 120), PageStyle(), np.random.default_rng(1))
    assert not read_image(paper, today=TODAY, ask_second=False).zone.valid


@pytest.mark.parametrize("column", [9, 19, 27, 42, 43])
def test_a_check_digit_that_is_not_printed_is_never_made_up(column: int):
    document = specimen(DocumentFormat.TD3, np.random.default_rng(5))
    second = document.lines[1][:column] + " " + document.lines[1][column + 1 :]
    paper = np.full((500, 1700, 3), 235, np.uint8)
    print_zone(paper, (document.lines[0], second), (90, 120), PageStyle(), np.random.default_rng(1))
    noisy = paper + np.random.default_rng(2).normal(0, 5, paper.shape)
    try:
        zone = read_image(noisy.clip(0, 255).astype(np.uint8), today=TODAY, ask_second=False).zone
    except UnreadableImage as refusal:
        assert refusal.code == "DOC-10"  # noqa: PT017 - either answer is right at a line's end
    else:
        assert (1, column) in {(doubt.line, doubt.column) for doubt in zone.doubts}


def _two_pages(seed: int, shift: tuple[int, int], degrees: float) -> np.ndarray:
    """A page that lies whole in the frame, and another, moved by ``shift`` from it and turned about its middle."""
    page = _page(seed)
    other = _page(seed + 50)
    height, width = page.shape[:2]
    frame = np.full((round(1.5 * height), round(1.5 * width), 3), 60, np.uint8)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turn[:, 2] += shift
    where = cv2.warpAffine(np.full((height, width), 255, np.uint8), turn, frame.shape[1::-1])
    seen = cv2.warpAffine(other, turn, frame.shape[1::-1])
    frame[where > 0] = seen[where > 0]
    frame[:height, :width] = page
    return wear_page(frame, Wear(margin=0.0, pixels_wide=2000, blur=0.6, noise=4, jpeg=85), seed=seed)


@pytest.mark.parametrize(
    ("shift", "degrees"),
    [((1500, 200), 0.0), ((1480, 120), 4.0), ((-250, 1045), 180.0), ((400, 1000), 90.0), ((-900, 600), 0.0)],
    ids=["its right half outside", "askew", "upside down", "across", "its left half outside"],
)
def test_a_second_passport_whose_zone_is_cut_off_is_seen(shift: tuple[int, int], degrees: float):
    refusal = _refusal(_two_pages(40, shift, degrees))
    assert (refusal.reason, refusal.code) == (Unreadable.TWO_DOCUMENTS, "DOC-04")


def test_a_name_printed_as_in_the_zone_is_no_second_zone():
    document = specimen(DocumentFormat.TD3, np.random.default_rng(41))
    page = render_page(document.text, document.lines, seed=41)
    print_zone(page, ["BAINGZANAITOKAIXVAIMP", "217118143XOM2093"], (560, 560), PageStyle(), np.random.default_rng(41))
    zone = read_image(wear_page(page, Wear(blur=0.5), seed=41), today=TODAY, ask_second=False).zone
    assert zone.lines == document.lines
    assert zone.valid


def test_text_that_runs_out_of_the_picture_is_no_second_zone():
    document = specimen(DocumentFormat.TD3, np.random.default_rng(42))
    page = render_page(document.text, document.lines, seed=42)
    facing = np.full((page.shape[0] // 2, *page.shape[1:]), 235, np.uint8)
    for row in range(40, facing.shape[0], 90):
        words = "THE BEARER IS UNDER THE PROTECTION OF THE STATE AND OF ITS CONSULS ABROAD"
        cv2.putText(facing, words, (-60, row), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (40, 40, 40), 2, cv2.LINE_AA)
    zone = read_image(np.vstack([facing, page]), today=TODAY, ask_second=False).zone
    assert zone.lines == document.lines
    assert zone.valid


def test_pixels_of_another_kind_are_refused():
    assert _refusal(np.zeros((10, 10, 7), np.uint8)).reason is Unreadable.NOT_A_PICTURE
    assert _refusal(np.zeros((0, 10, 3), np.uint8)).reason is Unreadable.EMPTY


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"GIF89a"]),
)
def test_no_bytes_crash_the_reader(body: bytes, start: bytes):
    assert _outcome(start + body) in ("read", "DOC-01", "DOC-04", "DOC-05", "DOC-10")


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 3000), st.integers(0, 255))
def test_a_damaged_byte_gives_a_zone_or_a_refusal(place: int, value: int):
    damaged = bytearray(_DAMAGED_PAGE)
    damaged[place % len(damaged)] = value
    assert _outcome(bytes(damaged)) in ("read", "DOC-01", "DOC-04", "DOC-05", "DOC-10")


_DAMAGED_PAGE = _encoded(wear_page(_page(9), Wear(pixels_wide=700), seed=9), "JPEG", quality=70)


@pytest.mark.parametrize(("tall", "wide"), [(1.0, 0.7), (0.89, 1.0)], ids=["right end", "second line"])
def test_a_zone_that_runs_out_of_the_picture_is_refused_rather_than_completed(tall: float, wide: float):
    page = _page(8)
    refusal = _refusal(page[: round(tall * page.shape[0]), : round(wide * page.shape[1])])
    assert refusal.reason in (Unreadable.CUT_OFF, Unreadable.ILLEGIBLE)
    assert refusal.code == "DOC-01"


def test_a_zone_with_a_line_covered_is_refused_rather_than_guessed():
    page = _page(8)
    page[round(0.8 * page.shape[0]) : round(0.88 * page.shape[0])] = 230
    assert _refusal(page).code == "DOC-01"
