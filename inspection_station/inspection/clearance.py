"""Stage two of a pre-clearance: is the person who lands the person who was cleared (WF-15, WF-16)?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.inspection.document import BlobRef


class ClearanceStatus(StrEnum):
    """Answer of the voyage's list of those who were inspected before landing."""

    CLEARED = "cleared"
    NOT_ON_LIST = "not on list"
    ALREADY_LANDED = "already landed"
    REFERRED = "referred"
    REFUSED = "refused"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class ClearanceResult:
    """What the list said of a document. ``list_version`` names the list and its version; ``inspection_id`` links to the
    record of the pre-clearance, or of the landing.

    ``portrait``: the chip's, as it was read then. The live face is compared with it; the list alone clears nobody.
    ``stale``: the list is past the time after which it is told to be old.
    """

    status: ClearanceStatus
    list_version: str
    inspection_id: str | None = None
    method: str = ""
    portrait: BlobRef | None = None
    stale: bool = False
