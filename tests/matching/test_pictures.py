"""Pictures are refused with a code, or decoded; nothing else happens."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from inspection_station.matching.pictures import PictureFault, UnusablePicture, declared_size, decode_picture


def _drawing(width: int = 120, height: int = 80) -> Pillow.Image:
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    pixels = np.dstack((across * 2 % 256, down * 3 % 256, (across + down) % 256)).astype(np.uint8)
    return Pillow.fromarray(pixels)


def _encoded(picture: Pillow.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


FORMS = {
    "jpeg": _encoded(_drawing(), "JPEG"),
    "progressive jpeg": _encoded(_drawing(), "JPEG", progressive=True),
    "png": _encoded(_drawing(), "PNG"),
    "jp2": _encoded(_drawing(), "JPEG2000"),
    "codestream": _encoded(_drawing(), "JPEG2000", no_jp2=True),
}


def _code(data: bytes) -> PictureFault:
    with pytest.raises(UnusablePicture) as refused:
        decode_picture(data)
    return refused.value.code


@pytest.mark.parametrize("form", FORMS)
def test_every_accepted_form_is_decoded_to_blue_green_red(form: str) -> None:
    decoded = decode_picture(FORMS[form])
    expected = np.asarray(_drawing())[:, :, ::-1].astype(int)
    assert decoded.shape == (80, 120, 3)
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - expected).mean() < 12


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_a_picture_cut_short_is_called_truncated(form: str, share: float) -> None:
    assert _code(FORMS[form][: int(len(FORMS[form]) * share)]) is PictureFault.TRUNCATED


def test_no_bytes_are_called_empty() -> None:
    assert _code(b"") is PictureFault.EMPTY


def test_text_and_other_formats_are_not_pictures() -> None:
    assert _code(b"hello, this is no picture") is PictureFault.NOT_A_PICTURE
    assert _code(_encoded(_drawing(), "BMP")) is PictureFault.NOT_A_PICTURE
    assert _code(b"\x00" * 500) is PictureFault.NOT_A_PICTURE


def test_a_single_pixel_is_too_small() -> None:
    assert _code(_encoded(_drawing(1, 1), "PNG")) is PictureFault.TOO_SMALL


def _png_header(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def test_a_header_of_two_hundred_megapixels_is_refused_before_decoding() -> None:
    assert _code(_png_header(20_000, 10_000)) is PictureFault.TOO_LARGE
    jpeg = bytearray(FORMS["jpeg"])
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 14_200, 14_200)
    assert _code(bytes(jpeg)) is PictureFault.TOO_LARGE
    codestream = bytearray(FORMS["codestream"])
    codestream[8:16] = struct.pack(">II", 14_200, 14_200)
    assert _code(bytes(codestream)) is PictureFault.TOO_LARGE
    boxed = FORMS["jp2"][: FORMS["jp2"].index(b"jp2c") + 4] + bytes(codestream)
    assert _code(boxed) is PictureFault.TOO_LARGE


def test_exif_orientation_is_obeyed() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6  # a camera turned clockwise
    decoded = decode_picture(_encoded(_drawing(), "JPEG", exif=exif))
    assert decoded.shape == (120, 80, 3)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16"])
def test_grey_palette_transparent_and_deep_pictures_become_colour(mode: str) -> None:
    deep = Pillow.fromarray(np.full((80, 120), 257 * 128, np.uint16))
    source = deep if mode == "I;16" else _drawing().convert(mode)
    decoded = decode_picture(_encoded(source, "PNG"))
    assert decoded.shape == (80, 120, 3)
    if mode == "I;16":
        assert int(decoded[0, 0, 0]) == 128


def test_transparency_is_laid_on_white() -> None:
    clear = Pillow.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert (decode_picture(_encoded(clear, "PNG")) == 255).all()


def test_the_declared_size_is_read_without_decoding() -> None:
    assert {declared_size(data) for data in FORMS.values()} == {(120, 80)}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_a_refusal(data: bytes) -> None:
    with pytest.raises(UnusablePicture):
        decode_picture(data)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.integers(0, 100_000), st.integers(0, 255))
def test_a_damaged_byte_never_escapes_as_another_exception(form: str, place: int, value: int) -> None:
    data = bytearray(FORMS[form])
    data[place % len(data)] = value
    try:
        decoded = decode_picture(bytes(data), max_pixels=1_000_000)
    except UnusablePicture:
        return
    assert decoded.ndim == 3
