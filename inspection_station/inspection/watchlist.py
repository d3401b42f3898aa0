"""Lists an inspection is held against, and what was found (WF-25, IF-01, IF-15)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.inspection.papers import ManifestAnswer, PermitAnswer


class ListKind(StrEnum):
    """Kinds of control list; the value is the stable key."""

    WANTED = "wanted"
    TAX_ARREARS = "tax arrears"
    LOST_DOCUMENT = "lost document"
    SMUGGLING = "smuggling"
    REFUSED_ENTRY = "refused entry"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class ListConsulted:
    """A list as it was at the moment of the search. Age is judged from ``issued_at`` (ISO 8601, UTC).

    ``system`` and ``online_at``: asked online, of which agency's system and when by its clock (ISO 8601, UTC).
    """

    list_id: str
    kind: ListKind
    version: str
    issued_at: str
    stale: bool
    system: str = ""
    online_at: str = ""


@dataclass(frozen=True, slots=True)
class WatchlistHit:
    """A possible hit: which identifiers agree, which differ. A person decides, never the score alone."""

    list_id: str
    kind: ListKind
    entry_id: str
    score: float
    matching: tuple[str, ...]
    differing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WatchlistResult:
    """Outcome of a search over all lists at hand; ``not_consulted`` names what is out of reach (grey, never green).

    ``permit``, ``manifest``: what the lists of permits and of the voyage's travellers say; None where nobody asks them.
    """

    consulted: tuple[ListConsulted, ...]
    hits: tuple[WatchlistHit, ...]
    not_consulted: tuple[str, ...] = ()
    permit: PermitAnswer | None = None
    manifest: ManifestAnswer | None = None
