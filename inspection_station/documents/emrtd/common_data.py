"""EF.COM (Doc 9303 part 10 §4.6.1): an unsigned list of what the chip holds, and how it agrees with EF.SOD."""

from __future__ import annotations

from inspection_station.documents.emrtd import lds, tlv
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.security_object import SecurityObject
from inspection_station.inspection.chip import ChipCheck

_LDS_VERSION, _UNICODE_VERSION = 0x5F01, 0x5F36
_LDS_VERSIONS = frozenset({b"0107", b"0108"})
_UNICODE_VERSIONS = frozenset({b"040000"})
_NUMBERS = {file.tag: number for number, file in enumerate(lds.GROUPS, 1)}


def listed_groups(ef_com: bytes) -> frozenset[int]:
    """Numbers of the data groups that EF.COM lists; MalformedChipData for a tag of no data group."""
    tags = tlv.only(tlv.to_definite(ef_com), 0x60).child(0x5C).value
    unknown = [tag for tag in tags if tag not in _NUMBERS]
    if unknown:
        raise MalformedChipData(f"EF.COM lists the tag {unknown[0]:02X}, which is no data group's")
    return frozenset(_NUMBERS[tag] for tag in tags)


def check_common_data(ef_com: bytes, sod: SecurityObject) -> ChipCheck:
    """The list of EF.COM against the signed hashes (TR-03135-1 §5.6.4.4.1)."""
    check = Check.COMMON_DATA
    try:
        listed = listed_groups(ef_com)
    except MalformedChipData as fault:
        return check.failed(Why.MALFORMED(fault.detail))
    unsigned, unlisted = listed - sod.hashes.keys(), sod.hashes.keys() - listed
    told = _versions(ef_com)
    told += [f"{_names(unsigned)} listed but not signed"] if unsigned else []
    told += [f"{_names(unlisted)} signed but not listed"] if unlisted else []
    return (
        check.failed(Why.CONTENTS_DIFFER("; ".join(told)))
        if told
        else check.successful("EF.COM lists what EF.SOD signs")
    )


def _versions(ef_com: bytes) -> list[str]:
    """Versions of the structure and of Unicode as they stand in the file (part 10 §4.6.1)."""
    stated = {element.tag: element.value for element in tlv.only(tlv.to_definite(ef_com), 0x60).children()}
    found = [] if stated.get(_LDS_VERSION) in _LDS_VERSIONS else ["no LDS version that there is"]
    return found if stated.get(_UNICODE_VERSION) in _UNICODE_VERSIONS else [*found, "no Unicode version that there is"]


def _names(numbers: frozenset[int] | set[int]) -> str:
    return ", ".join(f"DG{number}" for number in sorted(numbers))
