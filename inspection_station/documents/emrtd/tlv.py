"""BER-TLV for chips (ISO/IEC 7816-4 §5.2.2, X.690 §8.1): bounded reading of hostile bytes, and plain encoding.

Everything a chip says passes through here. Limits: a tag has at most three bytes, a length at most four, nesting at
most ``MAX_NESTING``, and a value never reaches past the bytes that hold it. Any breach is ``MalformedChipData``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inspection_station.documents.emrtd.errors import MalformedChipData

MAX_NESTING = 24
MAX_ELEMENTS = 200_000


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag as a number (0x5F1F), its value, and the whole encoding it came from."""

    tag: int
    value: bytes
    raw: bytes

    @property
    def constructed(self) -> bool:
        """Whether the tag says that the value is a row of elements (bit 6 of its first byte)."""
        first = self.tag
        while first > 0xFF:
            first >>= 8
        return bool(first & 0x20)

    def children(self) -> Iterator[Element]:
        """The elements inside, in order."""
        return elements(self.value)

    def child(self, tag: int) -> Element:
        """The first element inside with this tag; MalformedChipData when there is none."""
        return find(self.value, tag)


def read_tag(data: bytes, at: int) -> tuple[int, int]:
    """Tag at ``at`` and the offset behind it."""
    if at >= len(data):
        raise MalformedChipData("an element ends before its tag")
    tag = data[at]
    at += 1
    if tag & 0x1F != 0x1F:
        return tag, at
    for _ in range(2):
        if at >= len(data):
            raise MalformedChipData("an element ends inside its tag")
        octet = data[at]
        tag = tag << 8 | octet
        at += 1
        if not octet & 0x80:
            return tag, at
    raise MalformedChipData("a tag is longer than three bytes")


def read_length(data: bytes, at: int) -> tuple[int | None, int]:
    """Length at ``at`` (None: indefinite, X.690 §8.1.3.6) and the offset behind it."""
    if at >= len(data):
        raise MalformedChipData("an element ends before its length")
    first = data[at]
    at += 1
    if first < 0x80:
        return first, at
    if first == 0x80:
        return None, at
    count = first & 0x7F
    if count > 4:
        raise MalformedChipData("a length field is longer than four bytes")
    if at + count > len(data):
        raise MalformedChipData("an element ends inside its length")
    return int.from_bytes(data[at : at + count], "big"), at + count


def read(data: bytes, at: int = 0) -> tuple[Element, int]:
    """The definite-length element at ``at`` and the offset behind it."""
    tag, cursor = read_tag(data, at)
    length, cursor = read_length(data, cursor)
    if length is None:
        raise MalformedChipData("an indefinite length where a definite one is required")
    end = cursor + length
    if end > len(data):
        raise MalformedChipData(f"element {tag:X} claims {length} bytes, {len(data) - cursor} are there")
    return Element(tag, data[cursor:end], data[at:end]), end


def elements(data: bytes) -> Iterator[Element]:
    """All elements of ``data`` in order; it must hold nothing else."""
    at = 0
    while at < len(data):
        element, at = read(data, at)
        yield element


def find(data: bytes, tag: int) -> Element:
    """The first element with ``tag`` among the outermost of ``data``."""
    for element in elements(data):
        if element.tag == tag:
            return element
    raise MalformedChipData(f"element {tag:X} is missing")


def only(data: bytes, tag: int) -> Element:
    """The single element of ``data``, which must have ``tag``. Zero padding behind it is tolerated (some files
    have it).
    """
    element, end = read(data)
    if element.tag != tag:
        raise MalformedChipData(f"element {tag:X} expected, {element.tag:X} found")
    if any(data[end:]):
        raise MalformedChipData(f"{len(data) - end} bytes follow element {tag:X}")
    return element


def total_length(head: bytes) -> int:
    """Length of the whole element that ``head`` begins (its first bytes suffice): tag, length field and value."""
    _, cursor = read_tag(head, 0)
    length, cursor = read_length(head, cursor)
    if length is None:
        raise MalformedChipData("a file with an indefinite length")
    return cursor + length


def encode_tag(tag: int) -> bytes:
    """The bytes of a tag given as a number."""
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")


def encode_length(length: int) -> bytes:
    """Shortest definite form."""
    if length < 0x80:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def encode(tag: int, *parts: bytes) -> bytes:
    """An element with the joined ``parts`` as its value."""
    value = b"".join(parts)
    return encode_tag(tag) + encode_length(len(value)) + value


def to_definite(data: bytes) -> bytes:
    """The first element of ``data`` with every indefinite length made definite and split octet strings joined.

    Elements that hold nothing indefinite keep their bytes, so that what is signed stays as it was signed.
    Security objects come in this form too (X.690 §8.1.3.6, §8.7.3).
    """
    budget = [MAX_ELEMENTS]
    encoded, _ = _definite(data, 0, len(data), 0, budget)
    return encoded


def extent(data: bytes) -> int:
    """Length of the first element of ``data`` as it stands there, indefinite lengths included."""
    return _definite(data, 0, len(data), 0, [MAX_ELEMENTS])[1]


def _definite(data: bytes, at: int, limit: int, depth: int, budget: list[int]) -> tuple[bytes, int]:
    if depth > MAX_NESTING:
        raise MalformedChipData(f"elements are nested deeper than {MAX_NESTING}")
    budget[0] -= 1
    if budget[0] < 0:
        raise MalformedChipData(f"more than {MAX_ELEMENTS} elements")
    tag, cursor = read_tag(data, at)
    length, cursor = read_length(data, cursor)
    end = limit if length is None else cursor + length
    if end > limit:
        raise MalformedChipData(f"element {tag:X} claims {length} bytes, {limit - cursor} are there")
    if not Element(tag, b"", b"").constructed:
        if length is None:
            raise MalformedChipData(f"primitive element {tag:X} with an indefinite length")
        return data[at:end], end
    parts: list[bytes] = []
    changed = length is None or tag == 0x24
    closed = length is not None
    while cursor < end:
        if length is None and data[cursor : cursor + 2] == b"\0\0":
            cursor += 2
            closed = True
            break
        start = cursor
        part, cursor = _definite(data, cursor, end, depth + 1, budget)
        changed = changed or len(part) != cursor - start
        parts.append(part)
    if not closed:
        raise MalformedChipData(f"element {tag:X} with an indefinite length has no end")
    if not changed:
        return data[at:cursor], cursor
    if tag == 0x24:
        return encode(0x04, *(only(part, 0x04).value for part in parts)), cursor
    return encode(tag, *parts), cursor
