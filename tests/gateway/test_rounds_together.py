"""Rounds that come at the same moment are taken in together, and each is answered as if it had come alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange_world import admitted, enrolled
from sqlalchemy import Connection, func, select
from store_stories import record

from inspection_station.gateway.service import Gateway
from inspection_station.gateway.tables import item, quarantine
from inspection_station.gateway.together import Together
from inspection_station.headquarters.merkle import grew_from
from inspection_station.headquarters.messages import Answer, Report, Request, seal_packet
from inspection_station.headquarters.receipts import Kind, Verdict
from inspection_station.storage.envelope import Place, wrap


class Doubling:
    """Work that waits until it is let go, and cannot do what is in ``never``."""

    def __init__(self, *never: int, fault: type[Exception] = ValueError) -> None:
        self.batches: list[list[int]] = []
        self.began, self.go = threading.Event(), threading.Event()
        self._never, self._fault = never, fault

    def __call__(self, some: Sequence[int]) -> list[int]:
        self.batches.append(list(some))
        self.began.set()
        assert self.go.wait(30)
        if any(one in self._never for one in some):
            raise self._fault
        return [2 * one for one in some]


def at_once(work: Doubling, several: Sequence[int]) -> list[int | type[BaseException]]:
    """What each of ``several`` came to that came while 0 was in hand."""
    together = Together[int, int](work, 1, OSError)
    with ThreadPoolExecutor(len(several) + 1) as pool:
        first = pool.submit(together.do, 0)
        assert work.began.wait(30)
        futures = [pool.submit(together.do, one) for one in several]
        while len(together) < len(several):
            threading.Event().wait(0.001)
        work.go.set()
        assert first.result(30) == 0
        faults = [future.exception(30) for future in futures]
        return [type(fault) if fault else future.result() for fault, future in zip(faults, futures, strict=True)]


def test_what_comes_while_another_is_in_hand_is_done_in_one() -> None:
    work = Doubling()
    assert at_once(work, [1, 2, 3]) == [2, 4, 6]
    assert [sorted(batch) for batch in work.batches] == [[0], [1, 2, 3]]


def test_one_that_cannot_be_done_fails_alone() -> None:
    assert at_once(Doubling(2), [1, 2, 3]) == [2, ValueError, 6]


def test_a_fault_that_is_nobodys_reaches_all_and_is_not_tried_for_each() -> None:
    work = Doubling(2, fault=OSError)
    assert at_once(work, [1, 2, 3]) == [OSError] * 3
    assert len(work.batches) == 2


def request(gateway: Gateway, station: str, *names: str, program: str = "") -> Request:
    key = Ed25519PrivateKey.from_private_bytes(enrolled(gateway, station).station_key)
    bodies = [
        wrap(record(name), Place(station, False, f"inc-{station}", number + 1, bytes(32), bytes(16), "2026", 1)).data
        for number, name in enumerate(names)
    ]
    packet = seal_packet(station, [(Kind.DECISION, body) for body in bodies], key)
    return Request(station, (), packet, report=Report(program=program))


def test_many_stations_at_once_are_each_answered_for_their_own(gateway: Gateway) -> None:
    """All of them also send an inspection under one id, each its own: one is taken in, the others are kept apart. One
    reports what no database takes, and is refused alone.
    """
    count = 12
    asked = [request(gateway, f"s-{one}", f"i-{one}", "shared", f"j-{one}") for one in range(count)]
    poison = request(gateway, "s-poison", "p", program="\x00")
    known = {one.station: admitted(gateway, one.station) for one in [*asked, poison]}
    together = threading.Barrier(count + 1)

    def send(one: Request) -> Answer:
        together.wait(30)
        return gateway.answer(known[one.station], one)

    with ThreadPoolExecutor(count + 1) as pool:
        refused = pool.submit(send, poison)
        answers = list(pool.map(send, asked))
        if gateway.database.kind == "postgresql":
            assert refused.exception(30) is not None
        else:
            refused.result(30)
    own = [[verdict for verdict, _ in answer.verdicts] for answer in answers]
    assert all(first is last is Verdict.ACCEPTED for first, _, last in own)
    assert sorted(middle for _, middle, _ in own) == [Verdict.ACCEPTED] + [Verdict.QUARANTINED] * (count - 1)
    for one, answer in zip(asked, answers, strict=True):
        items, _ = gateway.answer_with_items(known[one.station], one)
        answer.receipt(items).require_signature(gateway.authority.receipts.public_key())
    with gateway.database.reading() as connection:
        rows = connection.execute(select(item.c.item_id, item.c.station_id)).all()
        apart = connection.scalar(select(func.count()).select_from(quarantine))
    owners = {row.item_id: row.station_id for row in rows}
    assert all(owners[f"i-{one}"] == owners[f"j-{one}"] == f"s-{one}" for one in range(count))
    assert apart == count - 1


def test_a_log_put_back_is_proven_although_it_grows_while_that_is_found(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = request(gateway, "s-1", "i-1", "i-2", "i-3"), request(gateway, "s-2", "j-1", "j-2")
    known = {one.station: admitted(gateway, one.station) for one in (first, other)}
    held = gateway.answer(known["s-1"], first).head
    writing, opened = gateway.database.writing, []

    def writing_while_another_comes() -> AbstractContextManager[Connection]:
        opened.append(1)
        if len(opened) == 2:  # the round itself is in, the new epoch is not begun
            gateway.answer(known["s-2"], other)
        return writing()

    monkeypatch.setattr(gateway.database, "writing", writing_while_another_comes)
    later = replace(held, epoch=held.epoch + 3)  # a head that only a newer state of this log can have given
    answer = gateway.answer(known["s-1"], Request("s-1", (later,), None))
    assert answer.head.epoch > later.epoch
    assert answer.head.size == 5
    assert answer.proven == 0
    assert grew_from(held.size, held.root, answer.head.size, answer.head.root, list(answer.proof))
