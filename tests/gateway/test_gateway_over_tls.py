"""The real thing: store, HTTPS with certificates on both sides, two workers, both databases."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from gateway_databases import fresh_database
from gateway_process import GatewayProcess
from store_stories import KeysInMemory, decided, picture, record

from inspection_station.gateway.stations import revoke
from inspection_station.headquarters.client import HttpsLink, enrol_over_https, renew_over_https
from inspection_station.headquarters.enrolment import (
    BadTicket,
    Renewal,
    StationKeys,
    enrolment_for,
    signing_request,
)
from inspection_station.headquarters.exchange import Exchange
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import HeadquartersDenied, HeadquartersUnreachable
from inspection_station.headquarters.wire import BadSignature
from inspection_station.inspection.outbox import StationIdentity
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.store import StationStore

pytestmark = pytest.mark.xdist_group("gateway-over-tls")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def serving(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """One gateway of two workers for all tests here, for each database."""
    url = None if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgresql"))
    gateway = GatewayProcess(tmp_path_factory.mktemp(request.param) / "gateway", url, workers=2)
    gateway.start()
    yield gateway
    gateway.stop()


def identity_at(serving: GatewayProcess, station: str = "station-1") -> StationIdentity:
    return serving.enrolled(station, typed=str.lower)


def test_records_and_pictures_travel_over_mutual_tls(serving: GatewayProcess, tmp_path: Path) -> None:
    store = StationStore.open(tmp_path / "s", KeysInMemory(), station_id="station-1", clock=SystemClock())
    try:
        identity = identity_at(serving)
        store.outbox.enrol(identity)
        for number in range(5):
            ref, data = picture(f"p{number}", 300_000)
            store.seal(record(f"i-{number}", pictures=(("portrait", ref),)), {ref.sha256: data}, decided()).result()
        link = HttpsLink(identity)
        exchange = Exchange("station-1", store.outbox, link, SystemClock(), random.Random(1), Rules())
        began = time.monotonic()
        for _ in range(20):
            if exchange.step().rest_until is not None:
                break
        spent = (time.monotonic() - began) * 1000
        link.close()
        assert store.outbox_status().unsent == 0
        assert link.clock_offset_ms is not None
        assert abs(link.clock_offset_ms) <= 2000 + spent  # it is one clock, and a busy machine answers late
    finally:
        store.close()


def test_who_has_no_certificate_or_is_revoked_is_not_let_in(serving: GatewayProcess) -> None:
    authority = str(serving.folder / "keys" / "authority.pem")
    bare = requests.post(f"{serving.address}/v1/exchange", data=b"", verify=authority, timeout=20)
    assert bare.status_code == 401
    assert bare.json()["error"]["code"] == "SEC-03"
    identity = identity_at(serving)
    link = HttpsLink(identity)
    with serving.inside.database.writing() as connection:
        assert revoke(connection, "station-1", serving.inside.now())
    with pytest.raises(HeadquartersDenied):
        link.exchange(b"")
    link.close()


def test_a_client_that_holds_to_the_letter_of_rfc_5280_trusts_the_gateway(serving: GatewayProcess) -> None:
    strict = ssl.create_default_context(cafile=str(serving.folder / "keys" / "authority.pem"))
    strict.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python itself does from 3.13 on
    with urlopen(f"{serving.address}/v1/authority", context=strict, timeout=20) as answer:
        assert answer.read() == serving.inside.authority.pem.encode()


def test_a_certificate_of_another_authority_is_refused_by_both_sides(serving: GatewayProcess, tmp_path: Path) -> None:
    other = GatewayProcess(tmp_path / "other")
    stranger = replace(identity_at(serving), authority=other.inside.authority.pem)
    with pytest.raises((HeadquartersDenied, HeadquartersUnreachable)):
        HttpsLink(stranger).exchange(b"")
    keys = StationKeys.new()
    ticket = other.inside.ticket("station-1", timedelta(hours=1))
    forged = other.inside.enrol(enrolment_for(ticket, "station-1", False, keys)).identity(keys, serving.address)
    with pytest.raises((HeadquartersDenied, HeadquartersUnreachable)):
        HttpsLink(replace(forged, authority=serving.inside.authority.pem)).exchange(b"")
    with pytest.raises(BadSignature):
        enrol_over_https(serving.address, ticket, enrolment_for(ticket, "station-1", False, keys))
    other.inside.database.close()


def test_a_ticket_works_once(serving: GatewayProcess) -> None:
    ticket = serving.inside.ticket("station-1", timedelta(hours=1))
    keys = StationKeys.new()
    enrol_over_https(serving.address, ticket, enrolment_for(ticket, "station-1", False, keys))
    with pytest.raises(BadTicket):
        enrol_over_https(serving.address, ticket, enrolment_for(ticket, "station-1", False, keys))


def test_a_certificate_is_renewed_by_the_stations_signature(serving: GatewayProcess) -> None:
    identity, keys = identity_at(serving), StationKeys.new()
    request = signing_request("station-1", keys.tls)
    at = int(serving.inside.now().timestamp())
    signed = Renewal.signed("station-1", request, at, Ed25519PrivateKey.from_private_bytes(identity.station_key))
    assert renew_over_https(identity, signed).certificate != identity.certificate
    forged = Renewal.signed("station-1", request, at, keys.station)
    with pytest.raises(HeadquartersDenied):
        renew_over_https(identity, forged)
