"""The permits of a lesson's travellers, as a shelf of packs like the one that headquarters fills.

Whoever needs one has one, but for those whose story is that they have none.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from inspection_station.headquarters.packs import PackKind, PackLabel
from inspection_station.headquarters.packs_body import content_digest
from inspection_station.matching.permits import permit_parts, shipped_rules
from inspection_station.training.personas.identity import Persona
from inspection_station.training.personas.stories import NO_PERMIT
from inspection_station.training.personas.traveller import TrainingTraveller

_NAME: Final = "lesson"
_AGO, _STALE, _VALID = timedelta(hours=6), timedelta(hours=24), timedelta(hours=48)


class LessonPapers:
    """Implements ``packs.PackShelf``. Thread-safe."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._issued = now() - _AGO
        self._lock = Lock()
        self._rows: dict[str, dict[str, Any]] = {}
        self._content: dict[str, bytes] = {}
        self._label: PackLabel | None = None
        self._sealed()

    def stepped_up(self, traveller: TrainingTraveller) -> None:
        """Somebody comes to the desk; the permit was issued long before."""
        who = traveller.persona
        with self._lock:
            known = who.document_number in self._rows
            if traveller.fault == NO_PERMIT:
                self._rows.pop(who.document_number, None)
            elif who.person_class in shipped_rules().needed_by(who.nationality):
                self._rows[who.document_number] = self._row(who)
            if known is not (who.document_number in self._rows):
                self._sealed()

    def labels(self, kind: PackKind | None = None) -> tuple[PackLabel, ...]:
        """As the port."""
        with self._lock:
            return (self._label,) if self._label is not None and kind in (None, PackKind.PERMITS) else ()

    def content(self, label: PackLabel) -> dict[str, bytes]:
        """As the port."""
        with self._lock:
            return dict(self._content)

    def _sealed(self) -> None:
        head = {
            "version": f"{self._issued:%Y%m%d%H}",
            "issued_at": self._issued.isoformat(),
            "stale_after": (self._issued + _STALE).isoformat(),
        }
        self._content = permit_parts(json.dumps({"permits": {**head, "entries": list(self._rows.values())}}))
        version = 1 if self._label is None else self._label.version + 1
        self._label = PackLabel(
            PackKind.PERMITS,
            _NAME,
            version,
            content_digest(self._content),
            self._issued,
            self._issued + _STALE,
            self._issued + _VALID,
        )

    def _row(self, who: Persona) -> dict[str, Any]:
        day = self._issued.date()
        return {
            "entry_id": f"P-{who.document_number}",
            "kind": "entry permit",
            "valid_from": (day - timedelta(days=20)).isoformat(),
            "valid_until": (day + timedelta(days=70)).isoformat(),
            "documents": [{"number": who.document_number, "issuing_state": who.issuing_state}],
            "names": [{"primary": who.name.primary_zone, "secondary": who.name.secondary_zone}],
            "born": [who.date_of_birth.isoformat()],
        }
