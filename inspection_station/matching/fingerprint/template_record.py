"""Templates as records of ISO/IEC 19794-2:2005 and ANSI INCITS 378-2004, and back.

The ridge flow travels in an extended area of our own, which other systems skip; a record without it is compared by its
minutiae alone. ISO angles are kept exactly; ANSI's steps of two degrees move an angle by at most 1.0 degree.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.cylinders import GRID_STEP, Bytes
from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.minutiae_record import (
    ExtendedArea,
    FingerView,
    MinutiaeFormat,
    MinutiaeRecord,
    RecordedMinutia,
    read_record,
    write_record,
)
from inspection_station.matching.fingerprint.template import FingerprintTemplate, MinutiaSet, prepared

PIXELS_PER_CM = 197
"""500 dpi, as the standards round it."""
FLOW_AREA = 0x5346
_FLOW_MAGIC = b"IISF\x01"
_LARGEST_SIDE = 1600  # pixels at 500 dpi

POSITION_CODES: dict[FingerPosition, int] = {
    FingerPosition.RIGHT_THUMB: 1,
    FingerPosition.RIGHT_INDEX: 2,
    FingerPosition.RIGHT_MIDDLE: 3,
    FingerPosition.RIGHT_RING: 4,
    FingerPosition.RIGHT_LITTLE: 5,
    FingerPosition.LEFT_THUMB: 6,
    FingerPosition.LEFT_INDEX: 7,
    FingerPosition.LEFT_MIDDLE: 8,
    FingerPosition.LEFT_RING: 9,
    FingerPosition.LEFT_LITTLE: 10,
}
"""ISO/IEC 19794-2 table 2."""


def template_bytes(
    template: FingerprintTemplate,
    form: MinutiaeFormat = MinutiaeFormat.ISO,
    position: FingerPosition | None = None,
    with_flow: bool = True,
) -> bytes:
    """One finger as a record. ``with_flow=False`` leaves the own area out (about 300 bytes are left)."""
    found = template.minutiae
    minutiae = tuple(
        RecordedMinutia(int(kind), int(x), int(y), _recorded_angle(int(turn), form), int(quality))
        for x, y, turn, kind, quality in zip(found.x, found.y, found.turn, found.kind, found.quality, strict=True)
    )
    areas = (ExtendedArea(FLOW_AREA, _flow_bytes(template.flow)),) if with_flow and template.has_flow else ()
    code = POSITION_CODES[position] if position else 0
    view = FingerView(code, 0, 0, template.quality, minutiae, areas)
    return write_record(MinutiaeRecord(form, template.width, template.height, PIXELS_PER_CM, PIXELS_PER_CM, (view,)))


def read_template(data: bytes) -> FingerprintTemplate:
    """The first finger of a record. Raises ``UnusableFingerprint``."""
    return read_templates(data)[0][1]


def read_templates(data: bytes) -> Sequence[tuple[FingerPosition | None, FingerprintTemplate]]:
    """Every finger of a record with its position. Raises ``UnusableFingerprint``."""
    record = read_record(data)
    positions = {code: position for position, code in POSITION_CODES.items()}
    return [(positions.get(view.position), _prepared(record, view)) for view in record.views]


def _prepared(record: MinutiaeRecord, view: FingerView) -> FingerprintTemplate:
    x_scale, y_scale = PIXELS_PER_CM / record.x_resolution, PIXELS_PER_CM / record.y_resolution
    if not (0.2 <= x_scale <= 4 and 0.2 <= y_scale <= 4):
        raise UnusableFingerprint(FingerprintFault.BAD_RESOLUTION, f"{record.x_resolution} pixels a centimetre")
    width, height = round(record.width * x_scale), round(record.height * y_scale)
    if max(width, height) > _LARGEST_SIDE:
        raise UnusableFingerprint(FingerprintFault.TOO_LARGE, f"{width} x {height} pixels at 500 dpi")
    if any(minutia.x >= record.width or minutia.y >= record.height for minutia in view.minutiae):
        raise UnusableFingerprint(FingerprintFault.MALFORMED_TEMPLATE, "a minutia lies outside of the picture")
    found = MinutiaSet(
        np.array([round(m.x * x_scale) for m in view.minutiae], np.int16),
        np.array([round(m.y * y_scale) for m in view.minutiae], np.int16),
        np.array([_turn(m.angle, record.format) for m in view.minutiae], np.uint8),
        np.array([m.kind for m in view.minutiae], np.uint8),
        np.array([min(m.quality, 100) for m in view.minutiae], np.uint8),
    )
    flow = next((_read_flow(area.content, width, height) for area in view.extended if area.kind == FLOW_AREA), None)
    return prepared(found, width, height, min(view.quality, 100), flow)


def _recorded_angle(turn: int, form: MinutiaeFormat) -> int:
    counter_clockwise = -turn & 255
    if form is MinutiaeFormat.ISO:
        return counter_clockwise
    return round(counter_clockwise * 180 / 256) % 180


def _turn(angle: int, form: MinutiaeFormat) -> int:
    steps = angle if form is MinutiaeFormat.ISO else round(angle * 256 / 180)
    return -steps & 255


def _flow_bytes(flow: Bytes) -> bytes:
    rows, columns = flow.shape
    return _FLOW_MAGIC + struct.pack(">BBB", GRID_STEP, rows, columns) + flow.tobytes()


def _read_flow(content: bytes, width: int, height: int) -> Bytes | None:
    """The grid, or None where the area is another vendor's. Raises ``UnusableFingerprint`` for a torn one of ours."""
    if not content.startswith(_FLOW_MAGIC):
        return None
    head = len(_FLOW_MAGIC) + 3
    rows, columns = height // GRID_STEP + 1, width // GRID_STEP + 1
    if len(content) < head or tuple(content[head - 3 : head]) != (GRID_STEP, rows, columns):
        raise UnusableFingerprint(FingerprintFault.MALFORMED_TEMPLATE, "ridge flow of another size than the picture")
    if len(content) != head + rows * columns:
        raise UnusableFingerprint(FingerprintFault.MALFORMED_TEMPLATE, "ridge flow cut short")
    return np.frombuffer(content, np.uint8, offset=head).reshape(rows, columns).copy()
