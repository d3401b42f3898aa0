"""Fictional documents by seed for showing to the reader: fields, lines of the zone, and the page's text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inspection_station.documents.mrz_compose import compose
from inspection_station.inspection.document import DocumentFormat
from inspection_station.training.page_renderer import PageText

_ONSETS = (
    "B",
    "CH",
    "D",
    "F",
    "G",
    "H",
    "J",
    "K",
    "L",
    "M",
    "N",
    "P",
    "QU",
    "R",
    "S",
    "T",
    "V",
    "W",
    "X",
    "Y",
    "Z",
    "KR",
)
_VOWELS = ("A", "E", "I", "O", "U", "AI", "OU", "IE")
_ENDINGS = ("", "N", "S", "R", "NG", "CK", "X", "L", "MP", "D", "TZ")
_STATES = ("UTO", "D", "TWN", "GBR", "PHL", "IDN", "VNM", "JPN", "PAN", "IND", "NOR", "QAT", "XOM", "BWA", "CZE", "FJI")
_CODES = {
    DocumentFormat.TD1: ("I", "ID", "AC", "IR"),
    DocumentFormat.TD2: ("I", "ID", "AC"),
    DocumentFormat.TD3: ("P", "PD", "PS", "PM"),
    DocumentFormat.MRV_A: ("V", "VC"),
    DocumentFormat.MRV_B: ("V", "VC"),
}


@dataclass(frozen=True, slots=True)
class Specimen:
    """A document that nobody has. Every check digit of ``lines`` is right."""

    format: DocumentFormat
    lines: tuple[str, ...]
    text: PageText


def specimen(document_format: DocumentFormat, rng: np.random.Generator) -> Specimen:
    """Random fields: names of one to four parts, numbers of letters and digits, optional data now and then."""
    surname = " ".join(_name(rng) for _ in range(rng.integers(1, 3)))
    given = " ".join(_name(rng) for _ in range(rng.integers(1, 4)))
    state = _pick(_STATES, rng)
    number = _characters(9, rng, letters=rng.random() < 0.7)
    born, expires = _date(rng, 30, 108), _date(rng, 126, 136)
    sex = _pick(("M", "F", "<"), rng)
    card = document_format is DocumentFormat.TD1
    optional = _characters(int(rng.integers(4, 11)), rng, letters=True) if rng.random() < 0.4 and not card else ""
    if document_format is DocumentFormat.TD2 or document_format is DocumentFormat.MRV_B:
        optional = optional[:7]
    lines = compose(
        document_format,
        document_code=_pick(_CODES[document_format], rng),
        issuing_state=state,
        primary=surname,
        secondary=given,
        document_number=number,
        nationality=_pick(_STATES, rng),
        date_of_birth=born,
        sex=sex,
        date_of_expiry=expires,
        optional_data=optional,
    )
    rows = (
        ("Surname", surname),
        ("Given names", given),
        ("Document No.", number),
        ("Nationality", state),
        ("Date of birth", born),
        ("Sex", sex),
        ("Date of expiry", expires),
    )
    return Specimen(document_format, lines, PageText(rows))


def _pick(choices: tuple[str, ...], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


def _name(rng: np.random.Generator) -> str:
    return "".join(
        _pick(_ONSETS, rng) + _pick(_VOWELS, rng) + _pick(_ENDINGS, rng) for _ in range(int(rng.integers(1, 4)))
    )


def _characters(count: int, rng: np.random.Generator, *, letters: bool) -> str:
    pool = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letters else "0123456789"
    return "".join(pool[int(rng.integers(len(pool)))] for _ in range(count))


def _date(rng: np.random.Generator, first: int, last: int) -> str:
    """YYMMDD of a year of 1900 + ``first`` to 1900 + ``last`` - 1."""
    return f"{int(rng.integers(first, last)) % 100:02}{int(rng.integers(1, 13)):02}{int(rng.integers(1, 29)):02}"
