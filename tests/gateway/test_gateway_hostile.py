"""A running gateway and whoever means it ill: every answer is a refusal in the one form, and the next is served."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange_world import SharedClock, gateway_in
from gateway_process import GatewayProcess, free_port
from store_stories import KeysInMemory, decided, picture, record

from inspection_station.gateway import peer_certificate, request_body
from inspection_station.gateway.app import build_app
from inspection_station.gateway.command import main as gateway_main
from inspection_station.headquarters import wire
from inspection_station.headquarters.bundle_exchange import export_bundle
from inspection_station.headquarters.client import _context, _load_certificate
from inspection_station.headquarters.messages import statement
from inspection_station.headquarters.packing import DICTIONARY
from inspection_station.headquarters.receipts import Kind
from inspection_station.inspection.outbox import StationIdentity
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.store import StationStore

pytestmark = pytest.mark.xdist_group("gateway-over-tls")

STATION = "station-1"
PATIENCE = 60.0
POST = b"POST /v1/exchange HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(tmp_path_factory.mktemp("hostile") / "gateway")
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def identity(serving: GatewayProcess) -> StationIdentity:
    return serving.enrolled(STATION)


@pytest.fixture(scope="module")
def trusted(identity: StationIdentity) -> ssl.SSLContext:
    """As an enrolled station connects: who has no certificate gets no further than the door."""
    context = _context(identity.authority)
    _load_certificate(context, identity)
    return context


def answered(connection: socket.socket, request: bytes) -> tuple[int, dict[str, str]]:
    """Status and refusal of the first answer that is more than «go on»."""
    connection.settimeout(PATIENCE)
    with connection:
        with contextlib.suppress(OSError):  # refused before all was said
            connection.sendall(request)
        got = b""
        while True:
            got = re.sub(rb"^HTTP/1.1 100 .*?\r\n\r\n", b"", got, flags=re.DOTALL)
            head, ended, body = got.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            if ended and length is not None and len(body) >= int(length[1]):
                return int(head.split()[1]), json.loads(body)["error"]
            more = connection.recv(1 << 16)
            assert more, got
            got += more


def asked(serving: GatewayProcess, trusted: ssl.SSLContext, request: bytes) -> tuple[int, dict[str, str]]:
    plain = socket.create_connection((serving.host, serving.port), timeout=PATIENCE)
    return answered(trusted.wrap_socket(plain, server_hostname=serving.host), request)


def body(content: bytes, form: bytes = b"application/cbor") -> bytes:
    return POST + b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (form, len(content)) + content


NO_HTTP = {
    "a header of 200 kB": POST + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n",
    "20,000 headers": POST + b"".join(b"X-%d: b\r\n" % number for number in range(20_000)) + b"\r\n",
    "noise": hashlib.sha512(b"noise").digest() * 8 + b"\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "a path of 80 kB": b"GET /v1/packs/" + b"a" * 80_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a length below nothing": POST + b"Content-Length: -3\r\n\r\n",
    "an unknown encoding": POST + b"Transfer-Encoding: gzip\r\n\r\n",
    "a chunk without a size": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "a chunk with 100 kB of extensions": CHUNKED + b"2;" + b"a" * 100_000 + b"\r\n{}\r\n0\r\n\r\n",
    "trailers of 200 kB": CHUNKED + b"2\r\n{}\r\n0\r\nX-T: " + b"y" * 200_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", NO_HTTP.values(), ids=list(NO_HTTP))
def test_what_is_no_http_is_refused_in_the_form_of_all_refusals(
    serving: GatewayProcess, trusted: ssl.SSLContext, request_bytes: bytes
) -> None:
    status, refusal = asked(serving, trusted, request_bytes)
    # What comes in one piece may be read to its end, and is then wrong by what it says.
    assert status == 400 or (status == 422 and b"GET /v1/packs" in request_bytes)
    assert refusal["code"] == "SYN-02"


TOO_LARGE = {
    "a length beyond all numbers": POST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "a length beyond the limit": POST + b"Content-Length: 5000000\r\n\r\nabc",
    "chunks without end": CHUNKED + b"100000\r\n" + bytes(0x100000) + b"\r\n" + b"400000\r\n" + bytes(0x400000),
    "nested a hundred thousand deep": body(b"\x81" * 100_000 + b"\x00"),
    "a million values": body(b"\x9a\x00\x0f\xff\xff" + bytes(0xFFFFF)),
    "an enrolment of a megabyte": body(bytes(1 << 20)).replace(b"/v1/exchange", b"/v1/enrol"),
    "a question of three megabytes": body(bytes(3 << 20)).replace(b"/v1/exchange", b"/v1/questions"),
}


@pytest.mark.parametrize("request_bytes", TOO_LARGE.values(), ids=list(TOO_LARGE))
def test_what_is_beyond_the_limits_is_refused_before_it_is_taken_in(
    serving: GatewayProcess, trusted: ssl.SSLContext, request_bytes: bytes
) -> None:
    status, refusal = asked(serving, trusted, request_bytes)
    assert (status, refusal["code"]) == (413, "SYN-02")


NO_MESSAGE = {
    "a form": body(b"a=1", b"application/x-www-form-urlencoded"),
    "JSON": body(b"{}", b"application/json"),
    "many parts": body(b"--x\r\n\r\n\r\n--x--", b"multipart/form-data; boundary=x"),
    "compressed": POST + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
    "trailers": CHUNKED + b"2\r\n{}\r\n0\r\nX-Trailer: y\r\n\r\n",
    "nothing": body(b""),
    "a text of 2^64 bytes": body(b"\x7b" + b"\xff" * 8),
    "bytes of 2^64 bytes": body(b"\x5b" + b"\xff" * 8),
    "an array of 2^32 values": body(b"\x9b\x00\x00\x00\x01" + bytes(4)),
    "a map with one key twice": body(b"\xa2\x61a\x01\x61a\x02"),
    "an array without end": body(b"\x9f\x01\xff"),
    "a number with a tag": body(b"\xc2\x42\x01\x00"),
    "a fraction": body(b"\xfb" + bytes(8)),
    "undefined": body(b"\xf7"),
    "a number written long": body(b"\x1b" + bytes(7) + b"\x01"),
    "two messages": body(b"\x00\x00"),
}


@pytest.mark.parametrize("request_bytes", NO_MESSAGE.values(), ids=list(NO_MESSAGE))
def test_what_is_no_message_of_ours_is_refused(
    serving: GatewayProcess, trusted: ssl.SSLContext, request_bytes: bytes
) -> None:
    status, refusal = asked(serving, trusted, request_bytes)
    assert (status, refusal["code"]) == (400, "SYN-02")


@pytest.mark.parametrize("told", [True, False], ids=["tells its size", "hides its size"])
def test_a_packet_that_unpacks_to_a_gigabyte_is_refused_although_a_station_signed_it(
    serving: GatewayProcess, trusted: ssl.SSLContext, identity: StationIdentity, told: bool
) -> None:
    packer = zstandard.ZstdCompressor(level=1, write_content_size=told)
    if told:
        bomb = packer.compress(bytes(1 << 28))
    else:
        stream = packer.compressobj()
        bomb = b"".join(stream.compress(bytes(1 << 24)) for _ in range(64)) + stream.flush()
    key = Ed25519PrivateKey.from_private_bytes(identity.station_key)
    signature = key.sign(statement(STATION, [Kind.DECISION], [bytes(32)]))
    packet: wire.Plain = ["packet/1", DICTIONARY, bytes([Kind.DECISION]), bomb, b"", signature]
    status, refusal = asked(
        serving, trusted, body(wire.encode(["request/1", STATION, [], packet, [], [[0] * 5, 0, "x"]]))
    )
    assert (status, refusal["code"]) in ((413, "SYN-02"), (400, "SYN-02"))


@pytest.mark.parametrize("path", ["../../keys/authority.key", "..%2f..%2fkeys%2fauthority.pem", "a%00b", "%2e%2e/x"])
def test_only_files_of_packs_are_given_out(serving: GatewayProcess, trusted: ssl.SSLContext, path: str) -> None:
    status, refusal = asked(serving, trusted, f"GET /v1/packs/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (status, refusal["code"]) in ((404, "PCK-07"), (404, "SYN-03"))


def test_a_bundle_cut_at_every_fiftieth_is_refused_and_the_whole_one_taken(
    serving: GatewayProcess, identity: StationIdentity, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = StationStore.open(tmp_path / "station", KeysInMemory(), station_id=STATION, clock=SystemClock())
    store.outbox.enrol(identity)
    for number in range(6):
        ref, data = picture(f"{number}", 50_000)
        store.seal(record(f"cut-{number}", pictures=(("portrait", ref),)), {ref.sha256: data}, decided()).result()
    export_bundle(tmp_path / "whole.bundle", STATION, store.outbox, SystemClock())
    store.close()
    content = (tmp_path / "whole.bundle").read_bytes()

    def imported(name: str) -> tuple[int, dict[str, dict[str, str]]]:
        capsys.readouterr()
        code = gateway_main(["import-bundle", str(tmp_path / name), "--folder", str(serving.folder), "--json"])
        return code, json.loads(capsys.readouterr().out)

    for part in range(50):
        (tmp_path / "cut.bundle").write_bytes(content[: len(content) * part // 50])
        code, found = imported("cut.bundle")
        assert (code, found["error"]["code"]) == (2, "SYN-02"), part
    assert imported("whole.bundle")[0] == 0


# Who takes his time


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a service that waits a moment where it would wait two minutes; without TLS."""
    monkeypatch.setattr(peer_certificate, "HEAD_SECONDS", 1.0)
    monkeypatch.setattr(request_body, "SILENT_SECONDS", 1.0)
    gateway = gateway_in(tmp_path / "gateway", f"sqlite:///{tmp_path / 'gateway.db'}", SharedClock())
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(gateway),
            port=port,
            http=peer_certificate.StationProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield port
    server.should_exit = True
    thread.join(PATIENCE)
    gateway.database.close()


SLOW = {
    "says nothing": b"",
    "stops in a header": b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nX-A: b",
    "stops in a body": b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
    "stops in a chunk": b"POST /v1/renew HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc",
    "waits to be told to go on": b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
    b"Content-Length: 9\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", SLOW.values(), ids=list(SLOW))
def test_who_stands_still_is_refused_with_or_without_a_certificate(impatient: int, request_bytes: bytes) -> None:
    connection = socket.create_connection(("127.0.0.1", impatient), timeout=PATIENCE)
    status, refusal = answered(connection, request_bytes)
    assert (status, refusal["code"]) == (408, "NET-02")


def test_a_second_request_that_never_ends_is_refused_too(impatient: int) -> None:
    connection = socket.create_connection(("127.0.0.1", impatient), timeout=PATIENCE)
    connection.settimeout(PATIENCE)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    first = b""
    while b'{"ok":true}' not in first:
        more = connection.recv(4096)
        assert more, "hung up"
        first += more
    assert answered(connection, b"GET /healthz HTT") == (408, {"code": "NET-02", "what": "a request stood still"})
