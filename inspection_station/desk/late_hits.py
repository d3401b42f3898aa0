"""Late hits before the officer: a notice that stays until somebody has read it, whoever the traveller in hand is.

Headquarters found, after the decision, that a person is on a list. Which record, which list and which identifiers agree
are told; the person's data are on the record alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from inspection_station.desk.view import LateHitView, Notice
from inspection_station.inspection.late_hit import KeptLateHit

log = logging.getLogger(__name__)

LATE_HIT = "LST-05"
_SHOWN = 20  # notices held for reading; more come up as these are read


class LateHitBook(Protocol):
    """The store's late hits as the desk uses them. Every call may raise the store's own fault."""

    def unseen(self) -> tuple[KeptLateHit, ...]: ...
    def seen(self, late_hit_id: bytes, officer_id: str) -> None: ...


class NoLateHits:
    """A desk that nobody brings late hits."""

    def unseen(self) -> tuple[KeptLateHit, ...]:
        """None."""
        return ()

    def seen(self, late_hit_id: bytes, officer_id: str) -> None:
        """There is nothing to read."""


def to_read(book: LateHitBook) -> tuple[LateHitView, ...]:
    """What no officer has read yet, the oldest first. Raises the store's own fault."""
    return tuple(_view(kept) for kept in book.unseen()[:_SHOWN])


def notices_of(waiting: Sequence[LateHitView]) -> tuple[Notice, ...]:
    """The notice for the oldest of them; ``detail`` names record, list and entry, and how many wait behind it."""
    if not waiting:
        return ()
    first = waiting[0]
    more = f" (+{len(waiting) - 1})" if len(waiting) > 1 else ""
    detail = f"{first.inspection_id} · {first.list_id} {first.entry_id}{more}"
    return (Notice(LATE_HIT, detail, inspection_id=first.inspection_id),)


def _view(kept: KeptLateHit) -> LateHitView:
    late, hit = kept.late_hit, kept.late_hit.hit
    return LateHitView(
        kept.late_hit_id.hex(),
        late.inspection_id,
        hit.list_id,
        hit.kind.value,
        hit.entry_id,
        hit.matching,
        hit.differing,
        late.list_version,
        late.found_at,
        kept.received_at,
    )
