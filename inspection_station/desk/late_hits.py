"""Late hits before the officer: a notice that stays until somebody has read it, whoever the traveller in hand is.

Headquarters found, after the decision, that a person is on a list. Which record, which list and which identifiers agree
are told; a notice holds no more of the person than that, the screen looks the name up on the record.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from inspection_station.desk.view import LateHitView, Notice
from inspection_station.inspection.late_hit import KeptLateHit
from inspection_station.storage.values import StoredRecord

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


def to_read(book: LateHitBook, who: Callable[[str], str]) -> tuple[LateHitView, ...]:
    """What no officer has read yet, the oldest first; ``who`` tells the person on a record. Raises the store's own
    fault.
    """
    return tuple(_view(kept, who) for kept in book.unseen()[:_SHOWN])


def person_on(record: StoredRecord | None) -> str:
    """Name and document number on a record; empty where its content is not here any more."""
    if record is None or record.record is None or record.record.mrz is None:
        return ""
    mrz = record.record.mrz
    name = ", ".join(part for part in (mrz.name.primary, mrz.name.secondary) if part)
    return " · ".join(part for part in (name, mrz.document_number) if part)


def notices_of(waiting: Sequence[LateHitView]) -> tuple[Notice, ...]:
    """The notice for the oldest of them; ``detail`` names record, list and entry, and how many wait behind it."""
    if not waiting:
        return ()
    first = waiting[0]
    more = f" (+{len(waiting) - 1})" if len(waiting) > 1 else ""
    detail = f"{first.inspection_id} · {first.list_id} {first.entry_id}{more}"
    return (Notice(LATE_HIT, detail, inspection_id=first.inspection_id),)


def _view(kept: KeptLateHit, who: Callable[[str], str]) -> LateHitView:
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
        who(late.inspection_id),
    )
