"""The optional data groups that say more about holder and document (Doc 9303 part 10 §4.7.5 to §4.7.16): pictures in
DG5 and DG7, the holder in DG11, the document in DG12, whom to notify in DG16.

Values keep what the chip holds: names are still in the zone's notation, dates as digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import TypeVar

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.portrait_format import portrait_format

MAX_TEXT, MAX_ENTRIES = 4096, 32
_Group = TypeVar("_Group", "HolderDetails", "DocumentDetails", "Contact")


def _tag(tag: int) -> str | None:
    """A text field that a tag fills."""
    return field(default=None, metadata={"tag": tag})


def _picture(tag: int) -> bytes | None:
    return field(default=None, metadata={"tag": tag, "picture": True})


@dataclass(frozen=True, slots=True, repr=False)
class HolderDetails:
    """DG11. ``repr`` shows none of it."""

    name: str | None = _tag(0x5F0E)
    other_names: tuple[str, ...] = field(default=(), metadata={"entries": 0x5F0F})
    personal_number: str | None = _tag(0x5F10)
    date_of_birth: str | None = _tag(0x5F2B)
    place_of_birth: str | None = _tag(0x5F11)
    address: str | None = _tag(0x5F42)
    telephone: str | None = _tag(0x5F12)
    profession: str | None = _tag(0x5F13)
    title: str | None = _tag(0x5F14)
    summary: str | None = _tag(0x5F15)
    proof_of_citizenship: bytes | None = _picture(0x5F16)
    other_documents: str | None = _tag(0x5F17)
    custody: str | None = _tag(0x5F18)

    def __repr__(self) -> str:
        return "HolderDetails(…)"


@dataclass(frozen=True, slots=True, repr=False)
class DocumentDetails:
    """DG12. ``repr`` shows none of it."""

    issuing_authority: str | None = _tag(0x5F19)
    date_of_issue: str | None = _tag(0x5F26)
    other_persons: tuple[str, ...] = field(default=(), metadata={"entries": 0x5F1A})
    endorsements: str | None = _tag(0x5F1B)
    tax_and_exit: str | None = _tag(0x5F1C)
    front: bytes | None = _picture(0x5F1D)
    rear: bytes | None = _picture(0x5F1E)
    personalised_at: str | None = _tag(0x5F55)
    personalisation_system: str | None = _tag(0x5F56)

    def __repr__(self) -> str:
        return "DocumentDetails(…)"


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """One person to notify, from DG16. ``repr`` shows none of it."""

    recorded: str | None = _tag(0x5F50)
    name: str | None = _tag(0x5F51)
    telephone: str | None = _tag(0x5F52)
    address: str | None = _tag(0x5F53)

    def __repr__(self) -> str:
        return "Contact(…)"


def holder_details(dg11: bytes) -> HolderDetails:
    """DG11 (§4.7.11); MalformedChipData where it breaks its format."""
    return _filled(HolderDetails, tlv.only(dg11, 0x6B))


def document_details(dg12: bytes) -> DocumentDetails:
    """DG12 (§4.7.12)."""
    return _filled(DocumentDetails, tlv.only(dg12, 0x6C))


def contacts(dg16: bytes) -> tuple[Contact, ...]:
    """DG16 (§4.7.16)."""
    found = [_filled(Contact, entry) for entry in tlv.only(dg16, 0x70).children() if 0xA1 <= entry.tag <= 0xAF]
    return tuple(found)


def displayed_pictures(group: bytes) -> tuple[bytes, ...]:
    """Pictures of DG5 (portrait as displayed) or DG7 (signature or usual mark), JPEG or JPEG 2000 (§4.7.5, §4.7.7)."""
    outer, _ = tlv.read(group)
    if outer.tag not in (0x65, 0x67):
        raise MalformedChipData("no group of displayed pictures")
    found = [element.value for element in outer.children() if element.tag in (0x5F40, 0x5F43)]
    if not 1 <= len(found) <= MAX_ENTRIES:
        raise MalformedChipData(f"a group of {len(found)} displayed pictures")
    for picture in found:
        portrait_format(picture)
    return tuple(found)


def optional_details(dg13: bytes) -> bytes:
    """DG13, whose content is each state's own affair (§4.7.13)."""
    return tlv.only(dg13, 0x6D).value


def _filled(kind: Callable[..., _Group], group: tlv.Element) -> _Group:
    elements = list(_flat(group))
    if len(elements) > 4 * MAX_ENTRIES:
        raise MalformedChipData("a data group with too many entries")
    values: dict[str, object] = {}
    for place in fields(kind):  # type: ignore[arg-type]
        if "entries" in place.metadata:
            values[place.name] = tuple(_text(e) for e in elements if e.tag == place.metadata["entries"])
            continue
        element = next((e for e in elements if e.tag == place.metadata["tag"]), None)
        if element is None:
            continue
        if place.metadata.get("picture"):
            values[place.name] = element.value
        else:
            values[place.name] = _date(element) if element.tag in _DATES else _text(element)
    return kind(**values)


def _flat(group: tlv.Element) -> Iterator[tlv.Element]:
    """The group's fields, those inside lists (A0) included. Its own list of tags (5C) says nothing new."""
    for element in group.children():
        if element.tag == 0xA0:
            yield from element.children()
        elif element.tag != 0x5C:
            yield element


_DATES = frozenset({0x5F2B, 0x5F26, 0x5F50, 0x5F55})


def _date(element: tlv.Element) -> str:
    """Digits, from characters or, in older chips, two to a byte."""
    value = element.value
    digits = value.decode("ascii", "replace") if len(value) in (8, 14) else value.hex()
    if not digits.isdigit() or len(digits) not in (8, 14):
        raise MalformedChipData("a date that is not made of digits")
    return digits


def _text(element: tlv.Element) -> str:
    """UTF-8, and Latin-1 where an older chip does not keep to it."""
    if len(element.value) > MAX_TEXT:
        raise MalformedChipData("a text longer than any document has")
    try:
        return element.value.decode("utf-8")
    except UnicodeDecodeError:
        return element.value.decode("latin-1")
