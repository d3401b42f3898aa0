"""How much a gateway of two workers takes in: 100 stations at once, each 500 records over mutual TLS.

    STATION_BENCH_POSTGRESQL=1 pytest -m benchmark tests/benchmarks/test_gateway_ingest_speed.py -s

Once as bare packets, and once as stations in service send them: each round shows the head of the log that the last
answer gave, has it proven, and asks for late hits. Gateway, PostgreSQL and the stations share this machine, and whoever
else is on it: what each of them worked is told beside the figures. Packets are made and signed before the clock starts.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from gateway_process import GatewayProcess
from sqlalchemy import func, select, text
from test_exchange_speed import random_envelopes

from inspection_station.gateway.tables import item, log_entry, quarantine
from inspection_station.headquarters.enrolment import StationKeys, enrolment_for
from inspection_station.headquarters.messages import Answer, Report, Request, seal_packet
from inspection_station.headquarters.receipts import Kind
from inspection_station.headquarters.wire import Plain
from inspection_station.inspection.outbox import LogHead

pytestmark = pytest.mark.benchmark

STATIONS = int(os.environ.get("STATION_BENCH_STATIONS", "100"))
PACKETS = 5  # of a hundred records


class RawStation:
    """A station's certificate and ready requests. It speaks HTTP/1.1 by hand, so that the client costs little."""

    def __init__(self, gateway: GatewayProcess, number: int) -> None:
        self.name = f"station-{number}"
        keys = StationKeys.new()
        ticket = gateway.inside.ticket(self.name, timedelta(hours=1))
        identity = gateway.inside.enrol(enrolment_for(ticket, self.name, False, keys)).identity(keys, gateway.address)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.load_verify_locations(cadata=identity.authority)
        with tempfile.NamedTemporaryFile() as pem:
            from cryptography.hazmat.primitives import serialization

            key = serialization.load_der_private_key(identity.tls_key, None).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            pem.write(key + identity.certificate.encode())
            pem.flush()
            self._context.load_cert_chain(pem.name)
        signer = Ed25519PrivateKey.from_private_bytes(identity.station_key)
        self.packets = [
            seal_packet(self.name, [(Kind.DECISION, body) for body in bodies], signer)
            for bodies in (random_envelopes(100, self.name) for _ in range(PACKETS))
        ]
        self.poll = Request(self.name, (), report=Report(program="0.1.0")).encode()
        self._socket: ssl.SSLSocket | None = None

    def connect(self, port: int) -> None:
        bare = socket.create_connection(("127.0.0.1", port), timeout=120)
        bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = self._context.wrap_socket(bare, server_hostname="127.0.0.1")

    def request(self, packet: Plain, shown: LogHead | None) -> bytes:
        """A round with a packet; ``shown`` None: nothing else."""
        if shown is None:
            return Request(self.name, (), packet).encode()
        return Request(self.name, (shown,), packet, report=Report(program="0.1.0"), heard=()).encode()

    def ask(self, request: bytes) -> tuple[bytes, int]:
        """The answer's body, and the bytes of both ways with their headers."""
        link = self._socket
        assert link is not None
        head = f"POST /v1/exchange HTTP/1.1\r\nHost: g\r\nContent-Length: {len(request)}\r\n\r\n".encode()
        link.sendall(head + request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += link.recv(65536)
        top, _, body = data.partition(b"\r\n\r\n")
        assert top.startswith(b"HTTP/1.1 200"), top
        length = next(int(line[15:]) for line in top.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += link.recv(65536)
        return body, len(head) + len(request) + len(top) + 4 + len(body)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


def worked(*roots: psutil.Process) -> float:
    """Seconds of processor time of processes and all their children, also of those that have ended."""
    seconds = 0.0
    for process in (process for root in roots for process in (root, *root.children(recursive=True))):
        with contextlib.suppress(psutil.NoSuchProcess):  # its time is its parent's from now on
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


@pytest.mark.parametrize("heads", [False, True], ids=["bare packets", "heads shown"])
def test_a_hundred_stations_at_once(heads: bool, tmp_path: Path) -> None:
    if not os.environ.get("STATION_BENCH_POSTGRESQL"):
        pytest.skip("STATION_BENCH_POSTGRESQL is not set")
    import pgserver
    from gateway_databases import fresh_database

    server = pgserver.get_server(tmp_path / "pg", cleanup_mode="stop")
    gateway = GatewayProcess(tmp_path / "gateway", fresh_database(server.get_uri()), workers=2)
    stations = [RawStation(gateway, number) for number in range(STATIONS)]
    gateway.start()
    together = Barrier(STATIONS + 1)
    spent: list[float] = []

    def send(station: RawStation) -> list[Answer]:
        station.connect(gateway.port)
        last = Answer.decode(station.ask(station.poll)[0])
        together.wait(120)
        answers = []
        for packet in station.packets:
            began = time.perf_counter()
            body, _ = station.ask(station.request(packet, last.head if heads else None))
            spent.append(time.perf_counter() - began)
            last = Answer.decode(body)
            answers.append(last)
        return answers

    with ThreadPoolExecutor(STATIONS) as pool:
        futures = [pool.submit(send, station) for station in stations]
        together.wait(120)
        assert gateway.process is not None
        tree = psutil.Process(gateway.process.pid)
        postgres = psutil.Process(int((tmp_path / "pg" / "postmaster.pid").read_text().splitlines()[0]))
        before = [worked(tree), worked(postgres), time.process_time()]
        began = time.perf_counter()
        answers = [answer for future in futures for answer in future.result()]
        whole = time.perf_counter() - began
        after = [worked(tree), worked(postgres), time.process_time()]
    spent.sort()
    count = STATIONS * PACKETS * 100
    workers, database, ours = (later - earlier for later, earlier in zip(after, before, strict=True))
    print(
        f"\n{count} records of {STATIONS} stations: {count / whole:.0f} records/s, p50 {spent[len(spent) // 2]:.2f} s,"
        f" p99 {spent[int(len(spent) * 0.99)]:.2f} s a packet of 100"
        f"\nprocessor time a packet:"
        f" workers {workers / count * 1e5:.1f} ms, PostgreSQL {database / count * 1e5:.1f} ms,"
        f" stations {ours / count * 1e5:.1f} ms; together {(workers + database + ours) / whole:.2f} of"
        f" {psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        f"\nrecords a second of processor time: a worker's {count / workers:.0f}, PostgreSQL's {count / database:.0f},"
        f" the stations' {count / ours:.0f}; of all three {count / (workers + database + ours):.0f}"
    )
    poll, wire = stations[0].ask(stations[0].poll)
    print(f"idle poll: {wire} B with headers, of them {len(stations[0].poll) + len(poll)} B of bodies")
    with gateway.inside.database.reading() as connection:
        size = connection.scalar(text("select pg_database_size(current_database())")) or 0
        print(f"database: {size / count / 1000:.1f} kB a record, indexes and log included")
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in (item, log_entry, quarantine)]
    for station in stations:
        station.close()
    gateway.stop()
    server.cleanup()
    assert counts == [count, count, 0]
    assert len(answers) == STATIONS * PACKETS
    assert all(answer.proven == (0 if heads else None) for answer in answers)
