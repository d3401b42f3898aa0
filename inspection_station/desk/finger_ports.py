"""What the desk needs to take fingers, and what it shows of it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inspection_station.documents.emrtd.finger_images import FingerImage as ChipFinger
from inspection_station.hardware.ports import FingerImage
from inspection_station.inspection.biometrics import (
    ComparisonResult,
    FingerNotTaken,
    FingerPosition,
    FingerSearch,
)
from inspection_station.matching.ports import FingerPrompt


@dataclass(frozen=True, slots=True)
class JudgedFinger:
    """One picture of a finger, judged. ``quality`` 0 to 100 and ``method``, what made it; ``template`` is the judge's
    own, None where the picture gives none; ``picture`` is encoded.
    """

    prompt: FingerPrompt
    quality: int
    method: str
    picture: bytes = field(repr=False)
    media_type: str = "image/png"
    template: object | None = field(default=None, repr=False)

    @property
    def usable(self) -> bool:
        """Whether there is anything to compare."""
        return self.template is not None


class FingerJudge(Protocol):
    """Quality, templates and comparison of fingers. Thread-safe; keeps nothing. Raises StepFault (BIO-06, SYS-04).

    ``compare`` holds the fingers of the traveller against the same ones of the chip; a chip whose pictures cannot be
    used gives no result.
    """

    def judge(self, image: FingerImage) -> JudgedFinger: ...
    def compare(
        self, probes: Mapping[FingerPosition, object], chip: Sequence[ChipFinger]
    ) -> tuple[ComparisonResult, ...]: ...


class FingerSearcher(Protocol):
    """Who else has these fingers: asked of headquarters, with a deadline. Never raises; «not checked» has its code.

    ``number`` and ``issuing_state``: of the document, so that its holder's own earlier fingers are told apart.
    """

    def search(
        self, probes: Mapping[FingerPosition, object], number: str = "", issuing_state: str = ""
    ) -> FingerSearch: ...


@dataclass(frozen=True, slots=True)
class FingersShown:
    """The step as it stands. ``asked``: the finger to lay down; ``attempt`` counts its tries from 1; ``quality`` of its
    last picture, None before the first; ``taken`` with their quality; ``not_taken``: noted by the officer, or given up.
    """

    asked: FingerPosition
    attempt: int
    prompt: FingerPrompt
    quality: int | None
    taken: tuple[tuple[FingerPosition, int], ...]
    not_taken: tuple[FingerNotTaken, ...]
