"""Data groups of the chip taken apart (Doc 9303 part 10 §4.7): the zone in DG1, the portrait in DG2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.portrait_format import PortraitFormat, looks_like_picture, portrait_format

_ZONE_CHARACTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<")
_LINE_LENGTHS = {88: 44, 72: 36, 90: 30}
MAX_PORTRAITS = 16


@dataclass(frozen=True, slots=True)
class Portrait:
    """An encoded face picture as the chip holds it."""

    image: bytes
    format: PortraitFormat


def zone_lines(dg1: bytes) -> tuple[str, ...]:
    """Lines of the zone in DG1: two of 44 (TD3), two of 36 (TD2) or three of 30 (TD1) characters (part 10 §4.7.1)."""
    zone = tlv.only(dg1, 0x61).child(0x5F1F).value
    width = _LINE_LENGTHS.get(len(zone))
    if width is None:
        raise MalformedChipData(f"a zone of {len(zone)} characters in DG1")
    if not _ZONE_CHARACTERS.issuperset(zone):
        raise MalformedChipData("a zone with characters it cannot have in DG1")
    text = zone.decode("ascii")
    return tuple(text[at : at + width] for at in range(0, len(text), width))


def portraits(dg2: bytes) -> tuple[Portrait, ...]:
    """Every portrait in DG2, first one first (part 10 §4.7.2; ISO/IEC 19785-3, 19794-5:2005, 39794-5:2019).

    MalformedChipData where a length does not fit, the picture is of another kind, or it would unfold too large.
    """
    group = tlv.only(dg2, 0x75).child(0x7F61)
    count = group.child(0x02).value
    if len(count) != 1 or not 1 <= count[0] <= MAX_PORTRAITS:
        raise MalformedChipData("DG2 with an impossible number of portraits")
    images: list[bytes] = []
    for template in group.children():
        if template.tag != 0x7F60:
            continue
        for block in template.children():
            if block.tag == 0x5F2E or (block.tag == 0x7F2E and block.value.startswith(b"FAC\0")):
                images.extend(_facial_records(block.value))
            elif block.tag == 0x7F2E:
                images.extend(_pictures_within(block, 0))
    if not images:
        raise MalformedChipData("DG2 holds no portrait")
    if len(images) > MAX_PORTRAITS:
        raise MalformedChipData("DG2 with too many portraits")
    return tuple(Portrait(image, portrait_format(image)) for image in images)


def _facial_records(block: bytes) -> Iterator[bytes]:
    """ISO/IEC 19794-5:2005 §5.4–5.8: header of 14 bytes, then each face: 20 of information, 8 a feature point, 12
    of image information, and the picture.
    """
    if len(block) < 14 or block[:4] != b"FAC\0":
        raise MalformedChipData("a facial record without its header")
    length, faces = int.from_bytes(block[8:12], "big"), int.from_bytes(block[12:14], "big")
    if length > len(block) or not 1 <= faces <= MAX_PORTRAITS:
        raise MalformedChipData("a facial record whose lengths do not fit")
    at = 14
    for _ in range(faces):
        if at + 32 > length:
            raise MalformedChipData("a face that ends inside its header")
        size = int.from_bytes(block[at : at + 4], "big")
        points = int.from_bytes(block[at + 4 : at + 6], "big")
        start = at + 20 + 8 * points + 12
        if size < start - at or at + size > length:
            raise MalformedChipData("a face whose lengths do not fit")
        yield block[start : at + size]
        at += size


def _pictures_within(element: tlv.Element, depth: int) -> Iterator[bytes]:
    """ISO/IEC 39794-5: pictures are the octet strings that begin as one, wherever the tagged structure holds them."""
    if depth > tlv.MAX_NESTING:
        raise MalformedChipData(f"DG2 is nested deeper than {tlv.MAX_NESTING}")
    if not element.constructed:
        if looks_like_picture(element.value):
            yield element.value
        return
    for child in element.children():
        yield from _pictures_within(child, depth + 1)
