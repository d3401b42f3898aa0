"""What the gateway's connections are told, made as each of several workers makes them."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import uvicorn
from exchange_world import SharedClock, gateway_in

from inspection_station.gateway import peer_certificate
from inspection_station.gateway.app import build_app

PATIENCE = 30.0


def test_an_answer_does_not_wait_until_its_head_was_acknowledged(tmp_path: Path) -> None:
    """Several workers get a socket that uvicorn bound, and its connections are not TCP's by name for asyncio."""
    told: list[int] = []

    class Told(peer_certificate.StationProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connection = transport.get_extra_info("socket")
            told.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    gateway = gateway_in(tmp_path / "gateway", f"sqlite:///{tmp_path / 'gateway.db'}", SharedClock())
    config = uvicorn.Config(
        build_app(gateway), host="127.0.0.1", port=0, http=Told, ws="none", lifespan="off", log_config=None
    )
    server, bound = uvicorn.Server(config), config.bind_socket()
    bound.listen()  # who comes before the server does waits
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        with socket.create_connection(bound.getsockname(), timeout=PATIENCE) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        gateway.database.close()
    assert answer.startswith(b"HTTP/1.1 200")
    assert told
    assert all(told)
