"""What the desk shows of itself: one frozen snapshot after every change, and the newest camera frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from inspection_station.desk.commands import Command
from inspection_station.desk.exchange_view import ExchangeView
from inspection_station.desk.finger_ports import FingersShown
from inspection_station.hardware.ports import DeviceKind, DeviceState, Frame
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.inspection import Inspection
from inspection_station.matching.ports import FacePrompt


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device of the health strip. ``code`` is the officer's code when it is not well."""

    kind: DeviceKind
    name: str
    state: DeviceState
    code: str = ""


@dataclass(frozen=True, slots=True)
class ListView:
    """A control list at hand, with its age in hours."""

    list_id: str
    kind: str
    version: str
    age_hours: float
    stale: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell the officer now; ``code`` is a key of the wording table. ``detail``: no personal data.

    ``inspection_id``: of the sealed record that it is about, where it is about one.
    """

    code: str
    detail: str = ""
    number: int = 0  # grows, so that the same fault raised again can be told from the first
    inspection_id: str = ""


@dataclass(frozen=True, slots=True)
class LateHitView:
    """A hit that headquarters found after the decision, and that no officer has read yet. ``person``: name and document
    number from the record, while its content is here. ``found_at`` by headquarters' clock, ``received_at`` by this
    station's (ISO 8601, UTC).
    """

    late_hit_id: str
    inspection_id: str
    list_id: str
    kind: str
    entry_id: str
    matching: tuple[str, ...]
    differing: tuple[str, ...]
    list_version: str
    found_at: str
    received_at: str
    person: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class LastDecision:
    """The traveller before this one, for the undo bar. ``undo_until`` is monotonic seconds."""

    inspection_id: str
    disposition: str
    undo_until: float


@dataclass(frozen=True, slots=True)
class DeskSnapshot:
    """Everything a screen needs. ``inspection`` None: ready for the next traveller.

    ``sequence`` counts up; ``elapsed_since`` is the monotonic start of the inspection; ``fingers`` is there while they
    are taken; ``late_hits`` are those that no officer has read yet, the oldest first. ``exchange``
    None: nobody tells how it stands. ``stopped``: code of what keeps the store from taking a new inspection, or empty.
    """

    sequence: int
    training: bool
    scenario: str
    officer_id: str
    station_name: str
    inspection: Inspection | None
    elapsed_since: float | None
    face_prompt: FacePrompt | None
    devices: tuple[DeviceView, ...]
    lists: tuple[ListView, ...]
    unsent: int
    oldest_unsent_seconds: float | None
    done_today: int
    online: bool
    last_decision: LastDecision | None
    notices: tuple[Notice, ...]
    fingers: FingersShown | None = None
    late_hits: tuple[LateHitView, ...] = ()
    exchange: ExchangeView | None = None
    stopped: str = ""


class FrameSlot:
    """One place for the newest live frame: the camera thread overwrites it, the screen's timer looks at it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._frame: Frame | None = None

    def put(self, frame: Frame | None) -> None:
        """Replace the frame (None: the camera stopped)."""
        with self._lock:
            self._frame = frame

    def newest(self) -> Frame | None:
        """The newest frame, or None."""
        with self._lock:
            return self._frame


class Desk(Protocol):
    """What screens and the command line see of the desk. Every call returns at once."""

    @property
    def frames(self) -> FrameSlot: ...
    @property
    def finger_frames(self) -> FrameSlot: ...
    def snapshot(self) -> DeskSnapshot: ...
    def post(self, command: Command) -> None: ...
    def picture(self, ref: BlobRef) -> bytes | None: ...
    def subscribe(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]: ...
