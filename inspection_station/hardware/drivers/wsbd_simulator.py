"""A small WS-BD sensor service on the loopback interface: the driver's far end, and good enough for other clients.

Sessions, lock with stealing, initialisation, configuration, capture that waits and can be cancelled, download with
its information and thrifty download. One sensor, one operation of the sensor at a time, as the standard asks.
"""

from __future__ import annotations

import datetime
import io
import re
import socket
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image as Pictures

from inspection_station.hardware.drivers.wsbd_messages import WsbdResult, WsbdStatus, parse_configuration, result_xml
from inspection_station.hardware.errors import DeviceGarbage

Grey = npt.NDArray[np.uint8]

_LARGEST_REQUEST: Final = 100_000
_KEPT: Final = 8
"""Pictures; older ones are forgotten, as the standard lets a service do."""
_SUBMODALITIES: Final = tuple(
    hand + finger for hand in ("right", "left") for finger in ("Thumb", "Index", "Middle", "Ring", "Little")
)
_ROUTE: Final = re.compile(r"/(\w+)(?:/([0-9a-fA-F-]{36}))?(?:/(\w+))?")


class SimulatedSensor:
    """The sensor behind the service. ``patience``: seconds after which a capture gives up with ``sensorTimeout``.

    Public fields are the troubles a test can make; ``next_status`` is answered once by the operation it names.
    """

    def __init__(self, *, patience: float = 20.0, knows_fingers: bool = True, dpi: int = 500) -> None:
        self.patience = patience
        self.knows_fingers = knows_fingers
        self.dpi = dpi
        self.next_status: dict[str, WsbdStatus] = {}
        self.spoil: Callable[[bytes], bytes] | None = None
        self.silent = Event()
        self.preparing = 0
        self.served: list[str] = []
        self._changed = Condition()
        self._sessions: set[str] = set()
        self._holder: str | None = None
        self._initialized = False
        self._busy = False
        self._cancelled = False
        self._settings: dict[str, str] = {}
        self._finger: Grey | None = None
        self._captures: dict[str, tuple[Grey, dict[str, str]]] = {}

    def lay(self, finger: Grey) -> None:
        """For one capture: uint8, ridges dark."""
        with self._changed:
            self._finger = finger
            self._changed.notify_all()

    def lift(self) -> None:
        with self._changed:
            self._finger = None

    def forget(self, *, sessions: bool = False, lock: bool = False, initialization: bool = False) -> None:
        """What a service that restarts, or tidies up, no longer knows."""
        with self._changed:
            if sessions:
                self._sessions.clear()
            if sessions or lock:
                self._holder = None
            if sessions or initialization:
                self._initialized = False
            self._cancelled = self._busy
            self._changed.notify_all()

    @property
    def settings(self) -> dict[str, str]:
        with self._changed:
            return dict(self._settings)

    def answer(self, method: str, operation: str, key: str, more: str, body: bytes) -> WsbdResult | None:
        """One operation; None for an address that the standard does not have."""
        names = {
            ("POST", "register"): self._register,
            ("DELETE", "register"): self._unregister,
            ("POST", "lock"): self._lock,
            ("PUT", "lock"): self._steal,
            ("DELETE", "lock"): self._unlock,
            ("GET", "info"): self._info,
            ("POST", "initialize"): self._initialize,
            ("GET", "configure"): self._configuration,
            ("POST", "configure"): self._configure,
            ("POST", "capture"): self._capture,
            ("GET", "download"): self._download,
            ("POST", "cancel"): self._cancel,
        }
        act = names.get((method, operation))
        if act is None or bool(key) is ((method, operation) in (("POST", "register"), ("GET", "info"))):
            return None
        with self._changed:
            self.served.append(operation)
            forced = self.next_status.pop(operation, None)
            if forced is not None:
                return WsbdResult(forced)
            return act(key, more, body)

    def _register(self, key: str, more: str, body: bytes) -> WsbdResult:
        session = str(uuid.uuid4())
        self._sessions.add(session)
        return WsbdResult(WsbdStatus.SUCCESS, session)

    def _unregister(self, key: str, more: str, body: bytes) -> WsbdResult:
        if key == self._holder:
            if self._busy:
                return WsbdResult(WsbdStatus.SENSOR_BUSY)
            self._holder = None
        self._sessions.discard(key)  # an unknown session is unregistered already
        return WsbdResult(WsbdStatus.SUCCESS)

    def _lock(self, key: str, more: str, body: bytes) -> WsbdResult:
        if key not in self._sessions:
            return WsbdResult(WsbdStatus.INVALID_ID)
        if self._holder not in (None, key):
            return WsbdResult(WsbdStatus.LOCK_HELD_BY_ANOTHER)
        self._holder = key
        return WsbdResult(WsbdStatus.SUCCESS)

    def _steal(self, key: str, more: str, body: bytes) -> WsbdResult:
        if key not in self._sessions:
            return WsbdResult(WsbdStatus.INVALID_ID)
        self._holder = key
        self._cancelled = self._busy
        self._changed.notify_all()
        return WsbdResult(WsbdStatus.SUCCESS)

    def _unlock(self, key: str, more: str, body: bytes) -> WsbdResult:
        if key not in self._sessions:
            return WsbdResult(WsbdStatus.INVALID_ID)
        if self._holder not in (None, key):
            return WsbdResult(WsbdStatus.LOCK_HELD_BY_ANOTHER)
        self._holder = None
        return WsbdResult(WsbdStatus.SUCCESS)

    def _info(self, key: str, more: str, body: bytes) -> WsbdResult:
        facts = {"modality": "Finger", "inactivityTimeout": "600", "maximumConcurrentSessions": "32"}
        facts["captureTimeout"] = str(round(self.patience * 1000))
        return WsbdResult(WsbdStatus.SUCCESS, metadata=facts)

    def _initialize(self, key: str, more: str, body: bytes) -> WsbdResult:
        if refused := self._refused(key):
            return refused
        self._initialized = True
        return WsbdResult(WsbdStatus.SUCCESS)

    def _configuration(self, key: str, more: str, body: bytes) -> WsbdResult:
        return self._refused(key) or WsbdResult(WsbdStatus.SUCCESS, metadata=dict(self._settings))

    def _configure(self, key: str, more: str, body: bytes) -> WsbdResult:
        if refused := self._refused(key):
            return refused
        if not self._initialized:
            return WsbdResult(WsbdStatus.INITIALIZATION_NEEDED)
        wanted = parse_configuration(body)
        known = {"submodality", "imageWidth", "imageHeight"} if self.knows_fingers else {"imageWidth", "imageHeight"}
        if strange := tuple(name for name in wanted if name not in known):
            return WsbdResult(WsbdStatus.NO_SUCH_PARAMETER, bad_fields=strange)
        if wanted.get("submodality", _SUBMODALITIES[0]) not in _SUBMODALITIES:
            return WsbdResult(WsbdStatus.BAD_VALUE, bad_fields=("submodality",))
        self._settings = wanted
        return WsbdResult(WsbdStatus.SUCCESS)

    def _capture(self, key: str, more: str, body: bytes) -> WsbdResult:
        if refused := self._refused(key):
            return refused
        if not self._initialized:
            return WsbdResult(WsbdStatus.INITIALIZATION_NEEDED)
        self._busy, self._cancelled = True, False
        until = time.monotonic() + self.patience
        try:
            while self._finger is None and not self._cancelled and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
        finally:
            self._busy = False
        if self._cancelled:
            return WsbdResult(WsbdStatus.CANCELED)
        if self._finger is None:
            return WsbdResult(WsbdStatus.SENSOR_TIMEOUT)
        taken, self._finger = self._finger, None
        capture = str(uuid.uuid4())
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        facts = {"captureDate": now, "modality": "Finger", "contentType": "image/png"}
        self._captures[capture] = taken, facts | self._settings
        while len(self._captures) > _KEPT:
            del self._captures[next(iter(self._captures))]
        return WsbdResult(WsbdStatus.SUCCESS, capture_ids=(capture,))

    def _download(self, key: str, more: str, body: bytes) -> WsbdResult:
        if key not in self._captures:
            return WsbdResult(WsbdStatus.INVALID_ID)
        if self.preparing > 0:
            self.preparing -= 1
            return WsbdResult(WsbdStatus.PREPARING_DOWNLOAD)
        taken, facts = self._captures[key]
        if more == "info":
            return WsbdResult(WsbdStatus.SUCCESS, metadata=facts)
        if not more:
            return WsbdResult(WsbdStatus.SUCCESS, metadata=facts, sensor_data=_png(taken, self.dpi))
        if not more.isdigit() or not int(more):
            return WsbdResult(WsbdStatus.BAD_VALUE, bad_fields=("maxSize",))
        step = -(-max(taken.shape) // int(more))
        return WsbdResult(WsbdStatus.SUCCESS, metadata=facts, sensor_data=_png(taken[::step, ::step], self.dpi // step))

    def _cancel(self, key: str, more: str, body: bytes) -> WsbdResult:
        if refused := self._refused(key, busy_too=True):
            return refused
        self._cancelled = self._busy
        self._changed.notify_all()
        return WsbdResult(WsbdStatus.SUCCESS)

    def _refused(self, session: str, *, busy_too: bool = False) -> WsbdResult | None:
        """What keeps a session from an operation of the sensor."""
        if session not in self._sessions:
            return WsbdResult(WsbdStatus.INVALID_ID)
        if self._holder != session:
            return WsbdResult(WsbdStatus.LOCK_NOT_HELD if self._holder is None else WsbdStatus.LOCK_HELD_BY_ANOTHER)
        return WsbdResult(WsbdStatus.SENSOR_BUSY) if self._busy and not busy_too else None


class SensorService:
    """The service of a sensor at ``url``. ``stop`` breaks what is connected, as pulling its cable does; ``start``
    listens again at the same address.
    """

    def __init__(self, sensor: SimulatedSensor) -> None:
        self.sensor = sensor
        self._server: _Server | None = None
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/sensor"

    @property
    def running(self) -> bool:
        return self._server is not None

    def start(self) -> None:
        if self._server is None:
            self._server = _Server(self._port, self.sensor)
            self._port = self._server.server_address[1]
            Thread(target=self._server.serve_forever, args=(0.02,), name="wsbd-service", daemon=True).start()

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.break_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, sensor: SimulatedSensor) -> None:
        self.sensor = sensor
        self.connected: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Conversation)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connected.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connected.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is everyday here."""

    def break_connections(self) -> None:
        for connection in tuple(self.connected):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it was closed already


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests and rehearsals have no use for it."""

    def _serve(self) -> None:
        sensor = self.server.sensor
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(size, _LARGEST_REQUEST))
        route = _ROUTE.fullmatch(self.path.removeprefix("/sensor"))
        if route is None:
            return self._send(404, b"")
        operation, key, more = route.groups("")
        try:
            result = sensor.answer(self.command, operation, key, more, body)
        except DeviceGarbage:
            return self._send(400, b"")
        if result is None:
            return self._send(404, b"")
        answer = result_xml(result)
        if sensor.spoil is not None:
            answer = sensor.spoil(answer)
        while sensor.silent.is_set() and self.server.connected:
            time.sleep(0.02)
        return self._send(200, answer)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _png(picture: Grey, dpi: int) -> bytes:
    out = io.BytesIO()
    Pictures.fromarray(np.ascontiguousarray(picture)).save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()
