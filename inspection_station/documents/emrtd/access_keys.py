"""What opens a chip: three fields of the zone, or the number printed on the card (Doc 9303 part 11 §4.2)."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.documents.mrz_checks import check_digit
from inspection_station.inspection.document import MachineReadableZone


@dataclass(frozen=True, slots=True, repr=False)
class MrzKey:
    """Document number, date of birth and date of expiry (YYMMDD) as printed. ``repr`` shows none of them."""

    document_number: str
    date_of_birth: str
    date_of_expiry: str

    def __post_init__(self) -> None:
        for value, shortest in ((self.document_number, 1), (self.date_of_birth, 6), (self.date_of_expiry, 6)):
            if len(value) < shortest or any(c not in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<" for c in value):
                raise ValueError("a key field with characters the zone does not have")
        if len(self.date_of_birth) != 6 or len(self.date_of_expiry) != 6 or len(self.document_number) > 24:
            raise ValueError("a key field of a wrong length")

    def __repr__(self) -> str:
        return "MrzKey(…)"

    @staticmethod
    def of(zone: MachineReadableZone) -> MrzKey:
        """From a parsed zone; ValueError when the fields cannot make a key."""
        return MrzKey(zone.document_number, zone.date_of_birth.raw, zone.date_of_expiry.raw)

    @property
    def information(self) -> bytes:
        """MRZ_information of §4.3.2: each field with its check digit, the number filled to nine places."""
        number = self.document_number.ljust(9, "<")
        fields = (number, self.date_of_birth, self.date_of_expiry)
        return "".join(field + check_digit(field) for field in fields).encode("ascii")


@dataclass(frozen=True, slots=True, repr=False)
class CanKey:
    """Card access number: six digits on a TD1 card, printed."""

    number: str

    def __post_init__(self) -> None:
        if not (self.number.isascii() and self.number.isdigit() and len(self.number) == 6):
            raise ValueError("a card access number is six digits")

    def __repr__(self) -> str:
        return "CanKey(…)"


AccessKey = MrzKey | CanKey
