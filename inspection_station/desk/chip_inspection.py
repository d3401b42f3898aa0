"""Chips for the desk: the session of ``documents.emrtd`` with the station's trust store as it stands at that moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Event as Cancel

from inspection_station.desk.ports import ChipAnswer, StepFault
from inspection_station.documents.emrtd.access_keys import CanKey, MrzKey
from inspection_station.documents.emrtd.chip_session import Resumption, read_chip
from inspection_station.documents.emrtd.errors import ChipFault, ReadingCancelled
from inspection_station.documents.emrtd.terminal_keys import TerminalKeys
from inspection_station.documents.emrtd.trust_store import TrustSource
from inspection_station.hardware.errors import CaptureCancelled, CardRemoved
from inspection_station.hardware.ports import ChipConnection
from inspection_station.inspection.document import MachineReadableZone


class ChipInspection:
    """Implements ``ports.ChipInspector``."""

    def __init__(self, trust: TrustSource, terminal_keys: TerminalKeys | None = None) -> None:
        self._trust, self._terminal_keys = trust, terminal_keys

    def read(
        self,
        connection: ChipConnection,
        mrz: MachineReadableZone,
        *,
        with_portrait: bool,
        at: datetime,
        cancel: Cancel,
        reconnect: Callable[[], ChipConnection] | None = None,
        can: str = "",
    ) -> ChipAnswer:
        """Raises StepFault (CHP-…) for what the chip does, DeviceError for what the reader does.

        ``reconnect`` waits for a document that was moved; its connections end here. Fingers are read where a state has
        given keys and portraits may be: who is excluded from the one is from the other (Immigration Act article 91).
        """
        further: list[ChipConnection] = []
        try:
            key = CanKey(can) if can else MrzKey.of(mrz)
        except ValueError as fault:
            raise StepFault("CHP-10", "zone or number give no key") from fault
        try:
            outcome = read_chip(
                connection,
                access_key=key,
                trust=self._trust.current(),
                with_portrait=with_portrait,
                at=at.date(),
                printed_zone=mrz.lines,
                common_data=True,  # one or two commands more, and a group that the state did not sign is found
                terminal_keys=self._terminal_keys,
                with_fingers=with_portrait,
                resumption=_resumption(reconnect, further),
                cancel=cancel,
            )
        except ReadingCancelled as stop:
            raise CaptureCancelled(stop.detail) from stop
        except ChipFault as fault:
            raise StepFault(fault.code, fault.detail) from fault
        finally:
            for connected in further:
                connected.disconnect()
        return ChipAnswer(outcome.reading, outcome.portrait, outcome.device_ms, outcome.fingers)


def _resumption(reconnect: Callable[[], ChipConnection] | None, made: list[ChipConnection]) -> Resumption | None:
    """``made`` gathers the connections, to be ended with the reading."""
    if reconnect is None:
        return None

    def again() -> ChipConnection:
        made.append(reconnect())
        return made[-1]

    return Resumption(again, (CardRemoved,))
