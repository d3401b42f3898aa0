"""Taiwan's personal numbers: national ID, UI No. of today and of before 2021, their check digit and what they hint at.

A hint never decides a person's class: it tells the officer what to expect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from inspection_station.documents.mrz_layouts import LAYOUTS
from inspection_station.inspection.document import CheckVerdict, DocumentFormat, MachineReadableZone, MrzField
from inspection_station.inspection.person_class import PersonClass

_LETTERS_IN_ORDER: Final = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # A = 10 … O = 35: the order of the districts' letters
_LETTER_VALUES: Final[Mapping[str, int]] = MappingProxyType(
    {letter: value for value, letter in enumerate(_LETTERS_IN_ORDER, start=10)}
)
_DIGITS: Final = "0123456789"
OLD_UI_ENDS: Final = date(2031, 1, 1)
"""From this day on a UI No. of the old form is no longer accepted."""


class TaiwanIdKind(StrEnum):
    """Form of a personal number; the value is the stable key."""

    NATIONAL_ID = "national id"
    UI_NUMBER = "ui number"
    OLD_UI_NUMBER = "old ui number"


@dataclass(frozen=True, slots=True)
class TaiwanId:
    """A number whose check digit is right. ``class_hint`` None: the number alone does not tell."""

    kind: TaiwanIdKind
    sex: str  # "M" or "F"
    class_hint: PersonClass | None

    def accepted_on(self, day: date) -> bool:
        """Whether a number of this form is still valid on a day."""
        return self.kind is not TaiwanIdKind.OLD_UI_NUMBER or day < OLD_UI_ENDS


def read_taiwan_id(text: str) -> TaiwanId | None:
    """What a personal number says, or None when its form or its check digit is wrong. Blanks at the ends are ignored.

    Forms: letter + 1/2 + eight digits (national ID), letter + 8/9 + eight digits (UI No. since 2021-01-02), letter +
    A-D + eight digits (before). Weights 1, 9, 8 … 1 on the letter's two digits and the rest, and 1 on the last, sum a
    multiple of ten; the second letter of the old form counts with its last digit.
    """
    text = text.strip()
    if len(text) != 10 or text[0] not in _LETTER_VALUES or any(c not in _DIGITS for c in text[2:]):
        return None
    second = text[1]
    if second in "12":
        found = TaiwanId(TaiwanIdKind.NATIONAL_ID, "M" if second == "1" else "F", PersonClass.REGISTERED_NATIONAL)
        value = int(second)
    elif second in "89":
        found = TaiwanId(TaiwanIdKind.UI_NUMBER, "M" if second == "8" else "F", _UI_CLASSES[int(text[2])])
        value = int(second)
    elif second in "ABCD":
        # C and D: foreigners; A and B: unregistered nationals, Hong Kong, Macao and Mainland residents alike.
        hint = PersonClass.FOREIGNER if second in "CD" else None
        found = TaiwanId(TaiwanIdKind.OLD_UI_NUMBER, "M" if second in "AC" else "F", hint)
        value = _LETTER_VALUES[second] % 10
    else:
        return None
    return found if _sum(text[0], value, text[2:]) % 10 == 0 else None


def holds_national_id(zone: MachineReadableZone) -> bool:
    """Whether a passport of Taiwan carries a valid national ID in its optional data.

    Only registered nationals have one there: a passport without it hints at a national without registration. False
    for every other document, and when the optional data's own check digit is wrong or in doubt.
    """
    if zone.format is not DocumentFormat.TD3 or zone.issuing_state != "TWN" or zone.nationality != "TWN":
        return False
    span = LAYOUTS[zone.format].fields[MrzField.OPTIONAL_DATA]
    doubted = any((doubt.line, doubt.column) in span.cells() for doubt in zone.doubts)
    proved = any(c.field is MrzField.OPTIONAL_DATA and c.verdict is CheckVerdict.CORRECT for c in zone.checks)
    if doubted or not proved:
        return False
    found = read_taiwan_id(zone.optional_data)
    return found is not None and found.kind is TaiwanIdKind.NATIONAL_ID


def _sum(letter: str, second: int, rest: str) -> int:
    tens, ones = divmod(_LETTER_VALUES[letter], 10)
    total = tens + 9 * ones + 8 * second
    total += sum(weight * int(digit) for weight, digit in zip(range(7, 0, -1), rest, strict=False))
    return total + int(rest[-1])


_UI_CLASSES: Final = (PersonClass.FOREIGNER,) * 7 + (
    PersonClass.NATIONAL_WITHOUT_REGISTRATION,
    PersonClass.HONG_KONG_MACAO,
    PersonClass.MAINLAND,
)
"""By the third character of a UI No. since 2021."""
