"""Zones for the desk: from pictures, swipes, wedges and typing, with every fault turned into the officer's code."""

from __future__ import annotations

from datetime import date

from inspection_station.desk.ports import StepFault
from inspection_station.documents.document_rules import classify, expired
from inspection_station.documents.errors import MalformedMrz
from inspection_station.documents.mrz import WRONG_LENGTH, zone_lines
from inspection_station.documents.mrz_image.reader import UnreadableImage, read_image
from inspection_station.documents.mrz_input import DoubleEntry, frame
from inspection_station.documents.mrz_repair import repair
from inspection_station.documents.taiwan_ids import holds_national_id
from inspection_station.inspection.document import MachineReadableZone
from inspection_station.inspection.person_class import PersonClass

_LONGEST = 4096  # characters of a swipe or of typing; the longest zone has 90


class ZoneReading:
    """Implements ``ports.ZoneReader``."""

    def from_image(self, data: bytes, today: date) -> MachineReadableZone:
        """The one zone in the picture. Raises StepFault (DOC-01, DOC-04 …)."""
        try:
            reading = read_image(data, today=today)
        except UnreadableImage as fault:
            raise _told(fault) from fault
        zone = reading.zones[0]
        if len(zone.failed_fields()) > len(zone.checks) // 2:
            # So many wrong digits are a bad picture, not a bad document: lay it down again, then type it.
            raise StepFault("DOC-01", f"{len(zone.failed_fields())} of {len(zone.checks)} check digits wrong")
        return zone

    def from_text(self, text: str, today: date) -> MachineReadableZone:
        """The one zone a swipe or wedge sent; two in one message are refused rather than chosen from (DOC-04).

        Raises StepFault: DOC-10 for lines of other lengths, DOC-11 for characters that no zone has.
        """
        if len(text) > _LONGEST:
            raise StepFault(WRONG_LENGTH, f"more than {_LONGEST} characters")
        zones = frame(text).zones
        if len(zones) > 1:
            raise StepFault("DOC-04", f"{len(zones)} zones in the message")
        try:
            return self._parsed(zones[0] if zones else zone_lines(text), today)
        except MalformedMrz as fault:
            raise _told(fault) from fault

    def from_typing(self, first: str, second: str, today: date) -> MachineReadableZone:
        """A zone typed twice. Differences come back by line and place, never by value (DOC-09)."""
        if max(len(first), len(second)) > _LONGEST:
            raise StepFault(WRONG_LENGTH, f"more than {_LONGEST} characters")
        entry = DoubleEntry(first, second)
        differences = entry.differences()
        if differences:
            places = ", ".join(f"{line + 1}:{column + 1}" for line, column in differences[:8])
            raise StepFault("DOC-09", places)
        try:
            return self._parsed(entry.lines(), today)
        except MalformedMrz as fault:
            raise _told(fault) from fault

    def taiwan_id_valid(self, mrz: MachineReadableZone) -> bool:
        return holds_national_id(mrz)

    def holder(self, mrz: MachineReadableZone) -> PersonClass | None:
        return classify(mrz).holder

    def expired(self, mrz: MachineReadableZone, today: date) -> bool | None:
        return expired(mrz.date_of_expiry, today)

    def _parsed(self, lines: tuple[str, ...], today: date) -> MachineReadableZone:
        return repair(lines, today=today)


def _told(fault: MalformedMrz | UnreadableImage) -> StepFault:
    """For the officer; of lines with other lengths than a zone's the detail is the lengths alone."""
    return StepFault(fault.code, ", ".join(map(str, fault.lengths)) or fault.detail)
