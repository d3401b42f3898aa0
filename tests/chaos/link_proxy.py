"""A bad link on loopback: delay, rate, stalls that never end, resets at any byte. TCP only; it loses no packets."""

from __future__ import annotations

import contextlib
import queue
import random
import socket
import struct
import threading
import time
from dataclasses import dataclass

_BLOCK = 4096


@dataclass(frozen=True)
class Weather:
    """``delay`` seconds each way; ``rate`` bytes a second each way (0: no limit); chances a connection."""

    delay: float = 0.0
    rate: float = 0.0
    reset: float = 0.0
    stall: float = 0.0


@dataclass
class Counts:
    connections: int = 0
    resets: int = 0
    stalls: int = 0
    up: int = 0
    down: int = 0


class LinkProxy:
    """Listens on ``port`` and leads to ``target``. ``weather`` may be changed while it runs."""

    def __init__(self, target: int, weather: Weather, seed: int = 1) -> None:
        self.target, self.weather, self.counts = target, weather, Counts()
        self._chance = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._closing = False
        self._lines = {"up": threading.Lock(), "down": threading.Lock()}
        self._free = {"up": 0.0, "down": 0.0}
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection now."""
        with self._guard:
            for one in list(self._open):
                _reset(one)
            self._open.clear()

    def close(self) -> None:
        self._closing = True
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._closing:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                _reset(near)
                continue
            far.settimeout(None)  # the five seconds were for connecting alone
            self.counts.connections += 1
            with self._guard:
                self._open |= {near, far}
            fate = self._chance.random()
            weather = self.weather
            doom = "reset" if fate < weather.reset else "stall" if fate < weather.reset + weather.stall else ""
            # Anywhere in a conversation: within the handshake, a request, an answer.
            after = int(10 ** self._chance.uniform(1.5, 5.2)) if doom else -1
            shared = [after]
            for source, sink, way in ((near, far, "up"), (far, near, "down")):
                threading.Thread(target=self._carry, args=(source, sink, way, doom, shared), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, way: str, doom: str, left: list[int]) -> None:
        pipe: queue.Queue[tuple[float, bytes]] = queue.Queue(maxsize=256)  # a megabyte: the satellite's own buffer
        threading.Thread(target=self._deliver, args=(pipe, sink, way), daemon=True).start()
        free = time.monotonic()
        try:
            while block := source.recv(_BLOCK):
                weather = self.weather
                if doom:
                    left[0] -= len(block)
                    if left[0] < 0:
                        pipe.put((0.0, block[: max(0, len(block) + left[0])]))
                        self._doom(doom, source, sink)
                        return
                with self._lines[way]:
                    # Connections share the line: each block waits until the line is free.
                    free = max(self._free[way], time.monotonic())
                    if weather.rate:
                        free += len(block) / weather.rate
                    self._free[way] = free
                pipe.put((free + weather.delay, block))
        except OSError:
            pass  # the other side went away
        pipe.put((free + self.weather.delay, b""))

    def _deliver(self, pipe: queue.Queue[tuple[float, bytes]], sink: socket.socket, way: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, block = pipe.get()
                if (wait := due - time.monotonic()) > 0:
                    time.sleep(wait)
                if not block:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(block)
                setattr(self.counts, way, getattr(self.counts, way) + len(block))

    def _doom(self, doom: str, source: socket.socket, sink: socket.socket) -> None:
        if doom == "stall":
            self.counts.stalls += 1
            time.sleep(30)  # longer than anybody's patience here
        else:
            self.counts.resets += 1
        _reset(source)
        _reset(sink)


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        one.close()
