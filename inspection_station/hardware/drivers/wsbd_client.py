"""The operations of a WS-BD sensor service (NIST SP 500-288, version 1) over HTTP, one method each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import requests

from inspection_station.hardware.drivers.wsbd_messages import (
    LARGEST_MESSAGE,
    Setting,
    WsbdResult,
    configuration_xml,
    parse_result,
)
from inspection_station.hardware.errors import DeviceGarbage, DeviceStalled, DeviceUnplugged

_CONNECT_SECONDS: Final = 3.0
_PIECE: Final = 65_536


class WsbdClient:
    """One service at ``url``. Every operation raises DeviceUnplugged where nothing answers, DeviceStalled after
    ``answer_seconds`` of silence, DeviceGarbage for an answer that is none of WS-BD. Thread-safe.
    """

    def __init__(self, url: str, *, answer_seconds: float, ca: str = "") -> None:
        self._url = url.rstrip("/")
        self._answer_seconds = answer_seconds
        self._http = requests.Session()
        self._http.trust_env = False  # a proxy meant for the open network must not see fingers
        self._http.headers["Accept"] = "application/xml"
        if ca:
            self._http.verify = ca

    def close(self) -> None:
        self._http.close()

    def register(self) -> WsbdResult:
        return self._call("POST", "register")

    def unregister(self, session: str, seconds: float | None = None) -> WsbdResult:
        return self._call("DELETE", f"register/{session}", seconds=seconds)

    def lock(self, session: str) -> WsbdResult:
        return self._call("POST", f"lock/{session}")

    def steal_lock(self, session: str) -> WsbdResult:
        return self._call("PUT", f"lock/{session}")

    def unlock(self, session: str, seconds: float | None = None) -> WsbdResult:
        return self._call("DELETE", f"lock/{session}", seconds=seconds)

    def info(self, seconds: float | None = None) -> WsbdResult:
        """What the service is and which settings it has; needs no session."""
        return self._call("GET", "info", seconds=seconds)

    def initialize(self, session: str) -> WsbdResult:
        return self._call("POST", f"initialize/{session}")

    def configuration(self, session: str) -> WsbdResult:
        return self._call("GET", f"configure/{session}")

    def configure(self, session: str, values: Mapping[str, Setting]) -> WsbdResult:
        return self._call("POST", f"configure/{session}", configuration_xml(values))

    def capture(self, session: str) -> WsbdResult:
        """Returns when a finger was taken, or the sensor gave up, or somebody cancelled."""
        return self._call("POST", f"capture/{session}")

    def download(self, capture: str) -> WsbdResult:
        return self._call("GET", f"download/{capture}")

    def cancel(self, session: str, seconds: float) -> WsbdResult:
        return self._call("POST", f"cancel/{session}", seconds=seconds)

    def _call(self, method: str, resource: str, body: bytes | None = None, seconds: float | None = None) -> WsbdResult:
        limit = self._answer_seconds if seconds is None else seconds
        headers = {} if body is None else {"Content-Type": "application/xml; charset=utf-8"}
        status, answer = self._fetch(method, f"{self._url}/{resource}", body, headers, limit)
        if status != 200:
            raise DeviceGarbage(f"the sensor's service answers with HTTP status {status}")
        return parse_result(answer)

    def _fetch(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], limit: float
    ) -> tuple[int, bytes]:
        """HTTP status and body. Judged outside: an error's traceback would keep the response's socket open."""
        timeout = (min(limit, _CONNECT_SECONDS), limit)
        try:
            with self._http.request(
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False, stream=True
            ) as answer:
                return answer.status_code, _body(answer, limit)
        except requests.Timeout:
            raise DeviceStalled("the sensor's service does not answer") from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            raise DeviceUnplugged("the sensor's service cannot be reached") from None
        except requests.RequestException as fault:  # its text names addresses and may name more
            raise DeviceGarbage(f"the sensor's service cannot be understood ({type(fault).__name__})") from None


def _body(answer: requests.Response, limit: float) -> bytes:
    """All of it, within bounds of size and time: a service that drips bytes must not hold the device for ever."""
    until = time.monotonic() + limit + _CONNECT_SECONDS
    body = bytearray()
    for piece in answer.iter_content(_PIECE):
        body += piece
        if len(body) > LARGEST_MESSAGE:
            raise DeviceGarbage(f"an answer of more than {LARGEST_MESSAGE} bytes")
        if time.monotonic() > until:
            raise DeviceStalled("the sensor's service does not come to the end of its answer")
    return bytes(body)
