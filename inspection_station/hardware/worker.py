"""One plain thread a device. Calls queue up, run one after the other, and end their future whatever happens.

The caller never waits inside the device: it gets a future, and ends a wait by ``DeviceCall.stop``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread, current_thread
from typing import Any, Generic, TypeVar

from inspection_station.hardware.errors import CaptureCancelled, DeviceError
from inspection_station.hardware.ports import Device

log = logging.getLogger(__name__)

T = TypeVar("T")
D = TypeVar("D", bound=Device)

Idle = Callable[[], float]
"""Called on the device thread when nothing is queued; answers the seconds until it wants to be called again."""

_FOREVER = 3600.0


class DeviceCall(Future[T]):
    """The future of one call. ``stop`` asks a running call to end and takes a waiting one out of the queue."""

    def __init__(self) -> None:
        super().__init__()
        self.stopping = Event()

    def stop(self) -> None:
        """The future then ends with CaptureCancelled, or is cancelled if it had not begun. Harmless at any time."""
        self.stopping.set()
        self.cancel()


class DeviceWorker(Generic[D]):
    """Runs calls on one device. The only thread that touches the device.

    A future ends with the call's value, a DeviceError, or the programming fault that the call raised; the thread
    outlives all three. ``idle`` runs between calls (the supervisor's watching); what it raises is logged, not lost.
    ``closing`` is the last thing that runs on the thread; without it the device is closed.
    """

    def __init__(self, device: D, *, idle: Idle | None = None, closing: Callable[[], None] | None = None) -> None:
        self._device = device
        self._idle = idle
        self._closing = closing or device.close
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = Lock()
        self._pending: set[DeviceCall[Any]] = set()
        self._closed = False
        self._thread = Thread(target=self._run, name=f"device-{device.info.driver}", daemon=True)
        self._thread.start()

    @property
    def device(self) -> D:
        return self._device

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def submit(self, call: Callable[[D, Event], T]) -> DeviceCall[T]:
        """Queue a call. After ``close`` the future is already failed with DeviceError."""
        future: DeviceCall[T] = DeviceCall()
        with self._lock:
            if not self._closed:
                self._pending.add(future)
                self._queue.put(lambda: self._perform(call, future))
                return future
        future.set_running_or_notify_cancel()
        future.set_exception(DeviceError("the device's worker is closed"))
        return future

    def wake(self) -> None:
        """Run the idle call soon, without waiting for its time."""
        self._queue.put(lambda: None)

    def cancel(self) -> None:
        """Stop the running call and everything queued."""
        with self._lock:
            pending = tuple(self._pending)
        for future in pending:
            future.stop()

    def close(self, timeout: float = 5.0) -> bool:
        """Stop all calls, close the device on its own thread and join. False when a call still hangs in the driver."""
        with self._lock:
            first = not self._closed
            self._closed = True
        self.cancel()
        if first:
            self._queue.put(self._closing)
            self._queue.put(None)
        if self._thread is current_thread():
            return False
        self._thread.join(timeout)
        if self._thread.is_alive():
            log.error("device thread %s does not end: a call hangs in the driver", self._thread.name)
            return False
        return True

    def _run(self) -> None:
        while True:
            try:
                job = self._queue.get(timeout=self._rest())
            except Empty:
                continue
            if job is None:
                return
            try:
                job()
            except Exception:
                log.exception("device thread %s: a driver raised while it was being closed", self._thread.name)

    def _rest(self) -> float:
        if self._idle is None or self._closed or not self._queue.empty():
            return _FOREVER
        try:
            return max(0.0, min(self._idle(), _FOREVER))
        except Exception:
            log.exception("device thread %s: watching failed", self._thread.name)
            return 1.0

    def _perform(self, call: Callable[[D, Event], T], future: DeviceCall[T]) -> None:
        try:
            if not future.set_running_or_notify_cancel():
                return
            if future.stopping.is_set():
                future.set_exception(CaptureCancelled("stopped before it began"))
                return
            try:
                result = call(self._device, future.stopping)
            except BaseException as fault:
                future.set_exception(fault)
            else:
                future.set_result(result)
        finally:
            with self._lock:
                self._pending.discard(future)
