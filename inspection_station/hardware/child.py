"""A driver in a process of its own, behind the same port: it may hang or crash in C and the station lives on.

A crash is DeviceUnplugged, a hang DeviceStalled; either way the process is gone and ``open`` starts another. The child
is spawned, never forked, and ends by itself when the station's process dies.
"""

from __future__ import annotations

import multiprocessing
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Event
from typing import Any, Final, cast

from inspection_station.hardware import errors
from inspection_station.hardware.child_process import (
    REPLY_ERROR,
    REPLY_FAULT,
    REPLY_PREVIEW,
    REPLY_VALUE,
    load_factory,
    serve,
)
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import (
    ChipConnection,
    DeviceInfo,
    DocumentScan,
    DriverSettings,
    FingerImage,
    FingerPreview,
    Frame,
)
from inspection_station.inspection.biometrics import FingerPosition

_POLL_SECONDS: Final = 0.05
_STOP_PATIENCE: Final = 0.15
"""Seconds a child may take to end a cancelled wait before it is killed; with the poll this keeps the port's 300 ms."""
_PING_SECONDS: Final = 1.0
_SILENCE_SECONDS: Final = 5.0
_OPEN_SECONDS: Final = 20.0
_SHORT_SECONDS: Final = 3.0
_TRANSMIT_SECONDS: Final = 15.0


class ChildDevice:
    """The part common to all kinds. ``target`` is ``module:attribute`` of a driver factory; settings must be picklable.

    ``info`` may be given where even importing the driver is dangerous; else a device is made here to ask it.
    """

    def __init__(self, target: str, settings: DriverSettings, info: DeviceInfo | None = None) -> None:
        self._target = target
        self._values = dict(settings.values)
        self._info = info or load_factory(target)(settings).info
        self._process: Any = None
        self._pipe: Connection | None = None
        self._number = 0

    @property
    def info(self) -> DeviceInfo:
        return self._info

    @property
    def process_id(self) -> int | None:
        """Of the running child, or None."""
        return None if self._process is None else self._process.pid

    def open(self) -> None:
        """Start the child and open its device. Raises what the driver raises, DeviceStalled after 20 s."""
        if self._pipe is not None:
            return
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, self._target, self._values), name=self._info.driver, daemon=True
        )
        self._process.start()
        theirs.close()
        try:
            self._ask("open", limit=_OPEN_SECONDS)
        except DeviceError:
            self._kill()
            raise

    def close(self) -> None:
        if self._pipe is not None:
            with suppress(DeviceError):  # it is ended below whatever it says
                self._ask("close", limit=_SHORT_SECONDS)
        self._kill()

    def probe(self) -> None:
        self._ask("probe", limit=_SHORT_SECONDS)

    def _ask(
        self,
        method: str,
        *given: Any,
        cancel: Event | None = None,
        limit: float | None = None,
        on_preview: FingerPreview | None = None,
    ) -> Any:
        """Call ``method`` in the child and wait. ``cancel`` makes the child's own event follow; ``limit`` seconds."""
        pipe = self._pipe
        if pipe is None:
            raise DeviceError("the driver's process is closed")
        self._number += 1
        try:
            pipe.send(("call", self._number, method, given, cancel is not None))
            return self._answer(pipe, cancel, limit, on_preview)
        except (EOFError, OSError):
            raise self._crashed() from None

    def _answer(
        self, pipe: Connection, cancel: Event | None, limit: float | None, on_preview: FingerPreview | None
    ) -> Any:
        began = heard = pinged = time.monotonic()
        stopped: float | None = None
        while True:
            if pipe.poll(_POLL_SECONDS):
                reply, number, content = pipe.recv()
                heard = time.monotonic()
                if number == self._number and reply == REPLY_PREVIEW:
                    if on_preview is not None:
                        on_preview(content)
                elif number == self._number and reply != "pong":
                    return _unpacked(reply, content)
            now = time.monotonic()
            if cancel is not None and stopped is None and cancel.is_set():
                pipe.send(("cancel", self._number))
                stopped = now
            if stopped is not None and now - stopped > _STOP_PATIENCE:
                self._kill()
                raise CaptureCancelled("stopped; the driver did not end its wait and its process was ended")
            if (limit is not None and now - began > limit) or now - heard > max(_SILENCE_SECONDS, limit or 0.0):
                self._kill()
                raise DeviceStalled("the driver's process does not answer and was ended")
            if now - pinged > _PING_SECONDS:
                pipe.send(("ping", self._number))
                pinged = now

    def _crashed(self) -> DeviceUnplugged:
        process = self._process
        process.join(0.5)
        code = process.exitcode
        self._kill()
        return DeviceUnplugged(f"the driver's process ended by itself (exit code {code})")

    def _kill(self) -> None:
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join(2.0)
            process.close()


class ChildDocumentReader(ChildDevice):
    def await_document(self, cancel: Event) -> DocumentScan:
        return cast(DocumentScan, self._ask("await_document", cancel=cancel))


class ChildCamera(ChildDevice):
    def next_frame(self, cancel: Event, after: int = -1) -> Frame:
        return cast(Frame, self._ask("next_frame", after, cancel=cancel, limit=_TRANSMIT_SECONDS))


class ChildFingerprintReader(ChildDevice):
    def capture(
        self, cancel: Event, finger: FingerPosition | None = None, on_preview: FingerPreview | None = None
    ) -> FingerImage:
        live = on_preview is not None
        return cast(FingerImage, self._ask("capture", finger, live, cancel=cancel, on_preview=on_preview))


class ChildChipReader(ChildDevice):
    def connect(self, cancel: Event, timeout: float) -> ChipConnection:
        """The connection stays in the child; its commands go through the pipe (about 0.1 ms each)."""
        number, answer = self._ask("connect", timeout, cancel=cancel, limit=timeout + _TRANSMIT_SECONDS)
        return _ChildChipConnection(self, number, answer)


class _ChildChipConnection:
    def __init__(self, reader: ChildChipReader, number: int, answer_to_reset: bytes) -> None:
        self._reader = reader
        self._number = number
        self._answer_to_reset = answer_to_reset

    @property
    def answer_to_reset(self) -> bytes:
        return self._answer_to_reset

    def transmit(self, command: bytes) -> bytes:
        return cast(bytes, self._reader._ask("transmit", self._number, command, limit=_TRANSMIT_SECONDS))

    def disconnect(self) -> None:
        with suppress(DeviceError):  # a process or chip that is gone is disconnected
            self._reader._ask("disconnect", self._number, limit=_SHORT_SECONDS)


def _unpacked(reply: str, content: Any) -> Any:
    if reply == REPLY_VALUE:
        return content
    if reply == REPLY_ERROR:
        name, detail, code = content
        kind = getattr(errors, name, DeviceError)
        raise kind(detail, code=code)
    assert reply == REPLY_FAULT, reply
    raise DeviceError(f"the driver raised {content} in its process")
