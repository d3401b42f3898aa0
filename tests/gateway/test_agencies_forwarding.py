"""Records, portraits and fingers go up after they were taken in: each once, whoever sends, whatever fails."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from agency_world import PlayedAgencies
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange_world import SharedClock, admitted, enrolled, gateway_in
from sqlalchemy import select
from store_stories import picture, record

from inspection_station.gateway.agencies.forwarding import Forwarding
from inspection_station.gateway.agencies.resting import Resting
from inspection_station.gateway.agencies.sealed_records import read_sealed
from inspection_station.gateway.agencies.tables import forwarding
from inspection_station.gateway.service import Gateway
from inspection_station.headquarters.messages import Request, seal_packet
from inspection_station.headquarters.questions import AgencySystem
from inspection_station.headquarters.receipts import Kind
from inspection_station.inspection.outbox import StationIdentity
from inspection_station.inspection.papers import Announced, ManifestAnswer
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.watchlist import WatchlistResult
from inspection_station.storage.envelope import Place, wrap

STATION = "station-1"
pytestmark = pytest.mark.xdist_group("agencies")


@pytest.fixture
def played() -> Iterator[PlayedAgencies]:
    agencies = PlayedAgencies()
    agencies.start()
    yield agencies
    agencies.stop()


@pytest.fixture
def identity(gateway: Gateway) -> StationIdentity:
    return enrolled(gateway, STATION)


def over(gateway: Gateway, played: PlayedAgencies, clock: SharedClock) -> Forwarding:
    resting = Resting(gateway.database, clock.now)
    return Forwarding(gateway.database, gateway.pictures, played.adapters(), resting, clock.now)


def take_in(gateway: Gateway, identity: StationIdentity, *records: InspectionRecord, first: int = 1) -> None:
    places = (Place(STATION, False, "inc-1", first + n, bytes(32), bytes(16), "2026", 1) for n in range(len(records)))
    bodies = [(Kind.DECISION, wrap(one, place).data) for one, place in zip(records, places, strict=True)]
    key = Ed25519PrivateKey.from_private_bytes(identity.station_key)
    gateway.answer(admitted(gateway, STATION), Request(STATION, (), seal_packet(STATION, bodies, key)))


def received(played: PlayedAgencies, system: AgencySystem) -> dict[str, int]:
    return dict(played.played.kept[system].received)


def test_every_record_arrives_once_and_is_never_sent_again(
    gateway: Gateway, identity: StationIdentity, played: PlayedAgencies, clock: SharedClock
) -> None:
    take_in(gateway, identity, *(record(f"i-{number}") for number in range(90)))
    worker = over(gateway, played, clock)
    done = worker.turn()
    assert (done.noted, done.sent, done.known) == (90, 90, 0)
    assert worker.turn().sent == 0
    take_in(gateway, identity, record("late"), first=200)
    assert worker.turn().sent == 1
    assert received(played, AgencySystem.ENTRY_EXIT) == {**{f"i-{n}": 1 for n in range(90)}, "late": 1}
    assert worker.waiting() == {}


def test_who_is_not_on_the_manifest_is_told_to_the_voyages_system_once(
    gateway: Gateway, identity: StationIdentity, played: PlayedAgencies, clock: SharedClock
) -> None:
    voyage = played.played.known.manifest.voyage
    answers = (
        ManifestAnswer(Announced.NO, voyage, "now 1"),
        ManifestAnswer(Announced.YES, voyage, "now 1"),
        ManifestAnswer(Announced.NOT_CHECKED, voyage),
        None,
    )
    made = []
    for number, answer in enumerate(answers):
        whole = record(f"i-{number}")
        lists = replace(whole.watchlist or WatchlistResult((), ()), manifest=answer)
        made.append(replace(whole, watchlist=lists))
    take_in(gateway, identity, *made)
    worker = over(gateway, played, clock)
    worker.turn()
    worker.turn()
    assert received(played, AgencySystem.WEBAPIS) == {"i-0": 1}
    assert worker.waiting() == {}


def test_workers_at_once_never_send_the_same_twice(
    gateway: Gateway,
    identity: StationIdentity,
    played: PlayedAgencies,
    clock: SharedClock,
    tmp_path: Path,
    database_url: str,
) -> None:
    """Pools of their own, as processes have; records go on arriving meanwhile."""
    other = gateway_in(tmp_path / "gateway", database_url, SharedClock())
    workers = [over(one, played, SharedClock()) for one in (gateway, other, gateway, other)]
    together = threading.Barrier(5)

    def forward(worker: Forwarding) -> int:
        together.wait(30)
        return sum(worker.turn().sent for _ in range(6))

    def arrive() -> int:
        together.wait(30)
        for batch in range(6):
            take_in(gateway, identity, *(record(f"i-{batch}-{n}") for n in range(20)), first=1 + batch * 20)
        return 0

    try:
        with ThreadPoolExecutor(5) as pool:
            futures = [pool.submit(forward, worker) for worker in workers] + [pool.submit(arrive)]
            sent = sum(future.result(120) for future in futures)
        sent += workers[0].turn().sent
    finally:
        other.database.close()
    counts = received(played, AgencySystem.ENTRY_EXIT)
    assert (sent, len(counts), set(counts.values())) == (120, 120, {1})


def test_a_worker_that_died_after_sending_leaves_rows_that_are_sent_again_and_known(
    gateway: Gateway, identity: StationIdentity, played: PlayedAgencies, clock: SharedClock
) -> None:
    take_in(gateway, identity, record("a"))
    worker = over(gateway, played, clock)
    worker._note()
    (row,) = worker._claim("dead")
    worker._hand_over([row])  # and nothing was noted of it
    assert worker.turn().sent == 0  # claimed: nobody else sends it now
    clock.advance(timedelta(minutes=3).total_seconds())
    done = worker.turn()
    assert (done.sent, done.known) == (1, 1)
    assert received(played, AgencySystem.ENTRY_EXIT) == {"a": 2}


def test_a_dead_agency_keeps_everything_waiting_and_gets_it_when_it_lives_again(
    gateway: Gateway, identity: StationIdentity, played: PlayedAgencies, clock: SharedClock
) -> None:
    take_in(gateway, identity, *(record(f"i-{number}") for number in range(5)))
    worker = over(gateway, played, clock)
    with played.wrong("down"):
        for _ in range(3):
            worker.turn()
            clock.advance(20)
        assert worker.waiting() == {"entry-exit": 5}
    for _ in range(8):
        clock.advance(600)
        worker.turn()
    assert worker.waiting() == {}
    assert set(received(played, AgencySystem.ENTRY_EXIT).values()) == {1}


def test_a_wrong_acknowledgement_is_none(
    gateway: Gateway, identity: StationIdentity, played: PlayedAgencies, clock: SharedClock
) -> None:
    take_in(gateway, identity, record("a"))
    worker = over(gateway, played, clock)
    with played.wrong("entry-exit:wrong"):
        assert worker.turn().put_off == 1
    with gateway.database.reading() as connection:
        assert connection.scalar(select(forwarding.c.fault)) == "AGY-03"
    clock.advance(3600)
    done = worker.turn()
    assert (done.sent, done.known) == (1, 1)  # it had taken it, and said it badly


def test_what_an_agency_refuses_waits_by_itself_and_holds_up_nothing(
    gateway: Gateway, identity: StationIdentity, played: PlayedAgencies, clock: SharedClock
) -> None:
    poison = replace(record("bad"), scenario="s" * 80)  # longer than the contract has room for
    take_in(gateway, identity, poison, record("good"))
    worker = over(gateway, played, clock)
    done = worker.turn()
    assert (done.sent, done.put_off) == (1, 1)
    assert received(played, AgencySystem.ENTRY_EXIT) == {"good": 1}
    assert worker.waiting() == {"entry-exit": 1}


def test_portraits_and_fingers_follow_when_their_pictures_have_come(
    gateway: Gateway, identity: StationIdentity, played: PlayedAgencies, clock: SharedClock
) -> None:
    (face, face_data), (finger, finger_data), (page, _) = (picture(name, 3000) for name in ("face", "finger", "page"))
    pictures = (("portrait", face), ("finger right index", finger), ("page", page))
    take_in(gateway, identity, record("a", pictures=pictures))
    worker = over(gateway, played, clock)
    assert worker.turn().sent == 1
    assert worker.waiting() == {"identity-confirmation": 1, "foreigner-biometrics": 1}
    for data in (face_data, finger_data):
        gateway.pictures.append(hashlib.sha256(data).digest(), len(data), 0, data)
    clock.advance(120)
    assert worker.turn().sent == 2
    assert worker.waiting() == {}
    assert list(received(played, AgencySystem.FOREIGNER_BIOMETRICS)) == [finger.sha256]
    assert len(received(played, AgencySystem.IDENTITY_CONFIRMATION)) == 1


def test_an_emergency_record_goes_to_both_systems(
    gateway: Gateway, identity: StationIdentity, played: PlayedAgencies, clock: SharedClock
) -> None:
    take_in(gateway, identity, replace(record("a"), scenario="emergency"))
    assert over(gateway, played, clock).turn().sent == 2
    assert received(played, AgencySystem.EMERGENCY_IDENTITY) == {"a": 1}


def test_a_body_that_is_no_envelope_is_not_read() -> None:
    for body in (b"", b"[]", b"{}", b'{"record":{}}', b'{"record":{"decision":1}}', b"\xff"):
        assert read_sealed(body, bytes(32)) is None
