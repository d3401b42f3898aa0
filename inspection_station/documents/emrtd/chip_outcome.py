"""What a reading of a chip gives, and what it needs when the document is moved in the middle of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from inspection_station.documents.emrtd.data_groups import Portrait
from inspection_station.documents.emrtd.finger_images import FingerImage
from inspection_station.inspection.chip import ChipReading
from inspection_station.inspection.document import BlobRef

BUDGET_MS: Final = 7000.0
"""Within this a document's EF.COM, EF.SOD, DG1 and DG2 should be read (TR-03135-1 §4.1.4)."""
Progress = Callable[[str, float], None]
"""Called as each step ends with its name and the seconds it took."""


class Connection(Protocol):
    """An open channel to a chip; ``hardware.ports.ChipConnection`` fits."""

    def transmit(self, command: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Resumption:
    """How a reading goes on after the document was moved.

    ``reconnect`` waits for it to be put back and raises the device's own error where it is not; ``gone`` are the errors
    of the connection that mean it; so often at most: ``times``.
    """

    reconnect: Callable[[], Connection]
    gone: tuple[type[Exception], ...]
    times: int = 3


@dataclass(frozen=True, slots=True)
class StepTiming:
    """A step and its milliseconds: in all, and of them in reader and chip."""

    step: str
    total_ms: float
    device_ms: float


@dataclass(frozen=True, slots=True)
class ChipOutcome:
    """What a reading gave. ``portrait`` is the encoded picture of DG2; ``files`` are contents by name («EF.SOD»,
    «DG1», «EF.CardAccess»), never DG3 or DG4; ``fingers`` the encoded pictures of DG3, for the memory alone.
    ``interruptions`` counts how often the document was moved and put back.
    """

    reading: ChipReading
    portrait: bytes | None
    files: Mapping[str, bytes]
    timings: tuple[StepTiming, ...]
    commands: int
    fingers: tuple[FingerImage, ...] = field(default=(), repr=False)
    interruptions: int = 0

    @property
    def total_ms(self) -> float:
        """Of all steps."""
        return sum(t.total_ms for t in self.timings)

    @property
    def device_ms(self) -> float:
        """Of them, in reader and chip."""
        return sum(t.device_ms for t in self.timings)

    @property
    def within_budget(self) -> bool:
        """Whether it kept to ``BUDGET_MS``, the time the document was away included."""
        return self.total_ms <= BUDGET_MS


def portrait_reference(portrait: Portrait) -> BlobRef:
    """What the record keeps of the portrait: never the picture itself."""
    return BlobRef(hashlib.sha256(portrait.image).hexdigest(), portrait.format.media_type, len(portrait.image))
