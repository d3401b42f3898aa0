"""The stage: which traveller is there now. A lesson, a trainer or a test sets it; the devices look at it."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, replace
from threading import Condition, Lock
from typing import Any, Final, Protocol

from inspection_station.hardware.ports import ChipConnection, FingerImage, Image
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.training.faults import FaultBoard

TOGETHER: Final = 3
"""Impressions of a finger that are laid down in one go: as many as a station takes of it (``desk.finger_capture``)."""

Laid = tuple[FingerImage, ...]
"""Impressions, grey, as a reader gives them."""


class LivePicture(Protocol):
    """A traveller before the camera: frame ``index`` of an endless film, BGR."""

    def frame(self, index: int) -> Image: ...


class Props(Protocol):
    """Makes what the devices show of a traveller. The real ones are ``props.TravellerProps``."""

    def page(self, traveller: Any) -> bytes:
        """The data page as an encoded picture."""
        ...

    def lines(self, traveller: Any) -> tuple[str, ...]:
        """The machine-readable zone as printed."""
        ...

    def chip(self, traveller: Any) -> ChipConnection | None:
        """A fresh connection to the traveller's chip, or None for a document without one."""
        ...

    def card(self, traveller: Any) -> Any:
        """The chip itself (``virtual_chip.VirtualChip``), for the way over the PC/SC daemon."""
        ...

    def live(self, traveller: Any) -> LivePicture: ...
    def impressions(self, traveller: Any, position: FingerPosition, first: int) -> Future[Laid]:
        """What the traveller lays down from try ``first`` on, ``TOGETHER`` of them, once that has been drawn: the same
        for the same try.
        """
        ...

    def expect_fingers(self, traveller: Any) -> None:
        """As ``expect``, for the fingers that are asked for as a rule."""
        ...

    def prepare(self, traveller: Any) -> None:
        """Do beforehand what takes long, and wait for it."""
        ...

    def expect(self, traveller: Any) -> None:
        """Begin with what takes long, if it can be done meanwhile; returns at once."""
        ...

    def close(self) -> None:
        """Nothing more is shown."""
        ...

    def device_fault(self, traveller: Any) -> str | None:
        """Name of the ``Fault`` that comes with the traveller, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is there. ``number`` grows with every change, so that the same traveller shown again is a new
    presence; ``laid`` grows whenever the document is put down, which may happen several times in one presence.
    """

    number: int
    traveller: Any | None
    laid: int = 0


class TrainingStage:
    """One traveller at a time, with document, chip and face. Thread-safe."""

    def __init__(self, props: Props | None = None, faults: FaultBoard | None = None) -> None:
        self.faults = faults or FaultBoard()
        self._props = props
        self._changed = Condition()
        self._presence = Presence(0, None)
        self._brought: str | None = None
        self._fingers = False

    @property
    def props(self) -> Props:
        """What makes pages, chips and faces; the real props are loaded when first needed."""
        with self._changed:
            if self._props is None:
                from inspection_station.training.devices.props import TravellerProps

                self._props = TravellerProps()
            return self._props

    @property
    def presence(self) -> Presence:
        with self._changed:
            return self._presence

    @property
    def current(self) -> Any | None:
        """The traveller who is there, or None."""
        return self.presence.traveller

    def present(self, traveller: Any) -> Presence:
        """A traveller steps up: the document lies on the readers, the face is before the camera.

        The fault of the traveller's own story is put in. Without ``prepare`` the devices draw on their own time.
        """
        return self._change(traveller, self.props.device_fault(traveller))

    def prepare(self, traveller: Any) -> None:
        """Draw a coming traveller beforehand, and wait until that is done. Raises DeviceError when it cannot be."""
        self.props.prepare(traveller)
        self._expect_fingers(traveller)

    def expect(self, traveller: Any) -> None:
        """Have a coming traveller drawn meanwhile, where somebody draws meanwhile; returns at once."""
        self.props.expect(traveller)
        self._expect_fingers(traveller)

    def fingers_too(self) -> None:
        """There is a reader for them: from now on a coming traveller's fingers are drawn too, after the rest."""
        self._fingers = True

    def close(self) -> None:
        """Nobody steps up any more; devices that wait for a drawing get a DeviceError."""
        with self._changed:
            props = self._props
        if props is not None:
            props.close()

    def put_down_again(self) -> None:
        """The officer lifts the document and puts it down once more: it is read again."""
        with self._changed:
            self._presence = replace(self._presence, laid=self._presence.laid + 1)
            self._changed.notify_all()

    def remove(self) -> None:
        """The traveller takes the document and leaves."""
        self._change(None, None)

    def wait_for_change(self, since: int, seconds: float) -> Presence:
        """The presence as soon as its number differs from ``since``, at the latest after ``seconds``."""
        until = time.monotonic() + seconds
        with self._changed:
            while self._presence.number == since and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            return self._presence

    def _expect_fingers(self, traveller: Any) -> None:
        if self._fingers:
            self.props.expect_fingers(traveller)

    def _change(self, traveller: Any | None, fault: str | None) -> Presence:
        with self._changed:
            if self._presence.traveller is not None:
                self.faults.traveller_left()
            if self._brought is not None:
                self.faults.withdraw(self._brought)  # one that never struck must not strike the next traveller
            if fault is not None:
                self.faults.inject(fault)
            self._brought = fault
            self._presence = Presence(self._presence.number + 1, traveller, self._presence.laid + 1)
            self._changed.notify_all()
            return self._presence


DEFAULT_STAGE: Final = "main"
_stages: dict[str, TrainingStage] = {}
_stages_lock = Lock()


def named_stage(name: str = DEFAULT_STAGE) -> TrainingStage:
    """The stage that devices made from a profile share; their setting ``stage`` names it."""
    with _stages_lock:
        return _stages.setdefault(name, TrainingStage())
