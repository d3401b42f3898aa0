"""Records held against newer lists at headquarters, on SQLite and PostgreSQL: each late hit once, told until heard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from exchange_world import SharedClock, admitted, enrolled
from pack_world import Publisher
from screening_world import HOLDER, publish_list, screening_gateway, today
from sqlalchemy import func, select
from store_stories import hit, record

from inspection_station.gateway.metrics import exposition
from inspection_station.gateway.screening import SCREENED_FOR, Screened
from inspection_station.gateway.service import Gateway
from inspection_station.gateway.tables import late_hit, late_hit_heard
from inspection_station.headquarters.late_hits import LATE_LIMIT, Heard, opened
from inspection_station.headquarters.messages import Answer, Request, seal_packet
from inspection_station.headquarters.packs import PackRefused
from inspection_station.headquarters.receipts import Kind
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.late_hit import SignedLateHit
from inspection_station.inspection.outbox import StationIdentity
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.watchlist import ListConsulted, ListKind, WatchlistHit, WatchlistResult
from inspection_station.storage.envelope import Place, wrap

STATION = "station-1"


@pytest.fixture
def clock() -> SharedClock:
    return today()


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "packs")


@pytest.fixture
def gateway(tmp_path: Path, database_url: str, clock: SharedClock, publisher: Publisher) -> Iterator[Gateway]:
    made = screening_gateway(tmp_path / "gateway", database_url, clock, publisher.folder)
    yield made
    made.database.close()


@pytest.fixture
def identity(gateway: Gateway) -> StationIdentity:
    return enrolled(gateway, STATION)


def send(gateway: Gateway, identity: StationIdentity, *records: InspectionRecord, first: int = 1) -> Answer:
    bodies = [
        (Kind.DECISION, wrap(one, Place(STATION, False, "inc-1", number, bytes(32), bytes(16), "2026", 1)).data)
        for number, one in enumerate(records, start=first)
    ]
    key = Ed25519PrivateKey.from_private_bytes(identity.station_key)
    return ask(gateway, Request(STATION, (), seal_packet(STATION, bodies, key)))


def ask(gateway: Gateway, request: Request) -> Answer:
    return gateway.answer(admitted(gateway, STATION), request)


def poll(gateway: Gateway, identity: StationIdentity, *heard: tuple[bytes, int]) -> list[SignedLateHit]:
    """What a poll brings, its signatures verified."""
    answer = Answer.decode(ask(gateway, Request(STATION, heard=heard)).encode())
    key = Ed25519PublicKey.from_public_bytes(identity.gateway_key)
    return [opened(*one, identity.gateway, STATION, key) for one in answer.late or ()]


def screened(gateway: Gateway) -> Screened:
    assert gateway.screening is not None
    return gateway.screening.run()


def count(gateway: Gateway, table: object) -> int:
    with gateway.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def test_a_person_who_is_listed_after_the_decision_is_a_late_hit(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    send(gateway, identity, record("a"))
    publish_list(publisher, "X0000001")
    assert screened(gateway) == Screened(1, 1)
    assert poll(gateway, identity) == []
    label = publish_list(publisher, "X0000001", HOLDER)
    assert screened(gateway) == Screened(1, 1, 1)
    (found,) = poll(gateway, identity)
    late = found.late_hit
    assert (late.inspection_id, late.hit.list_id, late.hit.entry_id) == ("a", "lost-documents", HOLDER)
    assert late.hit.matching == ("document_number", "issuing_state")
    assert late.list_version.endswith(f"wanted {label.version}")


def test_what_was_held_against_the_lists_once_is_not_searched_again_until_others_are_published(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    publish_list(publisher, HOLDER)
    send(gateway, identity, record("a"), record("b"))
    assert screened(gateway) == Screened(2, 2, 2)
    assert screened(gateway) == Screened()
    send(gateway, identity, record("c"), first=3)
    assert screened(gateway) == Screened(1, 1, 1)
    publish_list(publisher, HOLDER, "X0000002")
    assert screened(gateway) == Screened(3, 3, 0)
    assert count(gateway, late_hit) == 3


def test_a_late_hit_is_told_until_the_station_has_heard_of_it(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    publish_list(publisher, HOLDER)
    send(gateway, identity, record("a"))
    screened(gateway)
    (found,) = poll(gateway, identity)
    assert poll(gateway, identity) == [found]
    assert poll(gateway, identity, (found.late_hit_id, Heard.HELD)) == []
    assert poll(gateway, identity) == []
    assert poll(gateway, identity, (found.late_hit_id, Heard.SEEN)) == []
    assert count(gateway, late_hit_heard) == 2
    figures = exposition(gateway.database, gateway.pictures).decode()
    for state in ("found", "held", "seen"):
        assert f'gateway_late_hits{{state="{state}"}} 1.0' in figures


def test_a_station_speaks_of_no_other_stations_late_hits(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    publish_list(publisher, HOLDER)
    send(gateway, identity, record("a"))
    screened(gateway)
    (found,) = poll(gateway, identity)
    enrolled(gateway, "station-2")
    other = Request("station-2", heard=((found.late_hit_id, Heard.HELD), (bytes(32), Heard.HELD)))
    assert gateway.answer(admitted(gateway, "station-2"), other).late == ()
    assert poll(gateway, identity) == [found]


def test_a_station_that_does_not_ask_gets_an_answer_of_the_first_version(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    publish_list(publisher, HOLDER)
    send(gateway, identity, record("a"))
    screened(gateway)
    assert ask(gateway, Request(STATION)).late is None
    assert len(poll(gateway, identity)) == 1


def test_a_hit_that_the_officer_had_before_him_is_not_told_again(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    publish_list(publisher, HOLDER)
    known = WatchlistHit("lost-documents", ListKind.LOST_DOCUMENT, HOLDER, 1.0, ("document_number",), ())
    send(gateway, identity, record("a", hits=(known, hit())), record("b", hits=(hit(),)))
    assert screened(gateway) == Screened(2, 2, 1)
    assert [one.late_hit.inspection_id for one in poll(gateway, identity)] == ["b"]


def test_a_record_decided_on_these_very_lists_is_passed_over(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    label = publish_list(publisher, HOLDER)
    newest = ListConsulted("lost-documents", ListKind.LOST_DOCUMENT, f"1 · wanted {label.version}", "2026", False)
    older = replace(newest, version=f"1 · wanted {label.version - 1}")
    with_newest = replace(record("a"), watchlist=WatchlistResult((newest,), ()))
    with_older = replace(record("b"), watchlist=WatchlistResult((older,), ()))
    without = replace(record("c"), watchlist=None)
    send(gateway, identity, with_newest, with_older, without)
    assert screened(gateway) == Screened(3, 2, 2)
    assert {one.late_hit.inspection_id for one in poll(gateway, identity)} == {"b", "c"}


def test_voided_records_and_records_without_a_zone_bring_nothing(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    publish_list(publisher, HOLDER)
    send(gateway, identity, record("a", disposition=Disposition.VD), replace(record("b"), mrz=None))
    assert screened(gateway).found == 0


def test_records_of_long_ago_are_left_alone(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher, clock: SharedClock
) -> None:
    clock.advance(-SCREENED_FOR.total_seconds() - 3600)
    send(gateway, identity, record("a"))
    clock.advance(SCREENED_FOR.total_seconds() + 3600)
    send(gateway, identity, record("b"), first=2)
    publish_list(publisher, HOLDER)
    assert screened(gateway) == Screened(1, 1, 1)


def test_a_list_that_ran_out_is_not_searched_in(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher, clock: SharedClock
) -> None:
    publish_list(publisher, HOLDER, valid=1)
    send(gateway, identity, record("a"))
    clock.advance(3700)
    assert screened(gateway) == Screened()


def test_a_list_that_cannot_be_read_keeps_the_records_waiting(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    publish_list(publisher, HOLDER)
    send(gateway, identity, record("a"))
    snapshot = publisher.folder / "targets" / "control-list" / "wanted" / "1.snapshot"
    whole = snapshot.read_bytes()
    snapshot.write_bytes(whole[:-9])
    with pytest.raises(PackRefused):
        screened(gateway)
    gateway.screen()  # the service tells it in its log and goes on
    publish_list(publisher, HOLDER, name="other")
    snapshot.write_bytes(whole)
    assert screened(gateway).found == 1


def test_many_late_hits_come_in_several_answers(
    gateway: Gateway, identity: StationIdentity, publisher: Publisher
) -> None:
    publish_list(publisher, HOLDER)
    for start in range(1, 91, 30):
        send(gateway, identity, *(record(f"i-{number:03}") for number in range(start, start + 30)), first=start)
    assert screened(gateway) == Screened(90, 90, 90)
    first = poll(gateway, identity)
    assert len(first) == LATE_LIMIT
    second = poll(gateway, identity, *((one.late_hit_id, Heard.HELD) for one in first))
    assert len({one.late_hit_id for one in (*first, *second)}) == 90


def test_two_workers_that_screen_at_once_find_each_late_hit_once(
    gateway: Gateway,
    identity: StationIdentity,
    publisher: Publisher,
    clock: SharedClock,
    database_url: str,
    tmp_path: Path,
) -> None:
    other = screening_gateway(tmp_path / "gateway", database_url, clock, publisher.folder)
    publish_list(publisher, HOLDER)
    for start in range(1, 401, 80):
        send(gateway, identity, *(record(f"i-{number:03}") for number in range(start, start + 80)), first=start)
    together = threading.Barrier(2)

    def work(worker: Gateway) -> Screened:
        together.wait(30)
        return screened(worker)

    try:
        with ThreadPoolExecutor(2) as pool:
            runs = [future.result(120) for future in [pool.submit(work, one) for one in (gateway, other)]]
        assert screened(other) == Screened()
    finally:
        other.database.close()
    assert sum(run.found for run in runs) >= 400
    assert count(gateway, late_hit) == 400
