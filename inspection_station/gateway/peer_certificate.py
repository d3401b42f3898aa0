"""The client's certificate for the application: uvicorn checks it and then keeps it to itself.

A connection's certificate never changes, so the application is wrapped once a connection and each request's scope
carries its DER form under ``extensions`` → ``station.certificate``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from http import HTTPStatus
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from inspection_station.headquarters.rough_links import socket_options

EXTENSION = "station.certificate"
_AT_ONCE = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
HEAD_SECONDS = 120.0  # in which the head of a request comes


class StationProtocol(H11Protocol):
    """HTTP/1.1 that tells the application who is at the other end, and waits for nobody for ever."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read the certificate that TLS has verified against our authority; None where none was shown. Answers go over
        the same rough links as what is asked.

        asyncio sends at once what is written only on sockets that were made with TCP's number, and uvicorn's are not:
        an answer's body would wait until its head was acknowledged, one more time there and back for every round.
        """
        if (connection := transport.get_extra_info("socket")) is not None:
            for option in (_AT_ONCE, *socket_options()):
                connection.setsockopt(*option)
        secured = cast("ssl.SSLObject | None", transport.get_extra_info("ssl_object"))
        certificate = None if secured is None else secured.getpeercert(binary_form=True)
        inner = self.app

        async def with_certificate(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {**scope.get("extensions", {}), EXTENSION: certificate}
            await inner(scope, receive, send)

        self.app = with_certificate
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """As inherited; what is asked for has to be said in time."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """As inherited."""
        self._forget_watch()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused in the form of all refusals."""
        self._refuse(400, "SYN-02", "not a request in HTTP, or beyond its limits")

    def _watch(self) -> None:
        """A request's head has its time, and so has what is left of a body that was answered before its end: both come
        from anybody, and the application never sees them.
        """
        owed = self.conn.their_state is h11.IDLE
        owed |= self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE
        if not owed or self.transport.is_closing():
            self._forget_watch()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _forget_watch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        self._refuse(408, "NET-02", "a request stood still")

    def _refuse(self, status: int, code: str, what: str) -> None:
        body = json.dumps({"error": {"code": code, "what": what}}, separators=(",", ":")).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")]
        head = h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase)
        with contextlib.suppress(h11.LocalProtocolError):  # an answer is under way already: it is only cut off
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
