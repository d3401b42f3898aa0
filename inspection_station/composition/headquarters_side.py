"""The side towards headquarters: its thread, where the station is enrolled, and the data packs that come down.

What else is to hear of packs that arrived, or is to be asked for over the link, is wired here. Late hits come into the
store (``Conversation.late_hits``), which tells the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from inspection_station.desk.exchange_acts import StationActs
from inspection_station.desk.exchange_side import ExchangeSide, Shown
from inspection_station.desk.installed_packs import CHECKS
from inspection_station.desk.list_search import ListSearch
from inspection_station.desk.officer_session import OfficerSession
from inspection_station.headquarters.loop import Conversation, ExchangeLoop
from inspection_station.headquarters.packs_turn import PackTurns
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.headquarters.plan import Rules
from inspection_station.station_profile import StationProfile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.store import StationStore


@dataclass(frozen=True, slots=True)
class HeadquartersSide:
    """``loop`` None: the station is not enrolled. ``side``: what officers see of it and ask of it."""

    loop: ExchangeLoop | None
    side: ExchangeSide


def headquarters_side(
    profile: StationProfile,
    store: StationStore,
    clock: SystemClock,
    session: OfficerSession,
    lists: ListSearch,
    packs: PackVault,
    stack: ExitStack,
    *on_packs: Callable[[], None],
) -> HeadquartersSide:
    """The exchange with headquarters on its own thread, where the station is enrolled there, and its side for officers.
    ``on_packs`` are called when other packs are installed than before, on the exchange's thread or the side's.
    """
    keep_to_profile(profile, store)
    turns = PackTurns(packs, clock, CHECKS, *on_packs, training=profile.training)
    acts = StationActs(profile.station_id, session, store, turns, clock, timedelta(days=profile.retention_days))
    if store.outbox.identity() is None:
        side = ExchangeSide(Shown(clock, lists.ages, packs), acts)
        _start(side, stack)
        return HeadquartersSide(None, side)
    conversation = Conversation(profile.station_id, store.outbox, clock, Rules())
    conversation.late_hits = store.late_hits
    conversation.packs = turns
    loop = ExchangeLoop(conversation, store.outbox, clock)
    acts.loop = loop
    side = ExchangeSide(Shown(clock, lists.ages, packs, lambda: loop.status, lambda: turns.status), acts)
    loop.on_status = side.status_changed
    store.on_sealed(loop.wake)
    loop.start()
    stack.callback(loop.close)
    _start(side, stack)
    return HeadquartersSide(loop, side)


def keep_to_profile(profile: StationProfile, store: StationStore) -> None:
    """How long records stay here, and what pictures of a voyage may cost; the voyage goes on where it was."""
    store.keep_for(timedelta(days=profile.retention_days))
    megabytes = profile.voyage_budget_megabytes
    store.outbox.set_budget(store.outbox.state().voyage, round(megabytes * 1_000_000) if megabytes else None)


def _start(side: ExchangeSide, stack: ExitStack) -> None:
    side.start()
    stack.callback(side.stop)
