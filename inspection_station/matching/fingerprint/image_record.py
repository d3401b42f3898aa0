"""Finger image records after ISO/IEC 19794-4:2005, read and written."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.finger_pictures import (
    FingerPicture,
    check_size,
    decode_finger,
    plausible_dpi,
)
from inspection_station.matching.fingerprint.segmentation import Grey

_MAGIC, _VERSION = b"FIR\x00", b"010\x00"
_HEAD, _FINGER_HEAD = 32, 14
_PER_INCH, _PER_CM = 1, 2
_LEVEL_31 = 31  # acquisition level: 500 dpi, 8 bits, 200 grey values
CM_PER_INCH = 2.54


class Compression(IntEnum):
    """ISO/IEC 19794-4:2005 table 5."""

    NONE = 0
    PACKED = 1
    WSQ = 2
    JPEG = 3
    JPEG_2000 = 4
    PNG = 5


@dataclass(frozen=True, slots=True)
class FingerImageView:
    """One picture. ``content`` as coded; ``position`` and ``impression`` as in minutiae records; ``quality`` 0 to 100,
    254 undefined.
    """

    position: int
    quality: int
    impression: int
    width: int
    height: int
    content: bytes
    views: int = 1
    number: int = 1


@dataclass(frozen=True, slots=True)
class FingerImageRecord:
    """A whole record; ``dpi`` of scan and picture alike."""

    dpi: int
    compression: Compression
    fingers: tuple[FingerImageView, ...]
    device: int = 0
    level: int = _LEVEL_31


def picture_record(grey: Grey, dpi: int, position: int = 0, quality: int = 254, compressed: bool = True) -> bytes:
    """One finger as a record, WSQ or bare pixels. Raises ``UnusableFingerprint`` for a picture of no finger's size."""
    from inspection_station.matching.fingerprint.wsq_pictures import encode_wsq

    content = encode_wsq(grey) if compressed else np.ascontiguousarray(grey).tobytes()
    view = FingerImageView(position, quality, 0, grey.shape[1], grey.shape[0], content)
    kind = Compression.WSQ if compressed else Compression.NONE
    return write_images(FingerImageRecord(dpi, kind, (view,)))


def write_images(record: FingerImageRecord) -> bytes:
    """The record as bytes. Raises ValueError for what it cannot hold."""
    try:
        body = b"".join(
            struct.pack(
                ">IBBBBBHHB",
                _FINGER_HEAD + len(view.content), view.position, view.views, view.number, view.quality,
                view.impression, view.width, view.height, 0,
            )
            + view.content
            for view in record.fingers
        )  # fmt: skip
        head = struct.pack(
            ">HHBBHHHHBBH",
            record.device, record.level, len(record.fingers), _PER_INCH,
            record.dpi, record.dpi, record.dpi, record.dpi, 8, record.compression, 0,
        )  # fmt: skip
        return _MAGIC + _VERSION + (_HEAD + len(body)).to_bytes(6, "big") + head + body
    except (struct.error, OverflowError) as overflow:
        raise ValueError(f"does not fit into the record: {overflow}") from overflow


def read_images(data: bytes) -> FingerImageRecord:
    """Raises ``UnusableFingerprint`` and nothing else."""
    if not data.startswith(_MAGIC + _VERSION):
        raise _malformed("not a finger image record of version 010")
    try:
        return _read(data)
    except struct.error:
        raise UnusableFingerprint(FingerprintFault.TRUNCATED, "the record is cut short") from None


def _read(data: bytes) -> FingerImageRecord:
    if int.from_bytes(data[8:14], "big") != len(data):
        raise UnusableFingerprint(FingerprintFault.TRUNCATED, "the record's length field does not fit")
    device, level, count, units, _, _, across, down, depth, coding, _ = struct.unpack_from(">HHBBHHHHBBH", data, 14)
    if count == 0 or depth != 8 or across != down or units not in (_PER_INCH, _PER_CM):
        raise _malformed("no finger, not 8 bits deep, or pixels that are not square")
    if coding not in set(Compression) or coding == Compression.PACKED:
        raise _malformed(f"compression {coding}")
    dpi = across if units == _PER_INCH else round(across * CM_PER_INCH)
    fingers, at = [], _HEAD
    for _ in range(count):
        length, position, views, number, quality, impression, width, height, _ = struct.unpack_from(
            ">IBBBBBHHB", data, at
        )
        if length < _FINGER_HEAD or at + length > len(data):
            raise UnusableFingerprint(FingerprintFault.TRUNCATED, "a finger's block is cut short")
        content = data[at + _FINGER_HEAD : at + length]
        fingers.append(FingerImageView(position, quality, impression, width, height, content, views, number))
        at += length
    if at != len(data):
        raise _malformed(f"{len(data) - at} bytes after the last finger")
    return FingerImageRecord(dpi, Compression(coding), tuple(fingers), device, level)


def first_picture(data: bytes) -> FingerPicture:
    """The first finger of a record, decoded. Raises ``UnusableFingerprint``."""
    record = read_images(data)
    view = record.fingers[0]
    check_size(view.width, view.height)
    dpi = plausible_dpi(record.dpi)
    if record.compression is Compression.NONE:
        if len(view.content) != view.width * view.height:
            raise UnusableFingerprint(FingerprintFault.TRUNCATED, "fewer or more pixels than the header says")
        return FingerPicture(np.frombuffer(view.content, np.uint8).reshape(view.height, view.width).copy(), dpi)
    if view.content.startswith(_MAGIC):
        raise _malformed("a record within a record")
    inner = decode_finger(view.content)
    if inner.grey.shape != (view.height, view.width):
        raise _malformed("the picture has another size than the record says")
    return FingerPicture(inner.grey, dpi)


def _malformed(detail: str) -> UnusableFingerprint:
    return UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, detail)
