"""A journal without what came of a body: for a person who turns out to be one whom article 91 excludes.

Attempts, order and outcome stay, so that replaying the shorter story leads to the same inspection; pictures' digests,
comparison scores and the digest of data group 2 do not stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from inspection_station.inspection import events as e
from inspection_station.inspection.document import BlobRef

_NOTHING = BlobRef("", "", 0)
_BODILY_GROUPS = frozenset({"DG2", "DG3", "DG4"})  # portrait, fingers, irises (Doc 9303 part 10)


def without_biometrics(events: Iterable[e.Event]) -> list[e.Event]:
    """The same events with nothing biometric in them."""
    return [_redacted(event) for event in events]


def _redacted(event: e.Event) -> e.Event:
    if isinstance(event, e.DocumentRead):
        return replace(event, document=replace(event.document, page_image=None))
    if isinstance(event, e.ChipRead):
        groups = tuple(group for group in event.reading.data_groups if group.name not in _BODILY_GROUPS)
        # That there was a portrait decided what was asked for next; which one it was does not stay.
        portrait = _NOTHING if event.reading.portrait is not None else None
        return replace(event, reading=replace(event.reading, portrait=portrait, data_groups=groups))
    if isinstance(event, e.FaceCaptured):
        return replace(event, sample=replace(event.sample, image=_NOTHING, quality=0.0))
    if isinstance(event, e.FingerprintsCaptured):
        return replace(event, samples=(), not_taken=(), comparisons=(), search=None)
    if isinstance(event, e.ClearanceChecked):
        return replace(event, result=replace(event.result, portrait=None))
    if isinstance(event, e.FacesCompared):
        return replace(event, results=())
    if isinstance(event, e.FaceGroupsSearched):
        searched = tuple(replace(group, margin=None) for group in event.result.searched)
        return replace(event, result=replace(event.result, searched=searched, candidates=()))
    return event
