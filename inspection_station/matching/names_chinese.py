"""Chinese syllables in their romanisations: Hanyu Pinyin (mainland), Wade-Giles and Tongyong (Taiwan's passports).

One person's surname reads CHANG, ZHANG or JHANG according to who issued the document. A written syllable is taken to
every Pinyin syllable it may stand for; two spellings agree when they share one. Sources: the published romanisation
tables (ISO 7098 for Pinyin); passports write Wade-Giles without apostrophes, so that CH is both ZH and CH.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import Final

# Pinyin: each initial with the finals it takes (ISO 7098; V stands for Ü where the zone writes it so).
_FINALS: Final = {
    "": "A AI AN ANG AO E EN ENG ER O OU",
    "B": "A AI AN ANG AO EI EN ENG I IAN IAO IE IN ING O U",
    "P": "A AI AN ANG AO EI EN ENG I IAN IAO IE IN ING O OU U",
    "M": "A AI AN ANG AO E EI EN ENG I IAN IAO IE IN ING IU O OU U",
    "F": "A AN ANG EI EN ENG O OU U",
    "D": "A AI AN ANG AO E EI EN ENG I IA IAN IAO IE ING IU ONG OU U UAN UI UN UO",
    "T": "A AI AN ANG AO E ENG I IAN IAO IE ING ONG OU U UAN UI UN UO",
    "N": "A AI AN ANG AO E EI EN ENG I IAN IANG IAO IE IN ING IU ONG OU U UAN UE UO V",
    "L": "A AI AN ANG AO E EI ENG I IA IAN IANG IAO IE IN ING IU ONG OU U UAN UE UN UO V",
    "G": "A AI AN ANG AO E EI EN ENG ONG OU U UA UAI UAN UANG UI UN UO",
    "K": "A AI AN ANG AO E EN ENG ONG OU U UA UAI UAN UANG UI UN UO",
    "H": "A AI AN ANG AO E EI EN ENG ONG OU U UA UAI UAN UANG UI UN UO",
    "J": "I IA IAN IANG IAO IE IN ING IONG IU U UAN UE UN",
    "Q": "I IA IAN IANG IAO IE IN ING IONG IU U UAN UE UN",
    "X": "I IA IAN IANG IAO IE IN ING IONG IU U UAN UE UN",
    "ZH": "A AI AN ANG AO E EN ENG I ONG OU U UA UAI UAN UANG UI UN UO",
    "CH": "A AI AN ANG AO E EN ENG I ONG OU U UAI UAN UANG UI UN UO",
    "SH": "A AI AN ANG AO E EI EN ENG I OU U UA UAI UAN UANG UI UN UO",
    "R": "AN ANG AO E EN ENG I ONG OU U UAN UI UN UO",
    "Z": "A AI AN ANG AO E EI EN ENG I ONG OU U UAN UI UN UO",
    "C": "A AI AN ANG AO E EN ENG I ONG OU U UAN UI UN UO",
    "S": "A AI AN ANG AO E EN ENG I ONG OU U UAN UI UN UO",
    "Y": "A AN ANG AO E I IN ING ONG OU U UAN UE UN",
    "W": "A AI AN ANG EI EN ENG O U",
}
PINYIN: Final = frozenset(initial + final for initial, finals in _FINALS.items() for final in finals.split(" "))

# What an initial of the other systems may be in Pinyin. Longest first.
_INITIALS: Final = (
    ("TZ", ("Z", "C")),
    ("TS", ("Z", "C")),
    ("SZ", ("S",)),
    ("SS", ("S",)),
    ("HS", ("X",)),
    ("SY", ("X",)),
    ("CY", ("Q",)),
    ("JH", ("ZH",)),
    ("SH", ("SH", "X")),
    ("CH", ("ZH", "CH", "J", "Q")),
    ("K", ("G", "K")),
    ("P", ("B", "P")),
    ("T", ("D", "T")),
    ("J", ("R", "J")),
)
# What a final of the other systems may be in Pinyin.
_OTHER_FINALS: Final = {
    "IEN": ("IAN",),
    "UNG": ("ONG",),
    "IUNG": ("IONG",),
    "IEH": ("IE",),
    "UEH": ("UE",),
    "EH": ("E",),
    "IH": ("I",),
    "U": ("U", "I", "V", "OU"),  # TZU, SSU; YU may be YOU
    "O": ("E", "UO", "O"),
    "E": ("E", "UO"),
    "UEI": ("UI",),
    "UEN": ("UN",),
    "WEI": ("UI",),
    "ENG": ("ENG", "ONG"),  # FONG, MONG of Tongyong run the other way below
    "ONG": ("ONG", "ENG"),
    "ERH": ("ER",),
    "EN": ("EN", "AN"),  # YEN
    "UAN": ("UAN",),
    "AN": ("AN", "IAN"),  # SYAN
    "AO": ("AO", "IAO"),
    "ANG": ("ANG", "IANG"),
    "IOU": ("IU",),
    "OU": ("OU", "IU"),
    "YUN": ("UN",),
    "UI": ("UI",),
    "I": ("I", "IE"),
}
_MOST_SYLLABLES: Final = 3
_MOST_READINGS: Final = 64


def _written_syllables() -> dict[str, frozenset[str]]:
    """Every spelling of a syllable in any of the systems, with the Pinyin it may stand for."""
    spelled: defaultdict[str, set[str]] = defaultdict(set)
    for syllable in PINYIN:
        spelled[syllable].add(syllable)
    initials = [(initial, (initial,)) for initial in _FINALS]
    finals = {final: {final} for row in _FINALS.values() for final in row.split(" ")}
    for final, targets in _OTHER_FINALS.items():
        finals.setdefault(final, set()).update(targets)
    for initial, pinyin_initials in (*initials, *_INITIALS):
        for final, pinyin_finals in finals.items():
            for pinyin_initial in pinyin_initials:
                readings = {pinyin_initial + pinyin_final for pinyin_final in pinyin_finals} & PINYIN
                if readings:
                    spelled[initial + final].update(readings)
    return {written: frozenset(readings) for written, readings in spelled.items()}


_WRITTEN: Final = _written_syllables()
_LONGEST: Final = max(len(written) for written in _WRITTEN)
_NONE: Final[frozenset[str]] = frozenset()


def syllable_readings(written: str) -> frozenset[str]:
    """Pinyin syllables that ``written`` (A-Z, one syllable) may stand for; empty when it is none."""
    return _WRITTEN.get(written, _NONE)


def name_readings(written: str) -> frozenset[str]:
    """Readings of one to three syllables written together (MEILING, HSIAOMING), as Pinyin run together.

    Empty when the letters are no Chinese syllables, or may be read in more than 64 ways: then they tell nothing.
    """
    return _readings(written, _MOST_SYLLABLES) or _NONE


@lru_cache(maxsize=200_000)
def _readings(rest: str, syllables: int) -> frozenset[str] | None:
    """Readings of ``rest`` in at most ``syllables``; None where they are too many."""
    if len(rest) > syllables * _LONGEST:
        return _NONE
    readings: set[str] = set(syllable_readings(rest))
    if syllables > 1:
        for length in range(1, min(_LONGEST, len(rest) - 1) + 1):
            if heads := _WRITTEN.get(rest[:length]):
                tails = _readings(rest[length:], syllables - 1)
                if tails is None or len(heads) * len(tails) > _MOST_READINGS:
                    return None
                readings.update(head + tail for head in heads for tail in tails)
    return frozenset(readings) if len(readings) <= _MOST_READINGS else None
