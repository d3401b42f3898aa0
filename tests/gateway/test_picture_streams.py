"""Many pictures in one request: cut at any byte, hostile, doubled, and beside stations that send them one by one."""

from __future__ import annotations

import asyncio
import hashlib
import random
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from exchange_world import SharedClock, gateway_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from inspection_station.gateway import request_body
from inspection_station.gateway.app import build_app
from inspection_station.gateway.metrics import exposition
from inspection_station.gateway.peer_certificate import EXTENSION
from inspection_station.gateway.picture_intake import PictureIntake
from inspection_station.gateway.pictures import FolderPictures
from inspection_station.gateway.service import Gateway
from inspection_station.headquarters import wire
from inspection_station.headquarters.enrolment import StationKeys, enrolment_for
from inspection_station.headquarters.picture_stream import OPENING, PART_LIMIT, STREAM_LIMIT, Part, PartReader

STATION = "station-1"


def some(seed: int, size: int) -> tuple[bytes, bytes]:
    data = random.Random(seed).randbytes(size)
    return hashlib.sha256(data).digest(), data


def parts_of(sha256: bytes, data: bytes, length: int = PART_LIMIT, offset: int = 0) -> list[bytes]:
    return [
        Part(sha256, len(data), at, data[at : at + length]).encode() for at in range(offset, max(1, len(data)), length)
    ]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("streams")
    made = gateway_in(folder / "gateway", f"sqlite:///{folder / 'gateway.db'}", SharedClock())
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def app(gateway: Gateway) -> ASGIApp:
    """The service over a connection whose certificate is an enrolled station's."""
    ticket = gateway.ticket(STATION, timedelta(hours=1))
    answer = gateway.enrol(enrolment_for(ticket, STATION, False, StationKeys.new()))
    pem = x509.load_pem_x509_certificate(answer.certificate.encode())
    certificate = pem.public_bytes(serialization.Encoding.DER)
    inner = build_app(gateway)

    async def presented(scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {**scope.get("extensions", {}), EXTENSION: certificate}
        await inner(scope, receive, send)

    return presented


def asked(app: ASGIApp, method: str, path: str, content: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://gateway") as client:
            return await client.request(method, path, content=content, headers=headers)

    return asyncio.run(ask())


def streamed(app: ASGIApp, pieces: Sequence[bytes]) -> httpx.Response:
    async def going() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return asked(app, "POST", "/v1/pictures", going())


def test_a_stream_brings_many_pictures_and_is_told_of_each(app: ASGIApp, gateway: Gateway) -> None:
    made = [some(seed, 700_000 if seed == 3 else 12_000) for seed in range(5)]
    answer = streamed(app, [OPENING, *(part for sha256, data in made for part in parts_of(sha256, data))])
    assert answer.status_code == 200
    assert answer.json()["pictures"] == [
        {"sha256": sha256.hex(), "reached": len(data), "published": True} for sha256, data in made
    ]
    assert [gateway.pictures.read(sha256) for sha256, _ in made] == [data for _, data in made]


def test_a_picture_that_is_there_already_is_told_whole_and_stays_one(app: ASGIApp, gateway: Gateway) -> None:
    sha256, data = some(10, 5000)
    for _ in range(2):
        answer = streamed(app, [OPENING, *parts_of(sha256, data, 2000)])
        assert answer.json()["pictures"] == [{"sha256": sha256.hex(), "reached": 5000, "published": True}]
    assert gateway.pictures.read(sha256) == data


def test_a_part_that_belongs_elsewhere_is_left_out_and_the_true_offset_told(app: ASGIApp, gateway: Gateway) -> None:
    (sha256, data), (other, content) = some(11, 5000), some(12, 100)
    answer = streamed(app, [OPENING, *parts_of(sha256, data, 1000, 3000), *parts_of(other, content)])
    assert answer.json()["pictures"] == [
        {"sha256": sha256.hex(), "reached": 0, "published": False},
        {"sha256": other.hex(), "reached": 100, "published": True},
    ]
    assert gateway.pictures.read(sha256) is None


def test_what_is_not_its_hash_is_never_published_and_begins_at_nothing(app: ASGIApp, gateway: Gateway) -> None:
    sha256, data = some(13, 3000)
    forged = bytes(3000)
    answer = streamed(app, [OPENING, *parts_of(sha256, forged, 1000)])
    assert answer.json()["pictures"] == [{"sha256": sha256.hex(), "reached": 0, "published": False}]
    assert gateway.pictures.read(sha256) is None
    streamed(app, [OPENING, *parts_of(sha256, data)])
    assert gateway.pictures.read(sha256) == data


def test_an_older_station_sends_one_part_at_a_time_beside_a_stream(app: ASGIApp, gateway: Gateway) -> None:
    sha256, data = some(14, 3000)
    headers = {"Upload-Offset": "0", "Upload-Length": "3000"}
    first = asked(app, "PATCH", f"/v1/pictures/{sha256.hex()}", data[:1000], headers)
    assert first.json() == {"reached": 1000, "published": False}
    again = asked(app, "PATCH", f"/v1/pictures/{sha256.hex()}", data[:1000], headers)
    assert (again.status_code, again.json()) == (409, {"reached": 1000, "published": False})
    answer = streamed(app, [OPENING, *parts_of(sha256, data, 1000, 1000)])
    assert answer.json()["pictures"][0]["published"] is True
    assert gateway.pictures.read(sha256) == data


def head(size: int, offset: int, length: int) -> bytes:
    return bytes(32) + b"".join(number.to_bytes(4, "big") for number in (size, offset, length))


@pytest.mark.parametrize(
    ("pieces", "status", "code"),
    [
        ([], 400, "SYN-02"),
        ([OPENING[:5]], 400, "SYN-02"),
        ([b"GET / HTTP/1.1\r\n"], 400, "SYN-02"),
        ([wire.encode("pictures/2")], 400, "SYN-03"),
        ([OPENING, bytes(20)], 400, "SYN-02"),
        ([OPENING, head(1000, 0, 900), bytes(100)], 400, "SYN-02"),
        ([OPENING, head(0, 0, 0)], 400, "SYN-02"),
        ([OPENING, head(1000, 500, 501), bytes(501)], 400, "SYN-02"),
        ([OPENING, head(PART_LIMIT * 2, 0, PART_LIMIT + 1)], 413, "SYN-02"),
        ([OPENING, head((1 << 32) - 1, 0, 1000)], 413, "SYN-02"),
    ],
)
def test_a_hostile_stream_is_refused_and_what_came_before_is_kept(
    app: ASGIApp, gateway: Gateway, pieces: list[bytes], status: int, code: str
) -> None:
    sha256, data = some(20, 2000)
    if pieces[:1] == [OPENING]:
        pieces = [OPENING, *parts_of(sha256, data), *pieces[1:]]
    answer = streamed(app, pieces)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    if pieces[:1] == [OPENING]:
        assert gateway.pictures.read(sha256) == data


def test_a_stream_without_end_is_refused_at_its_limit() -> None:
    reader, sha256 = PartReader(), bytes(32)
    part = Part(sha256, PART_LIMIT, 0, bytes(PART_LIMIT)).encode()
    list(reader.feed(OPENING))
    for _ in range(STREAM_LIMIT // len(part)):
        list(reader.feed(part))
    with pytest.raises(wire.TooLarge):
        list(reader.feed(part))


def test_a_stream_that_stands_still_is_refused_and_what_came_is_kept(
    app: ASGIApp, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_body, "SILENT_SECONDS", 0.5)
    sha256, data = some(15, 3000)

    async def trickling() -> AsyncIterator[bytes]:
        yield OPENING + Part(sha256, 3000, 0, data).encode()[:1044]
        await asyncio.sleep(60)

    answer = asked(app, "POST", "/v1/pictures", trickling())
    assert (answer.status_code, answer.json()["error"]["code"]) == (408, "NET-02")
    assert gateway.pictures.reached(sha256).count == 1000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_pictures_go_on_where_a_stream_broke_at_any_byte(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever breaks how often, and however the bytes are cut into chunks: whole, once, and never sent again."""
    pictures = FolderPictures(Path(tempfile.mkdtemp(dir=tmp_path)))
    made = [some(seed, data.draw(st.integers(1, 3000))) for seed in range(3)]
    length = data.draw(st.integers(1, 2000))
    brought = 0
    for attempt in range(8):
        told = [pictures.reached(sha256) for sha256, _ in made]
        stream = OPENING + b"".join(
            part
            for (sha256, content), reached in zip(made, told, strict=True)
            if not reached.published
            for part in parts_of(sha256, content, length, reached.count)
        )
        end = len(stream) if attempt == 7 else data.draw(st.integers(0, len(stream)))
        chunk = data.draw(st.integers(1, 4000))
        intake = PictureIntake(pictures)
        for at in range(0, end, chunk):
            for part in intake.parts(stream[at : min(end, at + chunk)]):
                intake.keep(part)
                brought += len(part.data)
        before = sum(pictures.reached(sha256).count for sha256, _ in made)
        intake.keep_rest()
        brought += sum(pictures.reached(sha256).count for sha256, _ in made) - before
    assert [pictures.read(sha256) for sha256, _ in made] == [content for _, content in made]
    assert brought == sum(len(content) for _, content in made)


def test_pictures_that_are_here_in_part_are_counted(app: ASGIApp, gateway: Gateway) -> None:
    before = gateway.pictures.unfinished()
    sha256, data = some(30, 3000)
    streamed(app, [OPENING, parts_of(sha256, data, 1000)[0]])
    assert gateway.pictures.unfinished() == (before[0] + 1, before[1] + 1000)
    text = exposition(gateway.database, gateway.pictures).decode()
    assert f"gateway_pictures_unfinished {before[0] + 1}.0" in text
    streamed(app, [OPENING, *parts_of(sha256, data, 1000, 1000)])
    assert gateway.pictures.unfinished() == before
