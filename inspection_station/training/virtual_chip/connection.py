"""A virtual chip in process, behind the same port as a chip on a reader."""

from __future__ import annotations

import time
from collections.abc import Callable

from inspection_station.hardware.errors import CardRemoved
from inspection_station.training.virtual_chip.card import ANSWER_TO_RESET, ChipLeft, VirtualChip


class VirtualChipConnection:
    """``ChipConnection`` to a virtual chip.

    ``latency`` is seconds a command, ``seconds_per_byte`` what the air takes (106 kbit/s are about 85 µs a byte with
    framing): with them a reading lasts as long as a real one.
    """

    def __init__(
        self,
        chip: VirtualChip,
        *,
        latency: float = 0.0,
        seconds_per_byte: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._chip: VirtualChip | None = chip
        self._latency = latency
        self._seconds_per_byte = seconds_per_byte
        self._sleep = sleep

    @property
    def answer_to_reset(self) -> bytes:
        """As a contactless reader makes it up for a card without historical bytes (PC/SC part 3 §3.1.3.2.3)."""
        return ANSWER_TO_RESET

    def transmit(self, command: bytes) -> bytes:
        """One exchange; CardRemoved after the document was lifted or the connection closed."""
        if self._chip is None:
            raise CardRemoved("the connection to the chip is closed")
        try:
            answer = self._chip.process(command)
        except ChipLeft:
            self._chip = None
            raise CardRemoved("the document left the reader during the reading") from None
        pause = self._latency + self._seconds_per_byte * (len(command) + len(answer))
        if pause > 0:
            self._sleep(pause)
        return answer

    def disconnect(self) -> None:
        """Lets the chip go without resetting it, as a PC/SC disconnect may."""
        self._chip = None
