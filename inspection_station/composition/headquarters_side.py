"""The side towards headquarters: its thread, where the station is enrolled, and the data packs that come down.

What else is to hear of packs that arrived, or is to be asked for over the link, is wired here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from inspection_station.desk.installed_packs import CHECKS
from inspection_station.headquarters.loop import Conversation, ExchangeLoop
from inspection_station.headquarters.packs_turn import PackTurns
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.headquarters.plan import Rules
from inspection_station.station_profile import StationProfile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.store import StationStore


def exchange_with(
    profile: StationProfile,
    store: StationStore,
    clock: SystemClock,
    stack: ExitStack,
    packs: PackVault,
    *on_packs: Callable[[], None],
) -> ExchangeLoop | None:
    """The exchange with headquarters on its own thread, where the station is enrolled there. ``on_packs`` are called on
    that thread when other packs are installed than before.
    """
    if store.outbox.identity() is None:
        return None
    conversation = Conversation(profile.station_id, store.outbox, clock, Rules())
    conversation.late_hits = store.late_hits
    conversation.packs = PackTurns(packs, clock, CHECKS, *on_packs)
    loop = ExchangeLoop(conversation, store.outbox, clock)
    store.on_sealed(loop.wake)
    loop.start()
    stack.callback(loop.close)
    return loop
