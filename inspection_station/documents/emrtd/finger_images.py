"""DG3: finger pictures (Doc 9303 part 10 §4.7.3; ISO/IEC 19794-4:2005 §7, §8, and 39794-4:2019). Nothing is decoded
here: ``finger_pictures`` does that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.errors import MalformedChipData

MAX_FINGERS, MAX_SIDE = 16, 4096
_RECORD_HEADER, _FINGER_HEADER = 32, 14
_TAGGED_RECORD = b"\x64"
"""[APPLICATION 4]: a record after ISO/IEC 39794-4."""


class Compression(IntEnum):
    """How a picture is packed (§7.1.13, table 4)."""

    RAW = 0
    PACKED = 1
    WSQ = 2
    JPEG = 3
    JPEG_2000 = 4
    PNG = 5
    PGM = 6  # ISO/IEC 39794-4 alone


_BEGINNINGS = {
    Compression.WSQ: (b"\xff\xa0",),
    Compression.JPEG: (b"\xff\xd8\xff",),
    Compression.JPEG_2000: (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51"),
    Compression.PNG: (b"\x89PNG\r\n\x1a\n",),
    Compression.PGM: (b"P5",),
}
_TAGGED_COMPRESSIONS = (
    Compression.PGM,
    Compression.WSQ,
    Compression.JPEG_2000,
    Compression.JPEG_2000,
    Compression.PNG,
)
"""By their code in ISO/IEC 39794-4."""


@dataclass(frozen=True, slots=True)
class FingerImage:
    """One view of one finger. ``position`` as in table 5 (1 right thumb … 10 left little, 0 unknown); ``quality`` 0 to
    100; ``resolution`` in pixels per centimetre or inch as the record says. ``width`` and ``height`` are 0 where the
    record gives none (39794-4): then the picture's own are meant. ``repr`` shows no picture.
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
    image: bytes = field(repr=False)

    @property
    def pixels_per_inch(self) -> float:
        """Resolution whatever its unit; 0 where the record gives none."""
        return self.resolution if self.per_inch else self.resolution * 2.54


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
            elif block.tag == 0x7F2E and block.value[:1] == _TAGGED_RECORD:
                found.extend(_tagged_views(block.child(_TAGGED_RECORD[0])))
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


def _tagged_views(record: tlv.Element) -> Iterator[FingerImage]:
    """ISO/IEC 39794-4 §7: version, then one representation or a row of them."""
    representations = list(record.child(0xA1).children())
    if not representations or representations[0].tag != asn1.SEQUENCE:
        yield _tagged_view(record.child(0xA1))
        return
    for representation in representations:
        yield _tagged_view(representation)


def _tagged_view(representation: tlv.Element) -> FingerImage:
    fields = {part.tag: part for part in representation.children()}
    for needed in (0xA0, 0xA1, 0xA2, 0x83):
        if needed not in fields:
            raise MalformedChipData(f"a finger without its data object {needed:X}")
    kind = _code(fields[0xA2])
    if kind >= len(_TAGGED_COMPRESSIONS):
        raise MalformedChipData("a finger record packed in an unknown way")
    compression, image = _TAGGED_COMPRESSIONS[kind], fields[0x83].value
    if not image.startswith(_BEGINNINGS[compression]):
        raise MalformedChipData("a finger picture of another kind than its record says")
    resolution, per_inch = 0, True
    if 0xA7 in fields:
        resolution = int.from_bytes(fields[0xA7].child(0x80).value, "big")
        per_inch = fields[0xA7].child(0x81).value == b"\0"
    return FingerImage(_code(fields[0xA0]), 0, _code(fields[0xA1]), 0, 0, resolution, per_inch, 8, compression, image)


def _code(choice: tlv.Element) -> int:
    """A code, or the fallback of an extension: the first enumerated value inside."""
    inside = next(choice.children(), None)
    while inside is not None and inside.constructed:
        inside = next(inside.children(), None)
    if inside is None or len(inside.value) != 1:
        raise MalformedChipData("a finger with a code that is none")
    return inside.value[0]
