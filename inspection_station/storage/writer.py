"""The one thread that writes. Acts are carried out in the order they were asked for.

Journal entries that wait together share a commit. An entry that could not be written stays first in the queue and is
tried again with the next act or after a pause, so the journal has no gaps; any other act fails at once and is the
caller's to repeat. When the disk runs full the space kept back is given up and the batch tried once more: the
inspection in hand is written, and the fault stands until there is room for a new reserve.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Thread
from typing import Any, Protocol

from sqlcipher3 import dbapi2

from inspection_station.storage.connection import Connection, transaction, translate
from inspection_station.storage.errors import DiskFull, StoreClosed, StoreUnavailable
from inspection_station.storage.reserve import Reserve

log = logging.getLogger(__name__)

_SHARED = 64  # journal entries a commit
_BACKLOG = 10_000  # entries held while the disk cannot take them
_PAUSE = 1.0  # seconds before a failed entry is tried again without a new act
_CHORE_LATER = 60.0  # seconds before a chore that failed is tried again

Work = Callable[[Connection], Any]
Adopt = Callable[[Connection], None]


class Chore(Protocol):
    """Something to be done now and then while nothing else is asked for."""

    def turn(self, connection: Connection) -> float:
        """Within a transaction; returns seconds until the next turn."""
        ...

    def settle(self, connection: Connection) -> None:
        """After the transaction."""
        ...


@dataclass(slots=True)
class _Act:
    work: Work
    future: Future[Any] = field(default_factory=Future)
    kept: bool = False  # a journal entry: kept until it is written
    alone: Callable[[Connection, Adopt], Any] | None = None  # outside a transaction, and may change the connection


class Writer:
    """Owns the writing connection. ``on_fault`` is called on the writer's thread with the first of a row of faults, and
    with None once writing works again.
    """

    def __init__(self, connection: Connection, folder: Path, after: Callable[[Connection], None]) -> None:
        self._connection = connection
        self._folder = folder
        self._after = after  # called when the queue has run empty
        self._reserve = Reserve(folder)
        self._spent = not self._reserve.take()
        self._queue: deque[_Act] = deque()
        self._wake = Condition()
        self._closing = False
        self._fault: StoreUnavailable | None = None
        if self._spent:
            self._fault = _scarce()
            _log_refused(self._fault)
        self.on_fault: Callable[[StoreUnavailable | None], None] | None = None
        self._chore: Chore | None = None
        self._chore_due = 0.0  # monotonic seconds
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def fault(self) -> StoreUnavailable | None:
        """Why the last act could not be written; None while writing works."""
        return self._fault

    def submit(self, work: Work) -> Future[Any]:
        """Queue an act; its transaction is durable before the future resolves. Raises StoreClosed."""
        return self._put(_Act(work)).future

    def keep(self, work: Work) -> None:
        """Queue a journal entry. Raises StoreClosed, or the standing fault when too many wait for the disk."""
        if len(self._queue) >= _BACKLOG and self._fault is not None:
            raise self._fault
        self._put(_Act(work, kept=True))

    def alone(self, work: Callable[[Connection, Adopt], Any]) -> Future[Any]:
        """Queue an act that needs the connection outside a transaction and may put another in its place (``Adopt``, the
        one before being closed). Its faults are its future's alone. Raises StoreClosed.
        """
        return self._put(_Act(_nothing, alone=work)).future

    def now_and_then(self, chore: Chore, first: float) -> None:
        """Have this done from ``first`` seconds on, whenever the queue is empty and writing works."""
        with self._wake:
            self._chore, self._chore_due = chore, time.monotonic() + first
            self._wake.notify()

    def close(self) -> None:
        """Write what is queued, as far as the disk lets it, then end the thread and the connection."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._connection.close()

    def _put(self, act: _Act) -> _Act:
        with self._wake:
            if self._closing:
                raise StoreClosed("the store is closed")
            act.future.set_running_or_notify_cancel()  # what was asked for is written: there is no calling it back
            self._queue.append(act)
            self._wake.notify()
        return act

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            if batch and batch[0].alone is not None:
                self._carry_out_alone(batch[0], batch[0].alone)
            elif batch:
                self._carry_out(batch)
            elif self._fault is not None:
                self._try_again()
            else:
                self._do_chore()
            if not self._queue:
                self._follow_up()
        for act in self._queue:
            act.future.set_exception(StoreClosed("the store was closed before this was written"))

    def _follow_up(self) -> None:
        try:
            self._after(self._connection)
        except (dbapi2.Error, StoreUnavailable) as error:
            fault = error if isinstance(error, StoreUnavailable) else translate(error, self._folder)
            log.warning("anchor not moved", extra={"code": fault.code, "fault": type(fault).__name__})

    def _next(self) -> list[_Act] | None:
        """Journal entries from the head of the queue, and at most one other act behind them; None to end."""
        with self._wake:
            if self._fault is not None and self._only_kept() and not self._closing:
                self._wake.wait(_PAUSE)
            while not self._queue and not self._closing:
                pause = self._until_chore() if self._fault is None else _PAUSE
                if not self._wake.wait(pause) and not self._queue and not self._closing:
                    return []
            if not self._queue or (self._closing and self._fault is not None and self._only_kept()):
                return None
            batch: list[_Act] = []
            while self._queue and len(batch) < _SHARED and not (batch and self._queue[0].alone is not None):
                batch.append(self._queue.popleft())
                if not batch[-1].kept:
                    break
            return batch

    def _only_kept(self) -> bool:
        return all(act.kept for act in self._queue)

    def _carry_out(self, batch: list[_Act]) -> None:
        results: list[object] = []
        current = batch[0]
        try:
            with transaction(self._connection):
                for current in batch:
                    results.append(current.work(self._connection))
        except (dbapi2.Error, OSError, StoreUnavailable) as error:
            fault = error if isinstance(error, StoreUnavailable) else translate(error, self._folder)
            if isinstance(fault, DiskFull) and self._reserve.give_up():
                self._spent = True
                self._carry_out(batch)
                return
            self._failed(batch, fault, broken=True)
        except Exception as error:  # the act's own refusal: only its future may carry it
            self._failed(batch, error, broken=False, refused=current)
        else:
            try:
                self._note(self._scarcity())
            except dbapi2.Error as error:
                self._note(translate(error, self._folder))
            for act, result in zip(batch, results, strict=True):
                act.future.set_result(result)

    def _carry_out_alone(self, act: _Act, work: Callable[[Connection, Adopt], Any]) -> None:
        try:
            act.future.set_result(work(self._connection, self._adopt))
        except (dbapi2.Error, OSError) as error:
            act.future.set_exception(translate(error, self._folder))
        except Exception as error:  # the act's own refusal
            act.future.set_exception(error)

    def _adopt(self, connection: Connection) -> None:
        self._connection = connection

    def _until_chore(self) -> float | None:
        return None if self._chore is None else max(0.0, self._chore_due - time.monotonic())

    def _do_chore(self) -> None:
        chore = self._chore
        if chore is None:
            return
        act = _Act(chore.turn)
        act.future.set_running_or_notify_cancel()
        self._carry_out([act])
        try:
            pause = float(act.future.result())
            chore.settle(self._connection)
        except (StoreUnavailable, dbapi2.Error) as fault:
            log.warning("what the store does by itself waits", extra={"fault": type(fault).__name__})
            pause = _CHORE_LATER
        except Exception:
            log.exception("what the store does by itself failed")
            pause = _CHORE_LATER
        self._chore_due = time.monotonic() + pause

    def _scarcity(self) -> DiskFull | None:
        """Writing works, but on the last of the space: nothing new ought to be begun."""
        if self._spent:
            self._connection.execute("pragma wal_checkpoint(truncate)").fetchall()  # the log may hold the space we want
            self._spent = not self._reserve.take()
        return _scarce() if self._spent else None

    def _try_again(self) -> None:
        """Nobody asks for anything while a fault stands: see by ourselves whether it is over."""
        try:
            with transaction(self._connection):
                version = self._connection.execute("pragma user_version").fetchone()[0]
                self._connection.execute(f"pragma user_version = {int(version)}")
            self._note(self._scarcity())
        except (dbapi2.Error, OSError) as error:
            self._note(translate(error, self._folder))

    def _failed(self, batch: list[_Act], error: Exception, *, broken: bool, refused: _Act | None = None) -> None:
        with self._wake:
            for act in reversed(batch):
                if act.kept and act is not refused:
                    self._queue.appendleft(act)
        if isinstance(error, StoreUnavailable) and broken:
            self._note(error)
        for act in batch:
            if not act.kept or act is refused:
                act.future.set_exception(error)

    def _note(self, fault: StoreUnavailable | None) -> None:
        changed = type(fault) is not type(self._fault)
        self._fault = fault
        if not changed:
            return
        if fault is not None:
            _log_refused(fault)
        else:
            log.info("store recovered")
        if self.on_fault is not None:
            try:
                self.on_fault(fault)
            except Exception:
                log.exception("listener to store faults failed")


def _nothing(connection: Connection) -> None:
    """The work of an act that is done another way."""


def _log_refused(fault: StoreUnavailable) -> None:
    log.error("store refused", extra={"code": fault.code, "fault": type(fault).__name__})


def _scarce() -> DiskFull:
    return DiskFull("there is no room to keep space back for the inspection in hand")
