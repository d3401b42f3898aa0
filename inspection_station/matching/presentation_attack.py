"""Slot for presentation-attack detection (ISO/IEC 30107): is a person before the camera, or a print, a screen, a mask?

No trained detector comes with the station, so by default nothing is claimed: the officer observes. An agency plugs one
in behind ``PresentationAttackDetector``; its error rates (ISO/IEC 30107-3) travel with every verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from inspection_station.matching.face_quality import PRESENTATION_ATTACK_NOT_PERFORMED
from inspection_station.matching.ports import DetectedFace, Image


class PresentationStatus(StrEnum):
    """What a detector says; the value is the stable key."""

    NOT_PERFORMED = "not performed"
    BONA_FIDE = "bona fide"
    ATTACK = "attack"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class PresentationVerdict:
    """A verdict on one capture.

    ``apcer`` and ``bpcer``: the detector's attack and bona-fide classification error rates as its maker had them
    measured by ISO/IEC 30107-3, None where they are not known.
    """

    status: PresentationStatus
    detector: str = ""
    apcer: float | None = None
    bpcer: float | None = None

    @property
    def statement(self) -> str:
        """The sentence that stands in the record. Only what was done is said."""
        if self.status is PresentationStatus.NOT_PERFORMED:
            return PRESENTATION_ATTACK_NOT_PERFORMED
        rates = [
            f"{name} {100 * rate:.1f} %"
            for name, rate in (("APCER", self.apcer), ("BPCER", self.bpcer))
            if rate is not None
        ]
        known = ", ".join(rates) or "error rates not known"
        return f"{self.status.value}, by {self.detector} ({known})"


class PresentationAttackDetector(Protocol):
    """Judges the frames of a burst with the face in each. Called off the screen's thread; keeps nothing."""

    def judge(self, frames: Sequence[tuple[Image, DetectedFace]]) -> PresentationVerdict: ...


class OfficerObserves:
    """The default: no detector."""

    def judge(self, frames: Sequence[tuple[Image, DetectedFace]]) -> PresentationVerdict:
        """Not performed, whatever the frames show."""
        return PresentationVerdict(PresentationStatus.NOT_PERFORMED)
