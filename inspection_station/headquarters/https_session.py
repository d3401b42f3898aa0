"""Connections to headquarters: one TLS context and no other trust, options for rough links, patience in sending."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from inspection_station.headquarters.rough_links import socket_options

Connected = Callable[[socket.socket], None]


def session(context: ssl.SSLContext, patience: float, connected: Connected = lambda made: None) -> requests.Session:
    """A session that speaks HTTPS alone. ``patience``: seconds that a byte may take to be sent; ``connected`` hears of
    every connection that was made.
    """
    made = requests.Session()
    made.trust_env = False  # no proxies and no password files of whoever is logged in
    made.mount("https://", _OneContext(context, patience, connected))
    made.mount("http://", _Nothing())
    return made


class _OneContext(HTTPAdapter):
    """Uses the TLS context it was given, for every connection."""

    def __init__(self, context: ssl.SSLContext, patience: float, connected: Connected) -> None:
        self._context = context
        self._patience = patience
        self._connected = connected
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As inherited, with our context, and with the sending that suits a link which loses packets."""
        kwargs["ssl_context"] = self._context
        kwargs["socket_options"] = [*HTTPConnection.default_socket_options, *socket_options()]
        super().init_poolmanager(*args, **kwargs)
        patience, connected = self._patience, self._connected

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                connected(self.sock)

            def request(self, *args: Any, **kwargs: Any) -> None:
                self.timeout = patience  # of sending; urllib3 would take that of connecting
                super().request(*args, **kwargs)

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        self.poolmanager.pool_classes_by_scheme = {"https": Pool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context alone decides whom to trust: no bundle of public authorities is mixed in."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None


class _Nothing(HTTPAdapter):
    """There is no exchange without TLS."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises InvalidSchema."""
        raise requests.exceptions.InvalidSchema("headquarters is reached over HTTPS alone")
