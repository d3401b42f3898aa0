"""The mission that inspections belong to, and the packs they were made with, for the record.

Looked at when an inspection begins and when it is sealed; while nothing was installed that costs one look at one file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from inspection_station.headquarters.packs import PackAge, PackLabel, PackRefused
from inspection_station.headquarters.packs_mission import MissionPack, mission_now, missions_on
from inspection_station.headquarters.packs_vault import PackVault

log = logging.getLogger(__name__)


class InstalledMissions:
    """``otherwise``: the mission's name where none is under way. Thread-safe."""

    def __init__(self, vault: PackVault, scenario: str, otherwise: str, now: Callable[[], datetime]) -> None:
        self._vault, self._scenario, self._otherwise, self._now = vault, scenario, otherwise, now
        self._seen: tuple[PackLabel, ...] = ()
        self._missions: tuple[tuple[PackLabel, MissionPack], ...] = ()
        self._lock = Lock()

    def mission_id(self) -> str:
        """The mission under way. Raises nothing of a pack's."""
        found = self.under_way()
        return self._otherwise if found is None else found.mission.mission_id

    def under_way(self) -> MissionPack | None:
        """The mission's pack, None where none is under way. Raises nothing of a pack's."""
        with self._lock:
            self._look()
            found = mission_now(self._missions, self._scenario, self._now())
        return None if found is None else found[1]

    def versions(self) -> tuple[str, ...]:
        """Every installed pack that may be used: «kind/name version». Raises nothing of a pack's."""
        with self._lock:
            self._look()
            now = self._now()
            usable = [one for one in self._seen if one.age(now) is not PackAge.RED]
        return tuple(f"{one.kind.value}/{one.name} {one.version}" for one in usable)

    def _look(self) -> None:
        try:
            labels = self._vault.labels()
            if labels != self._seen:
                self._missions, self._seen = missions_on(self._vault), labels
        except (PackRefused, OSError) as fault:
            log.error("the installed packs cannot be read", extra={"code": getattr(fault, "code", "PCK-01")})
