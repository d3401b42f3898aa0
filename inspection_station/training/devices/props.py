"""What training devices show of a training traveller: the printed page, the chip with its files, the film of the face,
the fingers.

They are drawn once (``drawing``) and kept for the last few travellers; ``expect`` has a coming traveller drawn while
the present one is inspected.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from datetime import date
from threading import Lock
from typing import Final, TypeVar

import cv2
import numpy as np

from inspection_station.hardware.ports import ChipConnection, Image
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.training.devices.drawing import Draughtsman, Drawn, DrawnHere, FilmOrder, FingerOrder, Frames
from inspection_station.training.devices.stage import TOGETHER, Laid, LivePicture
from inspection_station.training.faults import Fault
from inspection_station.training.personas.traveller import TrainingTraveller
from inspection_station.training.virtual_chip.card import VirtualChip
from inspection_station.training.virtual_chip.connection import VirtualChipConnection
from inspection_station.training.virtual_chip.profiles import PROFILES

_KEPT: Final = 3
"""Travellers: the one before, the present one, the coming one; some 3 MB each."""
_Sheet = tuple[Hashable, ...]
_K = TypeVar("_K")
_T = TypeVar("_T")
_KEPT_FINGERS: Final = 12
"""Orders of impressions; 0.4 MB each."""
_AS_A_RULE: Final = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
_OTHER_PERSON: Final = 1 << 48
"""Added to the seed of somebody who shows another's document: their fingers are not the holder's."""
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
    """Props of ``personas.traveller.TrainingTraveller``. ``today`` dates the passports' signatures; ``films`` says
    whether faces are filmed beforehand: without, a film is drawn when a camera asks for it.

    Every method that shows something waits for the drawing and raises what it failed with: DeviceError.
    """

    def __init__(
        self, draughtsman: Draughtsman | None = None, today: Callable[[], date] = date.today, *, films: bool = True
    ) -> None:
        self._draughtsman = draughtsman or DrawnHere()
        self._today = today
        self._films = films
        self._lock = Lock()
        self._drawn: OrderedDict[_Sheet, Future[Drawn]] = OrderedDict()
        self._filmed: OrderedDict[_Sheet, Future[Frames]] = OrderedDict()
        self._laid: OrderedDict[FingerOrder, Future[Laid]] = OrderedDict()

    def prepare(self, traveller: TrainingTraveller) -> None:
        """Draw the page, issue the passport and film the face, what has not been done of it, and wait for it."""
        self.expect(traveller)
        self._of(traveller)
        if self._films:
            self._film_of(traveller)

    def expect(self, traveller: TrainingTraveller) -> None:
        """Have a coming traveller drawn meanwhile; returns at once, and does nothing where nobody draws meanwhile."""
        if self._draughtsman.ahead:
            self._ordered(traveller)
            if self._films:
                self._film_ordered(traveller, soon=False)

    def expect_fingers(self, traveller: TrainingTraveller) -> None:
        """Both index fingers, after what was ordered before; does nothing where nobody draws meanwhile."""
        if self._draughtsman.ahead:
            for position in _AS_A_RULE:
                self._fingers(traveller, position, 0, soon=False)

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
        return Film(self._film_of(traveller))

    def impressions(self, traveller: TrainingTraveller, position: FingerPosition, first: int) -> Future[Laid]:
        """Another finger than is expected goes before everybody who is still to be drawn: somebody waits for it."""
        return self._fingers(traveller, position, first, soon=True)

    def device_fault(self, traveller: TrainingTraveller) -> str | None:
        """The fault that belongs to the traveller's story, where it is one of a device."""
        return traveller.device_fault if traveller.device_fault in _DEVICE_FAULTS else None

    def _of(self, traveller: TrainingTraveller) -> Drawn:
        return _waited_for(self._ordered(traveller), lambda drawing: self._forget(self._drawn, traveller, drawing))

    def _film_of(self, traveller: TrainingTraveller) -> Frames:
        film = self._film_ordered(traveller, soon=True)
        return _waited_for(film, lambda drawing: self._forget(self._filmed, traveller, drawing))

    def _ordered(self, traveller: TrainingTraveller) -> Future[Drawn]:
        with self._lock:
            drawing, new = _kept(self._drawn, _sheet(traveller), _KEPT)
        if new:
            self._draughtsman.draw(traveller, self._today(), drawing)
        return drawing

    def _film_ordered(self, traveller: TrainingTraveller, *, soon: bool) -> Future[Frames]:
        with self._lock:
            film, new = _kept(self._filmed, _sheet(traveller), _KEPT)
        if new:
            self._draughtsman.film(FilmOrder(traveller), film, soon=soon)
        return film

    def _fingers(
        self, traveller: TrainingTraveller, position: FingerPosition, first: int, *, soon: bool
    ) -> Future[Laid]:
        holder = traveller.live_face == traveller.face_seed
        order = FingerOrder(traveller.seed if holder else traveller.seed + _OTHER_PERSON, position, first, TOGETHER)
        with self._lock:
            laid = self._laid.get(order)
            if laid is not None and laid.done() and laid.exception() is not None:
                del self._laid[order]  # what failed is tried anew
            laid, new = _kept(self._laid, order, _KEPT_FINGERS)
        if new:
            self._draughtsman.lay_down(order, laid, soon=soon)
        return laid

    def _forget(self, kept: dict[_Sheet, Future[_T]], traveller: TrainingTraveller, drawing: Future[_T]) -> None:
        """What failed is tried anew the next time it is wanted."""
        with self._lock:
            if kept.get(_sheet(traveller)) is drawing:
                del kept[_sheet(traveller)]


def _waited_for(drawing: Future[_T], forget: Callable[[Future[_T]], None]) -> _T:
    try:
        return drawing.result()  # whoever draws gives up a drawing that does not get on
    finally:
        if drawing.done() and drawing.exception() is not None:
            forget(drawing)


def _kept(kept: OrderedDict[_K, Future[_T]], key: _K, most: int) -> tuple[Future[_T], bool]:
    """The drawing of ``key``, now the newest of those kept, and whether it is still to be ordered."""
    there = kept.pop(key, None)
    drawing: Future[_T] = Future() if there is None else there
    kept[key] = drawing
    while len(kept) > most:
        kept.popitem(last=False)
    return drawing, there is None


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
