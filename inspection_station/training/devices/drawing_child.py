"""The drawing process's side of ``drawing_room``: draws what the pipe asks for, and ends with the pipe."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final

DRAWN: Final = "drawn"
FAILED: Final = "failed"
_YIELDING: Final = 3
"""Steps of politeness: whoever inspects comes before who draws."""
_BELOW_NORMAL: Final = 0x4000  # BELOW_NORMAL_PRIORITY_CLASS, processthreadsapi.h


def serve(pipe: Connection) -> None:
    """Main function of the child. A second thread listens, so that the end of the station ends a drawing at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the station, which then ends us
    _step_back()
    asked: SimpleQueue[tuple[int, Any]] = SimpleQueue()
    Thread(target=_listen, args=(pipe, asked), name="pipe", daemon=True).start()
    import cv2

    from inspection_station.process_memory import reuse_picture_memory
    from inspection_station.training.devices.drawing import FingerOrder, draw, lay_down

    reuse_picture_memory()
    cv2.setNumThreads(1)
    while True:
        number, order = asked.get()
        try:
            drawn: Any = lay_down(order) if isinstance(order, FingerOrder) else draw(*order)
            answer: tuple[str, int, Any] = DRAWN, number, drawn
        except Exception as fault:  # its text may name the traveller and stays here
            answer = FAILED, number, type(fault).__name__
        try:
            pipe.send(answer)
        except OSError:
            os._exit(0)


def _listen(pipe: Connection, asked: SimpleQueue[tuple[int, Any]]) -> None:
    while True:
        try:
            asked.put(pipe.recv())
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
