"""The officers' roster that headquarters sent, in place of the file in the data folder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from inspection_station.desk.officer_session import RosterEntry, RosterError, roster_of
from inspection_station.headquarters.packs import PackAge, PackKind, PackRefused, PackShelf

log = logging.getLogger(__name__)


def require_roster(content: Mapping[str, bytes]) -> None:
    """Raises RosterError for parts that name no officer."""
    if not entries_of(content):
        raise RosterError("the roster names nobody")


def entries_of(content: Mapping[str, bytes]) -> tuple[RosterEntry, ...]:
    """Every part is a roster's file (TOML). Raises RosterError, also for an officer named twice."""
    found = [entry for name in sorted(content) for entry in roster_of(content[name])]
    if len({entry.officer_id for entry in found}) != len(found):
        raise RosterError("an officer is named twice")
    return tuple(found)


def installed_roster(shelf: PackShelf, now: datetime) -> tuple[RosterEntry, ...] | None:
    """Officers of the roster issued last that may still be used. None: no roster ever came, so the file counts.

    Where one came and none may be used any longer, or cannot be read, nobody signs as a second person: that fails to
    the safe side, and an old file is not taken up again.
    """
    try:
        labels = shelf.labels(PackKind.ROSTER)
        if not labels:
            return None
        usable = [label for label in labels if label.age(now) is not PackAge.RED]
        if usable:
            return entries_of(shelf.content(max(usable, key=lambda label: label.issued_at)))
    except (PackRefused, RosterError, OSError) as fault:
        log.error("the roster's pack cannot be used", extra={"code": getattr(fault, "code", "PCK-01")})
    return ()
