"""Stage two of a pre-clearance: is the person who lands the person who was cleared (WF-15, WF-16)?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ClearanceStatus(StrEnum):
    """Answer of the voyage's whitelist."""

    CLEARED = "cleared"
    NOT_ON_LIST = "not on list"
    ALREADY_LANDED = "already landed"
    REFUSED = "refused"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class ClearanceResult:
    """What the whitelist said; ``inspection_id`` links to the pre-clearance record."""

    status: ClearanceStatus
    list_version: str
    inspection_id: str | None = None
    method: str = ""
