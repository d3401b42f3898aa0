"""Network fingerprint sensors that speak WS-BD (NIST SP 500-288). Tried against a simulator only.

One session with the lock held from ``open`` to ``close``. What a sensor may forget in between (session, lock,
initialisation, configuration) is given to it again; a lock that another client holds is taken only where told so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from threading import Event, Thread
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.drivers.finger_file import decoded_finger
from inspection_station.hardware.drivers.wsbd_client import WsbdClient
from inspection_station.hardware.drivers.wsbd_messages import Setting, WsbdResult, WsbdStatus, configuration_xml
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import (
    Device,
    DeviceInfo,
    DeviceKind,
    DriverSettings,
    FingerImage,
    FingerPreview,
)
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.biometrics import FingerPosition

T = TypeVar("T")

DRIVER: Final = "wsbd-sensor"
_POLL_SECONDS: Final = 0.05
_PAUSE_SECONDS: Final = 0.2
_CANCEL_SECONDS: Final = 0.1
"""For connecting, and for the answer, when the service is told to stop: with the poll this keeps the port's 300 ms."""
_PROBE_SECONDS: Final = 2.0
_FAREWELL_SECONDS: Final = 1.0
_MENDS: Final = 6
"""Session, lock, initialisation, configuration: each may have been lost, and one more while another is mended."""
_REFUSALS: Final = frozenset({WsbdStatus.NO_SUCH_PARAMETER, WsbdStatus.BAD_VALUE})
_SUBMODALITY: Final = "submodality"

SUBMODALITIES: Final = {
    position: position.value.split(" ")[0] + position.value.split(" ")[1].capitalize() for position in FingerPosition
}
"""``rightIndex`` and so on, as the standard writes them."""
_NAMED: Final = frozenset(SUBMODALITIES.values())


class WsbdSensor:
    """A sensor at ``url``. The finger asked for is set as ``submodality`` where the sensor has that setting; a picture
    that the sensor says is of another finger is refused as DeviceGarbage.
    """

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        self._url = reader.take("url", "")
        self._ca = reader.take("ca", "")
        self._steal = reader.take("steal_lock", False)
        self._dpi = reader.take("dpi", 500, low=300, high=1200)
        self._answer_seconds = reader.take("answer_seconds", 60.0, low=0.2, high=600.0)
        self._busy_seconds = reader.take("busy_seconds", 5.0, low=0.1, high=60.0)
        self._configuration = _configuration(reader.take_any("configuration", {}))
        reader.finish()
        if urlsplit(self._url).scheme not in ("http", "https") or not urlsplit(self._url).hostname:
            raise ValueError(f"{DRIVER}: setting 'url' must be the service's http or https address")
        self._info = DeviceInfo(
            DeviceKind.FINGERPRINT_READER, DRIVER, "network fingerprint sensor", frozenset({"finger image"})
        )
        self._client: WsbdClient | None = None
        self._session = ""
        self._left = ""
        self._cancel: Event | None = None
        self._finger: FingerPosition | None = None
        self._asks_fingers = True
        self._configured = False

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def open(self) -> None:
        """Register, lock, initialise, configure. DeviceNotFound where the service is not there or another has it."""
        if self._client is not None:
            return
        self._client = WsbdClient(self._url, answer_seconds=self._answer_seconds, ca=self._ca)
        self._finger, self._asks_fingers, self._configured = None, True, False
        try:
            _expect(self._begin_session())
        except DeviceUnplugged as fault:
            self.close()
            raise DeviceNotFound(fault.detail) from None
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        client, self._client = self._client, None
        session, self._session = self._session, ""
        if client is None:
            return
        if session:
            self._left = session
            with suppress(DeviceError):  # a service out of reach still holds our lock: given back at the next opening
                self._give_back(client)
        client.close()

    def probe(self) -> None:
        self._opened().info(_PROBE_SECONDS)

    def capture(
        self, cancel: Event, finger: FingerPosition | None = None, on_preview: FingerPreview | None = None
    ) -> FingerImage:
        """WS-BD has no live pictures: ``on_preview`` is not called. A sensor that gives up waiting is asked again."""
        self._opened()
        if cancel.is_set():
            raise CaptureCancelled("no longer waiting for a finger")
        if finger is not self._finger:
            self._finger, self._configured = finger, False
        self._cancel = cancel
        try:
            return self._taken()
        finally:
            self._cancel = None

    def _taken(self) -> FingerImage:
        client = self._opened()
        busy_until = time.monotonic() + self._busy_seconds
        while True:
            result = self._mended(self._capture_once)
            if result.status is WsbdStatus.SUCCESS:
                if not result.capture_ids:
                    raise DeviceGarbage("a capture without a picture")
                return self._downloaded(result.capture_ids[0])
            if result.status is WsbdStatus.SENSOR_BUSY:
                if time.monotonic() > busy_until:
                    raise DeviceStalled("the sensor stays busy")
                self._ask(
                    lambda: client.cancel(self._session, _PROBE_SECONDS)
                )  # we hold the lock: it is an earlier capture of ours
            elif result.status in (WsbdStatus.SENSOR_TIMEOUT, WsbdStatus.CANCELED):
                busy_until = time.monotonic() + self._busy_seconds  # nobody laid a finger down: no fault
            else:
                raise _fault(result)
            self._pause()

    def _ask(self, operation: Callable[[], T]) -> T:
        """Do what the service, or a decoder, may take long for; in a capture on a thread, so that it can be left."""
        cancel = self._cancel
        if cancel is None:
            return operation()
        waiting = _Waiting(operation)
        while not waiting.done.wait(_POLL_SECONDS):
            if cancel.is_set():
                with suppress(DeviceError):  # the wait is over here whatever the service says to it
                    self._opened().cancel(self._session, _CANCEL_SECONDS)
                raise CaptureCancelled("no longer waiting for a finger")
        return waiting.result()

    def _pause(self) -> None:
        if self._cancel is None:
            time.sleep(_PAUSE_SECONDS)
        elif self._cancel.wait(_PAUSE_SECONDS):
            raise CaptureCancelled("no longer waiting for a finger")

    def _opened(self) -> WsbdClient:
        if self._client is None:
            raise DeviceError("the network sensor is closed")
        return self._client

    def _give_back(self, client: WsbdClient) -> None:
        """End the session that was left; whatever the service answers, it is then ended or unknown there."""
        client.cancel(self._left, _FAREWELL_SECONDS)
        client.unlock(self._left, _FAREWELL_SECONDS)
        client.unregister(self._left, _FAREWELL_SECONDS)
        self._left = ""

    def _begin_session(self) -> WsbdResult:
        """Everything from the start; the result of the first step that fails, or of the last."""
        if self._left:
            self._give_back(self._opened())
        result = self._ask(self._opened().register)
        if result.status is WsbdStatus.SUCCESS:
            if result.session_id is None:
                raise DeviceGarbage("a registration without a session")
            self._session = result.session_id
        for step in (self._lock, self._initialize, self._configure):
            if result.status is not WsbdStatus.SUCCESS:
                break
            result = step()
        return result

    def _lock(self) -> WsbdResult:
        client = self._opened()
        result = self._ask(lambda: client.lock(self._session))
        if result.status is WsbdStatus.LOCK_HELD_BY_ANOTHER and self._steal:
            result = self._ask(lambda: client.steal_lock(self._session))
        if result.status in (WsbdStatus.LOCK_HELD_BY_ANOTHER, WsbdStatus.FAILURE):
            raise DeviceNotFound("another client holds the sensor")
        return result

    def _initialize(self) -> WsbdResult:
        return self._while_busy(lambda: self._opened().initialize(self._session))

    def _configure(self) -> WsbdResult:
        """Set the profile's configuration with the finger asked for. A sensor may know nothing of fingers."""
        values = dict(self._configuration)
        if self._finger is not None and self._asks_fingers:
            values[_SUBMODALITY] = SUBMODALITIES[self._finger]
        result = WsbdResult(WsbdStatus.SUCCESS)
        if values:
            result = self._while_busy(lambda: self._opened().configure(self._session, values))
        if result.status in _REFUSALS and result.bad_fields == (_SUBMODALITY,) and self._asks_fingers:
            self._asks_fingers = False
            return self._configure()
        self._configured = result.status is WsbdStatus.SUCCESS
        return result

    def _while_busy(self, operation: Callable[[], WsbdResult]) -> WsbdResult:
        """The result once the sensor is no longer busy."""
        until = time.monotonic() + self._busy_seconds
        while (result := self._ask(operation)).status is WsbdStatus.SENSOR_BUSY:
            if time.monotonic() > until:
                raise DeviceStalled("the sensor stays busy")
            self._pause()
        return result

    def _mended(self, operation: Callable[[], WsbdResult]) -> WsbdResult:
        """Give the sensor again what it has forgotten, and repeat. A lock lost to another client is a fault."""
        mends = {
            WsbdStatus.INVALID_ID: self._begin_session,
            WsbdStatus.LOCK_NOT_HELD: self._lock,
            WsbdStatus.LOCK_HELD_BY_ANOTHER: self._lock,
            WsbdStatus.INITIALIZATION_NEEDED: self._initialize,
            WsbdStatus.CONFIGURATION_NEEDED: self._configure,
        }
        result = operation()
        for _ in range(_MENDS):
            mend = mends.get(result.status)
            if mend is None:
                return result
            try:
                mended = mend()
            except DeviceNotFound as fault:
                raise DeviceStalled(fault.detail) from None  # the supervisor tries again with growing pauses
            result = operation() if mended.status is WsbdStatus.SUCCESS else mended
        raise DeviceStalled("the sensor forgets again and again what it was told")

    def _capture_once(self) -> WsbdResult:
        if not self._configured:
            return WsbdResult(WsbdStatus.CONFIGURATION_NEEDED)
        client = self._opened()
        return self._ask(lambda: client.capture(self._session))

    def _downloaded(self, capture: str) -> FingerImage:
        client = self._opened()
        until = time.monotonic() + self._answer_seconds
        while (result := self._ask(lambda: client.download(capture))).status is WsbdStatus.PREPARING_DOWNLOAD:
            if time.monotonic() > until:
                raise DeviceStalled("the sensor does not finish its picture")
            self._pause()
        if result.status is WsbdStatus.INVALID_ID:
            raise DeviceGarbage("a picture that the sensor no longer has")
        _expect(result)
        data = result.sensor_data
        if data is None:
            raise DeviceGarbage("a download without a picture")
        stated = result.metadata.get(_SUBMODALITY)
        wanted = None if self._finger is None else SUBMODALITIES[self._finger]
        if self._asks_fingers and wanted is not None and stated in _NAMED and stated != wanted:
            raise DeviceGarbage("a picture of another finger than the one asked for")
        return self._ask(lambda: decoded_finger(data, self._dpi))


class _Waiting(Generic[T]):
    """One operation on a thread of its own, which ends with it: at the latest after the client's own time limit."""

    def __init__(self, operation: Callable[[], T]) -> None:
        self.done = Event()
        self._operation = operation
        self._results: list[T] = []
        self._fault: DeviceError = DeviceStalled("the operation ended without a result")
        Thread(target=self._run, name="wsbd-operation", daemon=True).start()

    def result(self) -> T:
        if self._results:
            return self._results[0]
        raise self._fault

    def _run(self) -> None:
        try:
            self._results.append(self._operation())
        except DeviceError as fault:
            self._fault = fault
        finally:
            self.done.set()


def _expect(result: WsbdResult) -> None:
    if result.status is not WsbdStatus.SUCCESS:
        raise _fault(result)


def _fault(result: WsbdResult) -> DeviceError:
    """What a status means that nothing here can mend. The names of settings are no personal data."""
    match result.status:
        case WsbdStatus.SUCCESS:
            return DeviceGarbage("a result without what it is for")
        case WsbdStatus.UNSUPPORTED | WsbdStatus.BAD_VALUE | WsbdStatus.NO_SUCH_PARAMETER:
            known = ", ".join(name for name in result.bad_fields if name.isidentifier())
            return DeviceError(
                f"the sensor does not take what the profile asks ({result.status}: {known or 'unnamed'})"
            )
        case _:
            return DeviceStalled(f"the sensor's service reports {result.status}")


def _configuration(given: Any) -> dict[str, Setting]:
    """The profile's table for the sensor itself. Raises ValueError."""
    if not isinstance(given, dict) or not all(
        isinstance(key, str) and isinstance(value, (bool, int, float, str)) for key, value in given.items()
    ):
        raise ValueError(f"{DRIVER}: setting 'configuration' must be a table of names and plain values")
    configuration_xml(given)
    return dict(given)


class WsbdFactory:
    """Entry point ``wsbd-sensor``."""

    kind = DeviceKind.FINGERPRINT_READER

    def __call__(self, settings: DriverSettings) -> WsbdSensor:
        return WsbdSensor(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        """Nothing: only the profile knows the address."""
        return ()

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.hardware.drivers.finger_rehearsal import wsbd_rehearsal

        return wsbd_rehearsal(self)


factory = WsbdFactory()
