"""Drawing a training traveller: the printed page, the passport with its chip, the film of the face, the fingers.

It takes one or two seconds of computing that no reader takes, and as much again for the fingers, some of it without
letting another thread run. A station with a screen therefore has it done in a process of its own (``drawing_room``);
``DrawnHere`` does it on the spot. Pictures are kept for the next time (``kept_drawings``); passports are issued anew.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, Protocol

import cv2
import numpy as np

from inspection_station.hardware.ports import FingerImage, Image
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.training.devices.kept_drawings import kept
from inspection_station.training.devices.stage import Laid
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.page_renderer import PageStyle, PageText, render_page
from inspection_station.training.page_wear import Severity, random_wear, wear_page
from inspection_station.training.passport_issue import AccessOffer, VirtualPassport
from inspection_station.training.personas.fingerprint_flow import DPI
from inspection_station.training.personas.identity import Persona
from inspection_station.training.personas.traveller import TrainingTraveller
from inspection_station.training.specimen_passport import card_access_number, fingers_for, training_authority
from inspection_station.training.virtual_chip.profiles import PROFILES

FILMED: Final = 14
"""Frames drawn a traveller, shown forwards and backwards: half a second of moving, blinking and breathing."""


Frames = tuple[bytes, ...]
"""The film of a face: JPEG, 1280 x 720 each."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn of a traveller's document: ``page`` is JPEG."""

    page: bytes
    passport: VirtualPassport


@dataclass(frozen=True, slots=True)
class FilmOrder:
    """The film of a traveller's face, apart from the document: at a scenario without faces nobody asks for it."""

    traveller: TrainingTraveller


@dataclass(frozen=True, slots=True)
class FingerOrder:
    """Impressions of one finger: of the person with ``seed``, ``count`` of them from number ``first`` on."""

    seed: int
    position: FingerPosition
    first: int
    count: int


class Draughtsman(Protocol):
    """Who draws. ``ahead``: whether drawing goes on while the caller does something else."""

    @property
    def ahead(self) -> bool: ...

    def draw(self, traveller: TrainingTraveller, today: date, into: Future[Drawn]) -> None:
        """Sooner or later puts the drawing, or the fault that prevented it, into the future."""
        ...

    def film(self, order: FilmOrder, into: Future[Frames], *, soon: bool = False) -> None:
        """The same for the film of the face; ``soon``: before everything that has not been begun."""
        ...

    def lay_down(self, fingers: FingerOrder, into: Future[Laid], *, soon: bool = False) -> None:
        """The same for impressions."""
        ...

    def close(self) -> None:
        """Nothing more is drawn; what is waited for fails."""
        ...


class DrawnHere:
    """Draws on the calling thread: for tests, and for tools that show one traveller."""

    ahead = False

    def draw(self, traveller: TrainingTraveller, today: date, into: Future[Drawn]) -> None:
        try:
            into.set_result(draw(traveller, today))
        except Exception as fault:
            into.set_exception(fault)

    def film(self, order: FilmOrder, into: Future[Frames], *, soon: bool = False) -> None:
        try:
            into.set_result(film(order))
        except Exception as fault:
            into.set_exception(fault)

    def lay_down(self, fingers: FingerOrder, into: Future[Laid], *, soon: bool = False) -> None:
        try:
            into.set_result(lay_down(fingers))
        except Exception as fault:
            into.set_exception(fault)

    def close(self) -> None:
        """Nothing is open."""


def draw(traveller: TrainingTraveller, today: date) -> Drawn:
    """Draw the page and issue the passport as of ``today``. The same arguments give the same bytes, but
    for what a signature's clock adds.
    """
    coded, jpeg_2000 = kept("portrait", (traveller.face_seed,), lambda: _portrait(traveller))
    (page,) = kept(
        "page", (traveller.seed, traveller.persona, traveller.face_seed), lambda: [_printed(traveller, coded)]
    )
    profile = PROFILES[traveller.chip]
    passport = profile.issue(
        traveller.mrz_lines,
        jpeg_2000,
        authority=_authority(today.year, today.month),
        at=today,
        fault=traveller.passport_fault,
        can=None if profile.access is AccessOffer.BAC else card_access_number(traveller.seed),
        fingers=fingers_for(profile, traveller.seed),
    )
    return Drawn(page, passport)


def film(order: FilmOrder) -> Frames:
    """Film the face, or take what was filmed before. The same order gives the same bytes."""
    who = order.traveller
    return kept("film", (who.seed, who.live_face), lambda: _filmed(who))


def lay_down(fingers: FingerOrder) -> Laid:
    """Grow the finger (half a second, unless it was grown before) and lay it down; the same for the same order."""

    def impressions() -> list[bytes]:
        # Here, since growing loads machine code that a process which only inspects has no use for.
        from inspection_station.training.personas.fingerprint import finger_of, impression

        finger = finger_of(fingers.seed, fingers.position)
        numbers = range(fingers.first, fingers.first + fingers.count)
        return [_lossless(impression(finger, number)) for number in numbers]

    laid = kept("fingers", (fingers,), impressions)
    return tuple(FingerImage(_unpacked(coded, cv2.IMREAD_GRAYSCALE), DPI) for coded in laid)


@lru_cache(maxsize=2)
def _authority(year: int, month: int) -> IssuingAuthority:
    return training_authority(date(year, month, 1))


def _portrait(traveller: TrainingTraveller) -> list[bytes]:
    return [_lossless(traveller.portrait), traveller.portrait_jp2]


def _filmed(traveller: TrainingTraveller) -> list[bytes]:
    film = traveller.live()
    return [_packed(film.frame(index), 94) for index in range(FILMED)]


def _printed(traveller: TrainingTraveller, portrait: bytes) -> bytes:
    """A full-page reader's picture of the data page, about 1,300 to 2,000 pixels wide."""
    page = render_page(
        _text(traveller.persona),
        traveller.mrz_lines,
        portrait=_unpacked(portrait, cv2.IMREAD_COLOR),
        style=PageStyle(),
        seed=traveller.seed % 2**32,
    )
    chance = np.random.default_rng(traveller.seed % 2**32)
    return _packed(wear_page(page, random_wear(Severity.CLEAN, chance), seed=traveller.seed % 2**32), 92)


def _packed(image: Image, quality: int) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


def _lossless(image: Image) -> bytes:
    return bytes(cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())


def _unpacked(coded: bytes, how: int) -> Image:
    return np.ascontiguousarray(cv2.imdecode(np.frombuffer(coded, np.uint8), how), np.uint8)


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
