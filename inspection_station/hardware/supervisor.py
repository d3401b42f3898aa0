"""Keeps devices open: opens them, watches them while idle, opens them again after they were pulled out.

Each device has its own thread, so a faulty one never holds up another. Every change is told to one listener, from the
device's thread; the listener must only pass it on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any, Generic, TypeVar

from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
    officer_code,
)
from inspection_station.hardware.ports import Device, DeviceKind, DeviceState
from inspection_station.hardware.worker import DeviceCall, DeviceWorker

log = logging.getLogger(__name__)

T = TypeVar("T")
D = TypeVar("D", bound=Device)


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """What the health strip shows. ``since``: seconds on the supervisor's clock; ``code``: the officer's, or None."""

    kind: DeviceKind
    name: str
    state: DeviceState
    code: str | None
    detail: str
    since: float


Listener = Callable[[DeviceStatus], None]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When to look: probing every ``probe`` s; reopening after ``first`` s, then doubling up to ``longest`` s."""

    probe: float = 2.0
    first: float = 0.5
    longest: float = 8.0

    def pause(self, failures: int) -> float:
        """Seconds to wait after this many failed openings in a row."""
        return float(min(self.first * 2 ** max(0, min(failures, 16) - 1), self.longest))


class DeviceWatch(Generic[D]):
    """The state of one device, without a thread: ``look`` when idle, ``during`` around a call. One thread uses it."""

    GARBAGE_IN_ROW = 3

    def __init__(
        self, device: D, listener: Listener, *, clock: Clock = time.monotonic, rhythm: Rhythm | None = None
    ) -> None:
        self._device = device
        self._listener = listener
        self._clock = clock
        self._rhythm = rhythm or Rhythm()
        info = device.info
        self._status = DeviceStatus(info.kind, info.name, DeviceState.ABSENT, None, "not opened yet", clock())
        self._open = False
        self._opened_before = False
        self._failures = 0
        self._garbage = 0
        self._due = clock()

    @property
    def status(self) -> DeviceStatus:
        return self._status

    def look(self) -> float:
        """Open or probe if it is time. Answers the seconds until the next look."""
        now = self._clock()
        if now >= self._due:
            if self._open:
                self._probe()
            else:
                self._try_open()
        return max(0.0, self._due - self._clock())

    def hurry(self) -> None:
        """Look at the next opportunity: the officer plugged something in, or asks again."""
        self._due = self._clock()

    def during(self, call: Callable[[D, Event], T], cancel: Event) -> T:
        """Run a call on the open device; a closed one is opened first, since somebody is waiting for it.

        The call's exception is raised on; a device that went away or hangs is closed and opened again later.
        """
        if not self._open and (fault := self._try_open()) is not None:
            raise fault
        if self._status.kind is not DeviceKind.CAMERA:  # a preview would tell of sixty changes a second
            self._tell(DeviceState.BUSY)
        try:
            result = call(self._device, cancel)
        except DeviceError as error:
            self._judge(error)
            raise
        except BaseException as fault:  # a programming fault in the driver: start it afresh, never lose the thread
            self._fail(fault)
            raise
        self._garbage = 0
        self._ready()
        return result

    def close(self) -> None:
        """Close the device and say that it is gone."""
        self._shut()
        self._tell(DeviceState.ABSENT, None, "closed")

    def _try_open(self) -> Exception | None:
        self._tell(DeviceState.OPENING, self._status.code, self._status.detail)
        try:
            self._device.open()
        except Exception as fault:  # a driver's fault of any kind means: not usable now, look again later
            self._fail(fault)
            return fault
        self._log("device reopened" if self._opened_before else "device opened", None)
        self._open = self._opened_before = True
        self._failures = self._garbage = 0
        self._ready()
        return None

    def _probe(self) -> None:
        try:
            self._device.probe()
        except Exception as fault:  # as above: whatever a driver raises, the watch goes on
            self._fail(fault)
        else:
            self._ready()

    def _judge(self, error: DeviceError) -> None:
        if isinstance(error, DeviceGarbage):
            self._garbage += 1
        elif not isinstance(error, CaptureCancelled):
            self._garbage = 0
        away = isinstance(error, (DeviceNotFound, DeviceUnplugged, DeviceStalled))
        if away or type(error) is DeviceError or self._garbage >= self.GARBAGE_IN_ROW:
            self._fail(error)
        else:
            self._ready()

    def _fail(self, fault: BaseException) -> None:
        if self._open:
            self._log("device lost", fault)
        elif self._failures == 0:  # once, not with each further try
            self._log("device not opened", fault)
        self._shut()
        self._failures += 1
        self._due = self._clock() + self._rhythm.pause(self._failures)
        absent = isinstance(fault, (DeviceNotFound, DeviceUnplugged))
        detail = fault.detail if isinstance(fault, DeviceError) else f"driver fault: {type(fault).__name__}"
        state = DeviceState.ABSENT if absent else DeviceState.FAULTY
        self._tell(state, officer_code(fault, self._status.kind), detail)

    def _ready(self) -> None:
        self._due = self._clock() + self._rhythm.probe
        self._tell(DeviceState.READY)

    def _shut(self) -> None:
        self._open = False
        try:
            self._device.close()
        except Exception:
            log.exception("driver %s raised while closing", self._device.info.driver)

    def _log(self, event: str, fault: BaseException | None) -> None:
        """For the log file: which device, and the officer's code. A fault's text stays out of it."""
        info = self._device.info
        told: dict[str, object] = {"kind": info.kind.value, "driver": info.driver}
        if fault is not None:
            told |= {"code": officer_code(fault, info.kind), "fault": type(fault).__name__}
        log.log(logging.INFO if fault is None else logging.WARNING, event, extra=told)

    def _tell(self, state: DeviceState, code: str | None = None, detail: str = "") -> None:
        before = self._status
        if (before.state, before.code, before.detail) == (state, code, detail):
            return
        self._status = DeviceStatus(before.kind, before.name, state, code, detail, self._clock())
        try:
            self._listener(self._status)
        except Exception:
            log.exception("the listener to device states raised")


class SupervisedDevice(Generic[D]):
    """A device with its thread and its watch: ``submit`` work, read ``status``, ``close`` at the end."""

    def __init__(
        self, device: D, listener: Listener, *, clock: Clock = time.monotonic, rhythm: Rhythm | None = None
    ) -> None:
        self._watch = DeviceWatch(device, listener, clock=clock, rhythm=rhythm)
        self._worker = DeviceWorker(device, idle=self._watch.look, closing=self._watch.close)

    @property
    def device(self) -> D:
        """For its ``info``; calls go through ``submit`` only."""
        return self._worker.device

    @property
    def status(self) -> DeviceStatus:
        return self._watch.status

    def submit(self, call: Callable[[D, Event], T]) -> DeviceCall[T]:
        """Run ``call(device, cancel)`` on the device's thread; see DeviceWorker for how the future ends."""
        return self._worker.submit(lambda _device, cancel: self._watch.during(call, cancel))

    def look_now(self) -> None:
        """Do not wait for the backoff: try at once (unless a call is running)."""
        self._watch.hurry()
        self._worker.wake()

    def cancel(self) -> None:
        """Stop the running call and those queued."""
        self._worker.cancel()

    def close(self, timeout: float = 5.0) -> bool:
        """Cancel, close and join. False when the driver hangs."""
        return self._worker.close(timeout)


class DeviceRack:
    """All devices of the station, opened side by side. The composition root makes one and closes it at the end."""

    def __init__(
        self,
        devices: Iterable[Device],
        listener: Listener,
        *,
        clock: Clock = time.monotonic,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._lock = Lock()
        self._devices: list[SupervisedDevice[Any]] = [
            SupervisedDevice(device, listener, clock=clock, rhythm=rhythm) for device in devices
        ]

    def __iter__(self) -> Iterator[SupervisedDevice[Any]]:
        with self._lock:
            return iter(tuple(self._devices))

    def of_kind(self, kind: DeviceKind) -> SupervisedDevice[Any] | None:
        """The device of this kind, or None when the profile has none."""
        with self._lock:
            return next((d for d in self._devices if d.device.info.kind is kind), None)

    def statuses(self) -> tuple[DeviceStatus, ...]:
        with self._lock:
            return tuple(d.status for d in self._devices)

    def close(self, timeout: float = 5.0) -> bool:
        """Close all, sharing the time limit. False when any driver hangs."""
        with self._lock:
            devices, self._devices = tuple(self._devices), []
        for supervised in devices:
            supervised.cancel()
        until = time.monotonic() + timeout
        ended = [d.close(max(0.1, until - time.monotonic())) for d in devices]
        return all(ended)
