"""A satellite link of real packets: two network namespaces, a TUN device in each, and a relay that delays, throttles,
loses and cuts between them. Linux and root alone; ``link_proxy`` is the poor man's form of it.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field

_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_PACKET = 2048  # more than the devices' 1,500


@dataclass(frozen=True)
class Sky:
    """``rate`` bytes a second each way, headers and all; ``delay`` seconds each way; ``loss`` a share of the packets,
    lost behind the bottleneck, so that they have used their time on it; ``queue`` bytes wait before it, no more.
    """

    rate: float = 32_000.0
    delay: float = 0.3
    loss: float = 0.05
    queue: int = 96 << 10


@dataclass
class Way:
    """One direction of the link, and what it carried."""

    free: float = 0.0
    packets: int = 0
    octets: int = 0
    lost: int = 0
    overflowed: int = 0
    due: list[tuple[float, int, bytes]] = field(default_factory=list)


def available() -> bool:
    """Whether this machine lets us."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and os.path.exists("/dev/net/tun")


def enter_new_side(address: str) -> int:
    """Put the calling thread, and what it starts from now on, into a network of its own that reaches the other side
    through a TUN device; returns the device's descriptor. ``address``: this side's, within 10.77.0.0/24.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace")
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", b"sky", _IFF_TUN | _IFF_NO_PI))
    for command in (
        ["ip", "link", "set", "lo", "up"],
        ["ip", "address", "add", f"{address}/24", "dev", "sky"],
        ["ip", "link", "set", "sky", "up"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return descriptor


class SatelliteLink:
    """Carries packets between two sides on a thread of its own until it is closed."""

    def __init__(self, station: int, gateway: int, sky: Sky, seed: int = 1) -> None:
        self.sky = sky
        self.up, self.down = Way(), Way()
        self.cut_seconds = 0.0
        self._ends = {station: (gateway, self.up), gateway: (station, self.down)}
        self._chance = random.Random(seed)
        self._number = 0
        self._cut_until = 0.0
        self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self, seconds: float) -> None:
        """From now on nothing passes for so long; what was under way is lost too."""
        self._cut_until = time.monotonic() + seconds
        self.cut_seconds += seconds

    @property
    def is_cut(self) -> bool:
        return time.monotonic() < self._cut_until

    def close(self) -> None:
        self._closing = True
        self._thread.join(5)
        for end in self._ends:
            os.close(end)

    def _run(self) -> None:
        while not self._closing:
            soonest = min((way.due[0][0] for way in (self.up, self.down) if way.due), default=time.monotonic() + 0.2)
            wait = min(0.2, max(0.0, soonest - time.monotonic()))
            for end in select.select(list(self._ends), [], [], wait)[0]:
                self._take(end)
            for source, (_, way) in self._ends.items():
                self._deliver(source, way)

    def _take(self, end: int) -> None:
        way = self._ends[end][1]
        while True:
            try:
                packet = os.read(end, _PACKET)
            except BlockingIOError:
                return
            now = time.monotonic()
            if self.is_cut:
                continue
            if (way.free - now) * self.sky.rate > self.sky.queue:
                way.overflowed += 1
                continue
            way.free = max(way.free, now) + len(packet) / self.sky.rate
            way.packets += 1
            way.octets += len(packet)
            if self._chance.random() < self.sky.loss:
                way.lost += 1
                continue
            self._number += 1
            heapq.heappush(way.due, (way.free + self.sky.delay, self._number, packet))

    def _deliver(self, source: int, way: Way) -> None:
        sink = self._ends[source][0]
        now = time.monotonic()
        while way.due and way.due[0][0] <= now:
            _, _, packet = heapq.heappop(way.due)
            if not self.is_cut:
                os.write(sink, packet)
