"""DG3: finger pictures (Doc 9303 part 10 §4.7.3; ISO/IEC 19794-4:2005 §7, §8). Nothing is decoded here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.errors import MalformedChipData

MAX_FINGERS, MAX_SIDE = 16, 4096
_RECORD_HEADER, _FINGER_HEADER = 32, 14


class Compression(IntEnum):
    """How a picture is packed (§7.1.13, table 4)."""

    RAW = 0
    PACKED = 1
    WSQ = 2
    JPEG = 3
    JPEG_2000 = 4
    PNG = 5


_BEGINNINGS = {
    Compression.WSQ: (b"\xff\xa0",),
    Compression.JPEG: (b"\xff\xd8\xff",),
    Compression.JPEG_2000: (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51"),
    Compression.PNG: (b"\x89PNG\r\n\x1a\n",),
}


@dataclass(frozen=True, slots=True)
class FingerImage:
    """One view of one finger. ``position`` as in table 5 (1 right thumb … 10 left little, 0 unknown); ``quality`` 0 to
    100; ``resolution`` in pixels per centimetre or inch as the record says.
    """

    position: int
    quality: int
    impression: int
    width: int
    height: int
    resolution: int
    per_inch: bool
    depth: int
    compression: Compression
    image: bytes


def finger_images(dg3: bytes) -> tuple[FingerImage, ...]:
    """Every view in DG3, none where the group is empty as Doc 9303 allows; MalformedChipData for anything else."""
    group = tlv.only(dg3, 0x63).child(0x7F61)
    found: list[FingerImage] = []
    for template in group.children():
        if template.tag != 0x7F60:
            continue
        for block in template.children():
            if block.tag == 0x5F2E:
                found.extend(_views(block.value))
            elif block.tag == 0x7F2E:
                raise MalformedChipData("DG3 with an encrypted picture")
    if len(found) > MAX_FINGERS:
        raise MalformedChipData("DG3 with too many fingers")
    return tuple(found)


def _views(record: bytes) -> Iterator[FingerImage]:
    if len(record) < _RECORD_HEADER or record[:8] != b"FIR\x00010\x00":
        raise MalformedChipData("a finger record without its header")
    length, views = int.from_bytes(record[8:14], "big"), record[18]
    if length != len(record) or not 1 <= views <= MAX_FINGERS:
        raise MalformedChipData("a finger record whose lengths do not fit")
    per_inch, resolution = record[19] == 1, int.from_bytes(record[24:26], "big")
    try:
        compression = Compression(record[29])
    except ValueError:
        raise MalformedChipData("a finger record packed in an unknown way") from None
    at = _RECORD_HEADER
    for _ in range(views):
        head = record[at : at + _FINGER_HEADER]
        size = int.from_bytes(head[:4], "big")
        if len(head) < _FINGER_HEADER or size <= _FINGER_HEADER or at + size > length:
            raise MalformedChipData("a finger whose lengths do not fit")
        width, height = int.from_bytes(head[9:11], "big"), int.from_bytes(head[11:13], "big")
        image = record[at + _FINGER_HEADER : at + size]
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise MalformedChipData(f"a finger of {width} x {height} pixels")
        if not image.startswith(_BEGINNINGS.get(compression, (b"",))):
            raise MalformedChipData("a finger picture of another kind than its record says")
        if compression is Compression.RAW and len(image) != width * height * -(-record[28] // 8):
            raise MalformedChipData("a raw finger picture of another size than its record says")
        yield FingerImage(
            head[4], head[7], head[8], width, height, resolution, per_inch, record[28], compression, image
        )
        at += size
