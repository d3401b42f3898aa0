"""Finger pictures of DG3 as grey arrays (WSQ after IAFIS-IC-0110, JPEG, JPEG 2000, PNG, PGM, raw).

Size and kind are checked before anything is decoded. The decoders run in a child process: the WSQ library, which is
written in C, has been seen to crash on altered pictures, and the station must live on. Pictures go through pipes,
never through a file (Immigration Act article 91).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.finger_images import MAX_SIDE, Compression, FingerImage
from inspection_station.documents.emrtd.portrait_format import portrait_format

MAX_PIXELS: Final = 4_000_000
"""A finger at 1,000 pixels an inch has less than half of them."""
PATIENCE_SECONDS: Final = 20.0
_CHILD: Final = "inspection_station.documents.emrtd.finger_picture_child"
_STANDALONE: Final = (0xA0, 0xA1)


@dataclass(frozen=True, slots=True)
class FingerPicture:
    """One finger: ``pixels`` height x width, uint8, dark ridges on light ground as the chip holds it; ``position`` 0 to
    10; ``pixels_per_inch`` 0 where the record does not say. ``repr`` shows no picture.
    """

    position: int
    quality: int
    pixels: NDArray[np.uint8] = field(repr=False)
    pixels_per_inch: float


def finger_pictures(fingers: Sequence[FingerImage], *, patience: float = PATIENCE_SECONDS) -> tuple[FingerPicture, ...]:
    """Every finger decoded. MalformedChipData where a picture is larger than a finger, of another size than its record
    says, or where they cannot all be decoded within ``patience`` seconds.
    """
    sizes = [_checked_size(finger) for finger in fingers]
    packed = [n for n, finger in enumerate(fingers) if finger.compression is not Compression.RAW]
    expected = [sizes[n][0] * sizes[n][1] for n in packed]
    grey = {n: finger.image for n, finger in enumerate(fingers) if n not in packed}
    if packed:
        grey.update(zip(packed, _decoded([fingers[n].image for n in packed], expected, patience), strict=True))
    return tuple(
        FingerPicture(
            finger.position,
            finger.quality,
            np.frombuffer(grey[n], np.uint8).reshape(sizes[n][1], sizes[n][0]),
            finger.pixels_per_inch,
        )
        for n, finger in enumerate(fingers)
    )


def _checked_size(finger: FingerImage) -> tuple[int, int]:
    """Width and height, once they fit a finger and the record."""
    if finger.compression is Compression.PACKED:
        raise MalformedChipData("a finger packed in bits, which no passport may hold")
    raw = finger.compression is Compression.RAW
    width, height = (finger.width, finger.height) if raw else picture_size(finger.compression, finger.image)
    if finger.width and (finger.width, finger.height) != (width, height):
        raise MalformedChipData("a finger picture of another size than its record says")
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise MalformedChipData(f"a finger of {width} x {height} pixels")
    if raw and (finger.depth != 8 or len(finger.image) != width * height):
        raise MalformedChipData("a raw finger picture that is not a byte a pixel")
    return width, height


def picture_size(compression: Compression, image: bytes) -> tuple[int, int]:
    """Width and height from the picture's own header; nothing is decoded."""
    if compression is Compression.WSQ:
        return _wsq_size(image)
    if compression is Compression.PNG:
        if len(image) < 24 or image[12:16] != b"IHDR":
            raise MalformedChipData("a PNG picture without its header")
        return int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")
    if compression is Compression.PGM:
        return _pgm_size(image)
    found = portrait_format(image)
    return found.width, found.height


def _wsq_size(image: bytes) -> tuple[int, int]:
    """From the frame header (marker FFA2): two bytes of black and white, then height and width."""
    at = 0
    while at + 4 <= len(image) and image[at] == 0xFF:
        marker = image[at + 1]
        if marker == 0xA2:
            if at + 10 > len(image):
                break
            return int.from_bytes(image[at + 8 : at + 10], "big"), int.from_bytes(image[at + 6 : at + 8], "big")
        at += 2 if marker in _STANDALONE else 2 + int.from_bytes(image[at + 2 : at + 4], "big")
    raise MalformedChipData("a WSQ picture without its frame")


def _pgm_size(image: bytes) -> tuple[int, int]:
    words = image[:40].split(maxsplit=4)
    if len(words) != 5 or not all(word.isdigit() for word in words[1:4]) or words[3] != b"255":
        raise MalformedChipData("a PGM picture without its header")
    return int(words[1]), int(words[2])


def _decoded(images: Sequence[bytes], expected: Sequence[int], patience: float) -> list[bytes]:
    """All of them by one child: starting it takes longer than decoding."""
    sent = b"".join(len(image).to_bytes(4, "big") + image for image in images)
    command = [sys.executable, "-m", _CHILD]
    try:
        done = subprocess.run(command, input=sent, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        raise MalformedChipData("a finger picture that takes too long to decode") from None
    if done.returncode or len(done.stdout) != sum(expected):
        raise MalformedChipData("a finger picture that cannot be decoded")
    found, at = [], 0
    for size in expected:
        found.append(done.stdout[at : at + size])
        at += size
    return found
