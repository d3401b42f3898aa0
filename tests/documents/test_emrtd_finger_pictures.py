"""Fingers of DG3 as grey arrays: every kind of picture, and pictures that are meant to do harm."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import numpy as np
import pytest
from fakes.chip_material import outside_data
from fakes.finger_material import HEIGHT, WIDTH, fingers, packed, ridges

from inspection_station.documents.emrtd import finger_picture_child, tlv
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.finger_images import Compression, FingerImage, finger_images
from inspection_station.documents.emrtd.finger_pictures import finger_pictures
from inspection_station.training.virtual_chip.finger_record import FingerEntry, data_group_3

KINDS = [
    ("WSQ", Compression.WSQ, 12),
    ("JPEG", Compression.JPEG, 8),
    ("JPEG2000", Compression.JPEG_2000, 0),
    ("PNG", Compression.PNG, 0),
]


def group(image: bytes, kind: Compression, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    return data_group_3([FingerEntry(1, width, height, image, kind)])


@pytest.mark.parametrize(("name", "kind", "difference"), KINDS, ids=[name for name, _, _ in KINDS])
def test_every_kind_of_picture_becomes_grey(name: str, kind: Compression, difference: float) -> None:
    (found,) = finger_pictures(finger_images(group(packed(name), kind)))
    assert (found.pixels.shape, found.pixels.dtype) == ((HEIGHT, WIDTH), np.uint8)
    assert (found.position, found.pixels_per_inch, found.quality) == (1, 500, 80)
    assert np.abs(found.pixels.astype(int) - ridges()).mean() <= difference
    assert "pixels=" not in repr(found)


def test_a_raw_picture_needs_no_decoder() -> None:
    images = finger_images(group(ridges().tobytes(), Compression.RAW))
    (found,) = finger_pictures(images)
    assert np.array_equal(found.pixels, ridges())
    with pytest.raises(MalformedChipData, match="a byte a pixel"):
        finger_pictures([replace(images[0], depth=4)])


def test_several_fingers_keep_their_order() -> None:
    found = finger_pictures(finger_images(fingers()))
    assert [finger.position for finger in found] == [2, 7]
    assert not np.array_equal(found[0].pixels, found[1].pixels)


def test_an_empty_group_has_no_pictures() -> None:
    assert finger_pictures(finger_images(data_group_3([]))) == ()


def test_resolution_is_told_per_inch_whatever_its_unit() -> None:
    (image,) = finger_images(group(ridges().tobytes(), Compression.RAW))
    assert replace(image, per_inch=False, resolution=197).pixels_per_inch == pytest.approx(500, abs=1)


def one(kind: Compression, image: bytes, width: int = 0, height: int = 0) -> FingerImage:
    return FingerImage(1, 0, 0, width, height, 500, True, 8, kind, image)


BOMB = b"\xff\xa0\xff\xa2\x00\x11\x00\xff" + (4000).to_bytes(2, "big") * 2


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (one(Compression.WSQ, BOMB), "4000 x 4000"),
        (one(Compression.WSQ, b"\xff\xa0\xff\xa2\x00\x11\x00\xff\x00\x00\x00\x01"), "1 x 0"),
        (one(Compression.WSQ, b"\xff\xa0\xff\xa2\x00\x11"), "without its frame"),
        (one(Compression.WSQ, b"\xff\xa0\xff\xa4\x00\x02\xff"), "without its frame"),
        (one(Compression.PNG, b"\x89PNG\r\n\x1a\n"), "without its header"),
        (one(Compression.PGM, b"P5 1 1 65535 \0\0"), "without its header"),
        (one(Compression.PGM, b"P5 x 1 255 \0"), "without its header"),
        (one(Compression.PGM, b"P5 9999 9 255 \0"), "9999 x 9"),
        (one(Compression.JPEG, b"\xff\xd8\xff\xd9"), "JPEG"),
        (one(Compression.PACKED, b"\0"), "packed in bits"),
        (one(Compression.PGM, b"P5 4 4 255 \0"), "cannot be decoded"),
    ],
)
def test_a_picture_that_would_do_harm_is_refused(image: FingerImage, reason: str) -> None:
    with pytest.raises(MalformedChipData, match=reason):
        finger_pictures([image])


def test_a_picture_of_another_size_than_its_record_says_is_refused() -> None:
    with pytest.raises(MalformedChipData, match="another size"):
        finger_pictures(finger_images(group(packed("WSQ"), Compression.WSQ, WIDTH + 1)))


def test_altered_pictures_are_decoded_or_refused_and_nothing_crashes() -> None:
    """The WSQ library has been seen to end the whole process over such a picture."""
    whole = packed("WSQ")
    refused = 0
    for seed in range(12):
        noise = np.random.default_rng(seed)
        altered = bytearray(whole)
        for place in noise.integers(20, len(altered), 8):
            altered[place] ^= int(noise.integers(1, 256))
        try:
            (found,) = finger_pictures([one(Compression.WSQ, bytes(altered))])
        except MalformedChipData:
            refused += 1
        else:
            assert found.pixels.shape == (HEIGHT, WIDTH)
    assert refused


def test_a_decoder_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(MalformedChipData, match="too long"):
        finger_pictures([one(Compression.PNG, packed("PNG"))], patience=0.001)


def test_the_child_serves_picture_after_picture_with_its_memory_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [packed("PNG"), packed("PNG", ridges(1))]
    told = io.BytesIO()
    finger_picture_child.serve(io.BytesIO(b"".join(len(p).to_bytes(4, "big") + p for p in pictures)), told)
    assert told.getvalue() == ridges().tobytes() + ridges(1).tobytes()
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    finger_picture_child.limit_memory()


def tagged(image: bytes, kind: bytes = b"\xa2\x03\x80\x01\x00", rate: bytes | None = None) -> bytes:
    rate = tlv.encode(0xA7, b"\x80\x02\x01\xf4\x81\x01\x00") if rate is None else rate
    return b"\xa0\x03\x80\x01\x06\xa1\x03\x80\x01\x00" + kind + tlv.encode(0x83, image) + rate


def tagged_group(representations: bytes) -> bytes:
    record = tlv.encode(0x64, b"\xa0\x06\x80\x01\x03\x81\x01\x00", tlv.encode(0xA1, representations))
    template = tlv.encode(0x7F60, tlv.encode(0xA1), tlv.encode(0x7F2E, record))
    return tlv.encode(0x63, tlv.encode(0x7F61, b"\x02\x01\x01", template))


def pgm() -> bytes:
    return b"P5 %d %d 255\n" % (WIDTH, HEIGHT) + ridges().tobytes()


@pytest.mark.parametrize("row", [False, True])
def test_a_record_after_iso_39794_4_is_read(row: bool) -> None:
    view = tagged(pgm())
    (found,) = finger_pictures(finger_images(tagged_group(tlv.encode(0x30, view) * 1 if row else view)))
    assert np.array_equal(found.pixels, ridges())
    assert (found.position, found.pixels_per_inch) == (6, 500)


def test_a_code_may_stand_in_an_extension_and_the_rate_may_be_left_out() -> None:
    (found,) = finger_images(tagged_group(tagged(pgm(), b"\xa2\x05\xa1\x03\x80\x01\x00", b"")))
    assert (found.compression, found.resolution) == (Compression.PGM, 0)


@pytest.mark.parametrize(
    "view",
    [
        tagged(pgm(), b""),
        tagged(pgm(), b"\xa2\x03\x80\x01\x09"),
        tagged(pgm(), b"\xa2\x03\x80\x01\x01"),
        tagged(pgm(), b"\xa2\x00"),
        tagged(pgm(), b"\xa2\x04\x80\x02\x00\x00"),
        b"",
    ],
)
def test_a_record_after_iso_39794_4_that_breaks_its_form_is_refused(view: bytes) -> None:
    with pytest.raises(MalformedChipData):
        finger_images(tagged_group(view))


def test_the_specimen_of_2008_gives_two_fingers_at_500_pixels_an_inch() -> None:
    content = outside_data("bsi2008", "Datagroup3.bin").read_bytes()
    found = finger_pictures(finger_images(content))
    assert [(f.position, f.pixels.shape, f.pixels_per_inch) for f in found] == [
        (2, (620, 620), 500),
        (7, (620, 620), 500),
    ]
    assert all(100 < f.pixels.mean() < 240 for f in found)
