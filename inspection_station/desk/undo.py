"""Taking a decision back within ten seconds (FLOWS 4.1 no. 7): a voiding record, then the same traveller again.

Records are never changed: the void supersedes the decision, the new inspection supersedes the void.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inspection_station.desk.view import LastDecision
from inspection_station.inspection import events as e
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import BlobRef

WITHDRAWN = "UNDO"
"""Reason code of the voiding record."""

VOID = Disposition.VD


@dataclass(frozen=True, slots=True)
class LastTraveller:
    """What taking back needs: the decision with its time limit, the events, and the pictures still in memory."""

    decision: LastDecision
    journal: tuple[e.Event, ...]
    pictures: tuple[BlobRef, ...]

    def can_be_taken_back(self, monotonic: float) -> bool:
        """Whether the ten seconds are not over yet."""
        return monotonic <= self.decision.undo_until


def carried_over(journal: Sequence[e.Event], inspection_id: str, supersedes: str) -> list[e.Event]:
    """The same events under a new inspection that supersedes another; the decision itself is not among them."""
    carried: list[e.Event] = []
    for event in journal:
        if isinstance(event, e.InspectionStarted):
            carried.append(replace(event, inspection_id=inspection_id, supersedes=supersedes))
        elif not isinstance(event, (e.DecisionTaken, e.RecordSealed, e.SealingFailed, e.SealingRetried)):
            carried.append(event)
    return carried
