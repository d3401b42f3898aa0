"""From what readers and people send to lines: swipe readers, keyboard wedges, text recognition, typing.

Nothing is guessed: lines are joined and cut only where a length leaves one way to do it, and a line that was torn
in two stays torn (its lengths are then named in the error).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from inspection_station.documents.errors import MalformedMrz

_MAX_TEXT: Final = 4096
_FRAMING: Final = "\r\n\t\f\x02\x03\x00"  # lines' ends, STX, ETX; NUL fills up messages of a fixed length
_FILLER_LOOKALIKES: Final = str.maketrans(dict.fromkeys("‹〈⟨❮≺˂", "<"))
_DOUBLE_LOOKALIKES: Final = "«≪《"
_LOWER_TO_UPPER: Final = str.maketrans({chr(code): chr(code - 32) for code in range(ord("a"), ord("z") + 1)})
_RUNS: Final = {88: 44, 72: 36, 90: 30}
_LINES_IN_ZONE: Final = {44: 2, 36: 2, 30: 3}


@dataclass(frozen=True, slots=True)
class Framing:
    """What a message falls into. ``rest`` holds the lengths of the lines that belong to no zone."""

    zones: tuple[tuple[str, ...], ...] = field(repr=False)
    tokens: tuple[str, ...] = field(repr=False)
    rest: tuple[int, ...]


def normalise(text: str) -> list[tuple[str, ...]]:
    """The zones in a message, each as its lines, in order and without repeats. Empty when there is none.

    Lines outside a zone are left out here; `frame` reports them, and `mrz.parse` refuses a text that has any.
    """
    return list(frame(text).zones)


def frame(text: str) -> Framing:
    """Cut a message into zones.

    Any control character or line separator ends a line: CR, LF, CRLF, STX and ETX, NUL, form feed. Blanks are
    dropped, a-z become A-Z, full-width forms become plain, look-alikes of the filler (‹, 〈) become it. A « stands for
    two fillers or for one, whichever gives lines of a zone's length. One run of 88, 72 or 90 characters is cut into
    lines; the same zone sent twice counts once. Text beyond 4096 characters is refused as it stands (no zones).
    """
    if len(text) > _MAX_TEXT:
        return Framing((), (), (len(text),))
    readings = [_frame_tokens(_tokens(text, double)) for double in ("<<", "<")]
    return min(readings, key=lambda framing: (-len(framing.zones), len(framing.rest)))


def control_characters(text: str) -> int:
    """How many of a text's characters are such as no reader frames its lines with: a bad cable, a wrong setting."""
    return sum(unicodedata.category(character) == "Cc" and character not in _FRAMING for character in text)


def _tokens(text: str, double: str) -> tuple[str, ...]:
    for lookalike in _DOUBLE_LOOKALIKES:
        text = text.replace(lookalike, double)
    text = unicodedata.normalize("NFKC", text.translate(_FILLER_LOOKALIKES))
    text = text.translate(_FILLER_LOOKALIKES).translate(_LOWER_TO_UPPER)
    lines: list[str] = [""]
    for character in text:
        category = unicodedata.category(character)
        if character == "\t" or category == "Zs" or category == "Cf":
            continue
        if category in ("Cc", "Zl", "Zp"):
            lines.append("")
        else:
            lines[-1] += character
    return tuple(line for line in lines if line)


def _frame_tokens(tokens: tuple[str, ...]) -> Framing:
    zones: dict[tuple[str, ...], None] = {}
    rest: list[int] = []
    index = 0
    while index < len(tokens):
        length = len(tokens[index])
        if cut := _RUNS.get(length):
            run = tokens[index]
            zones[tuple(run[start : start + cut] for start in range(0, length, cut))] = None
            index += 1
            continue
        count = _LINES_IN_ZONE.get(length, 1)
        group = tokens[index : index + count]
        if length in _LINES_IN_ZONE and len(group) == count and _all_of(group, length):
            zones[group] = None
            index += count
        else:
            rest.append(length)
            index += 1
    return Framing(tuple(zones), tokens, tuple(rest))


def _all_of(group: Iterable[str], length: int) -> bool:
    return all(len(line) == length for line in group)


@dataclass(frozen=True, slots=True)
class DoubleEntry:
    """A zone typed twice. Only what both readings agree on is used; differences are told by position alone."""

    first: str = field(repr=False)
    second: str = field(repr=False)

    def differences(self) -> tuple[tuple[int, int], ...]:
        """Cells (line, column from 0) in which the two readings differ; a missing cell differs."""
        one, other = _typed_lines(self.first), _typed_lines(self.second)
        found = []
        for line, (left, right) in enumerate(zip_longest(one, other, fillvalue="")):
            for column, (a, b) in enumerate(zip_longest(left, right)):
                if a != b:
                    found.append((line, column))
        return tuple(found)

    def lines(self) -> tuple[str, ...]:
        """The lines both readings agree on, ready for `mrz.parse`. Raises MalformedMrz naming positions only."""
        differing = self.differences()
        if differing:
            line, column = differing[0]
            count = len(differing)
            detail = (
                f"the two entries differ in {count} place{'' if count == 1 else 's'}, "
                f"first in line {line + 1}, position {column + 1}"
            )
            raise MalformedMrz("DOC-01", detail)
        return _typed_lines(self.first)


def _typed_lines(text: str) -> tuple[str, ...]:
    """Lines as typed; fillers left off at the end of the line that ends with the name are put back."""
    framing = frame(text)
    if len(framing.zones) == 1 and not framing.rest:
        return framing.zones[0]
    return _with_name_padded(framing.tokens)


def _with_name_padded(lines: Sequence[str]) -> tuple[str, ...]:
    """Only the name line may be short: every other line ends with a check digit or with optional data."""
    match [len(line) for line in lines]:
        case [short, (44 | 36) as length] if short < length:
            return (lines[0].ljust(length, "<"), lines[1])
        case [30, 30, short] if short < 30:
            return (lines[0], lines[1], lines[2].ljust(30, "<"))
        case _:
            return tuple(lines)
