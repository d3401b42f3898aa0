"""The training chip reader: the traveller's virtual chip, in process or over the real PC/SC daemon.

Settings: ``via``, ``process`` or ``pcsc``; ``reader``, the daemon's virtual reader; ``stage`` and ``pace``.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from threading import Event
from typing import Any, Final

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import (
    CaptureCancelled,
    CardRemoved,
    DeviceGarbage,
    NoCard,
)
from inspection_station.hardware.ports import ChipConnection, Device, DeviceInfo, DeviceKind, DriverSettings
from inspection_station.hardware.settings import SettingsReader
from inspection_station.training.devices.backstage import POLL_SECONDS, Backstage, common_settings
from inspection_station.training.devices.daemon_slot import DaemonReader
from inspection_station.training.faults import Fault

DRIVER: Final = "training-chip"
CONNECT_SECONDS: Final = 0.35
COMMAND_SECONDS: Final = 0.010
"""Reader and USB latency of one command; the air interface comes on top."""
BYTES_A_SECOND: Final = 45_000.0
"""424 kbit/s with framing, type A."""
_PULLED_AT_COMMAND: Final = 6
_NO_CANCEL: Final = Event()


class TrainingChipReader:
    """Connects to the chip of whoever stands on the stage."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        stage, pace = common_settings(reader)
        over_daemon = reader.take("via", "process", among=("process", "pcsc")) == "pcsc"
        self._daemon = DaemonReader(reader.take("reader", "Virtual PCD 00 00")) if over_daemon else None
        reader.finish()
        info = DeviceInfo(DeviceKind.CHIP_READER, DRIVER, "training chip reader", frozenset({"chip"}), training=True)
        self._backstage = Backstage(info, stage, pace)

    @property
    def info(self) -> DeviceInfo:
        return self._backstage.info

    def open(self) -> None:
        """With ``via = "pcsc"`` also DeviceNotFound when the daemon has no virtual reader."""
        self._backstage.open()
        if self._daemon is not None:
            self._daemon.open()

    def close(self) -> None:
        self._backstage.close()
        if self._daemon is not None:
            self._daemon.close()

    def probe(self) -> None:
        self._backstage.check()

    def connect(self, cancel: Event, timeout: float) -> ChipConnection:
        """The chip that lies there. Raises NoCard after ``timeout`` s (simulated, where a chipless document lies)."""
        backstage = self._backstage
        backstage.check()
        until = time.monotonic() + timeout
        while backstage.stage.current is None:
            backstage.check()
            if cancel.is_set():
                raise CaptureCancelled("no longer waiting for a chip")
            if time.monotonic() >= until:
                raise NoCard(f"no chip within {timeout:g} s")
            backstage.stage.wait_for_change(backstage.stage.presence.number, POLL_SECONDS)
        backstage.stall_if_told(cancel)
        presence = backstage.stage.presence
        missing = backstage.struck_by(Fault.NO_CHIP) or presence.traveller is None
        chip = None if missing else self._chip(presence.traveller, cancel, timeout)
        if chip is None:
            backstage.take_time(cancel, timeout)
            raise NoCard(f"no chip within {timeout:g} s")
        backstage.take_time(cancel, CONNECT_SECONDS)
        return _StagedConnection(chip, backstage, presence.number)

    def _chip(self, traveller: Any, cancel: Event, timeout: float) -> ChipConnection | None:
        props = self._backstage.stage.props
        if self._daemon is None:
            return props.chip(traveller)
        return self._daemon.connect(props.card(traveller), cancel, timeout)


class _StagedConnection:
    """A connection that takes time and notices when the traveller leaves or the card is pulled."""

    def __init__(self, chip: ChipConnection, backstage: Backstage, presence: int) -> None:
        self._chip = chip
        self._backstage = backstage
        self._presence = presence
        self._commands = 0
        self._gone = False

    @property
    def answer_to_reset(self) -> bytes:
        return self._chip.answer_to_reset

    def transmit(self, command: bytes) -> bytes:
        backstage = self._backstage
        backstage.check()
        self._commands += 1
        midway = self._commands == _PULLED_AT_COMMAND
        if midway:
            backstage.lost_if_told(Fault.READER_LOST)
        pulled = midway and backstage.struck_by(Fault.CARD_PULLED)
        if self._gone or pulled or backstage.stage.presence.number != self._presence:
            self._gone = True
            raise CardRemoved("the document left the field of the training chip reader")
        backstage.stall_if_told(_NO_CANCEL)
        if backstage.struck_by(Fault.GARBAGE):
            raise DeviceGarbage("an answer of 1 byte", code="CHP-01")
        answer = self._chip.transmit(command)
        backstage.take_time(_NO_CANCEL, COMMAND_SECONDS + (len(command) + len(answer)) / BYTES_A_SECOND)
        return answer

    def disconnect(self) -> None:
        self._gone = True
        self._chip.disconnect()


class TrainingChipFactory:
    """Entry point ``training-chip``."""

    kind = DeviceKind.CHIP_READER

    def __call__(self, settings: DriverSettings) -> TrainingChipReader:
        return TrainingChipReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        return (TrainingChipReader(DriverSettings()).info,)

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.training.devices.rehearsal import stage_rehearsal

        return stage_rehearsal(self)


factory = TrainingChipFactory()
