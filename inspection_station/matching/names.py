"""Names of people held against each other: spelling, order, truncation and romanisation may differ, the person not.

A name becomes words; a word is folded so that the two ways a diacritic is written (MÜLLER → MUELLER by Doc 9303 part 3
section 6, or MULLER by dropping it) and the common variants of romanisation meet; folded words are compared by a
weighted edit distance in which a vowel for a vowel is cheap. Chinese syllables are compared by what they may stand for.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from inspection_station.documents.errors import NameNotRomanised
from inspection_station.documents.mrz_transliteration import transliterated
from inspection_station.matching.names_chinese import name_readings

_VOWELS: Final = frozenset("AEIOU")
_SILENT: Final = _VOWELS | {"H"}
_VOICED: Final = frozenset(pair for two in ("GK", "BP", "DT", "SZ", "FV", "LR") for pair in (two, two[::-1]))
_FOLDS: Final = (
    # the two-letter forms of diacritics and of long vowels
    ("AE", "A"),
    ("OE", "O"),
    ("UE", "U"),
    ("AA", "A"),
    ("OU", "U"),
    ("OO", "U"),
    ("EE", "I"),
    ("IE", "I"),
    # consonants that romanisations interchange
    ("TSCH", "CH"),
    ("SCH", "SH"),
    ("TCH", "CH"),
    ("PH", "F"),
    ("KH", "H"),
    ("GH", "G"),
    ("DJ", "J"),
    ("CK", "K"),
    ("CZ", "CH"),
    ("SZ", "SH"),
    ("Q", "K"),
    ("X", "KS"),
    ("W", "V"),
    ("J", "I"),
    ("Y", "I"),
)
_NO_LETTER: Final = re.compile(r"[^\w'’‘ʼ\u0300-\u036f-]|[\d_]")
_TITLES: Final = frozenset({"MR", "MRS", "MS", "DR", "JR", "SR"})
_LEAST_ALIKE: Final = 0.6
_STEEPNESS: Final = 1.8
_VOWEL_COST: Final = 0.35
_VOICED_COST: Final = 0.5
_INITIAL_ALIKE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a name: as written (A-Z), folded, and the Chinese readings it may have."""

    written: str
    folded: str
    readings: frozenset[str]
    open_ended: bool = False  # cut off by the zone's width: the rest is not known


@dataclass(frozen=True, slots=True)
class NameForm:
    """A name ready to be compared."""

    words: tuple[Word, ...]

    @property
    def weight(self) -> int:
        """Letters in all; what a complete agreement is worth."""
        return sum(len(word.folded) for word in self.words)


@dataclass(frozen=True, slots=True)
class NameAgreement:
    """How alike two names are. ``score`` 0…1; ``words`` agreeing; ``alone``: one of the names has one word only."""

    score: float
    words: int
    alone: bool

    @property
    def exact(self) -> bool:
        """No letter's doubt left."""
        return self.score >= 0.99


NO_AGREEMENT: Final = NameAgreement(0.0, 0, False)


def name_form(*parts: str, truncated: bool = False) -> NameForm:
    """The form of a name given in parts (primary, secondary …), diacritics and scripts of Doc 9303 allowed.

    ``truncated``: the last word may go on. Raises ``NameNotRomanised`` for a script the standard does not cover.
    """
    plain = (_NO_LETTER.sub(" ", part) for part in parts)
    letters = " ".join(transliterated(part).replace("<", " ") for part in plain if part.strip())
    words = [word for word in letters.split() if word not in _TITLES]
    last = len(words) - 1
    return NameForm(tuple(_word(word, truncated and place == last) for place, word in enumerate(words)))


def name_form_if_romanised(*parts: str) -> NameForm | None:
    """``name_form``, or None for a name without a word the standard covers."""
    try:
        form = name_form(*parts)
    except NameNotRomanised:
        return None
    return form if form.words else None


def agreement(one: NameForm, other: NameForm) -> NameAgreement:
    """How far two names agree, in any order of words, with words joined or parted, or left out on one side."""
    if not one.words or not other.words:
        return NO_AGREEMENT
    best = _assigned(one.words, other.words)
    for left, right in ((one, other), (other, one)):
        for joined in _with_neighbours_joined(left.words):
            candidate = _assigned(joined, right.words)
            if candidate.score > best.score:
                best = candidate
    return best


def folded(word: str) -> str:
    """A word (A-Z) with interchangeable spellings made one; never empty for a word."""
    text = word
    for written, plain in _FOLDS:
        text = text.replace(written, plain)
    text = text.replace("CH", "1").replace("C", "K").replace("1", "CH")
    kept: list[str] = []
    for character in text:
        if not kept or kept[-1] != character:
            kept.append(character)
    if len(kept) > 3 and kept[-1] == "H" and kept[-2] in _VOWELS:
        kept.pop()
    return "".join(kept)


def consonants(folded_word: str) -> str:
    """The first letter and the consonants after it: what survives when vowels are guessed."""
    return folded_word[:1] + "".join(letter for letter in folded_word[1:] if letter not in _VOWELS)


def settled_start(word: Word) -> str:
    """What is certain of a word that was cut off: folding may still change its last letter."""
    return word.folded[: max(2, len(word.folded) - 1)]


def word_likeness(one: Word, other: Word) -> float:
    """0, or 0.6…1: the same word allowing for spelling."""
    if one.folded == other.folded:
        return 1.0
    if one.readings and other.readings and not one.readings.isdisjoint(other.readings):
        return 0.97
    for cut, whole in ((one, other), (other, one)):
        if (
            cut.open_ended
            and len(cut.folded) >= 2
            and whole.folded.startswith(cut.folded[: max(2, len(cut.folded) - 1)])
        ):
            return 0.95
        if len(cut.written) == 1 and whole.written.startswith(cut.written):
            return _INITIAL_ALIKE
    return _by_edits(one.folded, other.folded)


@lru_cache(maxsize=50_000)
def _by_edits(one: str, other: str) -> float:
    longer = max(len(one), len(other))
    if min(len(one), len(other)) < 3 or abs(len(one) - len(other)) > longer // 3:
        return 0.0
    likeness = 1.0 - _STEEPNESS * _edits(one, other) / longer
    return likeness if likeness >= _LEAST_ALIKE else 0.0


def _edits(one: str, other: str) -> float:
    """Edit distance: 0.35 for a changed vowel, a vowel or H more or less, 0.5 for a voiced twin, else 1."""
    before_last: list[float] = []
    last = [0.0]
    for letter in other:
        last.append(last[-1] + _letter_cost(letter))
    for row, left in enumerate(one, start=1):
        current = [last[0] + _letter_cost(left)]
        for column, right in enumerate(other, start=1):
            cost = min(
                last[column - 1] + _change_cost(left, right),
                last[column] + _letter_cost(left),
                current[column - 1] + _letter_cost(right),
            )
            if row > 1 and column > 1 and left == other[column - 2] and one[row - 2] == right:
                cost = min(cost, before_last[column - 2] + 1.0)
            current.append(cost)
        before_last, last = last, current
    return last[-1]


def _letter_cost(letter: str) -> float:
    return _VOWEL_COST if letter in _SILENT else 1.0


def _change_cost(left: str, right: str) -> float:
    if left == right:
        return 0.0
    if left in _VOWELS and right in _VOWELS:
        return _VOWEL_COST
    return _VOICED_COST if left + right in _VOICED else 1.0


@lru_cache(maxsize=200_000)
def _word(written: str, open_ended: bool = False) -> Word:
    return Word(written, folded(written), name_readings(written), open_ended)


def joined_words(words: Iterable[Word]) -> list[Word]:
    """Every two neighbours as one word (MEI LING → MEILING)."""
    row = list(words)
    return [_word(left.written + right.written, right.open_ended) for left, right in itertools.pairwise(row)]


def _with_neighbours_joined(words: tuple[Word, ...]) -> list[tuple[Word, ...]]:
    if not 2 <= len(words) <= 6:
        return []
    return [(*words[:place], joined, *words[place + 2 :]) for place, joined in enumerate(joined_words(words))]


def _assigned(one: tuple[Word, ...], other: tuple[Word, ...]) -> NameAgreement:
    """Best pairs first, each word once. The better covered name counts most: middle names are often left out."""
    pairs = sorted(
        (
            (word_likeness(left, right) * min(len(left.folded), len(right.folded)), row, column)
            for row, left in enumerate(one)
            for column, right in enumerate(other)
        ),
        reverse=True,
    )
    rows: dict[int, float] = {}
    columns: dict[int, float] = {}
    for worth, row, column in pairs:
        if worth > 0.0 and row not in rows and column not in columns:
            rows[row] = columns[column] = word_likeness(one[row], other[column])
    of_one = _cover(one, rows)
    of_other = _cover(other, columns)
    score = 0.85 * max(of_one, of_other) + 0.15 * min(of_one, of_other)
    return NameAgreement(round(score, 4), len(rows), min(len(one), len(other)) == 1)


def _cover(words: tuple[Word, ...], likeness: dict[int, float]) -> float:
    weight = sum(len(word.folded) for word in words)
    return sum(len(words[place].folded) * alike for place, alike in likeness.items()) / weight
