"""What a late hit says on the screen: who it is about at once, of which list while the officer holds the key."""

from __future__ import annotations

from collections.abc import Sequence

from inspection_station.desk.view import LateHitView
from inspection_station.wording import Wording


def late_hit_text(waiting: Sequence[LateHitView], wording: Wording, *, revealed: bool) -> str:
    """Of the oldest: name and number of the earlier traveller, his record, and how many more wait to be read."""
    first = waiting[0]
    parts = [first.person, wording.text("late-hit.record", record=first.inspection_id)]
    if revealed:
        names = wording.text("list-separator").join(wording.text_or(f"identifier.{n}", n) for n in first.matching)
        which = wording.text_or(f"list.{first.kind}", first.list_id)
        parts.append(wording.text("late-hit.list", list=which, entry=first.entry_id))
        parts.append(wording.text("lists.matching", names=names or "—"))
    else:
        parts.append(wording.text("lists.hidden"))
    if len(waiting) > 1:
        parts.append(wording.text("late-hit.more", count=len(waiting) - 1))
    return " · ".join(part for part in parts if part)
