"""The real thing: a station asks played agencies through two workers over mutual TLS, and its records go up to them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from agency_world import PlayedAgencies, about_document, about_person, lost, wanted
from gateway_databases import fresh_database
from gateway_process import GatewayProcess
from store_stories import KeysInMemory, decided, record

from inspection_station.gateway.agencies.configuration import FILE, AgenciesUnusable, configuration, load_systems
from inspection_station.headquarters.client import HttpsLink
from inspection_station.headquarters.exchange import Exchange
from inspection_station.headquarters.online_checks import OnlineChecks
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import HeadquartersDenied, HeadquartersRefused
from inspection_station.headquarters.questions import AgencySystem, Outcome, Questions
from inspection_station.inspection.outbox import StationIdentity
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.store import StationStore

STATION = "station-1"
pytestmark = pytest.mark.xdist_group("gateway-over-tls")


@pytest.fixture(scope="module")
def played() -> Iterator[PlayedAgencies]:
    agencies = PlayedAgencies()
    agencies.start()
    yield agencies
    agencies.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def serving(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, played: PlayedAgencies
) -> Iterator[GatewayProcess]:
    url = None if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgresql"))
    gateway = GatewayProcess(tmp_path_factory.mktemp(request.param) / "gateway", url, workers=2)
    (gateway.folder / FILE).write_text(configuration(played.url, False), encoding="utf-8")
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def identity(serving: GatewayProcess) -> StationIdentity:
    return serving.enrolled(STATION)


def test_a_station_is_answered_by_name_over_mutual_tls(identity: StationIdentity, played: PlayedAgencies) -> None:
    checks = OnlineChecks(STATION, lambda: identity, deadline=10.0)
    questions = about_person(wanted()), about_document(lost(0))
    answers = {answer.system: answer for answer in checks.ask(*questions).answers()}
    assert {system for system, answer in answers.items() if answer.outcome is Outcome.HIT} == {
        AgencySystem.ENTRY_EXIT,
        AgencySystem.RMAS,
        AgencySystem.LOST_ABROAD,
    }
    again = {answer.system: answer for answer in checks.ask(*questions).answers()}
    assert again == answers  # whichever worker was asked
    checks.close()


def test_a_slow_agency_leaves_the_station_its_deadline(identity: StationIdentity, played: PlayedAgencies) -> None:
    checks = OnlineChecks(STATION, lambda: identity, deadline=8.0)
    checks.ask(about_document(lost(0))).answers()  # the connection is warm, as it is after the first traveller
    with played.wrong("rmas:slow", slow_seconds=60):
        began = time.monotonic()
        answers = {answer.system: answer.outcome for answer in checks.ask(about_document(lost(0))).answers()}
        assert time.monotonic() - began < 30
    assert answers[AgencySystem.RMAS] is Outcome.NOT_CHECKED
    assert answers[AgencySystem.LOST_ABROAD] is Outcome.HIT
    checks.close()


def test_nobody_asks_without_a_certificate_or_for_another_station(
    serving: GatewayProcess, identity: StationIdentity
) -> None:
    authority = str(serving.folder / "keys" / "authority.pem")
    asked = Questions("station-2", 1000, (about_document(lost(0)),)).encode()
    bare = requests.post(f"{serving.address}/v1/questions", data=asked, verify=authority, timeout=20)
    assert bare.status_code == 401
    link = HttpsLink(identity)
    with pytest.raises(HeadquartersDenied):
        link.questions(asked)
    with pytest.raises(HeadquartersRefused):
        link.questions(b"\xff")
    link.close()


def test_a_sealed_record_arrives_at_the_agency_by_itself(
    identity: StationIdentity, played: PlayedAgencies, tmp_path: Path, serving: GatewayProcess
) -> None:
    store = StationStore.open(tmp_path / "s", KeysInMemory(), station_id=STATION, clock=SystemClock())
    kept = played.played.kept[AgencySystem.ENTRY_EXIT]
    names = {f"{serving.inside.database.kind}-{number}" for number in range(5)}
    link = HttpsLink(identity)
    try:
        store.outbox.enrol(identity)
        for name in names:
            store.seal(record(name), {}, decided()).result()
        exchange = Exchange(STATION, store.outbox, link, SystemClock(), random.Random(1), Rules())
        for _ in range(20):
            if exchange.step().rest_until is not None:
                break
        assert store.outbox_status().unsent == 0
        deadline = time.monotonic() + 60
        while not names <= set(kept.received) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert {name: kept.received[name] for name in names} == dict.fromkeys(names, 1)
    finally:
        link.close()
        store.close()


def test_logs_of_the_gateway_tell_nothing_of_who_was_asked_about(serving: GatewayProcess) -> None:
    told = serving.log.read_text(encoding="utf-8")
    assert '"questions"' in told
    for who in (wanted(), lost(0)):
        assert who.document_number not in told
        assert who.name.primary_zone not in told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("training = true\n", "training"),
        ("[system.rmas]\nurl = 'https://a'\n", "training"),
        ("training = false\n[system.odd]\nurl = 'https://a'\n", "no system odd"),
        ("training = false\n[system.rmas]\nurl = 'http://agency.example'\n", "https"),
        ("training = false\n[system.rmas]\nurl = 'https://a'\ntoken = 'x'\n", "unknown key token"),
        ("training = false\n[system.rmas]\nurl = 'https://a'\ntoken_env = 'ABSENT'\n", "environment"),
        ("training = false\n[system.rmas]\nurl = 'https://a'\nauthority = 'absent.pem'\n", "names no file"),
        ("training = false\n[system]\nrmas = 3\n", "table"),
        ("training = false\n[other]\n", "known"),
        ("\0", "TOML"),
    ],
)
def test_a_file_that_says_something_wrong_is_refused_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(AgenciesUnusable, match=why):
        load_systems(tmp_path, False, {})


def test_without_a_file_no_system_is_reached(tmp_path: Path) -> None:
    assert load_systems(tmp_path, False) == {}
