"""The drawing room: a process of its own that draws coming travellers while the present one is inspected.

Drawing in the station's process kept the screen waiting (up to 290 ms measured: coders that do not let other threads
run; growing a finger held the interpreter for half a second). The process is spawned with the first order, works at low
priority, and ends by itself when the station's process does, however that ended. One that crashes is started again; a
second crash over the same traveller is a DrawingFault.
"""

from __future__ import annotations

import logging
import multiprocessing
import time
from concurrent.futures import Future
from contextlib import suppress
from datetime import date
from itertools import count
from multiprocessing.connection import Connection
from queue import PriorityQueue
from threading import Lock, Thread
from typing import Any, Final

from inspection_station.hardware.errors import DeviceError
from inspection_station.training.devices.drawing import Drawn, FilmOrder, FingerOrder, Frames
from inspection_station.training.devices.drawing_child import DRAWN, WORKING, serve
from inspection_station.training.devices.stage import Laid
from inspection_station.training.personas.traveller import TrainingTraveller

log = logging.getLogger(__name__)

_POLL_SECONDS: Final = 0.2
_PATIENCE_SECONDS: Final = 120.0
"""With a process that gets nothing done. One that gets on is waited for, however busy the machine is."""
_MOST_WORK_SECONDS: Final = 120.0
"""Of processor time for one drawing of 1 or 2 s: beyond that it goes round in circles."""
_GOT_ON_SECONDS: Final = 0.05
"""Of processor time that count as work: more than it takes to say, for all of one's patience, that one is alive."""
_TRIES: Final = 2
_LIFETIME: Final = 400
"""Drawings after which a process is replaced: what drawing leaves behind must not add up over a day of lessons."""

_SOON, _IN_TURN, _LAST = range(3)
"""When an order comes: those of one kind in the order they were given."""


class DrawingFault(DeviceError):
    """A training traveller cannot be drawn: the drawing process crashed twice, hangs, or is closed."""


class DrawingRoom:
    """Implements ``drawing.Draughtsman``. Orders return at once and are carried out one after the other."""

    ahead = True

    def __init__(
        self,
        *,
        patience: float = _PATIENCE_SECONDS,
        most_work: float = _MOST_WORK_SECONDS,
        lifetime: int = _LIFETIME,
    ) -> None:
        self._patience, self._most_work = patience, most_work
        self._lifetime = lifetime
        self._orders: PriorityQueue[tuple[int, int, Any, Future[Any]]] = PriorityQueue()
        self._turns = count()  # no two orders are alike, so what is ordered is never compared
        self._state = Lock()
        self._clerk: Thread | None = None
        self._closed = False
        self._process: Any = None  # the clerk's alone, but for the end in ``close``
        self._pipe: Connection | None = None
        self._number = 0
        self._left = 0

    @property
    def process_id(self) -> int | None:
        """Of the running child, or None."""
        process = self._process
        return None if process is None else process.pid

    def draw(self, traveller: TrainingTraveller, today: date, into: Future[Drawn]) -> None:
        self._ordered((traveller, today), into, _IN_TURN)

    def film(self, order: FilmOrder, into: Future[Frames], *, soon: bool = False) -> None:
        self._ordered(order, into, _SOON if soon else _IN_TURN)

    def lay_down(self, fingers: FingerOrder, into: Future[Laid], *, soon: bool = False) -> None:
        self._ordered(fingers, into, _SOON if soon else _IN_TURN)

    def _ordered(self, order: Any, into: Future[Any], when: int) -> None:
        with self._state:
            if self._closed:
                into.set_exception(DrawingFault("no traveller is drawn any more"))
                return
            if self._clerk is None:
                self._clerk = Thread(target=self._work, name="drawing-room", daemon=True)
                self._clerk.start()
            self._orders.put((when, next(self._turns), order, into))

    def close(self) -> None:
        """End the process; drawings that are waited for fail. Harmless when repeated."""
        with self._state:
            clerk, self._clerk, self._closed = self._clerk, None, True
        if clerk is None:
            return
        self._orders.put((_LAST, next(self._turns), None, Future()))
        clerk.join(5.0)

    def _work(self) -> None:
        try:
            while True:
                when, _, order, into = self._orders.get()
                if when == _LAST:
                    return
                if self._closed:
                    into.set_exception(DrawingFault("no traveller is drawn any more"))
                    continue
                try:
                    into.set_result(self._drawn(order))
                except Exception as fault:
                    into.set_exception(fault if isinstance(fault, DeviceError) else _unforeseen(fault))
        finally:
            self._end()

    def _drawn(self, order: Any) -> Any:
        for _ in range(_TRIES):
            try:
                return self._asked(order)
            except (EOFError, OSError) as fault:
                if self._closed:
                    break
                log.warning("the drawing process ended by itself: %s", type(fault).__name__)
                self._end()
        raise DrawingFault("no traveller is drawn any more" if self._closed else "the drawing process crashes")

    def _asked(self, order: Any) -> Any:
        """Raises EOFError or OSError when the process is gone, DrawingFault when it hangs or cannot."""
        pipe = self._started()
        self._number += 1
        pipe.send((self._number, order))
        kind, number, content = self._heard(pipe)
        self._left -= 1
        if self._left <= 0:
            self._end()
        if kind != DRAWN or number != self._number:
            raise DrawingFault(f"the drawing process raised {content}")
        return content

    def _heard(self, pipe: Connection) -> tuple[str, int, Any]:
        """The answer, waited for as long as the process gets on. Raises as ``_asked``."""
        got_on, begun, done = time.monotonic(), None, 0.0
        while True:
            if pipe.poll(_POLL_SECONDS):
                answer: tuple[str, int, Any] = pipe.recv()
                if answer[0] != WORKING:
                    return answer
                spent = answer[2]
                begun = spent if begun is None else begun
                if spent - done > _GOT_ON_SECONDS:
                    got_on, done = time.monotonic(), spent
                if spent - begun > self._most_work:
                    self._end()
                    raise DrawingFault("the drawing process comes to no end and was ended")
            if self._closed:
                raise EOFError
            if time.monotonic() - got_on > self._patience:
                self._end()
                raise DrawingFault("the drawing process does not answer and was ended")

    def _started(self) -> Connection:
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=serve, args=(theirs,), name="drawing-room", daemon=True)
            self._process.start()
            theirs.close()
            self._left = self._lifetime
        return self._pipe

    def _end(self) -> None:
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
        if process is not None:
            process.kill()
            process.join(2.0)
            process.close()


def _unforeseen(fault: Exception) -> DrawingFault:
    log.error("unforeseen fault in the drawing room: %s", type(fault).__name__, exc_info=fault)
    return DrawingFault(f"drawing failed: {type(fault).__name__}")
