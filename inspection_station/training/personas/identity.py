"""Who a training traveller is: everything a passport says, from a seed alone.

Documents are issued by Utopia (UTO), the state Doc 9303 part 3 §5 keeps for specimens, so that no training document
can be taken for a real one. Only Taiwan's own nationals carry Taiwan's passport: the national ID that article 91
turns on is printed there alone. The nationality is what the exercise needs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from inspection_station.documents.mrz_compose import compose
from inspection_station.inspection.document import DocumentFormat
from inspection_station.inspection.person_class import UNDER_AGE, PersonClass, age_on
from inspection_station.training.personas.names import (
    PrintedName,
    culture_of,
    cultures,
    drawn_culture,
    drawn_name,
)

ISSUING_STATE = "UTO"

# Letters of a national ID stand for two digits; the order is that of the registration offices, not of the alphabet.
_ID_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_NUMBER_LETTERS = "CFGHJKLMNPRTVWXYZ0123456789"  # no letter that a reader mistakes for a digit


class PersonaKind(StrEnum):
    """What the traveller is, in the terms an exercise is written in."""

    FOREIGNER = "foreigner"
    CREW = "crew"
    DIPLOMAT = "diplomat"
    MINOR = "minor"
    REGISTERED_NATIONAL = "registered national"
    NATIONAL_WITHOUT_REGISTRATION = "national without registration"
    HONG_KONG = "hong kong"
    MACAO = "macao"
    MAINLAND = "mainland"


_NATIONALITY = {
    PersonaKind.REGISTERED_NATIONAL: "TWN",
    PersonaKind.NATIONAL_WITHOUT_REGISTRATION: "TWN",
    PersonaKind.HONG_KONG: "HKG",
    PersonaKind.MACAO: "MAC",
    PersonaKind.MAINLAND: "CHN",
}
_CLASS = {
    PersonaKind.REGISTERED_NATIONAL: PersonClass.REGISTERED_NATIONAL,
    PersonaKind.NATIONAL_WITHOUT_REGISTRATION: PersonClass.NATIONAL_WITHOUT_REGISTRATION,
    PersonaKind.HONG_KONG: PersonClass.HONG_KONG_MACAO,
    PersonaKind.MACAO: PersonClass.HONG_KONG_MACAO,
    PersonaKind.MAINLAND: PersonClass.MAINLAND,
}
_RANKS = ("master", "chief officer", "second engineer", "able seaman", "oiler", "steward", "cook", "cadet")


@dataclass(frozen=True, slots=True)
class Persona:
    """An invented person and their document. ``sex`` "M", "F" or "" (not specified); ``rank`` only for crew."""

    seed: int
    kind: PersonaKind
    name: PrintedName
    nationality: str
    issuing_state: str
    document_code: str
    document_number: str
    sex: str
    date_of_birth: date
    date_of_issue: date
    date_of_expiry: date
    optional_data: str
    format: DocumentFormat
    rank: str
    mrz_lines: tuple[str, ...]

    @property
    def person_class(self) -> PersonClass:
        """The class an officer should arrive at."""
        return _CLASS.get(self.kind, PersonClass.FOREIGNER)

    def age(self, today: date) -> int:
        """Completed years."""
        return age_on(self.date_of_birth, today)


def persona(
    seed: int,
    *,
    kind: PersonaKind = PersonaKind.FOREIGNER,
    today: date,
    format: DocumentFormat = DocumentFormat.TD3,
    expired: bool = False,
) -> Persona:
    """The persona of a seed: the same for the same arguments, on any machine.

    ``today`` fixes age and validity; ``expired`` gives a document that ran out in the last two years.
    """
    chance = Random(f"persona {seed} {kind.value}")
    nationality, name, sex = _who(kind, chance)
    state = nationality if nationality == "TWN" else ISSUING_STATE
    birth = _birth(kind, today, chance)
    issued, expiry = _validity(birth, today, expired, chance)
    code = {PersonaKind.DIPLOMAT: "PD"}.get(kind, "P")
    if format is not DocumentFormat.TD3:
        code = "I"
    optional = national_id(sex, chance) if kind is PersonaKind.REGISTERED_NATIONAL else ""
    number = _document_number(seed, kind)
    lines = compose(
        format,
        document_code=code,
        issuing_state=state,
        primary=name.primary,
        secondary=name.secondary,
        document_number=number,
        nationality=nationality,
        date_of_birth=birth.strftime("%y%m%d"),
        sex=sex,
        date_of_expiry=expiry.strftime("%y%m%d"),
        optional_data=optional,
    )
    return Persona(
        seed=seed,
        kind=kind,
        name=name,
        nationality=nationality,
        issuing_state=state,
        document_code=code,
        document_number=number,
        sex=sex,
        date_of_birth=birth,
        date_of_issue=issued,
        date_of_expiry=expiry,
        optional_data=optional,
        format=format,
        rank=chance.choice(_RANKS) if kind is PersonaKind.CREW else "",
        mrz_lines=lines,
    )


def national_id(sex: str, chance: Random) -> str:
    """An identity number of a registered national with a right check digit; the serial is drawn, not a person's."""
    letter = chance.choice("ABDEFHKNPQ")
    digits = [2 if sex == "F" else 1, *(chance.randrange(10) for _ in range(7))]
    code = 10 + _ID_LETTERS.index(letter)
    total = code // 10 + 9 * (code % 10) + sum(w * d for w, d in zip(range(8, 0, -1), digits, strict=True))
    return letter + "".join(map(str, digits)) + str(-total % 10)


def _who(kind: PersonaKind, chance: Random) -> tuple[str, PrintedName, str]:
    sex = "F" if chance.random() < 0.5 else "M"
    if kind in _NATIONALITY:
        nationality = _NATIONALITY[kind]
        return nationality, drawn_name(culture_of(nationality), sex, chance), sex
    culture = drawn_culture(chance)
    if kind is PersonaKind.CREW:  # most seafarers that call here come from few states
        culture = chance.choice(
            [c for c in cultures() if c.key in ("filipino", "indian", "vietnamese", "slavic", "one_name")]
        )
        sex = "M" if chance.random() < 0.85 else "F"
    name = drawn_name(culture, sex, chance)
    nationality = "UTO" if chance.random() < 0.35 else chance.choice(culture.nationalities)
    printed_sex = "" if kind is PersonaKind.FOREIGNER and chance.random() < 0.02 else sex
    return nationality, name, printed_sex


def _birth(kind: PersonaKind, today: date, chance: Random) -> date:
    if kind is PersonaKind.MINOR:
        days = chance.randrange(365 * 7, int(365.25 * UNDER_AGE) - 5)
    elif kind in (PersonaKind.CREW, PersonaKind.DIPLOMAT):
        days = chance.randrange(365 * 24, 365 * 62)
    else:
        days = chance.randrange(365 * 19, 365 * 78)
    return today - timedelta(days=days)


def _validity(birth: date, today: date, expired: bool, chance: Random) -> tuple[date, date]:
    term = 5 if age_on(birth, today) < 18 else 10
    if expired:
        expiry = today - timedelta(days=chance.randrange(10, 700))
    else:
        # More than six months left, less than the full term: a fresh document is as likely as an old one.
        expiry = today + timedelta(days=chance.randrange(200, 365 * term - 30))
    issued = expiry - timedelta(days=365 * term + term // 4)
    return max(issued, birth + timedelta(days=30)), expiry


def _document_number(seed: int, kind: PersonaKind) -> str:
    """Nine places that begin with U: 27^8 numbers, so that two seeds hardly ever meet."""
    rest = int.from_bytes(hashlib.sha256(f"document {seed} {kind.value}".encode()).digest()[:8], "big")
    places = []
    for _ in range(8):
        rest, index = divmod(rest, len(_NUMBER_LETTERS))
        places.append(_NUMBER_LETTERS[index])
    return "U" + "".join(places)
