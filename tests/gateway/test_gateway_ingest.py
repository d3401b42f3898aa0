"""Taking items in, on SQLite and on a real PostgreSQL: each once, nothing overwritten, copies noticed."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange_world import SharedClock, admitted, enrolled, gateway_in
from sqlalchemy import func, select
from store_stories import record

from inspection_station.gateway.ledger import read_ledger, subtrees
from inspection_station.gateway.pictures import FolderPictures, OtherOffset
from inspection_station.gateway.service import Gateway, initialise
from inspection_station.gateway.tables import doubled_number, item, quarantine
from inspection_station.headquarters.merkle import grew_from, root_at
from inspection_station.headquarters.messages import Answer, Offer, Request, seal_packet
from inspection_station.headquarters.receipts import Item, Kind, Verdict
from inspection_station.headquarters.wire import BadSignature, WireError
from inspection_station.inspection.outbox import LogHead, StationIdentity
from inspection_station.storage.envelope import Place, wrap

STATION = "station-1"


@pytest.fixture
def identity(gateway: Gateway) -> StationIdentity:
    return enrolled(gateway, STATION)


def envelope(name: str, sequence: int, *, salt: int = 0, incarnation: str = "inc-1", training: bool = False) -> bytes:
    place = Place(STATION, training, incarnation, sequence, bytes(32), salt.to_bytes(16, "big"), "2026", 1)
    return wrap(record(name), place).data


def request(identity: StationIdentity, *bodies: bytes, shown: tuple[LogHead, ...] = ()) -> Request:
    key = Ed25519PrivateKey.from_private_bytes(identity.station_key)
    return Request(STATION, shown, seal_packet(STATION, [(Kind.DECISION, body) for body in bodies], key))


def verdicts(answer: Answer) -> list[Verdict]:
    return [verdict for verdict, _ in answer.verdicts]


def count(gateway: Gateway, table: object) -> int:
    with gateway.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def ask(gateway: Gateway, asked: Request) -> Answer:
    return gateway.answer(admitted(gateway, STATION), asked)


def test_the_same_packet_again_is_known_and_receipted_at_the_same_place(
    gateway: Gateway, identity: StationIdentity
) -> None:
    asked = request(identity, envelope("a", 1), envelope("b", 2))
    first, second = ask(gateway, asked), ask(gateway, asked)
    assert verdicts(first) == [Verdict.ACCEPTED] * 2
    assert verdicts(second) == [Verdict.KNOWN] * 2
    assert [place for _, place in second.verdicts] == [0, 1]
    items = [Item(Kind.DECISION, n, hashlib.sha256(envelope(n, s)).digest()) for n, s in (("a", 1), ("b", 2))]
    for answer in (first, second):
        answer.receipt(items).require_signature(gateway.authority.receipts.public_key())


def test_another_content_under_a_known_id_is_kept_apart_and_overwrites_nothing(
    gateway: Gateway, identity: StationIdentity
) -> None:
    ask(gateway, request(identity, envelope("a", 1)))
    answer = ask(gateway, request(identity, envelope("a", 1, salt=5), envelope("b", 2)))
    assert verdicts(answer) == [Verdict.QUARANTINED, Verdict.ACCEPTED]
    assert count(gateway, quarantine) == 1
    with gateway.database.reading() as connection:
        kept = connection.scalar(select(item.c.body).where(item.c.item_id == "a"))
    assert bytes(kept or b"") == envelope("a", 1)


def test_a_number_borne_twice_is_accepted_flagged_and_ordered_to_count_anew(
    gateway: Gateway, identity: StationIdentity
) -> None:
    ask(gateway, request(identity, envelope("a", 1)))
    answer = ask(gateway, request(identity, envelope("b", 1)))
    assert verdicts(answer) == [Verdict.ACCEPTED]
    assert answer.orders == (("reincarnate", "inc-1"),)
    assert count(gateway, doubled_number) == 1


def test_what_is_not_what_it_claims_to_be_is_refused_and_the_rest_is_taken(
    gateway: Gateway, identity: StationIdentity
) -> None:
    strange = (
        b'{"kind":"decision","v":1}',
        b"[]",
        b"nonsense",
        envelope("t", 9, training=True),
        envelope("a", 1).replace(b'"station":"station-1"', b'"station":"station-2"'),
    )
    answer = ask(gateway, request(identity, *strange, envelope("b", 2)))
    assert verdicts(answer) == [Verdict.REFUSED] * 5 + [Verdict.ACCEPTED]
    assert count(gateway, item) == 1


def test_a_packet_of_another_station_or_signed_by_another_key_is_refused_whole(
    gateway: Gateway, identity: StationIdentity
) -> None:
    other = replace(identity, station_key=Ed25519PrivateKey.generate().private_bytes_raw())
    with pytest.raises(BadSignature):
        ask(gateway, request(other, envelope("a", 1)))
    with pytest.raises(BadSignature):
        gateway.answer(admitted(gateway, STATION), replace(request(identity, envelope("a", 1)), station="station-2"))
    with pytest.raises(WireError):
        gateway.exchange(admitted(gateway, STATION), b"\xff")
    assert count(gateway, item) == 0


def test_many_workers_with_the_same_items_take_each_in_once_and_quarantine_none(
    gateway: Gateway, identity: StationIdentity, tmp_path: Path, database_url: str
) -> None:
    """Two gateways with pools of their own, as two workers have; overlapping packets in any order at once."""
    other = gateway_in(tmp_path / "gateway", database_url, SharedClock())
    bodies = [envelope(f"i-{number}", number + 1) for number in range(60)]
    chance = random.Random(5)
    packets = [request(identity, *chance.sample(bodies, 25)) for _ in range(16)]
    together = threading.Barrier(4)

    def send(worker: Gateway, mine: list[Request]) -> list[Answer]:
        together.wait(30)
        return [ask(worker, asked) for asked in mine]

    try:
        with ThreadPoolExecutor(4) as pool:
            futures = [
                pool.submit(send, worker, packets[start::4])
                for start, worker in enumerate((gateway, other, gateway, other))
            ]
            answers = [answer for future in futures for answer in future.result(120)]
    finally:
        other.database.close()
    seen = [verdict for answer in answers for verdict in verdicts(answer)]
    assert set(seen) <= {Verdict.ACCEPTED, Verdict.KNOWN}
    assert seen.count(Verdict.ACCEPTED) == count(gateway, item)
    assert count(gateway, quarantine) == 0
    with gateway.database.reading() as connection:
        ledger = read_ledger(connection)
        assert root_at(ledger.frontier.size, subtrees(connection)) == ledger.frontier.root
    assert ledger.frontier.size == seen.count(Verdict.ACCEPTED)


def test_growth_is_proven_from_any_head_that_was_shown(gateway: Gateway, identity: StationIdentity) -> None:
    heads: list[LogHead] = []
    for number in range(12):
        names = [envelope(f"i-{number}-{k}", number * 40 + k + 1) for k in range(40)]
        shown = tuple(heads[-1:])
        answer = ask(gateway, request(identity, *names, shown=shown))
        for head in shown:
            proof = list(answer.proof)
            assert answer.proven == 0
            assert grew_from(head.size, head.root, answer.head.size, answer.head.root, proof)
        heads.append(answer.head)
    answer = ask(gateway, Request(STATION, (heads[3],)))
    assert grew_from(heads[3].size, heads[3].root, answer.head.size, answer.head.root, list(answer.proof))
    answer = ask(gateway, Request(STATION, (LogHead(1, 9999, bytes(32)), heads[5])))
    assert answer.proven == 1
    assert answer.head.epoch == 2


def test_durability_never_goes_back_and_never_beyond_the_log(gateway: Gateway, identity: StationIdentity) -> None:
    ask(gateway, request(identity, envelope("a", 1), envelope("b", 2)))
    assert gateway.mark_durable(1).durable_through == 1
    assert gateway.mark_durable(0).durable_through == 1
    assert gateway.mark_durable().durable_through == 2
    with pytest.raises(ValueError, match="fewer"):
        gateway.mark_durable(3)


def test_a_gateway_stays_on_its_side_of_training(gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="training"):
        initialise(gateway.database, True)


def test_an_offered_picture_is_receipted_once_it_is_whole(gateway: Gateway, identity: StationIdentity) -> None:
    data = b"picture" * 1000
    digest = hashlib.sha256(data).digest()
    asked = Request(STATION, offers=(Offer("a", digest, len(data)),))
    assert ask(gateway, asked).verdicts == ((Verdict.UNFINISHED, 0),)
    gateway.pictures.append(digest, len(data), 0, data[:4000])
    assert ask(gateway, asked).verdicts == ((Verdict.UNFINISHED, 4000),)
    gateway.pictures.append(digest, len(data), 4000, data[4000:])
    assert verdicts(ask(gateway, asked)) == [Verdict.ACCEPTED]
    assert verdicts(ask(gateway, asked)) == [Verdict.KNOWN]


def test_connections_that_append_at_once_never_corrupt_a_picture(tmp_path: Path) -> None:
    data = random.Random(3).randbytes(400_000)
    digest = hashlib.sha256(data).digest()
    workers = [FolderPictures(tmp_path) for _ in range(4)]
    together = threading.Barrier(4)

    def push(store: FolderPictures) -> None:
        together.wait(30)
        reached = store.reached(digest)
        while not reached.published:
            part = data[reached.count : reached.count + 7_777]
            try:
                reached = store.append(digest, len(data), reached.count, part)
            except OtherOffset as other:
                reached = other.reached

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(push, store) for store in workers]:
            future.result(120)
    assert workers[0].read(digest) == data
    assert not list((tmp_path / "partial").iterdir())


def test_a_picture_with_another_hash_is_never_published(tmp_path: Path) -> None:
    store = FolderPictures(tmp_path)
    digest = hashlib.sha256(b"good").digest()
    assert store.append(digest, 4, 0, b"evil").count == 0
    assert store.read(digest) is None
    with pytest.raises(OtherOffset):
        store.append(digest, 4, 2, b"od")
    assert store.append(digest, 4, 0, b"good").published


def test_pictures_published_together_are_whole_and_what_is_not_its_hash_is_left_out(tmp_path: Path) -> None:
    store = FolderPictures(tmp_path)
    contents = [random.Random(number).randbytes(5_000 + number) for number in range(20)]
    digests = [hashlib.sha256(content).digest() for content in contents]
    store.append(digests[0], len(contents[0]), 0, contents[0][:100])
    pictures = list(zip(digests, contents, strict=True))
    store.keep([*pictures, pictures[3], (hashlib.sha256(b"good").digest(), b"evil")])
    assert [store.read(digest) for digest in digests] == contents
    assert store.read(hashlib.sha256(b"good").digest()) is None
    assert not list((tmp_path / "partial").iterdir())
    assert not list((tmp_path / "together").iterdir())
    store.keep(pictures)
    assert store.reached(digests[0]).published


def test_nothing_is_published_of_pictures_that_break_off(tmp_path: Path) -> None:
    store = FolderPictures(tmp_path)

    def broken() -> Iterator[tuple[bytes, bytes]]:
        yield hashlib.sha256(b"good").digest(), b"good"
        raise WireError("the stick was pulled")

    with pytest.raises(WireError):
        store.keep(broken())
    assert store.read(hashlib.sha256(b"good").digest()) is None
    assert not list((tmp_path / "together").iterdir())
