"""The link over HTTPS: ``requests``, mutual TLS, a timeout on everything, warm connections are used again.

The TLS key comes out of the encrypted store. Python's ssl reads keys from files alone, so it is written for the moment
of reading, encrypted under a password that exists only in this process, and removed at once.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from http.client import HTTPSConnection as PlainConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import serialization

from inspection_station.headquarters.enrolment import BadTicket, Enrolled, Enrolment, Renewal, Ticket
from inspection_station.headquarters.https_session import session
from inspection_station.headquarters.packs_source import PACK_LENGTH, PART_BYTES
from inspection_station.headquarters.picture_stream import OPENING, Part
from inspection_station.headquarters.ports import (
    HeadquartersBusy,
    HeadquartersDenied,
    HeadquartersRefused,
    HeadquartersUnreachable,
    Reached,
)
from inspection_station.headquarters.rough_links import Flow, Gauge
from inspection_station.headquarters.single_parts import send_apart
from inspection_station.headquarters.wire import MESSAGE_LIMIT, BadSignature, Malformed
from inspection_station.inspection.outbox import StationIdentity

log = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS = 30.0, 60.0
_AUTHORITY_LIMIT = 1 << 14
_DROPPED_SECONDS = 3.0  # a connection that turns out to be dead this soon was dead before
_WARM_SECONDS = 20.0  # … and one that was used so lately is not
_NO_STREAMS = (404, 405, 501)  # what a gateway of before streams, or what stands in front of it, says to one
_ASK_AGAIN_SECONDS = 3600.0  # whether it takes streams by now
_PLAIN = {"User-Agent": None, "Accept": None, "Accept-Encoding": None}
_CBOR = {"Content-Type": "application/cbor", **_PLAIN}
_OCTETS = {"Content-Type": "application/octet-stream", **_PLAIN}


class HttpsLink:
    """A link to the gateway that ``identity`` is enrolled at. Safe from any thread."""

    def __init__(
        self,
        identity: StationIdentity,
        *,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._address = identity.address.rstrip("/")
        self._context = _context(identity.authority)
        _load_certificate(self._context, identity)
        self._timeouts = timeouts
        self._wall = wall
        self._idle: list[tuple[requests.Session, float]] = []  # the last used first: few connections stay warm
        self._guard = threading.Lock()
        self._offset: int | None = None
        self._gauge = Gauge()
        self._takes_streams: bool | None = None  # None: not asked yet
        self._asked_at = 0.0

    @property
    def clock_offset_ms(self) -> int | None:
        """Headquarters' clock minus ours, to the second; None before an answer."""
        return self._offset

    def exchange(self, request: bytes) -> bytes:
        """See ``ports.Link``."""
        return self._ask("POST", "/v1/exchange", request, _CBOR).content

    def stream(self, pieces: Iterator[bytes]) -> dict[bytes, Reached]:
        """See ``ports.Link``. To a gateway that takes no streams each part goes by itself."""
        if not self._streams_are_taken():
            return send_apart(pieces, self._part)
        answer = self._ask("POST", "/v1/pictures", pieces, _OCTETS, also=_NO_STREAMS)
        if answer.status_code in _NO_STREAMS:  # an older gateway came back in its place
            self._takes_streams, self._asked_at = False, time.monotonic()
            raise HeadquartersUnreachable("headquarters takes no streams of pictures any more")
        try:
            return {bytes.fromhex(state["sha256"]): _reached(state) for state in answer.json()["pictures"]}
        except (ValueError, KeyError, TypeError) as error:
            raise HeadquartersRefused("what came of a stream cannot be read") from error

    def flow(self) -> Flow:
        """See ``ports.Link``."""
        with self._guard:
            return self._gauge.read()

    def questions(self, asked: bytes) -> bytes:
        """Answers of agencies' systems to ``headquarters.questions.Questions``. Raises LinkFault."""
        return self._ask("POST", "/v1/questions", asked, _CBOR).content

    def pack_part(self, path: str, offset: int) -> tuple[bytes, int] | None:
        """See ``packs_source.PackLink``."""
        answer = self._ask("GET", f"/v1/packs/{path}?offset={offset}", None, _PLAIN, also=(404,))
        if answer.status_code == 404:
            return None
        length = answer.headers.get(PACK_LENGTH, "")
        if not length.isdecimal() or len(length) > 15 or len(answer.content) > PART_BYTES:
            raise HeadquartersRefused("a part of a pack without its length")
        return answer.content, int(length)

    def close(self) -> None:
        """Let go of every connection that nobody uses at the moment."""
        with self._guard:
            idle, self._idle = self._idle, []
        for over, _ in idle:
            over.close()

    def _streams_are_taken(self) -> bool:
        """Asked with a stream of nothing: a gateway that takes none would let a whole one pass before it says so."""
        now = time.monotonic()
        if self._takes_streams is None or (not self._takes_streams and now - self._asked_at > _ASK_AGAIN_SECONDS):
            answer = self._ask("POST", "/v1/pictures", OPENING, _OCTETS, also=_NO_STREAMS)
            self._takes_streams, self._asked_at = answer.status_code == 200, now
            if not self._takes_streams:
                log.warning("headquarters takes no streams of pictures: each part goes by itself")
        return self._takes_streams

    def _part(self, part: Part) -> Reached:
        headers = {**_OCTETS, "Upload-Offset": str(part.offset), "Upload-Length": str(part.size)}
        answer = self._ask("PATCH", f"/v1/pictures/{part.sha256.hex()}", part.data, headers, also=(409,))
        try:
            return _reached(answer.json())
        except (ValueError, KeyError, TypeError) as error:
            raise HeadquartersRefused("what came of a part cannot be read") from error

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None,
        headers: dict[str, Any],
        also: tuple[int, ...] = (),
    ) -> requests.Response:
        url, began = self._address + path, time.monotonic()
        once = body is not None and not isinstance(
            body, bytes
        )  # a stream cannot be sent twice: no connection that may be dead
        with self._guard:
            warm = None
            if self._idle and (not once or began - self._idle[-1][1] < _WARM_SECONDS):
                warm, _ = self._idle.pop()
        try:
            answer = self._on(warm if warm is not None else self._fresh(), method, url, body, headers)
        except HeadquartersUnreachable:
            # A warm connection may have been dropped while it was idle. Everything else here may be sent twice.
            if warm is None or once or time.monotonic() - began > _DROPPED_SECONDS:
                raise
            answer = self._on(self._fresh(), method, url, body, headers)
        self._note_clock(answer)
        if answer.status_code in (200, *also):
            return answer
        raise _refusal(answer)

    def _on(
        self,
        over: requests.Session,
        method: str,
        url: str,
        body: bytes | Iterator[bytes] | None,
        headers: dict[str, Any],
    ) -> requests.Response:
        try:
            answer = _round_trip(over, method, url, body, headers, self._timeouts)
        except BaseException:
            over.close()
            raise
        with self._guard:
            self._idle.append((over, time.monotonic()))
        return answer

    def _fresh(self) -> requests.Session:
        # What is sent may have to outlast a cut of the link: it has the patience of reading.
        return session(self._context, self._timeouts[1], self._connected)

    def _connected(self, connection: socket.socket) -> None:
        with self._guard:
            self._gauge.add(connection)

    def _note_clock(self, answer: requests.Response) -> None:
        try:
            there = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return
        self._offset = round((there - self._wall()).total_seconds()) * 1000


def enrol_over_https(address: str, ticket: Ticket, enrolment: Enrolment) -> Enrolled:
    """Become known to the gateway at ``address``. Raises BadTicket, LinkFault, WireError (BadSignature:
    not the ticket's gateway).

    The authority is fetched over a connection that proves nothing, and held against the ticket; only then is the code
    sent, over a connection that the authority vouches for.
    """
    address = address.rstrip("/")
    pem = _authority_at(address)
    ticket.require_authority(pem)
    try:
        answer = _post_once(address + "/v1/enrol", pem, enrolment.encode())
    except HeadquartersDenied as error:
        if error.status != 401:
            raise
        raise BadTicket(
            "headquarters does not know this ticket: used, replaced, run out, or for another name"
        ) from error
    enrolled = Enrolled.decode(answer)
    ticket.require_authority(enrolled.authority)
    return enrolled


def renew_over_https(identity: StationIdentity, renewal: Renewal) -> Enrolled:
    """A new certificate from the gateway that the station is enrolled at. Raises LinkFault, WireError."""
    data = _post_once(identity.address.rstrip("/") + "/v1/renew", identity.authority, renewal.encode())
    enrolled = Enrolled.decode(data)
    if enrolled.gateway != identity.gateway or enrolled.gateway_key != identity.gateway_key:
        raise BadSignature("another gateway answered")
    return enrolled


def _authority_at(address: str) -> str:
    """The authority's certificate as whoever answers there gives it: believed only if the ticket's hash fits."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise HeadquartersUnreachable("this is not an address") from error
    if parts.scheme != "https" or not parts.hostname:
        raise HeadquartersUnreachable("headquarters is reached over HTTPS alone")
    connection = PlainConnection(parts.hostname, port, timeout=CONNECT_SECONDS, context=_context(None))
    try:
        connection.request("GET", parts.path + "/v1/authority")
        answer = connection.getresponse()
        text = answer.read(_AUTHORITY_LIMIT)
    except (OSError, HTTPException, ValueError) as error:  # ValueError: a name that is none
        raise HeadquartersUnreachable(f"no answer ({type(error).__name__})") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise HeadquartersUnreachable(f"no gateway answers there ({answer.status})")
    return text.decode("ascii", errors="replace")


def _post_once(url: str, authority: str, body: bytes) -> bytes:
    once = session(_context(authority), READ_SECONDS)
    try:
        answer = _round_trip(once, "POST", url, body, _CBOR, (CONNECT_SECONDS, READ_SECONDS))
    finally:
        once.close()
    if answer.status_code != 200:
        raise _refusal(answer)
    return answer.content


def _round_trip(
    over: requests.Session,
    method: str,
    url: str,
    body: bytes | Iterator[bytes] | None,
    headers: dict[str, Any],
    timeouts: tuple[float, float],
) -> requests.Response:
    try:
        answer = over.request(
            method, url, data=body, headers=headers, timeout=timeouts, allow_redirects=False, stream=True
        )
        length = answer.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MESSAGE_LIMIT:
            answer.close()
            raise HeadquartersRefused("an answer without its length, or beyond the limit")
        answer.content  # noqa: B018 - read it now, while faults of the link are caught
    except requests.exceptions.SSLError as error:
        raise _tls_fault(error) from error
    except requests.exceptions.RequestException as error:
        raise HeadquartersUnreachable(f"no answer ({type(error).__name__})") from error
    except (OSError, ValueError) as error:  # what urllib3 lets through when a connection breaks within a body
        raise HeadquartersUnreachable(f"no answer ({type(error).__name__})") from error
    return answer


def _tls_fault(error: Exception) -> HeadquartersDenied | HeadquartersUnreachable:
    """An alert about the certificate is a denial; a handshake that was cut is a bad link."""
    text = str(error).lower()
    if "certificate" in text or "alert" in text:
        return HeadquartersDenied("the certificate is not accepted, by us or by headquarters")
    return HeadquartersUnreachable("the connection broke while it was being secured")


def _reached(state: Mapping[str, Any]) -> Reached:
    """Raises ValueError, KeyError, TypeError."""
    return Reached(int(state["reached"]), state["published"] is True)


def _refusal(
    answer: requests.Response,
) -> HeadquartersDenied | HeadquartersBusy | HeadquartersUnreachable | HeadquartersRefused:
    status = answer.status_code
    if status in (401, 403):
        return HeadquartersDenied(f"headquarters does not let the station in ({status})", status)
    if status in (429, 503):
        wait = answer.headers.get("Retry-After", "")
        return HeadquartersBusy("headquarters asks for patience", float(wait) if wait.isdecimal() else 0.0)
    if status in (400, 413, 422):
        return HeadquartersRefused(f"headquarters refused a message ({status})")
    return HeadquartersUnreachable(f"headquarters failed ({status})")


def _context(authority: str | None) -> ssl.SSLContext:
    """Trusts one authority and no other; None trusts nobody and proves nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authority is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context.load_verify_locations(cadata=authority)
    except (ssl.SSLError, ValueError) as error:
        raise Malformed("the authority's certificate cannot be read") from error
    return context


def _load_certificate(context: ssl.SSLContext, identity: StationIdentity) -> None:
    password = secrets.token_urlsafe(32)
    try:
        key = serialization.load_der_private_key(identity.tls_key, None)
    except ValueError as error:
        raise Malformed("the station's TLS key cannot be read") from error
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password.encode()),
    )
    descriptor, name = tempfile.mkstemp(prefix="exchange-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem + identity.certificate.encode())
        context.load_cert_chain(name, password=password)
    except ssl.SSLError as error:
        raise Malformed("the station's certificate and key do not belong together") from error
    finally:
        Path(name).unlink(missing_ok=True)
