"""Threads that want the same at the same moment: one does it for all who wait.

A packet by itself costs a dozen statements, the log's lock and a wait for the medium; those that came while others were
at it cost little more than one. Nobody waits in order to be many: one that comes alone goes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Lock, Semaphore
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Done = TypeVar("Done")


class Together(Generic[Asked, Done]):
    """``work`` does several at once, all or none, and tells what became of each in their order.

    ``turns``: how many such works may run side by side.

    ``everybodys``: a fault that is nobody's in particular. After any other, each is tried by itself, so that one that
    cannot be done fails alone.
    """

    def __init__(
        self, work: Callable[[Sequence[Asked]], Sequence[Done]], turns: int, everybodys: type[Exception]
    ) -> None:
        self._work, self._everybodys = work, everybodys
        self._waiting: dict[Future[Done], Asked] = {}
        self._door, self._turns = Lock(), Semaphore(turns)

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def do(self, asked: Asked) -> Done:
        """What ``work`` makes of it, also when another thread did it. Raises what ``work`` raises for it."""
        mine: Future[Done] = Future()
        with self._door:
            self._waiting[mine] = asked
        with self._turns:
            with self._door:
                waiting: dict[Future[Done], Asked] = {}
                if mine in self._waiting:  # else another thread has it in hand
                    waiting, self._waiting = self._waiting, waiting
            if waiting:
                self._do(list(waiting.items()))
        return mine.result()

    def _do(self, some: Sequence[tuple[Future[Done], Asked]]) -> None:
        try:
            found = self._work([asked for _, asked in some])
        except self._everybodys as fault:
            _fail(some, fault)
        except Exception as fault:
            if len(some) == 1:
                _fail(some, fault)
            else:
                for one in some:
                    self._do([one])
        except BaseException as end:  # the process is told to end: nobody is left waiting
            _fail(some, end)
            raise
        else:
            for (future, _), done in zip(some, found, strict=True):
                future.set_result(done)


def _fail(some: Sequence[tuple[Future[Done], object]], fault: BaseException) -> None:
    for future, _ in some:
        future.set_exception(fault)
