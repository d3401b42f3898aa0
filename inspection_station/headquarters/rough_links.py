"""What TCP can be told, and can tell, of links that lose packets, stand still and queue for seconds. Linux alone knows
all of it; where a system does not, the exchange goes on without.
"""

from __future__ import annotations

import contextlib
import socket
import statistics
import struct
import sys
from dataclasses import dataclass
from functools import cache
from weakref import WeakKeyDictionary

_RTO_MAX_MS = 44  # TCP_RTO_MAX_MS, Linux 6.15; Python has no name for it
_LONGEST_PAUSE_MS = 4000
_PATIENCE_MS, _LITTLE_PATIENCE_MS = 75_000, 15_000  # counted from the first loss of a series, not from the cut
_UNSENT_BYTES = 4096
# Of struct tcp_info: ms since sending and since an answer; µs of a round trip and of the shortest; packets that were
# sent and delivered, also behind a gap; bytes that were sent.
_INFO = struct.Struct("=44xI8xI8xI76xI4xI32xI4xQ")
_NEVER = (1 << 32) - 1  # what stands there before the first round trip
_LATELY_MS = 3000


@dataclass(frozen=True, slots=True)
class Flow:
    """``waited``: seconds that packets wait in queues on their way, as TCP sees it: the round trip now, less the
    shortest that was seen; None where nothing is sent, or the system does not tell. ``delivered``: bytes so far.
    """

    waited: float | None = None
    delivered: int = 0


@cache
def socket_options() -> tuple[tuple[int, int, int | bytes], ...]:
    """For a connection over such a link, as far as this system knows them.

    BBR does not take every lost packet for a full link. Little is kept unsent in the socket, so that what is urgent can
    still overtake it. A lost packet is sent again after four seconds at the latest, so that a link that was away is
    used at once; where the system cannot, a connection is given up earlier and made anew. See docs/scaling.md.
    """
    if sys.platform != "linux":
        return ()
    tcp = socket.IPPROTO_TCP
    longest = (tcp, _RTO_MAX_MS, _LONGEST_PAUSE_MS)
    wanted = ((tcp, socket.TCP_CONGESTION, b"bbr"), (tcp, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES), longest)
    found: list[tuple[int, int, int | bytes]] = []
    with socket.socket() as probe:
        for option in wanted:
            with contextlib.suppress(OSError):
                probe.setsockopt(*option)
                found.append(option)
    patience = _PATIENCE_MS if longest in found else _LITTLE_PATIENCE_MS
    return (*found, (tcp, socket.TCP_USER_TIMEOUT, patience))


class Gauge:
    """Looks at connections as TCP sees them. Safe from any thread that holds its own lock around ``read``."""

    def __init__(self) -> None:
        self._delivered: WeakKeyDictionary[socket.socket, int] = WeakKeyDictionary()
        self._sum = 0

    def add(self, connection: socket.socket) -> None:
        """Look at this one too, as long as it lives."""
        self._delivered[connection] = 0

    def read(self) -> Flow:
        """How the connections together get on."""
        now, least = list[float](), list[float]()
        for connection, before in list(self._delivered.items()) if sys.platform == "linux" else ():
            try:
                told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
                sent, answered, trip, shortest, packets, delivered, octets = _INFO.unpack(told)
            except (OSError, struct.error):
                continue
            self._delivered[connection] = delivered
            self._sum += (delivered - before) * octets // max(1, packets)
            if trip and max(sent, answered) < _LATELY_MS:
                now.append(trip / 1e6)
            if 0 < shortest < _NEVER:
                least.append(shortest / 1e6)
        waited = max(0.0, statistics.median(now) - min(least)) if now and least else None
        return Flow(waited, self._sum)
