"""Whether a data group keeps to its format (TR-03135-1 §5.8.2.2.1): it is taken apart, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import Callable

from inspection_station.documents.emrtd import active_authentication, detail_groups, lds, security_infos, tlv
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.data_groups import portraits, zone_lines
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.finger_images import finger_images
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.inspection.chip import ChipCheck


def _counted(parse: Callable[[bytes], tuple[object, ...]], what: str) -> Callable[[bytes], str]:
    def told(content: bytes) -> str:
        count = len(parse(content))
        return f"{count} {what}{'' if count == 1 else 's'}"

    return told


def _read(parse: Callable[[bytes], object], what: str) -> Callable[[bytes], str]:
    def told(content: bytes) -> str:
        parse(content)
        return what

    return told


_PARSERS: dict[int, Callable[[bytes], str]] = {
    1: _counted(zone_lines, "line"),
    2: _counted(portraits, "portrait"),
    3: _counted(finger_images, "finger picture"),
    5: _counted(detail_groups.displayed_pictures, "picture"),
    7: _counted(detail_groups.displayed_pictures, "picture"),
    11: _read(detail_groups.holder_details, "details of the holder"),
    12: _read(detail_groups.document_details, "details of the document"),
    13: _read(detail_groups.optional_details, "the state's own"),
    14: _read(security_infos.parse_data_group_14, "security infos"),
    15: _read(active_authentication.public_key, "a public key"),
    16: _counted(detail_groups.contacts, "person"),
}


def _whole(number: int) -> Callable[[bytes], str]:
    """A group whose contents are not looked into is one element under the group's tag all the same."""
    return _read(lambda content: tlv.only(content, lds.GROUP_TAGS[number - 1]), "under its tag")


def check_format(number: int, content: bytes) -> ChipCheck:
    """Failed for a malformed group; of DG4, DG6 and DG8 to DG10 only the outermost element is looked at."""
    check, parse = Check.DATA_GROUP_FORMAT, _PARSERS.get(number) or _whole(number)
    try:
        return check.successful(f"DG{number}: {parse(tlv.to_definite(content))}")
    except AlgorithmUnknown as fault:
        return check.undetermined(Why.GROUP_NOT_SPOKEN(f"DG{number}", fault=fault.detail))
    except MalformedChipData as fault:
        return check.failed(Why.GROUP_MALFORMED(fault.detail, group=f"DG{number}"))
