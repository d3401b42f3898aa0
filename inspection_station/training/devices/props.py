"""What training devices show of a training traveller: the printed page, the chip with its files, the film of the face.

Drawing a person takes some seconds of computing, which no reader takes. ``prepare`` does it beforehand, on whatever
thread the play has to spare; what was prepared is kept for the last few travellers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Final

import cv2
import numpy as np

from inspection_station.hardware.ports import ChipConnection, Image
from inspection_station.training.devices.stage import LivePicture
from inspection_station.training.faults import Fault
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.page_renderer import PageStyle, PageText, render_page
from inspection_station.training.page_wear import Severity, random_wear, wear_page
from inspection_station.training.passport_issue import VirtualPassport, issue_passport
from inspection_station.training.personas.identity import Persona
from inspection_station.training.personas.traveller import TrainingTraveller
from inspection_station.training.specimen_passport import training_authority
from inspection_station.training.virtual_chip.card import VirtualChip
from inspection_station.training.virtual_chip.connection import VirtualChipConnection

_KEPT: Final = 4
_FILMED: Final = 14
"""Frames drawn a traveller, shown forwards and backwards: half a second of moving, blinking and breathing."""
_DEVICE_FAULTS: Final = frozenset(f.value for f in Fault)


@dataclass(frozen=True, slots=True)
class _Drawn:
    page: bytes
    passport: VirtualPassport
    live: LivePicture


class Film:
    """Frames drawn once and kept as a webcam sends them (JPEG), shown to and fro without end.

    Drawing a frame takes some 35 ms of computing, which no camera takes; unpacking one takes a fifth of that.
    """

    def __init__(self, live: LivePicture, frames: int = _FILMED) -> None:
        self._frames = [_packed(live.frame(index)) for index in range(frames)]

    def frame(self, index: int) -> Image:
        """Frame ``index`` of the endless film, BGR."""
        last = len(self._frames) - 1
        place = index % (2 * last) if last else 0
        picture = cv2.imdecode(self._frames[place if place <= last else 2 * last - place], cv2.IMREAD_COLOR)
        return np.asarray(picture, np.uint8)


def _packed(image: Image) -> Image:
    return np.asarray(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 94])[1], np.uint8)


class TravellerProps:
    """Props of ``personas.traveller.TrainingTraveller``. ``today`` dates the passports' signatures."""

    def __init__(self, today: Callable[[], date] = date.today) -> None:
        self._today = today
        self._drawing = Lock()
        self._drawn: OrderedDict[TrainingTraveller, _Drawn] = OrderedDict()

    def prepare(self, traveller: TrainingTraveller) -> None:
        """Draw the page, issue the passport and film the face, if that has not been done."""
        self._of(traveller)

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
        return VirtualChip(self._of(traveller).passport)

    def live(self, traveller: TrainingTraveller) -> LivePicture:
        """The film of the face at the counter: 1280 x 720, BGR."""
        return self._of(traveller).live

    def device_fault(self, traveller: TrainingTraveller) -> str | None:
        """The fault that belongs to the traveller's story, where it is one of a device."""
        return traveller.device_fault if traveller.device_fault in _DEVICE_FAULTS else None

    def _of(self, traveller: TrainingTraveller) -> _Drawn:
        with self._drawing:
            drawn = self._drawn.pop(traveller, None) or self._draw(traveller)
            self._drawn[traveller] = drawn
            while len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
            return drawn

    def _draw(self, traveller: TrainingTraveller) -> _Drawn:
        today = self._today()
        passport = issue_passport(
            traveller.mrz_lines,
            traveller.portrait_jp2,
            authority=_authority(today.year, today.month),
            at=today,
            fault=traveller.passport_fault,
        )
        return _Drawn(_printed(traveller), passport, Film(traveller.live()))


@lru_cache(maxsize=2)
def _authority(year: int, month: int) -> IssuingAuthority:
    return training_authority(date(year, month, 1))


def _printed(traveller: TrainingTraveller) -> bytes:
    page = render_page(
        _text(traveller.persona),
        traveller.mrz_lines,
        portrait=traveller.portrait,
        style=PageStyle(),
        seed=traveller.seed % 2**32,
    )
    chance = np.random.default_rng(traveller.seed % 2**32)
    seen = wear_page(page, random_wear(Severity.CLEAN, chance), seed=traveller.seed % 2**32)
    return bytes(cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())


def _text(who: Persona) -> PageText:
    rows = (
        ("Surname", who.name.primary),
        ("Given names", who.name.secondary),
        ("Nationality", who.nationality),
        ("Passport No.", who.document_number),
        ("Date of birth", f"{who.date_of_birth:%d %m %Y}"),
        ("Sex", who.sex or "X"),
        ("Date of expiry", f"{who.date_of_expiry:%d %m %Y}"),
    )
    return PageText(rows)
