"""Late hits from headquarters to the station's store, by link and by bundle, whatever gets lost on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange_stage import STATION
from exchange_world import DirectLink, SharedClock, cut, enrolled, run_dry
from hypothesis import given
from hypothesis import strategies as st
from pack_world import Publisher, vault_in
from screening_world import HOLDER, publish_list, screening_gateway, today
from store_stories import KeysInMemory, decided, record

from inspection_station.desk.clearance_lists import ClearanceLists
from inspection_station.gateway.bundles import import_bundle, write_return
from inspection_station.gateway.service import Gateway
from inspection_station.headquarters import late_hits, wire
from inspection_station.headquarters.bundle_exchange import export_bundle, import_return
from inspection_station.headquarters.exchange import Exchange
from inspection_station.headquarters.messages import Answer, Request
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import LinkFault
from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.late_hit import LateHit
from inspection_station.inspection.watchlist import ListKind, WatchlistHit
from inspection_station.storage.store import StationStore


class Stage:
    """A station whose records headquarters screens."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.keys = folder, today(), KeysInMemory()
        self.publisher = Publisher(folder / "packs")
        self.gateway: Gateway = screening_gateway(
            folder / "gateway", f"sqlite:///{folder / 'gateway.db'}", self.clock, self.publisher.folder
        )
        self.open()
        self.store.outbox.enrol(enrolled(self.gateway, STATION))

    def open(self) -> None:
        self.store = StationStore.open(self.folder / "station", self.keys, station_id=STATION, clock=self.clock)
        self.link = DirectLink(lambda: self.gateway, STATION)
        self.exchange = exchange_of(self.store, self.link, self.clock)

    def seal(self, *names: str) -> None:
        for name in names:
            self.store.seal(record(name), {}, decided()).result()

    def poll(self) -> None:
        self.clock.advance(61)
        run_dry(self.exchange, self.clock)

    def listed_after_the_decision(self, *names: str) -> None:
        """Records are decided and sent; only then their holder's document is published as lost."""
        self.seal(*(names or ("a",)))
        run_dry(self.exchange, self.clock)
        publish_list(self.publisher, HOLDER)
        self.gateway.screen()

    def close(self) -> None:
        self.store.close()
        self.gateway.database.close()


def exchange_of(store: StationStore, link: DirectLink, clock: SharedClock) -> Exchange:
    import random

    return Exchange(STATION, store.outbox, link, clock, random.Random(1), Rules(), late_hits=store.late_hits)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def test_a_late_hit_comes_with_the_next_exchange_and_is_kept(stage: Stage) -> None:
    arrivals: list[int] = []
    stage.store.late_hits.on_arrival = lambda: arrivals.append(1)
    stage.listed_after_the_decision()
    stage.poll()
    (kept,) = stage.store.late_hits.unseen()
    assert kept.late_hit.inspection_id == "a"
    assert kept.late_hit.hit.entry_id == HOLDER
    sealed = stage.store.record("a")
    assert sealed is not None
    assert kept.late_hit.record_hash == sealed.record_hash
    assert stage.store.late_hits.of_record("a") == (kept,)
    assert stage.store.late_hits.stopped() == frozenset({"a"})
    assert arrivals == [1]
    assert stage.store.check().problems == ()


def test_it_is_acknowledged_at_once_and_not_sent_again(stage: Stage) -> None:
    stage.listed_after_the_decision()
    stage.poll()
    assert stage.store.late_hits.to_tell(10) == ()
    before = len(stage.link.requests)
    stage.poll()
    assert len(stage.link.requests) == before + 1
    assert Answer.decode(stage.link.answers[-1]).late == ()


def test_headquarters_hears_that_an_officer_has_read_of_it(stage: Stage) -> None:
    stage.listed_after_the_decision()
    stage.poll()
    (kept,) = stage.store.late_hits.unseen()
    stage.store.late_hits.seen(kept.late_hit_id, "officer-7")
    stage.store.late_hits.seen(kept.late_hit_id, "officer-8")
    assert stage.store.late_hits.unseen() == ()
    (read,) = stage.store.late_hits.of_record("a")
    assert (read.seen, read.seen_by) == (True, "officer-7")
    run_dry(stage.exchange, stage.clock)  # without waiting for the next poll
    assert Request.decode(stage.link.requests[-1]).heard == ((kept.late_hit_id, late_hits.Heard.SEEN),)
    assert stage.store.late_hits.to_tell(10) == ()


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_link_that_breaks_loses_and_doubles_nothing(stage: Stage, lost: str) -> None:
    stage.listed_after_the_decision("a", "b")
    setattr(stage.link, lost, cut)
    stage.clock.advance(61)
    for _ in range(3):
        stage.exchange.step()
        stage.clock.advance(400)
    setattr(stage.link, lost, lambda: None)
    stage.poll()
    assert sorted(kept.late_hit.inspection_id for kept in stage.store.late_hits.unseen()) == ["a", "b"]
    assert stage.store.late_hits.to_tell(10) == ()


def test_an_acknowledgement_that_was_lost_is_made_again(stage: Stage) -> None:
    stage.listed_after_the_decision()
    stage.clock.advance(61)
    stage.exchange.step()
    assert len(stage.store.late_hits.to_tell(10)) == 1

    def lose() -> None:
        raise LinkFault("the acknowledgement did not come there")

    stage.link.before = lose
    stage.exchange.step()
    stage.link.before = lambda: None
    assert len(stage.store.late_hits.to_tell(10)) == 1
    stage.clock.advance(400)
    stage.poll()
    assert stage.store.late_hits.to_tell(10) == ()
    assert len(stage.store.late_hits.unseen()) == 1


def test_whoever_was_cleared_here_is_stopped_at_the_gangway_as_soon_as_it_is_known(stage: Stage) -> None:
    cleared = record("a", disposition=Disposition.PC, decided_at=stage.clock.now().isoformat())
    stage.store.seal(replace(cleared, scenario="pre-clearance"), {}, decided(Disposition.PC)).result()
    lists = ClearanceLists(
        vault_in(stage.folder / "vault"),
        stage.store,
        lambda: frozenset({"mission-1"}),
        stage.folder / "faces",
        bytes(range(32)),
        stage.store.late_hits.stopped,
    )

    def status() -> ClearanceStatus:
        return lists.check(HOLDER, "UTO", stage.clock.now(), with_portrait=False).result.status

    assert status() is ClearanceStatus.CLEARED
    run_dry(stage.exchange, stage.clock)
    publish_list(stage.publisher, HOLDER)
    stage.gateway.screen()
    stage.poll()
    assert status() is ClearanceStatus.HELD


def test_it_survives_a_restart_of_the_station(stage: Stage) -> None:
    stage.listed_after_the_decision()
    stage.clock.advance(61)
    stage.exchange.step()
    stage.store.close()
    stage.open()
    assert len(stage.store.late_hits.unseen()) == 1
    stage.poll()
    assert stage.store.late_hits.to_tell(10) == ()


def test_headquarters_that_was_put_back_finds_it_again_and_the_station_keeps_one(stage: Stage) -> None:
    from inspection_station.gateway.tables import late_hit, late_hit_heard, screening

    stage.listed_after_the_decision()
    stage.poll()
    (kept,) = stage.store.late_hits.unseen()
    stage.store.late_hits.seen(kept.late_hit_id, "officer-7")
    with stage.gateway.database.writing() as connection:
        for table in (late_hit_heard, late_hit, screening):
            connection.execute(table.delete())
    stage.clock.advance(100)
    stage.gateway.screen()
    stage.poll()
    assert len(stage.store.late_hits.of_record("a")) == 1
    assert stage.store.late_hits.unseen() == ()
    assert stage.store.late_hits.to_tell(10) == ()


def test_late_hits_come_back_in_a_return_bundle(stage: Stage) -> None:
    publish_list(stage.publisher, HOLDER)
    stage.seal("a")
    there, back = stage.folder / "there", stage.folder / "back"
    shelf = stage.store.late_hits
    export_bundle(there, STATION, stage.store.outbox, stage.clock, late_hits=shelf)
    for _ in range(2):  # headquarters takes the same bundle twice, and the station its answer
        taken = import_bundle(stage.gateway, there)
        write_return(stage.gateway, taken, back)
    first = import_return(back, stage.store.outbox, stage.clock, Rules(), station=STATION, late_hits=shelf)
    again = import_return(back, stage.store.outbox, stage.clock, Rules(), station=STATION, late_hits=shelf)
    assert (first.confirmed, first.late_hits) == (1, 1)
    assert again.late_hits == 0
    assert len(shelf.unseen()) == 1


def test_a_bundle_asks_for_late_hits_though_nothing_waits(stage: Stage) -> None:
    stage.listed_after_the_decision()
    there, back = stage.folder / "there", stage.folder / "back"
    shelf = stage.store.late_hits
    assert export_bundle(there, STATION, stage.store.outbox, stage.clock, late_hits=shelf).messages == 0
    write_return(stage.gateway, import_bundle(stage.gateway, there), back)
    done = import_return(back, stage.store.outbox, stage.clock, Rules(), station=STATION, late_hits=shelf)
    assert done.late_hits == 1
    export_bundle(there, STATION, stage.store.outbox, stage.clock, late_hits=shelf)  # says that it lies here
    taken = import_bundle(stage.gateway, there)
    assert all(not returned.answer.late for returned in taken.returned)


def late(score: float = 0.5, **changes: str) -> LateHit:
    hit = WatchlistHit("list", ListKind.ALERT, "entry", score, ("name",), ("sex",))
    return replace(LateHit("a", hashlib.sha256(b"a").hexdigest(), hit, "7", "2026-05-04"), **changes)


def test_what_is_not_signed_for_this_station_is_left_out_and_hinders_nothing(stage: Stage) -> None:
    """Somebody who answers in the gateway's place cannot make a person a hit."""
    stage.listed_after_the_decision()
    own = stage.gateway.authority.receipts
    strange = [
        late_hits.sign(late(), stage.gateway.settings.gateway_id, STATION, Ed25519PrivateKey.generate()),
        late_hits.sign(late(), "another gateway", STATION, own),
        late_hits.sign(late(), stage.gateway.settings.gateway_id, "station-2", own),
    ]
    given_back = DirectLink.exchange

    class Forging(DirectLink):
        def exchange(self, request: bytes) -> bytes:
            answer = Answer.decode(given_back(self, request))
            forged = tuple((one.statement, one.signature) for one in strange)
            return replace(answer, late=(*forged, (b"\xff", bytes(64)), *(answer.late or ()))).encode()

    stage.exchange = exchange_of(stage.store, Forging(lambda: stage.gateway, STATION), stage.clock)
    stage.poll()
    assert [kept.late_hit.hit.list_id for kept in stage.store.late_hits.unseen()] == ["lost-documents"]


def test_the_same_entry_on_the_same_record_is_one_late_hit_however_often_it_is_found() -> None:
    first, later = late(), late(found_at="2026-05-05", list_version="8")
    assert late_hits.identity_of(first) == late_hits.identity_of(later)
    assert late_hits.identity_of(first) != late_hits.identity_of(late(inspection_id="b"))


def test_names_longer_than_a_message_takes_are_cut_alike_on_both_sides() -> None:
    long = replace(late(), hit=replace(late().hit, list_id="l" * 500, entry_id="e" * 500))
    signed = late_hits.sign(long, "g", "s", Ed25519PrivateKey.generate())
    assert late_hits.identity_of(late_hits.read(signed.statement)[0]) == signed.late_hit_id


@given(st.floats(0, 1))
def test_a_statement_reads_as_it_was_written(score: float) -> None:
    statement = late_hits.statement_of(late(score), "g", "s")
    read, gateway, station = late_hits.read(statement)
    assert (gateway, station) == ("g", "s")
    assert read.hit.score == pytest.approx(score, abs=0.0006)
    assert replace(read, hit=replace(read.hit, score=score)) == late(score)


@given(st.binary(max_size=200))
def test_noise_is_refused_with_a_typed_error(noise: bytes) -> None:
    with pytest.raises(wire.WireError):
        late_hits.read(noise)


def test_a_kind_of_list_nobody_knows_is_told_apart_from_noise() -> None:
    statement = late_hits.statement_of(late(), "g", "s").replace(b"\x65alert", b"\x65alarm")
    with pytest.raises(wire.UnknownVersion):
        late_hits.read(statement)


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.sampled_from([1, 2])), max_size=5))
def test_requests_and_answers_of_the_second_version_read_as_they_were_written(heard: list[tuple[bytes, int]]) -> None:
    request = Request("s", heard=tuple(heard))
    assert Request.decode(request.encode()) == request
    assert Request.decode(replace(request, heard=None).encode()).heard is None


def test_words_nobody_knows_are_refused() -> None:
    data = wire.encode(["request/2", "s", [], None, [], [[0] * 5, 0, ""], [[bytes(32), 3]]])
    with pytest.raises(wire.Malformed):
        Request.decode(data)
    with pytest.raises(wire.UnknownVersion):
        Request.decode(wire.encode(["request/3", "s"]))
