"""Fingers for headquarters as an ANSI/NIST-ITL 1-2011 transaction: one Type-14 record a finger, WSQ inside.

A finger that could not be taken has a record without a picture that says why (field 14.018). Who the person is stands
elsewhere: the transaction carries only the control number it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.finger_pictures import FingerPicture, check_size, plausible_dpi
from inspection_station.matching.fingerprint.segmentation import Grey
from inspection_station.matching.fingerprint.template_record import POSITION_CODES
from inspection_station.matching.fingerprint.wsq_pictures import decode_wsq, encode_wsq

_VERSION = "0502"
_LIVE_PLAIN = "0"
_WSQ = "WSQ20"
_PER_INCH = "1"


class WhyNotTaken(StrEnum):
    """Field 14.018, amputated or bandaged codes."""

    AMPUTATED = "XX"
    UNABLE = "UP"


@dataclass(frozen=True, slots=True)
class TakenFinger:
    """``grey`` height x width, ridges dark, at ``dpi``; ``quality`` 0 to 100 and the program that gave it."""

    position: FingerPosition
    grey: Grey
    dpi: int
    quality: int
    quality_by: str


@dataclass(frozen=True, slots=True)
class FingerNotTaken:
    """A finger that is missing or cannot be printed."""

    position: FingerPosition
    why: WhyNotTaken


@dataclass(frozen=True, slots=True)
class TransactionFacts:
    """Type-1 fields: kind of transaction, where it goes, where it comes from, its control number, the day."""

    kind: str
    destination: str
    origin: str
    control_number: str
    day: date


@dataclass(frozen=True, slots=True)
class ReadFinger:
    """A Type-14 record read back; ``picture`` None where the finger was not taken."""

    position: FingerPosition | None
    picture: FingerPicture | None
    why_not: str
    coded: bytes


def write_transaction(facts: TransactionFacts, fingers: Sequence[TakenFinger | FingerNotTaken]) -> bytes:
    """The transaction's bytes. Raises ValueError without fingers or for facts with separator characters."""
    from nistitl import AsciiRecord, Message

    if not fingers:
        raise ValueError("a transaction without fingers")
    for text in (facts.kind, facts.destination, facts.origin, facts.control_number):
        if not text or any(character < " " or character > "~" for character in text):
            raise ValueError("the facts of a transaction are plain printable text")
    message = Message()
    head = message[0]
    head.VER, head.TOT, head.DAT = _VERSION, facts.kind, facts.day.strftime("%Y%m%d")
    head.DAI, head.ORI, head.TCN = facts.destination, facts.origin, facts.control_number
    head.NSR, head.NTR = "00.00", "00.00"
    description = AsciiRecord(2)
    description.IDC = 0
    message += description
    for number, finger in enumerate(fingers, start=1):
        message += _record(number, finger, facts)
    return bytes(message.NIST)


def _record(number: int, finger: TakenFinger | FingerNotTaken, facts: TransactionFacts) -> object:
    from nistitl import AsciiRecord, BinaryField, Field, SubField

    record = AsciiRecord(14)
    record.IDC = number
    code = POSITION_CODES[finger.position]
    texts = {3: _LIVE_PLAIN, 4: facts.origin, 5: facts.day.strftime("%Y%m%d")}
    if isinstance(finger, TakenFinger):
        height, width = finger.grey.shape
        texts |= {6: str(width), 7: str(height), 8: _PER_INCH, 9: str(finger.dpi), 10: str(finger.dpi)}
        texts |= {11: _WSQ, 12: "8"}
    for tag, text in texts.items():
        record += Field(14, tag, text)
    record += Field(14, 13, str(code))
    if isinstance(finger, FingerNotTaken):
        why = Field(14, 18)
        why.add_subfields(SubField([str(code), finger.why.value]))
        record += why
        return record
    quality = Field(14, 24)
    quality.add_subfields(SubField([str(code), str(finger.quality), "0000", finger.quality_by[:16]]))
    record += quality
    record += BinaryField(14, 999, encode_wsq(finger.grey), alias="DATA")
    return record


def read_transaction(data: bytes) -> tuple[ReadFinger, ...]:
    """The Type-14 records of a transaction. Raises ``UnusableFingerprint`` and nothing else."""
    from nistitl import Message

    message = Message()
    try:
        message.parse(data)
        records = list(message.iter(14))
    except Exception as fault:  # the parser raises its own errors, and IndexError, ValueError, struct.error on garbage
        raise UnusableFingerprint(
            FingerprintFault.NOT_A_PICTURE, f"no ANSI/NIST-ITL transaction ({type(fault).__name__})"
        ) from None
    if not records:
        raise UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, "no Type-14 record in the transaction")
    return tuple(_read(record) for record in records)


def _read(record: object) -> ReadFinger:
    texts: dict[int, str] = {}
    coded = b""
    for field in record._fields:  # type: ignore[attr-defined]  # the library offers no public walk over fields
        if field.tag == 999:
            coded = bytes(field.value)
        else:
            texts[int(field.tag)] = bytes(field.NIST).partition(b":")[2].decode("ascii", "replace")
    positions = {code: position for position, code in POSITION_CODES.items()}
    position = positions.get(_number(texts.get(13, "")))
    if not coded:
        return ReadFinger(position, None, texts.get(18, "").rpartition("\x1f")[2], b"")
    if texts.get(11, "").strip() != _WSQ:
        raise UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, "a Type-14 picture that is not WSQ")
    picture = decode_wsq(coded)
    if picture.grey.shape != (_number(texts.get(7, "")), _number(texts.get(6, ""))):
        raise UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, "the picture has another size than its record says")
    check_size(picture.grey.shape[1], picture.grey.shape[0])
    per_inch = texts.get(8, "") == _PER_INCH
    dpi = _number(texts.get(9, "")) if per_inch else round(_number(texts.get(9, "")) * 2.54)
    return ReadFinger(position, FingerPicture(picture.grey, plausible_dpi(dpi)), "", coded)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
