"""Search of a face in groups of people, one to many (BM-03…BM-06): who was looked for where, and possible persons.

A candidate is for a person to judge; a group that was not searched is named, so that it is never taken for clean.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.inspection.document import BlobRef

HEADQUARTERS_ONLY = "headquarters-only"
"""Why a group that policy keeps off a station was not searched: only headquarters may."""


class GroupUse(StrEnum):
    """What a candidate above the bound leads to. Each goes to an officer; none decides."""

    ALERT = "alert"
    PROMPT = "prompt"
    WHITELIST = "whitelist"
    """Helps to find the traveller's entry. Never clears anybody: the chip's one-to-one comparison does."""


class FaceProbe(StrEnum):
    """Whose face was looked for: the traveller's own, or the document's where no traveller is present."""

    LIVE = "live face"
    CHIP_PORTRAIT = "chip portrait"


@dataclass(frozen=True, slots=True)
class GroupSearched:
    """A group as it was at the moment of the search. ``templates``: how many were compared.

    ``bound`` is the score that makes a candidate; ``bound_measured`` False: the group is larger than the calibration
    measured for, so false alarms are more frequent than the policy wants. ``margin``: the best score less the second
    person's, None with fewer than two persons. ``expires_at`` is ISO 8601, UTC. ``system`` and ``online_at``: searched
    online, by which agency's system and when by its clock.
    """

    group_id: str
    use: GroupUse
    version: int
    templates: int
    bound: float
    bound_measured: bool
    expires_at: str
    margin: float | None
    system: str = ""
    online_at: str = ""


@dataclass(frozen=True, slots=True)
class GroupNotSearched:
    """A group out of reach. ``reason``: ``absent``, ``expired``, ``headquarters-only`` or the pack's refusal."""

    group_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class FaceCandidate:
    """A possible person: at or above the group's bound. ``reference_id`` is the row's own, ``rank`` counts from 1.

    ``margin``: this score less the next person's of the group, however low that lies; None where there is no next.
    ``one_in``: one stranger in so many reaches this score in a comparison one to one; None unless calibrated.
    """

    group_id: str
    use: GroupUse
    reference_id: str
    rank: int
    score: float
    margin: float | None
    one_in: float | None = None
    picture: BlobRef | None = None


@dataclass(frozen=True, slots=True)
class FaceSearchResult:
    """All groups, one probe. ``candidates``: alerts first, then by rank."""

    model_id: str
    probe: FaceProbe
    calibrated: bool
    searched: tuple[GroupSearched, ...]
    candidates: tuple[FaceCandidate, ...]
    not_searched: tuple[GroupNotSearched, ...] = ()
