"""The drawing process's side of ``drawing_room``: draws what the pipe asks for, and ends with the pipe.

While it is at work it says so every second, with the processor time spent: on a busy machine a drawing may take minutes
in which nothing is wrong.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Final

DRAWN: Final = "drawn"
FAILED: Final = "failed"
WORKING: Final = "working"
_SAID_EVERY_SECONDS: Final = 1.0
_YIELDING: Final = 3
"""Steps of politeness: whoever inspects comes before who draws."""
_BELOW_NORMAL: Final = 0x4000  # BELOW_NORMAL_PRIORITY_CLASS, processthreadsapi.h


def serve(pipe: Connection) -> None:
    """Main function of the child. A second thread listens, so that the end of the station ends a drawing at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the station, which then ends us
    _step_back()
    asked: SimpleQueue[tuple[int, Any]] = SimpleQueue()
    at_work, sending = Event(), Lock()
    Thread(target=_listen, args=(pipe, asked, at_work, sending), name="pipe", daemon=True).start()
    import cv2

    from inspection_station.process_memory import reuse_picture_memory
    from inspection_station.training.devices.drawing import FilmOrder, FingerOrder, draw, film, lay_down

    reuse_picture_memory()
    cv2.setNumThreads(1)
    while True:
        number, order = asked.get()
        try:
            drawn: Any
            match order:
                case FingerOrder():
                    drawn = lay_down(order)
                case FilmOrder():
                    drawn = film(order)
                case _:
                    drawn = draw(*order)
            answer: tuple[str, int, Any] = DRAWN, number, drawn
        except Exception as fault:  # its text may name the traveller and stays here
            answer = FAILED, number, type(fault).__name__
        try:
            with sending:
                at_work.clear()
                pipe.send(answer)
        except OSError:
            os._exit(0)


def _listen(pipe: Connection, asked: SimpleQueue[tuple[int, Any]], at_work: Event, sending: Lock) -> None:
    while True:
        try:
            if pipe.poll(_SAID_EVERY_SECONDS):
                order = pipe.recv()
                at_work.set()
                asked.put(order)
                continue
            with sending:
                if at_work.is_set():
                    pipe.send((WORKING, 0, time.process_time()))
        except (EOFError, OSError):
            os._exit(0)  # the station is gone, or has no more use for us


def _step_back() -> None:
    """Lower this process's priority, where the system lets it."""
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        kernel.SetPriorityClass(ctypes.c_void_p(kernel.GetCurrentProcess()), _BELOW_NORMAL)
    else:
        os.nice(_YIELDING)
