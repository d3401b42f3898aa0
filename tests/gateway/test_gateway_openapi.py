"""The service against its own OpenAPI document: whatever is sent, the answer is one that the document tells of."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange_world import SharedClock, gateway_in
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send
from store_stories import record

from inspection_station.gateway.app import CBOR, build_app
from inspection_station.gateway.peer_certificate import EXTENSION
from inspection_station.gateway.service import Gateway
from inspection_station.headquarters.enrolment import Renewal, StationKeys, enrolment_for, signing_request
from inspection_station.headquarters.messages import Offer, Request, seal_packet
from inspection_station.headquarters.receipts import Kind
from inspection_station.storage.envelope import Place, wrap

STATION = "station-1"
BRIEF = {
    "seed": 7,
    "generation": {"max-examples": 40, "database": "none"},
    # That a body is CBOR of ours, and which, cannot be said in the document: one of sound form may be refused with 400.
    "checks": {"positive_data_acceptance": {"enabled": False}},
}
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def messages() -> list[bytes]:
    """Bodies as a station sends them, so that not everything is refused at the door."""
    envelope = wrap(record("i-1"), Place(STATION, False, "inc-1", 1, bytes(32), bytes(16), "2026", 1)).data
    packet = seal_packet(STATION, [(Kind.DECISION, envelope)], KEY)
    keys = StationKeys.new()
    request = signing_request(STATION, keys.tls)
    return [
        Request(STATION).encode(),
        Request(STATION, packet=packet).encode(),
        Request(STATION, offers=(Offer("i-1", hashlib.sha256(b"x").digest(), 1),)).encode(),
        Request("station-2", packet=packet).encode(),
        Renewal.signed(STATION, request, 1_777_000_000, KEY).encode(),
    ]


def cut_or_changed(body: bytes) -> st.SearchStrategy[bytes]:
    places = st.integers(0, len(body) - 1)
    return st.one_of(
        st.just(body),
        places.map(lambda at: body[:at]),
        st.tuples(places, st.integers(0, 255)).map(lambda c: body[: c[0]] + bytes([c[1]]) + body[c[0] + 1 :]),
    )


def with_certificate(app: ASGIApp, certificate: bytes | None) -> ASGIApp:
    """The application as ``StationProtocol`` presents it a connection."""

    async def presented(scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {**scope.get("extensions", {}), EXTENSION: certificate}
        await app(scope, receive, send)

    return presented


@pytest.fixture(scope="module")
def enrolled_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, bytes]]:
    folder = tmp_path_factory.mktemp("openapi")
    gateway = gateway_in(folder / "gateway", f"sqlite:///{folder / 'gateway.db'}", SharedClock())
    keys = StationKeys(KEY, StationKeys.new().bundle, StationKeys.new().tls)
    answer = gateway.enrol(enrolment_for(gateway.ticket(STATION, timedelta(hours=1)), STATION, False, keys))
    certificate = x509.load_pem_x509_certificate(answer.certificate.encode())
    yield gateway, certificate.public_bytes(serialization.Encoding.DER)
    gateway.database.close()


def gaps(gateway: Gateway, certificate: bytes | None) -> list[str]:
    """What schemathesis finds: every operation, with sound, unsound and missing parameters, bodies and methods."""
    import schemathesis
    from schemathesis.engine import events, from_schema

    bodies = st.one_of(st.binary(), st.sampled_from(messages()).flatmap(cut_or_changed))
    schemathesis.openapi.media_type(CBOR, bodies)
    app = with_certificate(build_app(gateway), certificate)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=schemathesis.Config.from_dict(BRIEF))
    found: list[str] = []
    asked = 0
    for event in from_schema(schema).execute():
        if isinstance(event, (events.NonFatalError, events.FatalError)):
            found.append(repr(getattr(event, "value", None) or getattr(event, "exception", None)))
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            asked += len(recorder.interactions)
            for case, checks in recorder.checks.items():
                found += [
                    f"{recorder.label}: {check.name}: {check.failure_info.failure.title} {recorder.cases[case].value!r}"
                    for check in checks
                    if check.failure_info is not None
                ]
    assert asked > 100
    return sorted(set(found))


def test_a_station_gets_only_answers_that_the_document_tells_of(enrolled_gateway: tuple[Gateway, bytes]) -> None:
    gateway, certificate = enrolled_gateway
    assert gaps(gateway, certificate) == []


def test_a_stranger_gets_only_answers_that_the_document_tells_of(enrolled_gateway: tuple[Gateway, bytes]) -> None:
    assert gaps(enrolled_gateway[0], None) == []


def test_every_route_that_asks_for_a_certificate_is_closed_without_one(enrolled_gateway: tuple[Gateway, bytes]) -> None:
    app, asked = build_app(enrolled_gateway[0]), set()

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://gateway") as client:
            for path, operations in app.openapi()["paths"].items():
                for method in (method for method, operation in operations.items() if "security" in operation):
                    address = path.replace("{sha256}", "0" * 64).replace("{path}", "root.json")
                    answer = await client.request(method, address, headers={"Upload-Offset": "0", "Upload-Length": "1"})
                    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "SEC-03"), path
                    asked.add(path)

    asyncio.run(ask())
    assert {"/v1/exchange", "/v1/pictures/{sha256}", "/v1/packs/{path}"} <= asked


def test_every_refusal_is_told_as_the_json_it_is_with_its_codes(enrolled_gateway: tuple[Gateway, bytes]) -> None:
    document = build_app(enrolled_gateway[0]).openapi()
    operations = [one for operations in document["paths"].values() for one in operations.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    fault = document["components"]["schemas"]["Fault"]["properties"]["code"]["pattern"]
    for one in operations:
        assert one["description"]
        for parameter in one.get("parameters", ()):
            assert parameter.get("description"), parameter["name"]
        for status, answer in one["responses"].items():
            if status in ("200", "409"):
                continue
            told = answer["content"]["application/json"]
            assert told["schema"] == {"$ref": "#/components/schemas/Refusal"}
            for code, example in told["examples"].items():
                assert re.match(fault, code)
                assert example["value"]["error"]["code"] == code
                assert code in answer["description"]
