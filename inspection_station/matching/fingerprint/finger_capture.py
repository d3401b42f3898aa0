"""Taking a finger: what to say about each frame, the best of several, and which finger comes next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.extraction import DPI, Extraction, extract
from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.quality import FingerQuality
from inspection_station.matching.fingerprint.segmentation import Grey
from inspection_station.matching.ports import FingerPrompt

_PROMPTS: dict[FingerprintFault, FingerPrompt] = {
    FingerprintFault.NO_FINGER: FingerPrompt.NO_FINGER,
    FingerprintFault.SEVERAL_FINGERS: FingerPrompt.ONE_FINGER,
    FingerprintFault.TOO_LITTLE: FingerPrompt.MORE_FINGER,
    FingerprintFault.TOO_POOR: FingerPrompt.CLEAN,
    FingerprintFault.NOT_A_FINGERPRINT: FingerPrompt.CLEAN,
}

_RIGHT = (
    FingerPosition.RIGHT_INDEX,
    FingerPosition.RIGHT_THUMB,
    FingerPosition.RIGHT_MIDDLE,
    FingerPosition.RIGHT_RING,
    FingerPosition.RIGHT_LITTLE,
)
_LEFT = (
    FingerPosition.LEFT_INDEX,
    FingerPosition.LEFT_THUMB,
    FingerPosition.LEFT_MIDDLE,
    FingerPosition.LEFT_RING,
    FingerPosition.LEFT_LITTLE,
)


@dataclass(frozen=True, slots=True)
class FingerFrame:
    """A frame judged: ``extraction`` None where there is no template, then ``quality`` is 0 with what to say."""

    grey: Grey
    dpi: int
    quality: FingerQuality
    extraction: Extraction | None


def judged(grey: Grey, dpi: int = DPI) -> FingerFrame:
    """Judge one frame; what cannot be used gets a prompt instead of an error.

    Raises ``UnusableFingerprint`` only for pictures that no finger could mend: their size, resolution or kind.
    """
    try:
        found = extract(grey, dpi)
    except UnusableFingerprint as refused:
        if refused.code not in _PROMPTS:
            raise
        return FingerFrame(grey, dpi, FingerQuality(0, _PROMPTS[refused.code], {}), None)
    return FingerFrame(grey, dpi, found.quality, found)


def best_of(frames: Iterable[FingerFrame]) -> FingerFrame | None:
    """The usable frame of the highest quality, the earliest of equals; None where none is usable."""
    usable = [frame for frame in frames if frame.extraction is not None]
    return max(usable, key=lambda frame: frame.quality.score, default=None)


def finger_to_take(right_hand: bool, unavailable: AbstractSet[FingerPosition] = frozenset()) -> FingerPosition | None:
    """The finger of one hand to take now: index, and where it is missing, injured or unreadable thumb, middle, ring,
    little (Biometric Data Regulation art. 6). None where no finger of the hand is left: the hand is noted as such.
    """
    order: Sequence[FingerPosition] = _RIGHT if right_hand else _LEFT
    return next((position for position in order if position not in unavailable), None)
