"""Names into the letters of the zone: ICAO Doc 9303 part 3 section 6 (Latin, Cyrillic, Arabic).

Where the standard leaves a choice, the two-letter form is taken (Ä → AE, Ö → OE, Ü → UE, Å → AA, Ø → OE, Ñ → N).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from inspection_station.documents.errors import NameNotRomanised
from inspection_station.documents.mrz_checks import FILLER, LETTERS

_LATIN: Final = {
    "Ä": "AE", "Å": "AA", "Æ": "AE", "Ö": "OE", "Ø": "OE", "Ü": "UE", "Œ": "OE", "Ĳ": "IJ", "Þ": "TH",
    "Ð": "D", "Đ": "D", "Ħ": "H", "Ł": "L", "Ŧ": "T", "Ŋ": "N", "ĸ": "Q", "ı": "I", "ẞ": "SS", "ß": "SS",
}  # fmt: skip

_CYRILLIC: Final = {
    "А": "A", "Б": "B", "В": "V", "Г": "G", "Ґ": "G", "Д": "D", "Ђ": "D", "Ѓ": "G", "Е": "E", "Ё": "E",
    "Є": "IE", "Ж": "ZH", "З": "Z", "Ѕ": "DZ", "И": "I", "І": "I", "Ї": "I", "Й": "I", "Ј": "J", "К": "K",
    "Ќ": "K", "Л": "L", "Љ": "LJ", "М": "M", "Н": "N", "Њ": "NJ", "О": "O", "П": "P", "Р": "R", "С": "S",
    "Т": "T", "Ћ": "C", "У": "U", "Ў": "U", "Ф": "F", "Х": "KH", "Ц": "TS", "Ч": "CH", "Џ": "DZ", "Ш": "SH",
    "Щ": "SHCH", "Ъ": "IE", "Ы": "Y", "Ь": "", "Э": "E", "Ю": "IU", "Я": "IA", "Ѫ": "U", "Ѵ": "Y",
}  # fmt: skip

_ARABIC: Final = {
    "ء": "XE", "آ": "XAA", "أ": "XAE", "ؤ": "U", "إ": "I", "ئ": "XI", "ا": "A", "ب": "B", "ة": "XTA",
    "ت": "T", "ث": "XTH", "ج": "J", "ح": "XH", "خ": "XKH", "د": "D", "ذ": "XDH", "ر": "R", "ز": "Z",
    "س": "S", "ش": "XSH", "ص": "XSS", "ض": "XDZ", "ط": "XTT", "ظ": "XZZ", "ع": "E", "غ": "G", "ـ": "",
    "ف": "F", "ق": "Q", "ك": "K", "ل": "L", "م": "M", "ن": "N", "ه": "H", "و": "W", "ى": "XAY", "ي": "Y",
    "ٱ": "XXA", "پ": "P", "چ": "XC", "ڈ": "XXD", "ڑ": "XXR", "ژ": "XJ", "ک": "XKK", "گ": "XGG", "ں": "XNN",
    "ھ": "XDO", "ہ": "XXG", "ی": "XYA", "ے": "XYB", "ٹ": "XXT",
}  # fmt: skip

_TABLE: Final[Mapping[str, str]] = MappingProxyType(_LATIN | _CYRILLIC | _ARABIC)
_DROPPED: Final = frozenset("'’‘`´ʼʻʹʺ.\u0640")
_PARTING: Final = frozenset("-‐‑–—,/ ")


def transliterated(identifier: str) -> str:
    """An identifier (one or more name components) in A-Z with single fillers between components.

    Apostrophes and full stops vanish and join what they parted (O'CONNOR → OCONNOR); hyphens, commas and blanks
    part components (part 3 §4.6). Raises NameNotRomanised for a digit or a script the standard does not cover.
    """
    letters: list[str] = []
    for character in unicodedata.normalize("NFC", identifier).upper():
        letters.append(_one(character))
    return FILLER.join(part for part in "".join(letters).split(FILLER) if part)


def _one(character: str) -> str:
    if character in LETTERS:
        return character
    if character in _TABLE:
        return _TABLE[character]
    if character in _DROPPED or unicodedata.category(character).startswith("M"):
        return ""
    if character in _PARTING or unicodedata.category(character) == "Zs":
        return FILLER
    stripped = [c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)]
    if stripped and stripped != [character]:
        return "".join(_one(c) for c in stripped)
    raise NameNotRomanised("a name holds a character that has no transliteration in Doc 9303 part 3")
