"""The virtual reader of the real PC/SC daemon: a card is laid on it and lifted off, and read by the real driver."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import Final, cast

from inspection_station.hardware.errors import DeviceNotFound
from inspection_station.hardware.ports import ChipConnection, ChipReader
from inspection_station.hardware.registry import DriverRegistry
from inspection_station.training.virtual_chip.card import VirtualChip
from inspection_station.training.vpcd import DEFAULT_HOST, DEFAULT_PORT, DaemonUnreachable, serve

_PATIENCE_SECONDS: Final = 3.0
_NOTICED_SECONDS: Final = 0.6
"""The daemon looks every 0.4 s whether a card is still there; a new one laid down sooner is taken for the old one."""


class DaemonSlot:
    """One card at a time on ``host:port``. The card's side runs on a thread that ends with ``lift``."""

    def __init__(self, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT) -> None:
        self._address = host, port
        self._thread: Thread | None = None
        self._stop = Event()

    def lay(self, card: VirtualChip) -> None:
        """Raises DeviceNotFound when the daemon's virtual reader does not answer within 3 s."""
        self.lift()
        self._stop = Event()
        settled, faults = Event(), list[OSError]()

        def run(stop: Event) -> None:
            try:
                serve(card, *self._address, stop=stop, inserted=settled.set, patience=_PATIENCE_SECONDS)
            except DaemonUnreachable as fault:
                faults.append(fault)
                settled.set()

        self._thread = Thread(target=run, args=(self._stop,), name="virtual-card", daemon=True)
        self._thread.start()
        settled.wait(_PATIENCE_SECONDS + 2.0)
        if faults or not settled.is_set():
            self.lift()
            raise DeviceNotFound("the virtual reader of the PC/SC daemon does not answer: start pcscd with vpcd")

    def lift(self) -> None:
        """Harmless when nothing lies there."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(3.0)
            time.sleep(_NOTICED_SECONDS)


class DaemonReader:
    """The driver ``pcsc-chip`` over the daemon's virtual reader, together with the card that lies there."""

    def __init__(self, reader: str) -> None:
        self._chips = cast(ChipReader, DriverRegistry().make("pcsc-chip", {"reader": reader}))
        self._slot = DaemonSlot()

    def open(self) -> None:
        self._chips.open()

    def close(self) -> None:
        self._chips.close()
        self._slot.lift()

    def connect(self, card: VirtualChip, cancel: Event, timeout: float) -> ChipConnection:
        """Lay the card down and connect to it through the daemon."""
        self._slot.lay(card)
        return self._chips.connect(cancel, timeout)
