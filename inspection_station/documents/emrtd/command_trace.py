"""A trace of what went to a chip and came back, for a fault report: headers, lengths, status words, times. Data never:
they hold the person.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from inspection_station.documents.emrtd.chip_session import Connection

_NAMES = {
    0x22: "MANAGE SECURITY ENVIRONMENT",
    0x82: "EXTERNAL AUTHENTICATE",
    0x84: "GET CHALLENGE",
    0x86: "GENERAL AUTHENTICATE",
    0x88: "INTERNAL AUTHENTICATE",
    0xA4: "SELECT",
    0xB0: "READ BINARY",
    0xB1: "READ BINARY",
    0xC0: "GET RESPONSE",
}


class TracedConnection:
    """Passes commands on to a connection and writes one line of JSON about each.

    ``header`` is CLA INS P1 P2; ``sent`` and ``received`` count bytes, ``ms`` is reader and chip together.
    """

    def __init__(
        self, connection: Connection, write: Callable[[str], object], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._connection, self._write, self._clock = connection, write, clock
        self._number = 0

    def transmit(self, command: bytes) -> bytes:
        """The connection's answer; what it raises is noted and goes on."""
        self._number += 1
        started = self._clock()
        answer: bytes | None = None
        try:
            answer = self._connection.transmit(command)
            return answer
        finally:
            told = {
                "n": self._number,
                "command": _NAMES.get(command[1], "unknown") if len(command) > 1 else "unknown",
                "header": command[:4].hex(),
                "secured": bool(command and command[0] & 0x0C == 0x0C),
                "sent": len(command),
                "received": len(answer) if answer is not None else None,
                "status": answer[-2:].hex() if answer is not None else None,
                "ms": round((self._clock() - started) * 1e3, 2),
            }
            self._write(json.dumps(told) + "\n")
