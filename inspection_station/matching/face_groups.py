"""Groups of people that a face is searched in (BM-04), and what a candidate of each means. Rows of data, not code.

``resources/tables/face_groups.toml`` names the ten groups of the service and the whitelist of a voyage; an agency adds
its own in a file of the same form.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from inspection_station.inspection.face_search import GroupUse
from inspection_station.resource_path import resource

__all__ = ["GroupPolicy", "GroupUse", "MalformedGroups", "built_in_groups", "parse_groups"]


class MalformedGroups(ValueError):
    """The table of groups does not say what it must; the message names group and key."""


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """One group.

    ``false_alarms``: share of searches of unlisted travellers that may reach the bound (FPIR); the bound follows from
    it, the group's size and the calibration. ``threshold``: a bound of z that stands instead. ``largest``: more
    templates are refused. ``offline``: may lie on a station (BM-03: small groups only). ``candidates``: how many are
    shown at most.
    """

    group_id: str
    name_zh: str
    name_en: str
    use: GroupUse
    false_alarms: float
    largest: int
    offline: bool
    valid: timedelta
    candidates: int = 5
    threshold: float | None = None


def built_in_groups() -> dict[str, GroupPolicy]:
    """The groups that ship with the station, by id. Raises ``MalformedGroups``, FileNotFoundError."""
    return parse_groups(resource("tables", "face_groups.toml").read_text(encoding="utf-8"))


def parse_groups(text: str) -> dict[str, GroupPolicy]:
    """Groups of a TOML table by id, in its order. Raises ``MalformedGroups``."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as torn:
        raise MalformedGroups(f"not TOML: {torn}") from torn
    groups = table.get("group")
    if not isinstance(groups, dict) or not groups or set(table) != {"group"}:
        raise MalformedGroups("a table of [group.…] alone is wanted")
    return {group_id: _policy(group_id, row) for group_id, row in groups.items()}


_KEYS = frozenset({"zh", "en", "use", "false_alarms", "largest", "offline", "valid_hours", "candidates", "threshold"})
_MUST = _KEYS - {"candidates", "threshold"}


def _policy(group_id: str, row: Any) -> GroupPolicy:
    if not isinstance(row, dict):
        raise MalformedGroups(f"group {group_id}: not a table")
    if wrong := (set(row) - _KEYS) | (_MUST - set(row)):
        raise MalformedGroups(f"group {group_id}: unknown or missing key {sorted(wrong)[0]}")
    try:
        policy = GroupPolicy(
            group_id=group_id,
            name_zh=_text(row["zh"]),
            name_en=_text(row["en"]),
            use=GroupUse(row["use"]),
            false_alarms=_number(row["false_alarms"]),
            largest=_whole(row["largest"]),
            offline=_flag(row["offline"]),
            valid=timedelta(hours=_number(row["valid_hours"])),
            candidates=_whole(row.get("candidates", 5)),
            threshold=_number(row["threshold"]) if "threshold" in row else None,
        )
    except (TypeError, ValueError, OverflowError) as wrong_value:
        raise MalformedGroups(f"group {group_id}: {wrong_value}") from None
    if not 0.0 < policy.false_alarms < 1.0:
        raise MalformedGroups(f"group {group_id}: false_alarms lies between 0 and 1")
    return policy


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError("a name is empty")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("offline is true or false")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TypeError("a count is a whole number from 1")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise TypeError("a rate, bound or time is a number above 0")
    return float(value)
