"""What was read from the document: the machine-readable zone and what is known about each character.

Terms and layouts: ICAO Doc 9303 part 3 (common to all), parts 4 (TD3), 5 (TD1), 6 (TD2) and 7 (visas MRV-A, MRV-B).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DocumentFormat(StrEnum):
    """Layout of the zone; the value is the name used in output."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"
    MRV_A = "MRV-A"
    MRV_B = "MRV-B"


class MrzSource(StrEnum):
    """How the zone reached the station. What a source cannot give (DV-06…08) follows from it."""

    FULL_PAGE = "full-page reader"
    HALF_PAGE = "half-page reader"
    SWIPE = "swipe reader"
    CAMERA = "camera"
    KEYBOARD_WEDGE = "keyboard wedge"
    MANUAL = "typed twice"
    CHIP = "chip"


class CheckVerdict(StrEnum):
    """Verdict on one check digit."""

    CORRECT = "correct"
    WRONG = "wrong"
    ABSENT = "absent"  # optional field left empty with a filler as its check digit: allowed by part 4 §4.2.2


class MrzField(StrEnum):
    """Fields of the zone, named as in Doc 9303; the value is the stable key in JSON output."""

    DOCUMENT_CODE = "document_code"
    ISSUING_STATE = "issuing_state"
    NAME = "name"
    DOCUMENT_NUMBER = "document_number"
    NATIONALITY = "nationality"
    DATE_OF_BIRTH = "date_of_birth"
    SEX = "sex"
    DATE_OF_EXPIRY = "date_of_expiry"
    OPTIONAL_DATA = "optional_data"
    OPTIONAL_DATA_2 = "optional_data_2"
    COMPOSITE = "composite"


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """One check digit: the characters it covers, the digit printed and the digit computed (part 3 §4.9)."""

    field: MrzField
    covered: str
    printed: str
    computed: str
    verdict: CheckVerdict


@dataclass(frozen=True, slots=True)
class MrzDate:
    """A date of the zone. Parts that are fillers are unknown (part 3 §4.8) and stay None.

    ``year`` has four digits, completed from the two printed ones; ``raw`` is what is printed.
    """

    raw: str
    year: int | None
    month: int | None
    day: int | None

    def as_date(self) -> date | None:
        """The full date, or None when a part is unknown or the day does not exist."""
        if self.year is None or self.month is None or self.day is None:
            return None
        try:
            return date(self.year, self.month, self.day)
        except ValueError:
            return None

    def latest(self) -> date | None:
        """The latest day the printed parts allow (an expiry with an unknown day ends with its month)."""
        if self.year is None:
            return None
        month = self.month or 12
        if not 1 <= month <= 12:
            return None
        if self.day is not None:
            return self.as_date() if self.month is not None else date(self.year, 12, 31)
        following = date(self.year + month // 12, month % 12 + 1, 1)
        return date.fromordinal(following.toordinal() - 1)

    def earliest(self) -> date | None:
        """The earliest day the printed parts allow."""
        if self.year is None:
            return None
        try:
            return date(self.year, self.month or 1, (self.day or 1) if self.month else 1)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Name:
    """Name as printed: fillers turned to spaces. ``truncated``: it fills its field to the last place (part 3 §4.6)."""

    primary: str
    secondary: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class CharacterDoubt:
    """A character the reader could not settle. ``line`` and ``column`` count from 0; ``candidates`` best first.

    A doubt inside a class that the check digits cannot separate keeps the zone from being valid.
    """

    line: int
    column: int
    read: str
    candidates: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Repair:
    """A character changed because a check digit proved it."""

    line: int
    column: int
    read: str
    repaired: str
    proved_by: MrzField


@dataclass(frozen=True, slots=True)
class MachineReadableZone:
    """A parsed zone with a verdict per check digit. Values are as printed, fillers removed.

    ``document_number`` is complete even where a TD1/TD2 long number runs over into the optional data
    (part 5 §4.2.2 note j). ``unknown_codes`` names state codes that no table holds (amber, never a refusal).
    """

    format: DocumentFormat
    lines: tuple[str, ...]
    document_code: str
    issuing_state: str
    nationality: str
    name: Name
    document_number: str
    date_of_birth: MrzDate
    sex: str  # "M", "F", or "" where the holder's sex is not specified
    date_of_expiry: MrzDate
    optional_data: str
    optional_data_2: str
    checks: tuple[FieldCheck, ...]
    malformed_fields: tuple[MrzField, ...] = ()
    unknown_codes: tuple[str, ...] = ()
    doubts: tuple[CharacterDoubt, ...] = ()
    repairs: tuple[Repair, ...] = ()

    @property
    def checks_pass(self) -> bool:
        """Every check digit correct (or allowed to be absent) and every field well formed."""
        return not self.malformed_fields and all(c.verdict is not CheckVerdict.WRONG for c in self.checks)

    @property
    def valid(self) -> bool:
        """Checks pass and no character is in doubt. Still not «read correctly»: names carry no check digit."""
        return self.checks_pass and not self.doubts

    def failed_fields(self) -> tuple[MrzField, ...]:
        """Fields whose check digit is wrong, in printed order."""
        return tuple(c.field for c in self.checks if c.verdict is CheckVerdict.WRONG)


@dataclass(frozen=True, slots=True)
class BlobRef:
    """A picture or template by content. The bytes live in the desk's vault, never inside an event."""

    sha256: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class TravelDocument:
    """A document as presented: its zone, where the zone came from, and the page picture if the reader gives one."""

    mrz: MachineReadableZone
    source: MrzSource
    page_image: BlobRef | None = None
