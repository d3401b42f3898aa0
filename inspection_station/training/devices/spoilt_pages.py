"""What goes wrong on the glass of a document reader: pages that are blank, covered, doubled, cut short, or no picture.

Pages come and go as encoded pictures (JPEG). What a swipe slot garbles is text.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import cv2
import numpy as np

from inspection_station.hardware.errors import DeviceGarbage
from inspection_station.hardware.ports import Image
from inspection_station.training.faults import Fault

_SKIN: Final = (120, 150, 205)  # BGR: a thumb
_PAPER: Final = 226
_HUGE: Final = (20_000, 10_000)
"""Width and height of a picture of 200 megapixels, which fits into a few kilobytes of PNG."""


def with_torn_zone(page: bytes) -> bytes:
    """The page with the right half of its zone covered, as by a thumb."""
    picture = _opened(page)
    height, width = picture.shape[:2]
    cv2.ellipse(picture, (width, round(height * 0.88)), (width // 2, height // 6), 0, 0, 360, _SKIN, -1)
    return _packed(picture)


def with_covered_zone(page: bytes) -> bytes:
    """The page with its whole zone under a strip of paper."""
    picture = _opened(page)
    height, width = picture.shape[:2]
    cv2.rectangle(picture, (0, round(height * 0.74)), (width, height), (_PAPER, _PAPER, _PAPER), -1)
    return _packed(picture)


def blank_page(page: bytes) -> bytes:
    """An empty visa page of the same size."""
    picture = np.full_like(_opened(page), _PAPER)
    fall = np.linspace(0, 18, picture.shape[0]).astype(np.uint8)
    return _packed(np.asarray(picture - fall[:, None, None], np.uint8))


def two_passports(page: bytes) -> bytes:
    """Two documents on the glass, one below the other and upside down."""
    picture = _opened(page)
    return _packed(np.vstack([picture, picture[::-1, ::-1]]))


def cut_short(page: bytes) -> bytes:
    """The first third of the file, as when the cable is pulled while it is sent."""
    return page[: len(page) // 3]


@cache
def huge_picture() -> bytes:
    """A picture of 200 megapixels that is small as a file: PNG, one bit a pixel (PNG specification §11.2)."""
    width, height = _HUGE
    row = b"\0" + b"\xff" * (width // 8)
    coder = zlib.compressobj(9)
    packed = b"".join([*(coder.compress(row * 100) for _ in range(height // 100)), coder.flush()])
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


SPOILING: Final[Mapping[Fault, Callable[[bytes], bytes]]] = {
    Fault.TORN_MRZ: with_torn_zone,
    Fault.COVERED_ZONE: with_covered_zone,
    Fault.BLANK_PAGE: blank_page,
    Fault.TWO_PASSPORTS: two_passports,
    Fault.TRUNCATED_PICTURE: cut_short,
    Fault.HUGE_PICTURE: lambda page: huge_picture(),
    Fault.EMPTY_PICTURE: lambda page: b"",
    Fault.NOT_A_PICTURE: lambda page: b"the reader's own message where a picture should be\n" * 40,
}
"""What each fault makes of a page."""


def wrong_length(lines: tuple[str, ...]) -> str:
    """A zone whose last line lacks three characters."""
    return "\n".join((*lines[:-1], lines[-1][:-3]))


def with_control_characters(lines: tuple[str, ...]) -> str:
    """A zone with what a bad cable puts in: NUL, escape, and half a line feed in the middle of a line."""
    middle = len(lines[-1]) // 2
    return "\n".join((*lines[:-1], lines[-1][:middle] + "\x00\x1b\x07" + lines[-1][middle:]))


SPOILT_SWIPES: Final[Mapping[Fault, Callable[[tuple[str, ...]], str]]] = {
    Fault.WRONG_LENGTH_ZONE: wrong_length,
    Fault.CONTROL_CHARACTERS: with_control_characters,
}
"""What each fault makes of a swipe."""


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _opened(page: bytes) -> Image:
    picture = cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise DeviceGarbage("the page cannot be decoded", code="DOC-01")
    return np.asarray(picture, np.uint8)


def _packed(picture: Image) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
