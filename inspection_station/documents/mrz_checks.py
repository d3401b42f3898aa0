"""Check digits of the machine-readable zone (ICAO Doc 9303 part 3 §4.9): weights 7, 3, 1, modulus 10."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FILLER: Final = "<"
DIGITS: Final = "0123456789"
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MRZ_CHARACTERS: Final = DIGITS + LETTERS + FILLER

_WEIGHTS: Final = (7, 3, 1)
_VALUES: Final[Mapping[str, int]] = MappingProxyType(
    {character: value for value, character in enumerate(DIGITS + LETTERS)} | {FILLER: 0}
)

CHECK_DIGIT_CLASSES: Final[tuple[str, ...]] = tuple(
    "".join(sorted(c for c in MRZ_CHARACTERS if _VALUES[c] % 10 == residue)) for residue in range(10)
)
"""Characters that no check digit can tell apart, since all weights are coprime to 10: equal value modulo 10.

Index = value modulo 10, so ``CHECK_DIGIT_CLASSES[8]`` is ``"8IS"``.
"""


def check_digit(covered: str) -> str:
    """The check digit over ``covered``. Raises ValueError when a character is not one of the zone's 37."""
    total = 0
    for position, character in enumerate(covered):
        value = _VALUES.get(character)
        if value is None:
            raise ValueError(f"character {position} is outside A-Z, 0-9 and the filler")
        total += value * _WEIGHTS[position % 3]
    return DIGITS[total % 10]


def inseparable(one: str, other: str) -> bool:
    """Whether no check digit can tell the two characters apart. Characters outside the zone's set never match."""
    first, second = _VALUES.get(one), _VALUES.get(other)
    return first is not None and second is not None and (first - second) % 10 == 0
