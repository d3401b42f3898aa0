"""Carries out what ``plan`` says: one round trip after the other, each settled in the store before the next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from inspection_station import __version__
from inspection_station.headquarters import plan
from inspection_station.headquarters.late_hits import HEARD_LIMIT, HeardOf, LateHitShelf, opened
from inspection_station.headquarters.messages import (
    OFFER_LIMIT,
    SHOWN_LIMIT,
    Answer,
    Offer,
    Report,
    Request,
    seal_packet,
)
from inspection_station.headquarters.plan import Judgement, Round, Rules, Wait
from inspection_station.headquarters.ports import Carrier, Chance, Clock, Link, LinkFault, OutboxPort
from inspection_station.headquarters.receipts import Kind
from inspection_station.headquarters.uploads import InTurn
from inspection_station.headquarters.wire import BadSignature, Malformed, WireError
from inspection_station.inspection.late_hit import SignedLateHit
from inspection_station.inspection.outbox import ExchangeState, LogHead, OutboxItem, StationIdentity

log = logging.getLogger(__name__)

REINCARNATE = "reincarnate"

_LONGEST_WAIT = 5.0  # seconds for pictures under way, before it is looked around again


@dataclass(frozen=True, slots=True)
class Progress:
    """How a step ended. ``rest_until``: nothing to do before; None: go on at once. ``fault``: its code, or empty."""

    rest_until: datetime | None
    confirmed: int = 0
    fault: str = ""


class NotEnrolled(Exception):
    """The station has no identity at headquarters yet."""

    code = "SEC-04"


class Exchange:
    """Used by one thread. ``carrier`` carries pictures; by default on this thread, over the same link.

    ``late_hits`` None: none are asked for.
    """

    def __init__(
        self,
        station: str,
        outbox: OutboxPort,
        link: Link,
        clock: Clock,
        chance: Chance,
        rules: Rules,
        report: Callable[[], Report] = Report,
        carrier: Carrier | None = None,
        late_hits: LateHitShelf | None = None,
    ) -> None:
        self._station = station
        self._outbox = outbox
        self._link = link
        self._clock = clock
        self._chance = chance
        self._rules = rules
        self._report = report
        self._carrier = carrier if carrier is not None else InTurn(link, outbox)
        self._late_hits = late_hits

    def step(self) -> Progress:
        """One round, or none when it is not time for one; while pictures are under way it waits for something to do.
        Raises NotEnrolled and the store's own faults.
        """
        identity = self._outbox.identity()
        if identity is None:
            raise NotEnrolled("the station is not enrolled at headquarters")
        now, state = self._clock.now(), self._outbox.state()
        heard = None if self._late_hits is None else self._late_hits.to_tell(HEARD_LIMIT)
        in_hand = self._carrier.in_hand
        ready = self._outbox.ready(now, max(self._rules.packet_items, OFFER_LIMIT) + len(in_hand.positions))
        todo = plan.plan(state, ready, now, self._rules, bool(heard), in_hand)
        resting = state.not_before is not None and state.not_before > now
        self._carrier.hold(resting or any(item.kind != "picture" for item in ready))
        if isinstance(todo, Wait):
            if in_hand.positions:
                return self._await_pictures(todo.until - now)
            return Progress(todo.until, fault=state.fault)
        bodies, unreadable = self._bodies(todo.packet)
        if unreadable:
            self._outbox.settle(plan.postponed(state, unreadable, "STO-03", now, self._rules, self._chance.random()))
            return Progress(None)
        return self._carry_out(todo, bodies, identity, state, heard)

    def _bodies(self, messages: Sequence[OutboxItem]) -> tuple[list[tuple[Kind, bytes]], list[OutboxItem]]:
        bodies, unreadable = [], []
        for message in messages:
            try:
                body = self._outbox.body(message.position)
            except Exception as fault:
                # One damaged body must not stop the others; a store that cannot be read at all fails at settling.
                log.error("a message cannot be read", extra={"fault": type(fault).__name__})
                body = None
            if body is None:
                unreadable.append(message)
            else:
                bodies.append((plan.item_of(message).kind, body))
        return bodies, unreadable

    def _carry_out(
        self,
        todo: Round,
        bodies: list[tuple[Kind, bytes]],
        identity: StationIdentity,
        state: ExchangeState,
        heard: tuple[HeardOf, ...] | None,
    ) -> Progress:
        shown = self._outbox.standing_heads(SHOWN_LIMIT)
        fault: LinkFault | None = None
        try:
            request = self.request(todo, bodies, identity, shown, heard)
            answer = Answer.decode(self._link.exchange(request.encode()))
            judgement = self._judge(answer, todo, identity, state, shown)
        except LinkFault as caught:
            fault, code = caught, caught.code
        except WireError as caught:
            code = caught.code
        else:
            self._take_late(answer, identity, heard)
            return self._settle(judgement, state)
        log.info("a round failed", extra={"code": code})
        settlement = plan.after_fault(
            state, fault, code, todo.packet, self._clock.now(), self._rules, self._chance.random()
        )
        self._outbox.settle(settlement)
        rest = settlement.state.not_before
        return Progress(rest if rest is not None and rest > self._clock.now() else None, fault=code)

    def request(
        self,
        todo: Round,
        bodies: list[tuple[Kind, bytes]],
        identity: StationIdentity,
        shown: Sequence[LogHead],
        heard: tuple[HeardOf, ...] | None = None,
    ) -> Request:
        """The request for a round. Raises WireError for bodies that cannot travel."""
        key = Ed25519PrivateKey.from_private_bytes(identity.station_key)
        return Request(
            self._station,
            tuple(shown),
            seal_packet(self._station, bodies, key) if bodies else None,
            tuple(Offer(item.inspection_id, item.sha256, item.size) for item in todo.offers),
            replace(self._report(), program=__version__),
            heard,
        )

    def _judge(
        self, answer: Answer, todo: Round, identity: StationIdentity, state: ExchangeState, shown: Sequence[LogHead]
    ) -> Judgement:
        if answer.gateway != identity.gateway:
            raise BadSignature("another gateway answered")
        receipt = answer.receipt([plan.item_of(message) for message in todo.asked])
        receipt.require_signature(Ed25519PublicKey.from_public_bytes(identity.gateway_key))
        if answer.head.epoch < state.head.epoch:
            raise Malformed("an answer of an epoch that is over")
        return plan.judge(
            state,
            shown,
            todo.asked,
            answer,
            receipt,
            self._clock.now(),
            self._rules,
            self._chance.random(),
        )

    def _take_late(self, answer: Answer, identity: StationIdentity, heard: tuple[HeardOf, ...] | None) -> None:
        """Before anything is settled: what is not kept now is sent again."""
        if self._late_hits is not None and heard is not None:
            arrived = late_hits_in(answer, identity, self._station)
            if arrived or heard:
                self._late_hits.keep(arrived, heard)

    def _settle(self, judgement: Judgement, state: ExchangeState) -> Progress:
        settlement = judgement.settlement
        offset = self._link.clock_offset_ms
        if offset is not None:
            settlement = replace(settlement, state=replace(settlement.state, clock_offset_ms=offset))
        self._outbox.settle(settlement)
        if judgement.broken_word:
            log.critical("headquarters lost entries that it had called durable", extra={"code": "SYN-06"})
        for order, subject in judgement.orders:
            if order == REINCARNATE:
                self._outbox.begin_incarnation("headquarters saw a number twice", subject)
        confirmed = len(settlement.receipt.placed) if settlement.receipt is not None else 0
        self._carrier.take(judgement.uploads)
        return replace(self._collect(), confirmed=confirmed)

    def _await_pictures(self, longest: timedelta) -> Progress:
        self._carrier.wait(max(0.0, min(_LONGEST_WAIT, longest.total_seconds())))
        return self._collect()

    def _collect(self) -> Progress:
        """Settle what was carried; whole pictures are offered once more, for their receipts."""
        carried = self._carrier.collect()
        if not (carried.count or carried.fault or carried.spoiled or carried.whole):
            return Progress(None)
        now, chance, state = self._clock.now(), self._chance.random(), self._outbox.state()
        state = replace(state, used_bytes=state.used_bytes + carried.count)
        settled = plan.postponed(state, carried.spoiled, "SYN-04", now, self._rules, chance)
        whole = tuple((message.position, message.size) for message in carried.whole)
        if carried.fault is None:
            self._outbox.settle(replace(settled, reached=whole))
            return Progress(None)
        failed = plan.after_fault(state, carried.fault, carried.fault.code, (), now, self._rules, chance)
        self._outbox.settle(replace(failed, postponed=settled.postponed, reached=whole))
        return Progress(failed.state.not_before, fault=carried.fault.code)


def late_hits_in(answer: Answer, identity: StationIdentity, station: str) -> tuple[SignedLateHit, ...]:
    """Those that this station's gateway signed for it. One that cannot be used is told and hinders nothing else."""
    key = Ed25519PublicKey.from_public_bytes(identity.gateway_key)
    found = []
    for statement, signature in answer.late or ():
        try:
            found.append(opened(statement, signature, identity.gateway, station, key))
        except WireError as fault:
            log.error("a late hit cannot be used", extra={"code": fault.code})
    return tuple(found)
