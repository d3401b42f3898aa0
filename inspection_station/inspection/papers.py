"""What headquarters' lists say of a traveller's papers: a permit to enter (IF-17), and a place on the manifest.

Both are answers, never decisions: who needs a permit depends on the person's class, which an officer may confirm after
the lists were asked, so an answer names the classes of whom one is asked and ``finding_rules`` judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.inspection.person_class import PersonClass


class PermitStatus(StrEnum):
    """What is known of a permit for the document; the value is the stable key."""

    VALID = "valid"
    NOT_YET = "not yet valid"
    EXPIRED = "expired"
    USED = "used"
    CANCELLED = "cancelled"
    NONE = "none"
    NOT_CHECKED = "not checked"


class Announced(StrEnum):
    """Whether the traveller was announced for the voyage; the value is the stable key."""

    YES = "announced"
    NO = "not announced"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class PermitAnswer:
    """``needed_by``: the classes of whom a permit is asked, for this nationality. ``version`` and ``issued_at`` (ISO
    8601, UTC) are the list's; ``stale``: it is past the time after which it is told to be old. ``number``, ``kind`` and
    ``valid_until`` (ISO 8601) are the permit's where there is one; ``differing``: identifiers not as in the document.
    """

    status: PermitStatus
    needed_by: tuple[PersonClass, ...] = ()
    version: str = ""
    issued_at: str = ""
    stale: bool = False
    number: str = ""
    kind: str = ""
    valid_until: str = ""
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManifestAnswer:
    """``voyage`` and ``version`` name the manifest; ``entry_id`` and ``pre_check`` are its traveller's."""

    status: Announced
    voyage: str = ""
    version: str = ""
    issued_at: str = ""
    stale: bool = False
    entry_id: str = ""
    pre_check: str = ""
    differing: tuple[str, ...] = ()
