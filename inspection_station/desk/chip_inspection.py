"""Chips for the desk: the session of ``documents.emrtd`` with the station's trust store as it stands at that moment."""

from __future__ import annotations

from datetime import datetime
from threading import Event as Cancel

from inspection_station.desk.ports import ChipAnswer, StepFault
from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.chip_session import read_chip
from inspection_station.documents.emrtd.errors import ChipFault, ReadingCancelled
from inspection_station.documents.emrtd.trust_store import TrustSource
from inspection_station.hardware.errors import CaptureCancelled
from inspection_station.hardware.ports import ChipConnection
from inspection_station.inspection.document import MachineReadableZone


class ChipInspection:
    """Implements ``ports.ChipInspector``."""

    def __init__(self, trust: TrustSource) -> None:
        self._trust = trust

    def read(
        self, connection: ChipConnection, mrz: MachineReadableZone, *, with_portrait: bool, at: datetime, cancel: Cancel
    ) -> ChipAnswer:
        """Raises StepFault (CHP-…) for what the chip does, DeviceError for what the reader does."""
        try:
            key = MrzKey.of(mrz)
        except ValueError as fault:
            raise StepFault("CHP-10", "the zone gives no key") from fault
        try:
            outcome = read_chip(
                connection,
                access_key=key,
                trust=self._trust.current(),
                with_portrait=with_portrait,
                at=at.date(),
                printed_zone=mrz.lines,
                common_data=True,  # one or two commands more, and a group that the state did not sign is found
                cancel=cancel,
            )
        except ReadingCancelled as stop:
            raise CaptureCancelled(stop.detail) from stop
        except ChipFault as fault:
            raise StepFault(fault.code, fault.detail) from fault
        return ChipAnswer(outcome.reading, outcome.portrait, outcome.device_ms)
