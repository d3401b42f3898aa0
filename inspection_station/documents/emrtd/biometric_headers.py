"""The headers before the pictures of DG2, DG3 and DG4 (Doc 9303 part 10 §4.7.2 to §4.7.4; ISO/IEC 19785-3).

They say what kind of picture follows and in whose format. A picture opens without them, so what is wrong here bars
nobody; it makes the officer look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.inspection.chip import ChipCheck

_HEADER, _TYPE, _SUBTYPE, _OWNER, _FORMAT = 0xA1, 0x81, 0x82, 0x87, 0x88
_DATA_19794, _DATA_39794 = 0x5F2E, 0x7F2E
_SUBCOMMITTEE_37 = b"\x01\x01"
_SIDES, _FINGERS = frozenset({0b01, 0b10}), frozenset({0b001, 0b010, 0b011, 0b100, 0b101})


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a group's headers have to say. ``version`` begins each record of ISO/IEC 19794."""

    tag: int
    biometric: bytes
    format: bytes
    version: bytes
    subtyped: bool


_KINDS = {
    2: _Kind(0x75, b"\x02", b"\x00\x08", b"FAC\x00010\x00", False),
    3: _Kind(0x63, b"\x08", b"\x00\x07", b"FIR\x00010\x00", True),
    4: _Kind(0x76, b"\x10", b"\x00\x09", b"IIR\x00010\x00", True),
}


def check_biometric_headers(number: int, content: bytes) -> ChipCheck | None:
    """Failed with every deviation by name; None for a group without such headers and for one that cannot be taken
    apart (its format check says so).
    """
    kind = _KINDS.get(number)
    if kind is None:
        return None
    try:
        found = list(dict.fromkeys(_deviations(kind, tlv.to_definite(content))))
    except MalformedChipData:
        return None
    check, group = Check.BIOMETRIC_HEADER, f"DG{number}"
    if found:
        return check.failed(Why.HEADER_DEVIATES("; ".join(found), group=group))
    return check.successful(f"{group}: headers as asked")


def _deviations(kind: _Kind, content: bytes) -> Iterator[str]:
    group = tlv.only(content, kind.tag).child(0x7F61)
    templates = [element for element in group.children() if element.tag == 0x7F60]
    count = [element.value for element in group.children() if element.tag == 0x02]
    if count != [bytes([len(templates)])]:
        yield "not as many pictures as it says"
    for template in templates:
        parts = {element.tag: element for element in template.children()}
        if _HEADER not in parts:
            yield "a picture without header"
            continue
        if not parts.keys() & {_DATA_19794, _DATA_39794}:
            yield "a header without picture"
        header = {element.tag: element.value for element in parts[_HEADER].children()}
        yield from _header(kind, header, parts.get(_DATA_19794))


def _header(kind: _Kind, header: dict[int, bytes], record: tlv.Element | None) -> Iterator[str]:
    if header.get(_OWNER) != _SUBCOMMITTEE_37:
        yield "a format of no known owner"
    if _FORMAT not in header:
        yield "a picture in no format"
    if header.get(_TYPE, kind.biometric)[:1] != kind.biometric:
        yield "another biometric type than the group's"
    if record is not None:
        if header.get(_FORMAT, kind.format) != kind.format:
            yield "another format than its record has"
        if not record.value.startswith(kind.version):
            yield "a record of another kind or version"
        elif kind.tag == 0x75 and int.from_bytes(record.value[8:12], "big") != len(record.value):
            yield "a record of another length than it says"
        if kind.subtyped:
            yield from _subtype(kind, header.get(_SUBTYPE))


def _subtype(kind: _Kind, subtype: bytes | None) -> Iterator[str]:
    """Right or left in the two lowest bits, a finger's number in the three above (ISO/IEC 7816-11, table C.2)."""
    if subtype is None or len(subtype) != 1:
        yield "a picture that does not say of what"
    elif subtype[0] & 0b11 not in _SIDES or (kind.tag == 0x63 and subtype[0] >> 2 not in _FINGERS) or subtype[0] >> 5:
        yield "a picture of no such part of the body"
