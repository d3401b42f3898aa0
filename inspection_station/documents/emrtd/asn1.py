"""Typed reading and writing of the ASN.1 that security objects and certificates are made of (X.690, DER).

Own and small on purpose: bounded by ``tlv``, strictly typed, and every breach is one error. ``Cursor`` walks a
SEQUENCE.
"""

from __future__ import annotations

from datetime import UTC, datetime

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.errors import MalformedChipData

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTF8_STRING, PRINTABLE_STRING, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x13, 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
_TEXT_ENCODINGS = {
    0x0C: "utf-8",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1E: "utf-16-be",
    0x1C: "utf-32-be",
}


class Cursor:
    """Walks the elements of one constructed value, expecting what the grammar says."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        """Whether every element has been taken."""
        return self._at >= len(self._data)

    def peek(self) -> int | None:
        """Tag of the next element, None at the end."""
        return None if self.at_end else tlv.read_tag(self._data, self._at)[0]

    def any(self) -> tlv.Element:
        """The next element whatever its tag."""
        element, self._at = tlv.read(self._data, self._at)
        return element

    def take(self, tag: int) -> tlv.Element:
        """The next element, which must have this tag."""
        element = self.any()
        if element.tag != tag:
            raise MalformedChipData(f"element {tag:X} expected, {element.tag:X} found")
        return element

    def optional(self, tag: int) -> tlv.Element | None:
        """The next element if it has this tag."""
        return self.any() if self.peek() == tag else None


def sequence(element: tlv.Element) -> Cursor:
    """A cursor over a SEQUENCE."""
    if element.tag != SEQUENCE:
        raise MalformedChipData(f"a sequence expected, {element.tag:X} found")
    return Cursor(element.value)


def integer(element: tlv.Element) -> int:
    """An INTEGER (at most 1,100 bytes: larger than any key in use)."""
    if element.tag != INTEGER or not 0 < len(element.value) <= 1100:
        raise MalformedChipData("an integer expected")
    return int.from_bytes(element.value, "big", signed=True)


def small_integer(element: tlv.Element, largest: int) -> int:
    """An INTEGER from 0 to ``largest``."""
    value = integer(element)
    if not 0 <= value <= largest:
        raise MalformedChipData(f"an integer up to {largest} expected")
    return value


def oid(element: tlv.Element) -> str:
    """An OBJECT IDENTIFIER in dotted form."""
    if element.tag != OID or not 0 < len(element.value) <= 64:
        raise MalformedChipData("an object identifier expected")
    return oid_text(element.value)


def oid_text(value: bytes) -> str:
    """Dotted form of the value bytes of an OBJECT IDENTIFIER."""
    arcs: list[int] = []
    arc = 0
    for octet in value:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    if not arcs or value[-1] & 0x80:
        raise MalformedChipData("an object identifier ends inside a number")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def octets(element: tlv.Element) -> bytes:
    """Value of an OCTET STRING."""
    if element.tag != OCTET_STRING:
        raise MalformedChipData(f"an octet string expected, {element.tag:X} found")
    return element.value


def bits(element: tlv.Element) -> bytes:
    """Value of a BIT STRING with no unused bits."""
    if element.tag != BIT_STRING or not element.value or element.value[0] != 0:
        raise MalformedChipData("a bit string of whole bytes expected")
    return element.value[1:]


def text(element: tlv.Element) -> str:
    """A character string of any of the kinds names use."""
    encoding = _TEXT_ENCODINGS.get(element.tag)
    if encoding is None:
        raise MalformedChipData(f"text expected, {element.tag:X} found")
    return element.value.decode(encoding, "replace")


def moment(element: tlv.Element) -> datetime:
    """UTCTime or GeneralizedTime, in UTC. Two-digit years from 50 are 19xx (RFC 5280 §4.1.2.5)."""
    if element.tag not in (UTC_TIME, GENERALIZED_TIME):
        raise MalformedChipData("a time expected")
    digits = element.value.decode("ascii", "replace")
    if element.tag == UTC_TIME:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    digits = digits.removesuffix("Z").split(".")[0]
    if len(digits) == 12:  # seconds left out: forbidden by DER, met in old certificates
        digits += "00"
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise MalformedChipData("a time that does not exist") from None


def encode_integer(value: int) -> bytes:
    """DER of an INTEGER."""
    return tlv.encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def encode_oid(dotted: str) -> bytes:
    """DER of an OBJECT IDENTIFIER."""
    arcs = [int(arc) for arc in dotted.split(".")]
    value = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        value += bytes(reversed(groups))
    return tlv.encode(OID, bytes(value))


def encode_set(*members: bytes) -> bytes:
    """DER of a SET OF: members in ascending order of their encodings (X.690 §11.6)."""
    return tlv.encode(SET, *sorted(members))
