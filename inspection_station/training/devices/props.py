"""What training devices show of a training traveller: the printed page, the chip with its files, the film of the face.

They are drawn once (``drawing``) and kept for the last few travellers; ``expect`` has a coming traveller drawn while
the present one is inspected.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillDrawing
from datetime import date
from threading import Lock
from typing import Final

import cv2
import numpy as np

from inspection_station.hardware.errors import DeviceStalled
from inspection_station.hardware.ports import ChipConnection, Image
from inspection_station.training.devices.drawing import Draughtsman, Drawn, DrawnHere
from inspection_station.training.devices.stage import LivePicture
from inspection_station.training.faults import Fault
from inspection_station.training.personas.traveller import TrainingTraveller
from inspection_station.training.virtual_chip.card import VirtualChip
from inspection_station.training.virtual_chip.connection import VirtualChipConnection
from inspection_station.training.virtual_chip.profiles import PROFILES

_KEPT: Final = 3
"""Travellers: the one before, the present one, the coming one; some 3 MB each."""
_PATIENCE_SECONDS: Final = 300.0
_Sheet = tuple[Hashable, ...]
_DEVICE_FAULTS: Final = frozenset(f.value for f in Fault)


class Film:
    """Frames as a webcam sends them (JPEG), shown to and fro without end.

    Drawing a frame takes some 35 ms of computing, which no camera takes; unpacking one takes a fifth of that.
    """

    def __init__(self, frames: Sequence[bytes]) -> None:
        self._frames = [np.frombuffer(frame, np.uint8) for frame in frames]

    def frame(self, index: int) -> Image:
        """Frame ``index`` of the endless film, BGR."""
        last = len(self._frames) - 1
        place = index % (2 * last) if last else 0
        picture = cv2.imdecode(self._frames[place if place <= last else 2 * last - place], cv2.IMREAD_COLOR)
        return np.asarray(picture, np.uint8)


class TravellerProps:
    """Props of ``personas.traveller.TrainingTraveller``. ``today`` dates the passports' signatures.

    Every method that shows something waits for the drawing and raises what it failed with: DeviceError.
    """

    def __init__(self, draughtsman: Draughtsman | None = None, today: Callable[[], date] = date.today) -> None:
        self._draughtsman = draughtsman or DrawnHere()
        self._today = today
        self._lock = Lock()
        self._drawn: OrderedDict[_Sheet, Future[Drawn]] = OrderedDict()

    def prepare(self, traveller: TrainingTraveller) -> None:
        """Draw the page, issue the passport and film the face, if that has not been done, and wait for it."""
        self._of(traveller)

    def expect(self, traveller: TrainingTraveller) -> None:
        """Have a coming traveller drawn meanwhile; returns at once, and does nothing where nobody draws meanwhile."""
        if self._draughtsman.ahead:
            self._ordered(traveller)

    def close(self) -> None:
        """Nothing more is drawn."""
        self._draughtsman.close()

    def page(self, traveller: TrainingTraveller) -> bytes:
        """A full-page reader's picture of the data page: JPEG, about 1,300 to 2,000 pixels wide."""
        return self._of(traveller).page

    def lines(self, traveller: TrainingTraveller) -> tuple[str, ...]:
        return traveller.mrz_lines

    def chip(self, traveller: TrainingTraveller) -> ChipConnection | None:
        """A connection in process to a freshly powered chip."""
        return VirtualChipConnection(self.card(traveller))

    def card(self, traveller: TrainingTraveller) -> VirtualChip:
        """The chip itself, to be laid on a virtual reader."""
        return VirtualChip(self._of(traveller).passport, limits=PROFILES[traveller.chip].limits)

    def live(self, traveller: TrainingTraveller) -> LivePicture:
        """The film of the face at the counter: 1280 x 720, BGR."""
        return Film(self._of(traveller).frames)

    def device_fault(self, traveller: TrainingTraveller) -> str | None:
        """The fault that belongs to the traveller's story, where it is one of a device."""
        return traveller.device_fault if traveller.device_fault in _DEVICE_FAULTS else None

    def _of(self, traveller: TrainingTraveller) -> Drawn:
        drawing = self._ordered(traveller)
        try:
            return drawing.result(_PATIENCE_SECONDS)
        except StillDrawing:
            raise DeviceStalled("a training traveller was not drawn in time") from None
        finally:
            if drawing.done() and drawing.exception() is not None:
                self._forget(traveller, drawing)

    def _ordered(self, traveller: TrainingTraveller) -> Future[Drawn]:
        sheet = _sheet(traveller)
        with self._lock:
            drawing = self._drawn.pop(sheet, None)
            new = drawing is None
            if drawing is None:
                drawing = Future()
            self._drawn[sheet] = drawing
            while len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        if new:
            self._draughtsman.draw(traveller, self._today(), drawing)
        return drawing

    def _forget(self, traveller: TrainingTraveller, drawing: Future[Drawn]) -> None:
        """What failed is tried anew the next time it is wanted."""
        with self._lock:
            if self._drawn.get(_sheet(traveller)) is drawing:
                del self._drawn[_sheet(traveller)]


def _sheet(traveller: TrainingTraveller) -> _Sheet:
    """What decides a drawing: a fault of a device is no part of it."""
    return (
        traveller.seed,
        traveller.persona,
        traveller.face_seed,
        traveller.live_face,
        traveller.passport_fault,
        traveller.chip,
    )
