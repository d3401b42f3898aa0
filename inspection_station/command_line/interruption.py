"""Ctrl-C and SIGTERM end a verb for certain, and let it put its things away undisturbed.

An exception out of a signal handler is lost where Python cannot pass it on (a weak reference's callback, a last act
of an object, which importing runs by the hundred) or where a library swallows it. So it is raised again, four times a
second, until the verb has ended. While an interruption is on its way up, ``finally`` and ``with`` are at work: then
nothing is raised, neither again nor for a further signal.
"""

from __future__ import annotations

import _thread
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, current_thread, main_thread
from types import FrameType

AGAIN_SECONDS = 0.25
"""How soon an interruption that was lost is raised again."""

ANOTHER_SECONDS = 5.0
"""How long another exception may be dealt with before it counts as work that has to be ended too."""

PUTTING_AWAY_SECONDS = 30.0
"""How long putting away goes undisturbed; whoever presses Ctrl-C after that wants an end at any price."""


class Interruption(KeyboardInterrupt):
    """Raised on the main thread when the verb was told to end."""


@contextmanager
def told_to_end(told: list[int]) -> Iterator[None]:
    """SIGTERM and SIGINT interrupt what runs inside; ``told`` gets the numbers of the signals that came.

    Only the main thread hears signals: on another one this does nothing.
    """
    if current_thread() is not main_thread():
        yield
        return
    ending = _Ending(told)
    before = {number: signal.signal(number, ending.signalled) for number in (signal.SIGTERM, signal.SIGINT)}
    if hasattr(signal, "setitimer"):
        before[signal.SIGALRM] = signal.signal(signal.SIGALRM, ending.reminded)
    printed = sys.unraisablehook

    def unraisable(lost: sys.UnraisableHookArgs) -> None:
        if not issubclass(lost.exc_type, Interruption):  # it comes again; there is nothing to tell
            printed(lost)

    sys.unraisablehook = unraisable
    try:
        yield
    finally:
        ending.over()
        sys.unraisablehook = printed
        for number, handler in before.items():
            signal.signal(number, handler)


class _Ending:
    def __init__(self, told: list[int]) -> None:
        self._told = told
        self._over = False
        self._rings = False
        self._lock = Lock()
        self._waiting_since: float | None = None

    def signalled(self, number: int, frame: FrameType | None) -> None:
        """A signal came, or (without an interval timer) the thread's reminder."""
        if self._rings:
            self._rings = False
            self.reminded(number, frame)
            return
        self._told.append(number)
        self._interrupt(fresh=True)

    def reminded(self, number: int, frame: FrameType | None) -> None:
        """The verb has not ended yet."""
        if self._told:
            self._interrupt(fresh=False)

    def over(self) -> None:
        """The verb has ended."""
        with self._lock:
            self._over = True
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _interrupt(self, *, fresh: bool) -> None:
        if self._over:
            return
        self._remind_soon()
        if self._may_interrupt(fresh):
            raise Interruption

    def _may_interrupt(self, fresh: bool) -> bool:
        handled = sys.exc_info()[1]
        if handled is None:
            self._waiting_since = None
            return True
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()
        waited = time.monotonic() - self._waiting_since
        if _holds_interruption(handled):
            return fresh and waited > PUTTING_AWAY_SECONDS
        return fresh or waited > ANOTHER_SECONDS

    def _remind_soon(self) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:  # not threading.Thread: its start takes locks that the interrupted thread may hold
            _thread.start_new_thread(self._ring, ())

    def _ring(self) -> None:
        time.sleep(AGAIN_SECONDS)
        with self._lock:
            if not self._over:
                self._rings = True
                signal.raise_signal(signal.SIGINT)


def _holds_interruption(fault: BaseException | None) -> bool:
    """Whether the exception is an interruption or came of one."""
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        if isinstance(fault, KeyboardInterrupt):
            return True
        seen.add(id(fault))
        fault = fault.__cause__ or fault.__context__
    return False
