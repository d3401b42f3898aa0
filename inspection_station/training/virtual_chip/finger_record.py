"""DG3 with finger pictures (Doc 9303 part 10 §4.7.3; ISO/IEC 19794-4:2005 §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.finger_images import Compression


@dataclass(frozen=True, slots=True)
class FingerEntry:
    """One picture as it goes into a record: ``position`` 1 right thumb to 10 left little."""

    position: int
    width: int
    height: int
    image: bytes
    compression: Compression = Compression.WSQ
    quality: int = 80


def data_group_3(fingers: Sequence[FingerEntry], *, pixels_per_inch: int = 500) -> bytes:
    """Each finger in a template of its own, as states do; without fingers the empty group that Doc 9303 asks for."""
    templates = [_template(finger, pixels_per_inch) for finger in fingers]
    return tlv.encode(0x63, tlv.encode(0x7F61, tlv.encode(0x02, bytes([len(fingers)])), *templates))


def _template(finger: FingerEntry, pixels_per_inch: int) -> bytes:
    header = tlv.encode(
        0xA1,
        tlv.encode(0x81, b"\x08"),  # biometric type: finger
        tlv.encode(0x82, bytes([_subtype(finger.position)])),
        tlv.encode(0x87, b"\x01\x01"),
        tlv.encode(0x88, b"\x00\x07"),
    )
    return tlv.encode(0x7F60, header, tlv.encode(0x5F2E, _record(finger, pixels_per_inch)))


def _subtype(position: int) -> int:
    """Hand in the lower two bits (1 right, 2 left), finger above (ISO/IEC 19785-3: 1 thumb … 5 little)."""
    hand, finger = (1, position) if position <= 5 else (2, position - 5)
    return finger << 2 | hand


def _record(finger: FingerEntry, pixels_per_inch: int) -> bytes:
    resolution = pixels_per_inch.to_bytes(2, "big")
    view = (14 + len(finger.image)).to_bytes(4, "big") + bytes((finger.position, 1, 1, finger.quality, 0))
    view += finger.width.to_bytes(2, "big") + finger.height.to_bytes(2, "big") + b"\0" + finger.image
    head = b"\0\0" + (31).to_bytes(2, "big") + bytes((1, 1)) + 4 * resolution
    head += bytes((8, finger.compression, 0, 0))
    return b"FIR\x00010\x00" + (14 + len(head) + len(view)).to_bytes(6, "big") + head + view
