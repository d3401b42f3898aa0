"""Whether headquarters answered where it could have: the badge of a check, read off what the record keeps."""

from __future__ import annotations

from enum import StrEnum

from inspection_station.desk.list_search import ONLINE_ONLY
from inspection_station.inspection.biometrics import FingerprintCapture
from inspection_station.inspection.evidence import Taken
from inspection_station.inspection.face_search import HEADQUARTERS_ONLY, FaceSearchResult
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.watchlist import WatchlistResult
from inspection_station.ui.presenters.tone import Tone


class Reach(StrEnum):
    """How much of what headquarters alone can say was said. The value is a key of the wording."""

    ONLINE = "online"
    PARTLY = "partly"
    OFFLINE = "offline"


REACH_TONE = {Reach.ONLINE: Tone.OK, Reach.PARTLY: Tone.UNCHECKED, Reach.OFFLINE: Tone.UNCHECKED}


def reach(inspection: Inspection, step: Step) -> Reach | None:
    """None where headquarters has no part in the check, or it was not made."""
    evidence = inspection.evidence.get(step)
    if not isinstance(evidence, Taken):
        return None
    result = evidence.result
    if isinstance(result, WatchlistResult):
        answered = any(one.online_at for one in result.consulted)
        away = any(name in ONLINE_ONLY for name in result.not_consulted)
        return _judged(answered, away or not answered)
    if isinstance(result, FaceSearchResult):
        answered = any(group.online_at for group in result.searched)
        away = any(group.reason == HEADQUARTERS_ONLY for group in result.not_searched)
        return _judged(answered, away) if answered or away else None
    if isinstance(result, FingerprintCapture) and result.samples:
        answered = result.search is not None and not result.search.code
        return Reach.ONLINE if answered else Reach.OFFLINE
    return None


def _judged(answered: bool, away: bool) -> Reach:
    if not answered:
        return Reach.OFFLINE
    return Reach.PARTLY if away else Reach.ONLINE
