"""The mission an inspection belongs to: a voyage, a vessel call, a duty (WF-03, WF-13)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mission:
    """What the records of one duty have in common. Ids are opaque; no person is named here."""

    mission_id: str
    scenario: str
    vessel: str = ""
    port: str = ""
    direction: str = "entry"  # or "exit"


def officers_needed(passengers: int, *, every: int = 500) -> tuple[int, int]:
    """Staffing by passengers (WF-04), as (floor, ceiling) reading of «one more for every extra 500».

    The plan leaves 1,999 passengers at 3 or 4 officers (KP-06), so both are shown.
    Raises ValueError for a negative count.
    """
    if passengers < 0:
        raise ValueError("a passenger count cannot be negative")
    if passengers < 200:
        return 0, 0
    if passengers < 600:
        return 2, 2
    extra = max(0, passengers - 1499)
    if extra == 0:
        return 3, 3
    return 3 + extra // every, 3 - (-extra // every)
