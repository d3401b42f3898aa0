"""An index over many names: which of 100,000 could be this person's, in milliseconds.

Every word of a name (and every two neighbours joined) is filed under its folded form, its consonants and its Chinese
readings. A search files each of its words the same way, adds every folded form one edit away, and counts how many
letters of the searched name each filed name shares. Exact comparison is left for the few that share enough.
"""

from __future__ import annotations

import bisect
from array import array
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from inspection_station.matching.names import NameForm, Word, consonants, joined_words, settled_start

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST_WORD: Final = 24

Numbers = npt.NDArray[np.int32]


class NameIndex:
    """Built once from names numbered from 0 in the order they are added; ``close`` ends the building."""

    def __init__(self) -> None:
        self._building: defaultdict[str, array[int]] = defaultdict(lambda: array("i"))
        self._filed: dict[str, array[int]] = {}
        self._weights: array[int] = array("i")
        self._weight: Numbers = np.zeros(0, np.int32)
        self._folded: list[str] = []

    def add(self, form: NameForm) -> None:
        """File the next name."""
        number = len(self._weights)
        self._weights.append(form.weight)
        for key in {key for word in _with_joined(form) for key in _keys(word)}:
            self._building[key].append(number)

    def close(self) -> None:
        """Make the index ready to be searched."""
        self._filed = dict(self._building)
        self._building.clear()
        self._weight = np.frombuffer(self._weights, dtype=np.intc) if self._weights else self._weight
        self._folded = sorted(key[1:] for key in self._filed if key[0] == "=")

    def candidates(self, form: NameForm, enough: npt.NDArray[np.float32]) -> Numbers:
        """Numbers of the names that share enough letters with ``form``, ascending.

        ``enough``: for each filed name the share of the letters of either name that must agree; above 1 leaves it out.
        """
        points = np.zeros(len(self._weight), np.int32)
        for word in form.words:
            found = self._filed_under(word)
            if found.size:
                points[found] += len(word.folded)
        for joined in joined_words(form.words):
            found = self._filed_under(joined)
            if found.size:
                points[found] = np.maximum(points[found], len(joined.folded))
        shorter = np.minimum(self._weight, form.weight)
        return np.nonzero((points > 0) & (points >= enough * shorter))[0].astype(np.int32)

    def _filed_under(self, word: Word) -> Numbers:
        keys = set(_keys(word))
        if 3 <= len(word.folded) <= _LONGEST_WORD:
            keys.update("=" + near for near in _one_edit_away(word.folded))
        if word.open_ended:
            keys.update("=" + whole for whole in self._beginning_with(settled_start(word)))
        rows = [np.frombuffer(self._filed[key], dtype=np.intc) for key in keys if key in self._filed]
        return np.unique(np.concatenate(rows)) if rows else np.zeros(0, np.int32)

    def _beginning_with(self, start: str) -> Iterator[str]:
        for place in range(bisect.bisect_left(self._folded, start), len(self._folded)):
            if not self._folded[place].startswith(start):
                return
            yield self._folded[place]


def _with_joined(form: NameForm) -> Iterator[Word]:
    yield from form.words
    if len(form.words) <= 6:
        yield from joined_words(form.words)


def _keys(word: Word) -> Iterator[str]:
    yield "=" + word.folded
    skeleton = consonants(word.folded)
    if len(skeleton) >= 3:
        yield "~" + skeleton
    for reading in word.readings:
        yield "*" + reading


def _one_edit_away(text: str) -> Iterator[str]:
    for place in range(len(text) + 1):
        head, tail = text[:place], text[place:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in _LETTERS:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
