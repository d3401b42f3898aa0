"""A mission as a pack: one voyage or duty, and the versions of the packs that it needs. Shared by station and gateway.

Part ``mission`` (JSON): what the mission is, from when until when, and a label for each pack that headquarters
published for it. A station that has every one of them, in that version or a newer one that may still be used, is
complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from inspection_station.headquarters.packs import PackAge, PackKind, PackLabel, PackRefused, PackShelf, label_of
from inspection_station.inspection.scenario import SCENARIOS
from inspection_station.inspection.voyage import Mission

_PART = "mission"
_MOST_PACKS = 1000
_MOST_TEXT = 64
_DIRECTIONS = ("entry", "exit")


class MalformedMission(ValueError):
    """A pack that says of no mission what it must."""


class Standing(StrEnum):
    """How a pack that a mission needs stands on the station; the value is the stable key."""

    THERE = "there"
    OLDER = "older"  # an older version than the mission names
    NOT_USED = "not used"  # its validity has ended
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class MissionPack:
    """``packs``: labels of the versions that were the newest when the mission was published."""

    mission: Mission
    voyage: str
    begins_at: datetime
    ends_at: datetime
    packs: tuple[PackLabel, ...]

    def __post_init__(self) -> None:
        texts = (self.mission.mission_id, self.voyage, self.mission.vessel, self.mission.port)
        if not self.mission.mission_id or any(len(text) > _MOST_TEXT or not text.isprintable() for text in texts):
            raise MalformedMission(f"a mission has a name, and texts of at most {_MOST_TEXT} characters")
        if self.mission.scenario not in SCENARIOS or self.mission.direction not in _DIRECTIONS:
            raise MalformedMission("a mission has a scenario that exists, and is for entry or exit")
        if self.begins_at.tzinfo is None or self.ends_at.tzinfo is None or not self.begins_at < self.ends_at:
            raise MalformedMission("a mission begins before it ends, and knows its offset from UTC")
        if len({(one.kind, one.name) for one in self.packs}) != len(self.packs) or len(self.packs) > _MOST_PACKS:
            raise MalformedMission("a mission names a pack once")
        if any(one.kind is PackKind.MISSION for one in self.packs):
            raise MalformedMission("a mission needs no other mission")

    def runs(self, now: datetime) -> bool:
        """Whether it is under way at ``now`` (aware)."""
        return self.begins_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class NeededPack:
    """A pack that a mission needs, and what of it is here (None: nothing)."""

    needed: PackLabel
    here: PackLabel | None
    standing: Standing


def mission_parts(mission: MissionPack) -> dict[str, bytes]:
    """The parts of a pack."""
    told = {
        "mission_id": mission.mission.mission_id,
        "scenario": mission.mission.scenario,
        "vessel": mission.mission.vessel,
        "port": mission.mission.port,
        "direction": mission.mission.direction,
        "voyage": mission.voyage,
        "begins_at": mission.begins_at.astimezone(UTC).isoformat(),
        "ends_at": mission.ends_at.astimezone(UTC).isoformat(),
        "packs": [label.told() for label in mission.packs],
    }
    return {_PART: json.dumps(told, sort_keys=True, ensure_ascii=False).encode()}


def mission_of(parts: Mapping[str, bytes]) -> MissionPack:
    """What ``mission_parts`` wrote. Raises ``MalformedMission``."""
    try:
        told: Any = json.loads(parts[_PART])
        texts = {
            name: told[name]
            for name in ("mission_id", "scenario", "vessel", "port", "direction", "voyage", "begins_at", "ends_at")
        }
        if any(type(text) is not str for text in texts.values()) or not isinstance(told["packs"], list):
            raise MalformedMission("a mission's texts and packs")
        return MissionPack(
            Mission(*(texts[name] for name in ("mission_id", "scenario", "vessel", "port", "direction"))),
            texts["voyage"],
            datetime.fromisoformat(texts["begins_at"]),
            datetime.fromisoformat(texts["ends_at"]),
            tuple(label_of(row) for row in told["packs"]),
        )
    except MalformedMission:
        raise
    except (KeyError, TypeError, ValueError, RecursionError):  # PackRefused is a ValueError
        raise MalformedMission("a mission that cannot be read") from None


def require_mission(parts: Mapping[str, bytes]) -> None:
    """Raises ``MalformedMission``."""
    mission_of(parts)


def needs_of(mission: MissionPack, labels: Iterable[PackLabel], now: datetime) -> tuple[NeededPack, ...]:
    """How everything that the mission needs stands among ``labels``, in the mission's order."""
    here = {(one.kind, one.name): one for one in labels}
    return tuple(
        NeededPack(one, here.get((one.kind, one.name)), _standing(one, here.get((one.kind, one.name)), now))
        for one in mission.packs
    )


def is_complete(needs: Iterable[NeededPack]) -> bool:
    """Whether nothing is missing, older or no longer of use."""
    return all(one.standing is Standing.THERE for one in needs)


def missions_on(shelf: PackShelf) -> tuple[tuple[PackLabel, MissionPack], ...]:
    """The missions at hand with their packs' labels; one that cannot be read is left out.

    Raises PackRefused (labels), OSError.
    """
    found = []
    for label in shelf.labels(PackKind.MISSION):
        try:
            found.append((label, mission_of(shelf.content(label))))
        except (MalformedMission, PackRefused):
            continue
    return tuple(found)


def mission_now(
    missions: Iterable[tuple[PackLabel, MissionPack]], scenario: str, now: datetime
) -> tuple[PackLabel, MissionPack] | None:
    """The mission of this scenario that is under way, the one issued last where there are several."""
    under_way = [
        (label, one)
        for label, one in missions
        if one.mission.scenario == scenario and one.runs(now) and label.age(now) is not PackAge.RED
    ]
    return max(under_way, key=lambda pair: pair[0].issued_at, default=None)


def _standing(needed: PackLabel, here: PackLabel | None, now: datetime) -> Standing:
    if here is None:
        return Standing.MISSING
    if here.version < needed.version:
        return Standing.OLDER
    return Standing.NOT_USED if here.age(now) is PackAge.RED else Standing.THERE
