"""Putting right what recognition got wrong, only where a check digit proves it.

A cell is *open* when something other than a check digit says that it may be wrong: the reader doubts it, or its
character cannot stand there (a letter in a date). Among the readings of all open cells, those that satisfy every
check digit are kept. What they all agree on is proved and becomes a `Repair`; what they leave open stays a
`CharacterDoubt`, so the zone is not valid.

When no cell is open and a check digit is wrong, any cell may be the culprit: a substitution that fits is a guess (one
in ten fits by chance). A single one is applied for the officer to look at, but as a doubt; several are told as doubts.
Characters of one of `CHECK_DIGIT_CLASSES` are never told apart here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from math import prod
from typing import Final

from inspection_station.documents.mrz import MRZ_NOT_READ, MalformedMrz, field_checks, parse, zone_lines
from inspection_station.documents.mrz_checks import FILLER
from inspection_station.documents.mrz_confusions import lookalikes
from inspection_station.documents.mrz_dates import well_formed_date
from inspection_station.documents.mrz_layouts import Layout, alphabet, layout_of
from inspection_station.inspection.document import (
    CharacterDoubt,
    CheckVerdict,
    MachineReadableZone,
    MrzField,
    Repair,
)

_MAX_READINGS: Final = 4096

Cell = tuple[int, int]
Reading = Mapping[Cell, str]


def repair(lines: Sequence[str], *, today: date, doubts: Sequence[CharacterDoubt] = ()) -> MachineReadableZone:
    """The zone in ``lines`` with proved repairs applied and the remaining doubts by position.

    ``doubts`` hold the reader's candidates and confidence of each cell it could not settle (``read`` is what stands in
    ``lines``); doubts outside the layout are refused with MalformedMrz, as is anything that is not a zone. A doubt is
    dropped when the check digits settle it.
    """
    lines = zone_lines(tuple(lines))
    layout = layout_of(lines)
    if layout is None:  # zone_lines has refused it; said again for the type checker
        raise MalformedMrz(MRZ_NOT_READ, "no layout")
    told = {(doubt.line, doubt.column): doubt for doubt in doubts}
    for line, column in told:
        if not (0 <= line < layout.line_count and 0 <= column < layout.line_length):
            raise MalformedMrz(MRZ_NOT_READ, f"a doubt lies outside the zone, line {line + 1}, position {column + 1}")
    outcome = _settle(lines, layout, _open_cells(lines, layout, told), told)
    outcome = _suggest(outcome, layout)
    zone = parse(outcome.lines, today=today, doubts=tuple(sorted(outcome.doubts, key=_place)))
    return replace(zone, repairs=outcome.repairs)


@dataclass(frozen=True, slots=True)
class _Outcome:
    lines: tuple[str, ...]
    doubts: tuple[CharacterDoubt, ...]
    repairs: tuple[Repair, ...]


def _place(doubt: CharacterDoubt) -> Cell:
    return doubt.line, doubt.column


def _open_cells(
    lines: Sequence[str], layout: Layout, told: Mapping[Cell, CharacterDoubt]
) -> dict[Cell, tuple[str, ...]]:
    """Cells that may be wrong, with the characters that may stand there, best first."""
    cells: dict[Cell, tuple[str, ...]] = {}
    for line, text in enumerate(lines):
        for column, read in enumerate(text):
            allowed = alphabet(layout.format, line, column)
            doubt = told.get((line, column))
            if doubt is not None:
                options = [read, *doubt.candidates]
                if read not in allowed or not set(doubt.candidates) - {read}:
                    options += lookalikes(read)  # doubted without an alternative: any look-alike may be meant
            elif read not in allowed:
                options = list(lookalikes(read))
            else:
                continue
            if found := tuple(dict.fromkeys(option for option in options if option in allowed)):
                cells[(line, column)] = found
    return cells


def _groups(layout: Layout, lines: Sequence[str], cells: Mapping[Cell, Sequence[str]]) -> dict[Cell, MrzField]:
    """The check digit that answers first for each checked cell; the composite for cells it alone covers."""
    answers: dict[Cell, MrzField] = {}
    for check in layout.checks:
        spans = [*check.covers, check.digit]
        digit_cell = check.digit.cells()[0]
        runs_over = FILLER in (lines[digit_cell[0]][digit_cell[1]], *cells.get(digit_cell, ()))
        if check.field is MrzField.DOCUMENT_NUMBER and layout.long_numbers and runs_over:
            spans.append(layout.fields[MrzField.OPTIONAL_DATA])
        for span in spans:
            for cell in span.cells():
                answers.setdefault(cell, check.field)
    return answers


def _settle(
    lines: tuple[str, ...],
    layout: Layout,
    cells: Mapping[Cell, tuple[str, ...]],
    told: Mapping[Cell, CharacterDoubt],
) -> _Outcome:
    groups = _groups(layout, lines, cells)
    by_group: dict[MrzField, list[Cell]] = {}
    for cell in cells:
        if cell in groups:
            by_group.setdefault(groups[cell], []).append(cell)
    surviving = {f: _readings_that_fit(lines, layout, f, members, cells) for f, members in by_group.items()}
    whole = _fitting_together(lines, layout, surviving)
    best = min(whole, key=lambda reading: _changes(lines, reading), default={})

    doubts, repairs, written = [], [], dict[Cell, str]()
    for cell, options in cells.items():
        read = lines[cell[0]][cell[1]]
        left = tuple(dict.fromkeys(reading[cell] for reading in whole if cell in reading))
        written[cell] = best.get(cell, read if read in options else options[0])
        if len(left) == 1:
            if left[0] != read:
                repairs.append(Repair(*cell, read, left[0], groups[cell]))
            continue
        confidence = told[cell].confidence if cell in told else 0.0
        doubts.append(CharacterDoubt(*cell, read, "".join(left or options), confidence))
    return _Outcome(_with(lines, written), tuple(doubts), tuple(repairs))


def _readings_that_fit(
    lines: tuple[str, ...],
    layout: Layout,
    field: MrzField,
    members: Sequence[Cell],
    cells: Mapping[Cell, tuple[str, ...]],
) -> list[Reading]:
    """Readings of a check digit's open cells that it accepts; none when there are too many to try."""
    if prod(len(cells[cell]) for cell in members) > _MAX_READINGS:
        return []
    every = (dict(zip(members, choice, strict=True)) for choice in product(*(cells[cell] for cell in members)))
    if field is MrzField.COMPOSITE:
        return list(every)
    return [reading for reading in every if _field_fits(_with(lines, reading), layout, field)]


def _fitting_together(
    lines: tuple[str, ...], layout: Layout, surviving: Mapping[MrzField, Sequence[Reading]]
) -> list[Reading]:
    """Readings of all open cells together that the fields' check digits and the composite accept.

    Where the composite cannot be satisfied, since another field is wrong as well, each field's own check digit must
    do, and the cells that the composite alone covers are left out: nothing proves them.
    """
    found = {field: readings for field, readings in surviving.items() if readings}
    if not found or prod(len(readings) for readings in found.values()) > _MAX_READINGS:
        return []
    joined = [_joined(choice) for choice in product(*found.values())]
    if all(check.field is not MrzField.COMPOSITE for check in layout.checks):
        return joined
    if len(found) == len(surviving):
        accepted = [reading for reading in joined if _field_fits(_with(lines, reading), layout, MrzField.COMPOSITE)]
        if accepted:
            return accepted
    found.pop(MrzField.COMPOSITE, None)
    return [_joined(choice) for choice in product(*found.values())] if found else []


def _changes(lines: Sequence[str], reading: Reading) -> int:
    return sum(lines[line][column] != character for (line, column), character in reading.items())


def _joined(readings: Iterable[Reading]) -> Reading:
    whole: dict[Cell, str] = {}
    for reading in readings:
        whole |= reading
    return whole


def _suggest(outcome: _Outcome, layout: Layout) -> _Outcome:
    """For a check digit that is wrong though no cell was open: which single substitutions would put it right."""
    checks = field_checks(outcome.lines, layout)
    wrong = [check.field for check in checks if check.verdict is CheckVerdict.WRONG]
    answers = _groups(layout, outcome.lines, {})
    if not wrong or any(_place(doubt) in answers for doubt in outcome.doubts):
        return outcome
    fields = [field for field in wrong if field is not MrzField.COMPOSITE]
    if len(fields) > 1:
        return outcome
    target = fields[0] if fields else MrzField.COMPOSITE
    found: list[tuple[Cell, str]] = []
    for cell, field in answers.items():
        if field is target:
            for other in _allowed_lookalikes(outcome.lines, layout, cell):
                changed = _with(outcome.lines, {cell: other})
                if _all_fit(changed, layout):
                    found.append((cell, other))
    doubts = []
    for cell in dict.fromkeys(cell for cell, _ in found):
        read = outcome.lines[cell[0]][cell[1]]
        candidates = "".join(other for place, other in found if place == cell)
        doubts.append(CharacterDoubt(*cell, read, candidates + read, 0.0))
    if len(found) != 1:
        return replace(outcome, doubts=(*outcome.doubts, *doubts))
    cell, other = found[0]
    read = outcome.lines[cell[0]][cell[1]]
    return _Outcome(
        _with(outcome.lines, {cell: other}),
        (*outcome.doubts, *doubts),
        (*outcome.repairs, Repair(*cell, read, other, target)),
    )


def _allowed_lookalikes(lines: Sequence[str], layout: Layout, cell: Cell) -> Iterator[str]:
    allowed = alphabet(layout.format, *cell)
    return (other for other in lookalikes(lines[cell[0]][cell[1]]) if other in allowed)


def _all_fit(lines: Sequence[str], layout: Layout) -> bool:
    return all(_field_fits(lines, layout, check.field) for check in layout.checks)


def _field_fits(lines: Sequence[str], layout: Layout, field: MrzField) -> bool:
    if field in (MrzField.DATE_OF_BIRTH, MrzField.DATE_OF_EXPIRY) and not well_formed_date(
        layout.fields[field].of(lines)
    ):
        return False
    return all(c.verdict is not CheckVerdict.WRONG for c in field_checks(lines, layout) if c.field is field)


def _with(lines: Sequence[str], reading: Reading) -> tuple[str, ...]:
    sheet = [list(line) for line in lines]
    for (line, column), character in reading.items():
        sheet[line][column] = character
    return tuple("".join(line) for line in sheet)
