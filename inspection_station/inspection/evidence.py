"""What each step left behind: taken, missing or waived. Nothing else exists, so nothing can be green by default."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.inspection.biometrics import ComparisonResult, FaceSample, FingerprintCapture, NotCompared
from inspection_station.inspection.chip import ChipReading
from inspection_station.inspection.clearance import ClearanceResult
from inspection_station.inspection.document import TravelDocument
from inspection_station.inspection.face_search import FaceSearchResult
from inspection_station.inspection.watchlist import WatchlistResult

Result = (
    TravelDocument
    | ChipReading
    | FaceSample
    | FingerprintCapture
    | ClearanceResult
    | tuple[ComparisonResult | NotCompared, ...]
    | FaceSearchResult
    | WatchlistResult
)


@dataclass(frozen=True, slots=True)
class Taken:
    """The step was done; ``device_ms`` is time spent in the device, ``total_ms`` includes it."""

    result: Result
    total_ms: float = 0.0
    device_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Missing:
    """The step could not be done. ``code`` is the officer's code (FLOWS 4.2), ``detail`` has no personal data."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Waived:
    """The step was let go: by an officer with a reason, or by rule (``officer_id`` None, e.g. article 91)."""

    reason: str
    officer_id: str | None = None


Evidence = Taken | Missing | Waived
