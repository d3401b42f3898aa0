"""The child's side of ``child``: makes the device, does what the pipe asks, and ends with the pipe."""

from __future__ import annotations

import functools
import importlib
import os
import signal
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Final, cast

from inspection_station.hardware.errors import DeviceError
from inspection_station.hardware.ports import ChipConnection, DriverFactory, DriverSettings

REPLY_VALUE: Final = "value"
REPLY_ERROR: Final = "error"
REPLY_FAULT: Final = "fault"
REPLY_PREVIEW: Final = "preview"


def load_factory(target: str) -> DriverFactory:
    """The driver factory that ``module:attribute`` names. Raises ImportError or AttributeError."""
    module, _, attribute = target.partition(":")
    return cast(DriverFactory, getattr(importlib.import_module(module), attribute))


def serve(pipe: Connection, target: str, values: dict[str, Any]) -> None:
    """Main function of the child. A second thread listens, so that a wait can be cancelled and a ping answered."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the station, which then ends us
    _Server(pipe).run(target, values)


class _Server:
    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._sending = Lock()
        self._calls: SimpleQueue[tuple[int, str, tuple[Any, ...], bool]] = SimpleQueue()
        self._running = 0
        self._cancel = Event()
        self._state = Lock()
        self._connections: dict[int, ChipConnection] = {}
        self._connected = 0

    def run(self, target: str, values: dict[str, Any]) -> None:
        Thread(target=self._listen, name="pipe", daemon=True).start()
        device: Any = None
        while True:
            number, method, given, cancellable = self._calls.get()
            with self._state:
                if number > self._running:
                    self._running = number
                    self._cancel = Event()
                cancel = self._cancel
            try:
                if device is None:
                    device = load_factory(target)(DriverSettings(values))
                value = self._perform(device, number, method, given, cancel if cancellable else None)
            except DeviceError as error:
                self._send(REPLY_ERROR, number, (type(error).__name__, error.detail, error.code))
            except Exception as fault:  # its text may hold personal data and stays here
                self._send(REPLY_FAULT, number, type(fault).__name__)
            else:
                self._send(REPLY_VALUE, number, value)

    def _perform(self, device: Any, number: int, method: str, given: tuple[Any, ...], cancel: Event | None) -> Any:
        match method:
            case "capture":
                finger, live = given
                show = functools.partial(self._send, REPLY_PREVIEW, number) if live else None
                return device.capture(cancel, finger, show)
            case "connect":
                connection = device.connect(cancel, *given)
                self._connected += 1
                self._connections = {self._connected: connection}  # one chip at a time lies in the field
                return self._connected, connection.answer_to_reset
            case "transmit":
                return self._connection(given[0]).transmit(given[1])
            case "disconnect":
                return self._connection(given[0]).disconnect()
            case _:
                return getattr(device, method)(*((cancel,) if cancel is not None else ()), *given)

    def _connection(self, number: int) -> ChipConnection:
        if number not in self._connections:
            raise DeviceError("this chip is no longer connected")
        return self._connections[number]

    def _listen(self) -> None:
        while True:
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                os._exit(0)  # the station is gone; a hanging device call must not keep this process
            if message[0] == "call":
                self._calls.put(message[1:])
            elif message[0] == "ping":
                self._send("pong", message[1], None)
            else:
                with self._state:
                    if message[1] > self._running:
                        self._running = message[1]
                        self._cancel = Event()
                    if message[1] == self._running:  # else its call has ended meanwhile
                        self._cancel.set()

    def _send(self, reply: str, number: int, content: Any) -> None:
        try:
            with self._sending:
                self._pipe.send((reply, number, content))
        except (BrokenPipeError, OSError):
            os._exit(0)
