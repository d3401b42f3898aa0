"""The list that a pre-clearance left of a lesson's travellers, sealed as a whitelist of the voyage like a real one.

Who is announced is put on it, as the pre-clearance by the book ended for them, with the portrait that their chip gave
then. It lies in a vault of its own beside the station's packs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from inspection_station.headquarters.packs import PackKind, PackLabel
from inspection_station.headquarters.packs_body import content_digest
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.inspection.disposition import Disposition
from inspection_station.matching.clearance_list import ClearanceList, ClearedDocument, clearance_parts
from inspection_station.matching.portrait_pack import document_key
from inspection_station.training.personas.drawn_portraits import drawn_portrait
from inspection_station.training.personas.stories import Place, left_by_pre_clearance, story
from inspection_station.training.personas.traveller import TrainingTraveller

FOLDER: Final = "lesson-packs"
_NAME: Final = "voyage"
_STALE, _VALID = timedelta(hours=24), timedelta(hours=48)
_AGO: Final = timedelta(hours=8)
"""The ship was inspected the evening before."""
_OUTCOME: Final = {
    Disposition.PC: ClearanceStatus.CLEARED,
    Disposition.RF: ClearanceStatus.REFERRED,
    Disposition.HD: ClearanceStatus.HELD,
    Disposition.RE: ClearanceStatus.REFUSED,
}


class VoyageList:
    """Thread-safe. ``mission`` is another one for each lesson, so that nobody has landed before it begins."""

    def __init__(self, folder: Path, key: bytes, now: Callable[[], datetime]) -> None:
        self.vault = PackVault(folder / FOLDER, key)
        self._now = now
        self.mission = f"training-{now():%Y%m%dT%H%M}-{secrets.token_hex(3)}"
        self._lock = Lock()
        self._documents: dict[str, ClearedDocument] = {}
        self._portraits: dict[str, bytes] = {}
        self._announced: set[tuple[str, str | None]] = set()

    def knows(self, traveller: TrainingTraveller) -> bool:
        """Whether the traveller was announced."""
        with self._lock:
            return _told(traveller) in self._announced

    def announce(self, people: Sequence[TrainingTraveller]) -> None:
        """Put them on the list and seal its next version. Raises OSError, PackRefused."""
        with self._lock:
            fresh = [one for one in people if _told(one) not in self._announced]
            if not fresh:
                return
            now = self._now()
            for one in fresh:
                self._announced.add(_told(one))
                self._put(one, now - _AGO)
            version = self.vault.state().floors.get((PackKind.WHITELIST, _NAME), 0) + 1
            cleared = ClearanceList(self.mission, f"{now:%Y-%m-%d %H:%M}", now, tuple(self._documents.values()))
            content = clearance_parts(cleared, self._portraits.items())
            label = PackLabel(
                PackKind.WHITELIST, _NAME, version, content_digest(content), now, now + _STALE, now + _VALID
            )
            self.vault.install(label, content)

    def _put(self, traveller: TrainingTraveller, at: datetime) -> None:
        who, told = traveller.persona, None if traveller.fault is None else story(traveller.fault)
        left = left_by_pre_clearance(who, told)
        if left is None:
            return  # nobody inspected them
        outcome = _OUTCOME[left]
        if told is not None and told.place is Place.CLEARANCE and left is Disposition.PC:
            outcome = ClearanceStatus.ALREADY_LANDED
        key = document_key(who.document_number)
        document = ClearedDocument(key, who.issuing_state, outcome, f"lesson-{traveller.seed}", at)
        self._documents[document.identifier] = document
        picture = drawn_portrait(traveller.face_seed)
        readable = told is None or told.portrait
        if picture is not None and readable and traveller.expected.collection.allowed is not False:
            self._portraits[document.identifier] = picture


def _told(traveller: TrainingTraveller) -> tuple[str, str | None]:
    """Document and story: the same person may come again in another one."""
    return traveller.persona.document_number, traveller.fault
