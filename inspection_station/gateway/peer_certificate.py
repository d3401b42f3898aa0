"""The client's certificate for the application: uvicorn checks it and then keeps it to itself.

A connection's certificate never changes, so the application is wrapped once a connection and each request's scope
carries its DER form under ``extensions`` → ``station.certificate``.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from inspection_station.headquarters.rough_links import socket_options

EXTENSION = "station.certificate"


class StationProtocol(H11Protocol):
    """HTTP/1.1 that tells the application who is at the other end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read the certificate that TLS has verified against our authority; None where none was shown. Answers go over
        the same rough links as what is asked.
        """
        if (connection := transport.get_extra_info("socket")) is not None:
            for option in socket_options():
                connection.setsockopt(*option)
        secured = cast("ssl.SSLObject | None", transport.get_extra_info("ssl_object"))
        certificate = None if secured is None else secured.getpeercert(binary_form=True)
        inner = self.app

        async def with_certificate(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {**scope.get("extensions", {}), EXTENSION: certificate}
            await inner(scope, receive, send)

        self.app = with_certificate
        super().connection_made(transport)
