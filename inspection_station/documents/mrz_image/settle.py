"""From probabilities to characters: the alphabet of each cell, a confidence a cell, doubts, and repair by proof."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inspection_station.documents.countries import all_countries
from inspection_station.documents.mrz import field_checks
from inspection_station.documents.mrz_image.classifier import NOTHING, Probabilities
from inspection_station.documents.mrz_image.glyphs import ALPHABET
from inspection_station.documents.mrz_layouts import LAYOUTS, Layout, alphabet
from inspection_station.documents.mrz_repair import repair
from inspection_station.inspection.document import (
    CharacterDoubt,
    CheckVerdict,
    DocumentFormat,
    MachineReadableZone,
    MrzField,
)

SURE_CHECKED: Final = 0.9
"""Below this a character under a check digit is in doubt. A doubt there costs little, since the check digits mostly
settle it; a wrong character taken for sure is worse, since it makes them settle the next one wrongly.
"""

SURE_UNCHECKED: Final = 0.85
"""Below this a character that no check digit covers (names, states, sex) is in doubt."""

_RARE_O: Final = 0.3
"""How often a letter O stands where 0 may stand as well, beside a 0: issuers avoid it in numbers."""

_UNREAD: Final = 0.25
"""Where two of a cell's readings are likelier than this to hold no character of a zone, nobody has read one there: that
the check digits come out right with one of those it resembles proves nothing.
"""

_RUN: Final = 3
_RARE_AMONG_FILLERS: Final = 0.02
"""How often another character stands between two fillers, or behind three, beside one more filler."""

_RARE_FIRST: Final = 0.05
"""How often a card's first letter is another than the A, C and I of Doc 9303 part 5 §4.2.2, beside one of these."""

_RARE_STATE: Final = 0.02
"""How often three letters that are no state's code stand in the place of one, beside one that is."""

_WORTH_NAMING: Final = 0.02
_MOST_CANDIDATES: Final = 4
_FOREIGN: Final = 0.05


@dataclass(frozen=True, slots=True)
class Draft:
    """Lines as recognised, a confidence (0…1) for every character, and the doubts before any check digit was asked.

    ``unread`` are the places (line, column) where no character of a zone was seen.
    """

    format: DocumentFormat
    lines: tuple[str, ...]
    confidences: tuple[tuple[float, ...], ...]
    doubts: tuple[CharacterDoubt, ...]
    unread: frozenset[tuple[int, int]] = frozenset()


def draft(probabilities: Probabilities) -> Draft:
    """The likeliest character that each cell may hold. ``probabilities`` are lines x columns x 38 of a known shape."""
    layout = LAYOUTS[_format(probabilities)]
    allowed = _allowed(layout)
    characters = probabilities[:, :, :NOTHING]
    fitting = characters * allowed
    mass = fitting.sum(axis=2, keepdims=True)
    share = fitting / np.maximum(mass, 1e-9)
    expected = _as_states_write(_among_fillers(share, layout), layout)
    # What looks like a character that cannot stand there is read as its lookalike, but not with confidence.
    shown = np.take_along_axis(share, expected.argmax(axis=2, keepdims=True), axis=2)[:, :, 0]
    confidence = shown * (1 - probabilities[:, :, NOTHING]) * np.minimum(1, 0.4 + mass[:, :, 0] / _FOREIGN)
    covered = _covered(layout)
    lines, doubts = [], []
    for line in range(layout.line_count):
        best = expected[line].argmax(axis=1)
        text = "".join(ALPHABET[index] for index in best)
        lines.append(text)
        for column, read in enumerate(text):
            sure = SURE_CHECKED if (line, column) in covered else SURE_UNCHECKED
            if confidence[line, column] < sure:
                candidates = read + _candidates(share[line, column]).replace(read, "")
                doubts.append(CharacterDoubt(line, column, read, candidates, round(float(confidence[line, column]), 3)))
    return Draft(
        layout.format,
        tuple(lines),
        tuple(tuple(round(float(value), 3) for value in row) for row in confidence),
        tuple(doubts),
        frozenset((int(line), int(column)) for line, column in np.argwhere(probabilities[:, :, NOTHING] > _UNREAD)),
    )


def settled(draft: Draft, *, today: date) -> MachineReadableZone:
    """The zone with what check digits prove put right, and the doubts they leave. What is unread stays in doubt."""
    zone = repair(draft.lines, today=today, doubts=draft.doubts)
    left = {(doubt.line, doubt.column): doubt for doubt in zone.doubts}
    unread = {(doubt.line, doubt.column): doubt for doubt in draft.doubts if (doubt.line, doubt.column) in draft.unread}
    doubts = unread | left
    return replace(zone, doubts=tuple(doubts[place] for place in sorted(doubts)))


def _format(probabilities: Probabilities) -> DocumentFormat:
    lines, columns = probabilities.shape[:2]
    first = probabilities[0, 0]
    visa = first[ALPHABET.index("V")] > first[ALPHABET.index("P")]
    match lines, columns:
        case 3, 30:
            return DocumentFormat.TD1
        case 2, 36:
            other = float(first[:NOTHING].max())
            return DocumentFormat.MRV_B if first[ALPHABET.index("V")] == other else DocumentFormat.TD2
        case 2, 44:
            return DocumentFormat.MRV_A if visa else DocumentFormat.TD3
    raise ValueError(f"no layout of {lines} lines of {columns} cells")


def _allowed(layout: Layout) -> NDArray[np.float32]:
    allowed = np.zeros((layout.line_count, layout.line_length, NOTHING), np.float32)
    for line in range(layout.line_count):
        for column in range(layout.line_length):
            characters = alphabet(layout.format, line, column)
            for character in characters:
                allowed[line, column, ALPHABET.index(character)] = 1
            if "0" in characters and "O" in characters:
                allowed[line, column, ALPHABET.index("O")] = _RARE_O
    return allowed


def _among_fillers(share: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    """The shares, but among fillers those of other characters count little: a field's rest is filled to its end.

    That only chooses between characters. How sure one is, the print alone tells.
    """
    filler = ALPHABET.index("<")
    digits = {cell for check in layout.checks for cell in check.digit.cells()}
    expected = share.copy()
    rare = np.full(NOTHING, _RARE_AMONG_FILLERS, np.float32)
    rare[filler] = 1
    for line in range(layout.line_count):
        fillers = share[line].argmax(axis=1) == filler
        for column in range(1, layout.line_length):
            before = fillers[max(0, column - _RUN) : column]
            between = before[-1] and column + 1 < layout.line_length and fillers[column + 1]
            if (line, column) not in digits and (between or (len(before) == _RUN and before.all())):
                expected[line, column] *= rare
                fillers[column] = expected[line, column].argmax() == filler
    return expected


def _as_states_write(share: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    """The shares, but a card's usual first letters and the codes of states count more than others.

    As ``_among_fillers``, that only chooses between characters.
    """
    expected = share.copy()
    expected[0, 0] *= _first_letters()
    codes = _state_codes()
    for field in (MrzField.ISSUING_STATE, MrzField.NATIONALITY):
        cells = layout.fields[field].cells()
        line, columns = cells[0][0], [column for _, column in cells]
        likely = expected[line, columns, codes].prod(axis=1)
        best = int(likely.argmax())
        if likely[best] > _RARE_STATE * expected[line, columns].max(axis=1).prod():
            expected[line, columns, codes[best]] += 1
    return expected


@cache
def _first_letters() -> NDArray[np.float32]:
    usual = [character in "ACIPV" for character in ALPHABET[:NOTHING]]
    return np.where(usual, 1.0, _RARE_FIRST).astype(np.float32)


@cache
def _state_codes() -> NDArray[np.intp]:
    """The codes of all states as places in the alphabet, n x 3."""
    return np.array([[ALPHABET.index(letter) for letter in code.ljust(3, "<")] for code in all_countries()], np.intp)


def checks_right(probabilities: Probabilities) -> int:
    """How many check digits are right in the likeliest characters: of lines that are no zone, one in ten is."""
    first = draft(probabilities)
    checks = field_checks(first.lines, LAYOUTS[first.format])
    return sum(check.verdict is CheckVerdict.CORRECT for check in checks)


def _covered(layout: Layout) -> frozenset[tuple[int, int]]:
    return frozenset(cell for check in layout.checks for span in (*check.covers, check.digit) for cell in span.cells())


def _candidates(share: NDArray[np.float32]) -> str:
    order = np.argsort(-share)[:_MOST_CANDIDATES]
    return "".join(ALPHABET[index] for index in order if share[index] >= _WORTH_NAMING)
