"""Characters of OCR-B that recognition takes for one another, most likely first.

Compiled from the shapes of the face: closed rounds, single strokes, open bowls; the filler is taken for the angular
letters by readers that do not know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_SHAPES: Final = (
    "0O", "0D", "0Q", "OQ", "OD", "DQ", "0U", "1I", "1L", "IL", "1T", "IT", "17", "IJ", "2Z", "7Z", "5S", "8B",
    "38", "3B", "6G", "CG", "56", "68", "80", "06", "89", "90", "4A", "7T", "7Y", "VY", "UV", "TY", "KX", "HN",
    "MN", "HM", "EF", "FP", "PR", "BR", "KR", "BE", "CO", "GQ", "GO", "S8", "9G", "35", "S3", "VW", "MW", "XY",
    "<K", "<C", "<E", "<L", "<X", "<S", "<4", "<G", "<Z",
)  # fmt: skip


def _table() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for one, other in _SHAPES:
        found.setdefault(one, []).append(other)
        found.setdefault(other, []).append(one)
    return MappingProxyType({character: tuple(others) for character, others in found.items()})


_LOOKALIKES: Final = _table()


def lookalikes(character: str) -> tuple[str, ...]:
    """What a recognised character may have been on the page, most likely first; never the character itself."""
    return _LOOKALIKES.get(character, ())
