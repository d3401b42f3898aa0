"""What kind of picture a portrait is and how large, from its first bytes: nothing is decoded.

Refuses what is no JPEG (ITU-T T.81) or JPEG 2000 (ITU-T T.800) and what would unfold into more pixels than any
portrait has.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.documents.emrtd.errors import MalformedChipData

MAX_PIXELS = 4_000_000
_JP2 = bytes.fromhex("0000000C6A5020200D0A870A")
_CODESTREAM = bytes.fromhex("FF4FFF51")
_JPEG = bytes.fromhex("FFD8FF")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class PortraitFormat:
    """Media type and size in pixels."""

    media_type: str
    width: int
    height: int


def looks_like_picture(data: bytes) -> bool:
    """Whether the bytes begin as one of the picture kinds that chips hold."""
    return data.startswith((_JP2, _CODESTREAM, _JPEG))


def portrait_format(data: bytes) -> PortraitFormat:
    """Kind and size; MalformedChipData for another kind, no size, or more than ``MAX_PIXELS``."""
    if data.startswith(_JP2):
        found = PortraitFormat("image/jp2", *_boxed_size(data))
    elif data.startswith(_CODESTREAM):
        found = PortraitFormat("image/j2k", *_codestream_size(data))
    elif data.startswith(_JPEG):
        found = PortraitFormat("image/jpeg", *_jpeg_size(data))
    else:
        raise MalformedChipData("the portrait is neither JPEG nor JPEG 2000")
    if not (found.width and found.height) or found.width * found.height > MAX_PIXELS:
        raise MalformedChipData(f"a portrait of {found.width} x {found.height} pixels")
    return found


def _boxed_size(data: bytes) -> tuple[int, int]:
    """Size from the codestream, which is what a decoder obeys; the header box has to agree with it."""
    at = data.find(_CODESTREAM)
    header = data.find(b"ihdr")
    if at < 0 or not 0 < header < at or header + 12 > len(data):
        raise MalformedChipData("a JPEG 2000 portrait without header or codestream")
    height, width = (int.from_bytes(data[header + n : header + n + 4], "big") for n in (4, 8))
    found = _codestream_size(data[at:])
    if found != (width, height):
        raise MalformedChipData("a JPEG 2000 portrait whose two headers differ")
    return found


def _codestream_size(data: bytes) -> tuple[int, int]:
    if len(data) < 24:
        raise MalformedChipData("a JPEG 2000 portrait that ends in its header")
    right, bottom, left, top = (int.from_bytes(data[n : n + 4], "big") for n in (8, 12, 16, 20))
    return max(0, right - left), max(0, bottom - top)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            raise MalformedChipData("a JPEG portrait with a broken marker")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _FRAMES:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            raise MalformedChipData("a JPEG portrait with a broken segment")
        at += 2 + length
    raise MalformedChipData("a JPEG portrait without its frame")
