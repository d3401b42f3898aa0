"""What a desk is told once, by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo

TAIPEI = timezone(timedelta(hours=8))  # no summer time


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """``new_id`` makes UUIDv7 strings; ``zone`` is where the desk's days begin: expiry and age are judged by the date
    in Taiwan, wherever the ship is (in UTC a document would be valid for eight hours too long).

    ``mission`` tells the mission under way, asked as each inspection begins; without it ``mission_id`` stands.
    ``packs`` tells the data packs in use («kind/name version»), asked as each record is made.
    """

    scenario: str
    mission_id: str
    station_name: str
    training: bool
    app_version: str
    new_id: Callable[[], str]
    undo_seconds: float = 10.0
    zone: tzinfo = TAIPEI
    mission: Callable[[], str] | None = None
    packs: Callable[[], tuple[str, ...]] = tuple

    @property
    def mission_now(self) -> str:
        """The mission that an inspection beginning now belongs to."""
        return self.mission_id if self.mission is None else self.mission()
