"""Finger minutiae records, read and written: ISO/IEC 19794-2:2005 (record format) and ANSI INCITS 378-2004.

Both begin with ``FMR`` and version `` 20``; they differ in the length field, the product identifier and the unit of
angles. Positions are pixels from the upper left corner, angles run counter-clockwise from the right, a resolution is in
pixels a centimetre. What is read is written back byte for byte, but for reserved bits: ignored, and written as zero.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint

MAGIC = b"FMR\x00"
_VERSION = b" 20\x00"
_MAX_MINUTIAE = 255
_FOURTEEN_BITS = 0x3FFF
_LONGEST = 16 * 1024 * 1024


class MinutiaeFormat(StrEnum):
    """The standard a record follows."""

    ISO = "ISO/IEC 19794-2:2005"
    ANSI = "ANSI INCITS 378-2004"


@dataclass(frozen=True, slots=True)
class RecordedMinutia:
    """``kind`` 0 other, 1 ending, 2 bifurcation; ``angle`` in steps of 360/256 degrees (ISO) or 2 degrees (ANSI, 0 to
    179); ``quality`` 0 not given, 1 to 100.
    """

    kind: int
    x: int
    y: int
    angle: int
    quality: int


@dataclass(frozen=True, slots=True)
class ExtendedArea:
    """``kind`` 1 ridge counts, 2 cores and deltas, 3 zonal quality, from 0x100 a vendor's own."""

    kind: int
    content: bytes


@dataclass(frozen=True, slots=True)
class FingerView:
    """One impression. ``position`` 0 unknown, 1 right thumb to 10 left little (ISO/IEC 19794-2 table 2);
    ``impression`` 0 live plain, 1 live rolled, 2 nonlive plain, 3 nonlive rolled, 8 swipe; ``quality`` 0 to 100.
    """

    position: int
    number: int
    impression: int
    quality: int
    minutiae: tuple[RecordedMinutia, ...]
    extended: tuple[ExtendedArea, ...] = ()


@dataclass(frozen=True, slots=True)
class MinutiaeRecord:
    """A whole record. ``device`` is the 16 bits of certification and device type; ``product`` the CBEFF identifier
    (owner in the upper, type in the lower half), ANSI only.
    """

    format: MinutiaeFormat
    width: int
    height: int
    x_resolution: int
    y_resolution: int
    views: tuple[FingerView, ...]
    device: int = 0
    product: int = 0


def read_record(data: bytes) -> MinutiaeRecord:
    """Read either format. Raises ``UnusableFingerprint`` and nothing else."""
    if not data:
        raise UnusableFingerprint(FingerprintFault.EMPTY, "no bytes")
    if not data.startswith(MAGIC) or data[4:8] != _VERSION:
        raise _malformed("not a finger minutiae record of version 20")
    if len(data) > _LONGEST:
        raise _malformed("longer than any record")
    try:
        return _read(data)
    except struct.error:
        raise UnusableFingerprint(FingerprintFault.TRUNCATED, "the record is cut short") from None


def _read(data: bytes) -> MinutiaeRecord:
    (iso_length,) = struct.unpack_from(">I", data, 8)
    product = 0
    if iso_length == len(data):
        form, at = MinutiaeFormat.ISO, 12
    else:
        (length,) = struct.unpack_from(">H", data, 8)
        form, at = MinutiaeFormat.ANSI, 10
        if length == 0:
            (length,) = struct.unpack_from(">I", data, 10)
            at = 14
        if length != len(data):
            raise _malformed(f"the record's length field does not say {len(data)}")
        (product,) = struct.unpack_from(">I", data, at)
        at += 4
    device, width, height, x_resolution, y_resolution, count, _ = struct.unpack_from(">HHHHHBB", data, at)
    at += 12
    if width == 0 or height == 0 or x_resolution == 0 or y_resolution == 0:
        raise _malformed("size or resolution of zero")
    if count == 0:
        raise _malformed("no finger in it")
    views = []
    for _ in range(count):
        view, at = _read_view(data, at, form)
        views.append(view)
    if at != len(data):
        raise _malformed(f"{len(data) - at} bytes after the last finger")
    return MinutiaeRecord(form, width, height, x_resolution, y_resolution, tuple(views), device, product)


def _read_view(data: bytes, at: int, form: MinutiaeFormat) -> tuple[FingerView, int]:
    position, mixed, quality, count = struct.unpack_from(">BBBB", data, at)
    at += 4
    minutiae = []
    for _ in range(count):
        kind_x, y, angle, own_quality = struct.unpack_from(">HHBB", data, at)
        at += 6
        if kind_x >> 14 == 3:
            raise _malformed("a minutia of the reserved type 3")
        if form is MinutiaeFormat.ANSI and angle > 179:
            raise _malformed("an angle of 360 degrees or more")
        minutiae.append(RecordedMinutia(kind_x >> 14, kind_x & _FOURTEEN_BITS, y & _FOURTEEN_BITS, angle, own_quality))
    (extended_length,) = struct.unpack_from(">H", data, at)
    at += 2
    end = at + extended_length
    if end > len(data):
        raise UnusableFingerprint(FingerprintFault.TRUNCATED, "the extended data is cut short")
    areas = []
    while at < end:
        kind, length = struct.unpack_from(">HH", data, at)
        if length < 4 or at + length > end:
            raise _malformed("an extended area runs out of its block")
        areas.append(ExtendedArea(kind, data[at + 4 : at + length]))
        at += length
    return FingerView(position, mixed >> 4, mixed & 15, quality, tuple(minutiae), tuple(areas)), at


def write_record(record: MinutiaeRecord) -> bytes:
    """The record as bytes. Raises ValueError for what the format cannot hold."""
    try:
        body = struct.pack(
            ">HHHHHBB",
            record.device, record.width, record.height, record.x_resolution, record.y_resolution, len(record.views), 0,
        )  # fmt: skip
        body += b"".join(_view_bytes(view, record.format) for view in record.views)
        if record.format is MinutiaeFormat.ISO:
            return MAGIC + _VERSION + struct.pack(">I", 12 + len(body)) + body
        length = 14 + len(body)
        field = struct.pack(">H", length) if length <= 0xFFFF else struct.pack(">HI", 0, length + 4)
        return MAGIC + _VERSION + field + struct.pack(">I", record.product) + body
    except struct.error as overflow:
        raise ValueError(f"does not fit into the record: {overflow}") from overflow


def _view_bytes(view: FingerView, form: MinutiaeFormat) -> bytes:
    if len(view.minutiae) > _MAX_MINUTIAE:
        raise ValueError("more than 255 minutiae")
    if not (0 <= view.number < 16 and 0 <= view.impression < 16):
        raise ValueError("view number and impression type are four bits each")
    parts = [struct.pack(">BBBB", view.position, view.number << 4 | view.impression, view.quality, len(view.minutiae))]
    for minutia in view.minutiae:
        if not (0 <= minutia.kind <= 2 and 0 <= minutia.x <= _FOURTEEN_BITS and 0 <= minutia.y <= _FOURTEEN_BITS):
            raise ValueError("a minutia of unknown type or out of the picture")
        if form is MinutiaeFormat.ANSI and minutia.angle > 179:
            raise ValueError("an ANSI angle counts in steps of two degrees")
        parts.append(struct.pack(">HHBB", minutia.kind << 14 | minutia.x, minutia.y, minutia.angle, minutia.quality))
    extended = _extended_bytes(view.extended)
    return b"".join((*parts, struct.pack(">H", len(extended)), extended))


def _extended_bytes(areas: Sequence[ExtendedArea]) -> bytes:
    return b"".join(struct.pack(">HH", area.kind, 4 + len(area.content)) + area.content for area in areas)


def _malformed(detail: str) -> UnusableFingerprint:
    return UnusableFingerprint(FingerprintFault.MALFORMED_TEMPLATE, detail)
