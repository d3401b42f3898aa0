"""Fingers and irises of the cases: pictures of noise in records of ISO/IEC 19794-4 and 19794-6, and the groups around
them (Doc 9303 part 10 §4.7.3, §4.7.4).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import wsq as _wsq_plugin  # registers the format
from PIL import Image

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.finger_images import Compression

_SIDE = 64
_RIGHT_POINTER, _LEFT_POINTER, _RIGHT_MIDDLE = 0x09, 0x0A, 0x0D
_SUBTYPES = (_RIGHT_POINTER, _LEFT_POINTER, _RIGHT_MIDDLE)
_POSITIONS = (2, 7, 3)
_PLUGIN = _wsq_plugin


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture and how it is packed."""

    compression: Compression
    image: bytes


def _noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (_SIDE, _SIDE), np.uint8))


@lru_cache(maxsize=1)
def wsq() -> Picture:
    """Wavelet scalar quantisation."""
    stream = io.BytesIO()
    _noise().save(stream, "WSQ")
    return Picture(Compression.WSQ, stream.getvalue())


@lru_cache(maxsize=1)
def jpeg_2000() -> Picture:
    """JPEG 2000."""
    stream = io.BytesIO()
    _noise().save(stream, "JPEG2000")
    return Picture(Compression.JPEG_2000, stream.getvalue())


@lru_cache(maxsize=1)
def raw() -> Picture:
    """A byte a pixel."""
    return Picture(Compression.RAW, _noise().tobytes())


def record(picture: Picture, position: int, magic: bytes = b"FIR\x00010\x00") -> bytes:
    """A finger record with one view."""
    view = (14 + len(picture.image)).to_bytes(4, "big") + bytes((position, 1, 1, 100, 0))
    view += _SIDE.to_bytes(2, "big") * 2 + b"\0" + picture.image
    resolution = (500).to_bytes(2, "big") * 4
    rest = bytes(2) + (31).to_bytes(2, "big") + bytes((1, 1)) + resolution + bytes((8, picture.compression)) + bytes(2)
    return magic + (14 + len(rest) + len(view)).to_bytes(6, "big") + rest + view


def header(
    subtype: int | None, *, owner: bytes | None = b"\x01\x01", form: bytes | None = b"\x00\x07", kind: int = 8
) -> bytes:
    """The biometric header of one picture."""
    parts = [tlv.encode(0x81, bytes([kind]))]
    if subtype is not None:
        parts.append(tlv.encode(0x82, bytes([subtype])))
    if owner is not None:
        parts.append(tlv.encode(0x87, owner))
    if form is not None:
        parts.append(tlv.encode(0x88, form))
    return tlv.encode(0xA1, *parts)


def template(head: bytes, data: bytes | None) -> bytes:
    """One picture with its header."""
    return tlv.encode(0x7F60, head, tlv.encode(0x5F2E, data) if data is not None else b"")


def around(tag: int, *templates: bytes, counted: bool = True) -> bytes:
    """The group around the templates; ``counted``: it says how many there are."""
    count = tlv.encode(0x02, bytes([len(templates)])) if counted else b""
    return tlv.encode(tag, tlv.encode(0x7F61, count, *templates))


def templates(*pictures: Picture) -> list[bytes]:
    """Each with the header and the finger of its place."""
    return [template(header(_SUBTYPES[n]), record(picture, _POSITIONS[n])) for n, picture in enumerate(pictures)]


def group(*pictures: Picture) -> bytes:
    """DG3 with these pictures."""
    return around(0x63, *templates(*pictures))


def irises() -> bytes:
    """DG4 with two raw pictures; nothing here takes them apart."""
    data = b"IIR\x00010\x00" + (45 + 256).to_bytes(4, "big") + bytes(33) + bytes(range(256))
    return around(0x76, *(template(header(eye, form=b"\x00\x09", kind=0x10), data) for eye in (1, 2)))
