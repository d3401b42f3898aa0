"""What to send next, and what an answer means: pure functions, no clock, no link, no store.

A lane is served only while the lanes before it have nothing that may go. A message that is refused waits by itself, for
ever longer, and holds up nobody. Nothing here ever says that a message is to be deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inspection_station.headquarters.merkle import grew_from
from inspection_station.headquarters.messages import OFFER_LIMIT, PICTURE_LIMIT, Answer
from inspection_station.headquarters.ports import (
    NOTHING_IN_HAND,
    HeadquartersBusy,
    HeadquartersDenied,
    HeadquartersRefused,
    InHand,
    LinkFault,
)
from inspection_station.headquarters.receipts import Item, Kind, Receipt, Verdict
from inspection_station.headquarters.wire import Malformed
from inspection_station.inspection.outbox import (
    Backlog,
    ExchangeState,
    LogHead,
    OutboxItem,
    Postponed,
    Settlement,
    SignedReceipt,
)

FIRST_PICTURE_LANE, PORT_LANE = 2, 4
QUARANTINED, REFUSED = "SYN-05", "SYN-04"


@dataclass(frozen=True, slots=True)
class Rules:
    """``poll_seconds``: how often an idle station asks. ``port_link``: originals may go. Pauses in seconds."""

    packet_items: int = 100
    packet_bytes: int = 1 << 20
    smallest_cut: int = 10  # a link that breaks does not make packets smaller than this
    offers: int = 240  # pictures that wait to be carried …
    offer_bytes: int = 6 << 20  # … and how many bytes of them: the next are offered when half of it is through
    poll_seconds: float = 60.0
    first_pause: float = 2.0
    longest_pause: float = 300.0
    first_poison_pause: float = 60.0
    longest_poison_pause: float = 86_400.0
    port_link: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """One round trip: bodies of one lane in a packet, and pictures offered. Both empty: a poll."""

    packet: tuple[OutboxItem, ...] = ()
    offers: tuple[OutboxItem, ...] = ()

    @property
    def asked(self) -> tuple[OutboxItem, ...]:
        """In the order of the answer's verdicts."""
        return self.packet + self.offers


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before ``until``."""

    until: datetime


def plan(
    state: ExchangeState,
    ready: Sequence[OutboxItem],
    now: datetime,
    rules: Rules,
    speak: bool = False,
    in_hand: InHand = NOTHING_IN_HAND,
) -> Round | Wait:
    """The next round. ``ready`` are messages that may be sent now, lane by lane, oldest first; ``speak``: there is
    something to say that needs no message; ``in_hand``: pictures that are being carried.
    """
    if (rest := _resting_until(state, now, rules)) is not None:
        return Wait(rest)
    bodies = [item for item in ready if item.kind != "picture"]
    packet = _packet(bodies, state.packet_limit, rules)
    offers = _offers(ready, state, rules, in_hand) if len(packet) == len(bodies) else ()
    if packet or offers or speak:
        return Round(packet, offers)
    due = now if state.last_contact is None else state.last_contact + timedelta(seconds=rules.poll_seconds)
    if due <= now or due > now + timedelta(seconds=rules.poll_seconds):  # the clock was set back
        return Round()
    return Wait(due)


def _resting_until(state: ExchangeState, now: datetime, rules: Rules) -> datetime | None:
    """The pause after a failure; a clock that was set back does not make it longer than the longest."""
    if state.not_before is None or state.not_before <= now:
        return None
    return min(state.not_before, now + timedelta(seconds=rules.longest_pause))


def _packet(bodies: Sequence[OutboxItem], limit: int, rules: Rules) -> tuple[OutboxItem, ...]:
    taken: list[OutboxItem] = []
    weight = 0
    for item in bodies:
        weight += item.size
        over = len(taken) >= min(limit, rules.packet_items) or weight > rules.packet_bytes
        if taken and (over or item.lane != taken[0].lane):
            break
        taken.append(item)
    return tuple(taken)


def _offers(ready: Sequence[OutboxItem], state: ExchangeState, rules: Rules, in_hand: InHand) -> tuple[OutboxItem, ...]:
    pictures = [
        item
        for item in ready
        if item.kind == "picture"
        and (item.lane < PORT_LANE or rules.port_link)
        and item.position not in in_hand.positions
        and item.size <= PICTURE_LIMIT  # headquarters would refuse the round, and all that go with it
    ]
    # While pictures are carried the next are offered before the last are through, but not in rounds of a few each.
    room = in_hand.waiting <= rules.offers // 2 and in_hand.waiting_bytes <= rules.offer_bytes // 2
    whole = sum(item.reached >= item.size for item in pictures)
    if in_hand.positions and whole < max(1, rules.offers // 2) and (not room or whole == len(pictures)):
        return ()
    left = None if state.budget_bytes is None else state.budget_bytes - state.used_bytes - in_hand.unclaimed_bytes
    taken: list[OutboxItem] = []
    lacking, weight = in_hand.waiting, in_hand.waiting_bytes
    for item in pictures:
        if len(taken) == OFFER_LIMIT:
            break
        # What headquarters has whole costs nothing but the offer: it still wants its receipt.
        if cost := item.size - item.reached:
            if not room or lacking >= rules.offers or (lacking and weight + cost > rules.offer_bytes):
                continue
            if left is not None and not rules.port_link:
                if cost > left:
                    continue
                left -= cost
            lacking, weight = lacking + 1, weight + cost
        taken.append(item)
    return tuple(taken)


def may_go(backlog: Sequence[Backlog], left: int | None, port_link: bool) -> tuple[int, ...]:
    """Bytes of each lane of ``backlog`` that may go over this link; the rest waits for a cheaper one. Alerts and
    decisions always go; ``left``: what pictures may still cost, None without a limit.
    """
    found = []
    for lane in backlog:
        count = lane.bytes
        if lane.lane >= FIRST_PICTURE_LANE and not port_link:
            count = 0 if lane.lane >= PORT_LANE else count if left is None else min(count, left)
            left = None if left is None else left - count
        found.append(count)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer means: what to write down, which pictures lack bytes (from which on), what is ordered.

    ``broken_word``: headquarters lost entries that it had called durable.
    """

    settlement: Settlement
    uploads: tuple[tuple[OutboxItem, int], ...] = ()
    orders: tuple[tuple[str, str], ...] = ()
    broken_word: bool = False


def item_of(message: OutboxItem) -> Item:
    """The identity of a message on the wire."""
    return Item(Kind[message.kind.upper()], message.inspection_id, message.sha256)


def judge(
    state: ExchangeState,
    shown: Sequence[LogHead],
    asked: Sequence[OutboxItem],
    answer: Answer,
    receipt: Receipt,
    now: datetime,
    rules: Rules,
    chance: float,
) -> Judgement:
    """What an answer means, its signature verified already. Raises Malformed for a proof that proves nothing."""
    rewound_to = _rewound_to(shown, answer)
    placed, held, later, uploads = [], [], [], []
    for message, (verdict, place) in zip(asked, answer.verdicts, strict=True):
        if verdict.receipted:
            placed.append((message.position, place))
        elif verdict is Verdict.QUARANTINED:
            held.append((message.position, QUARANTINED))
        elif verdict is Verdict.UNFINISHED and message.kind == "picture":
            uploads.append((message, min(place, message.size)))
        else:
            later.append(_later(message, now, rules, chance, REFUSED))
    signed = SignedReceipt(receipt.gateway, receipt.statement, receipt.signature, tuple(placed)) if placed else None
    after = replace(
        state,
        head=answer.head,
        failures=0,
        not_before=None,
        packet_limit=min(rules.packet_items, state.packet_limit * 2),
        fault="",
        last_contact=now,
    )
    settlement = Settlement(
        after,
        rewound_to,
        signed,
        tuple(held),
        tuple(later),
        tuple((message.position, count) for message, count in uploads if count != message.reached),
    )
    lost = shown[: answer.proven] if rewound_to is not None else ()
    broken = any(0 < head.size <= state.head.durable_through for head in lost)
    return Judgement(settlement, tuple(uploads), answer.orders, broken)


def _rewound_to(shown: Sequence[LogHead], answer: Answer) -> int | None:
    """None where the log begins with the newest head shown, else the size up to which it is still the same."""
    if answer.proven is None:
        return 0 if shown and shown[0].size else None
    if answer.proven >= len(shown):
        raise Malformed("an answer proves a head that was not shown")
    old, head = shown[answer.proven], answer.head
    if not grew_from(old.size, old.root, head.size, head.root, list(answer.proof)):
        raise Malformed("the proof that headquarters' log only grew does not hold")
    return None if answer.proven == 0 else old.size


def after_fault(
    state: ExchangeState,
    fault: LinkFault | None,
    code: str,
    sent: Sequence[OutboxItem],
    now: datetime,
    rules: Rules,
    chance: float,
) -> Settlement:
    """What to write down when a round failed. Packets become smaller; one that is refused alone waits by itself.

    ``fault`` None: the answer could not be used. ``sent``: the packet's messages.
    """
    pause = pause_after(state.failures, rules.first_pause, rules.longest_pause, chance)
    if isinstance(fault, HeadquartersBusy):
        pause = max(pause, min(fault.seconds, rules.longest_pause))
    if isinstance(fault, HeadquartersDenied):
        pause = max(pause, rules.longest_pause / 2)
    limit, alone = state.packet_limit, tuple[Postponed, ...]()
    if isinstance(fault, HeadquartersRefused) and sent:
        if len(sent) == 1:
            alone = (_later(sent[0], now, rules, chance, fault.code),)
            pause = 0.0
        limit = max(1, len(sent) // 2)
    elif not isinstance(fault, (HeadquartersDenied, HeadquartersBusy)) and sent:
        limit = min(limit, max(rules.smallest_cut, len(sent) // 2))
    return Settlement(
        replace(
            state,
            failures=0 if alone else state.failures + 1,
            not_before=now + timedelta(seconds=pause),
            packet_limit=limit,
            fault=code,
        ),
        postponed=alone,
    )


def postponed(
    state: ExchangeState, messages: Sequence[OutboxItem], code: str, now: datetime, rules: Rules, chance: float
) -> Settlement:
    """Messages that cannot be sent wait by themselves."""
    return Settlement(state, postponed=tuple(_later(message, now, rules, chance, code) for message in messages))


def pause_after(failures: int, first: float, longest: float, chance: float) -> float:
    """Seconds: doubling, never more than ``longest``, and between half and all of it so that stations spread."""
    return min(longest, first * 2.0 ** min(failures, 40)) * (0.5 + chance / 2)


def _later(message: OutboxItem, now: datetime, rules: Rules, chance: float, code: str) -> Postponed:
    pause = pause_after(message.attempts, rules.first_poison_pause, rules.longest_poison_pause, chance)
    return Postponed(message.position, now + timedelta(seconds=pause), code)
