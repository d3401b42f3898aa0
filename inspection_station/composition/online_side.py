"""What asks agencies' systems online, where the station is enrolled: lists, fingers, headquarters' groups."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from inspection_station.desk.finger_ports import FingerSearcher
from inspection_station.desk.online_answers import OnlineFingers, OnlineGroups, OnlineLists
from inspection_station.desk.ports import FaceGroups, ListSearcher
from inspection_station.headquarters.loop import ExchangeLoop
from inspection_station.headquarters.online_checks import OnlineChecks
from inspection_station.matching.face_groups import built_in_groups
from inspection_station.station_profile import StationProfile
from inspection_station.storage.store import StationStore

_WAITING = 3  # lists, groups and fingers of one traveller


@dataclass(frozen=True, slots=True)
class OnlineSide:
    """What the desk searches. ``fingers`` None: nobody can be asked who else has them. ``waiting``: where steps run
    that may wait for an answer.
    """

    lists: ListSearcher
    groups: FaceGroups
    fingers: FingerSearcher | None
    checks: OnlineChecks | None = None
    waiting: Executor | None = None

    def follow(self, loop: ExchangeLoop | None) -> None:
        """Ask only while the exchange reaches headquarters, so that nobody waits for a dead link."""
        if self.checks is not None and loop is not None:
            self.checks.online = lambda: loop.status.online


def online_side(
    profile: StationProfile,
    store: StationStore,
    stack: ExitStack,
    lists: ListSearcher,
    groups: FaceGroups,
) -> OnlineSide:
    """Lists and groups as they are on the station alone, or with what can be asked online."""
    if store.outbox.identity() is None:
        return OnlineSide(lists, groups, None)
    checks = OnlineChecks(profile.station_id, store.outbox.identity)
    stack.callback(checks.close)
    # Steps that wait for an answer hold no place where faces are compared.
    waiting = ThreadPoolExecutor(_WAITING, thread_name_prefix="waiting")
    stack.callback(waiting.shutdown, wait=True, cancel_futures=True)
    return OnlineSide(
        OnlineLists(lists, checks),
        OnlineGroups(groups, built_in_groups(), checks),
        OnlineFingers(checks),
        checks,
        waiting,
    )
