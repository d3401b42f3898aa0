"""Reason codes (FLOWS 5.2): which are offered for a decision, for setting a finding aside, and for letting a step go.

The table is data, ``resources/tables/reasons.toml``; a record keeps the code, so a code is never given a new meaning.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.findings import Finding
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.resource_path import resource

SHORTEST_NOTE = 10  # characters of free text where a reason asks for it (FLOWS 5.2, O01…)


class ReasonUse(StrEnum):
    """DECIDE: with a decision. OVERRIDE: sets a finding aside. WAIVE: lets a step go. SKIP: by rule (art. 91).
    AUTO: the station passed by itself; nobody chooses it.
    """

    DECIDE = "decide"
    OVERRIDE = "override"
    WAIVE = "waive"
    SKIP = "skip"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Reason:
    """One row. Empty ``classes`` means every class; ``suggested_by`` are officer's codes that put it first,
    of any step or, written ``step:code``, of one.
    """

    code: str
    use: ReasonUse
    dispositions: frozenset[Disposition]
    classes: frozenset[PersonClass]
    suggested_by: frozenset[str]
    steps: frozenset[Step]
    note_needed: bool
    texts: Mapping[str, str]

    def text(self, language: str) -> str:
        """The short text for the screen."""
        return self.texts[language]


@dataclass(frozen=True, slots=True)
class ReasonTable:
    """The whole table; what it offers comes suggested rows first, then in the table's order."""

    version: str
    reasons: tuple[Reason, ...]

    def of(self, code: str) -> Reason | None:
        """The row of a code, or None for a code of an older table."""
        return next((r for r in self.reasons if r.code == code), None)

    def for_decision(
        self, disposition: Disposition, person_class: PersonClass, codes: Iterable[str] = ()
    ) -> tuple[Reason, ...]:
        """Grounds for a decision about this class of person. An unknown class is offered every ground."""
        rows = (
            r
            for r in self.reasons
            if disposition in r.dispositions
            and (not r.classes or person_class is PersonClass.UNKNOWN or person_class in r.classes)
        )
        return _suggested_first(rows, codes)

    def for_override(self, code: str) -> tuple[Reason, ...]:
        """Grounds for setting aside a finding of this code."""
        return _suggested_first((r for r in self.reasons if r.use is ReasonUse.OVERRIDE), (code,))

    def for_waiver(self, step: Step) -> tuple[Reason, ...]:
        """Grounds for letting a missing step go."""
        return tuple(r for r in self.reasons if r.use is ReasonUse.WAIVE and step in r.steps)


def suggested(reasons: Iterable[Reason], codes: Iterable[str]) -> tuple[Reason, ...]:
    """Those that the findings' codes speak for."""
    wanted = frozenset(codes)
    return tuple(r for r in reasons if r.suggested_by & wanted)


def codes_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What findings are called in ``suggested_by``: their codes, plain and with the step that each is of. A candidate
    found by fingers speaks for another reason than one found by the face.
    """
    return tuple(name for one in findings for name in (one.code, f"{one.key.partition(':')[0]}:{one.code}"))


def _suggested_first(reasons: Iterable[Reason], codes: Iterable[str]) -> tuple[Reason, ...]:
    wanted = frozenset(codes)
    return tuple(sorted(reasons, key=lambda r: not r.suggested_by & wanted))


@cache
def reason_table() -> ReasonTable:
    """The shipped table. Raises ValueError naming the row that does not fit."""
    with resource("tables", "reasons.toml").open("rb") as file:
        tree = tomllib.load(file)
    rows = tuple(_row(row) for row in tree["reason"])
    codes = [r.code for r in rows]
    twice = sorted({c for c in codes if codes.count(c) > 1})
    if twice:
        raise ValueError(f"reason codes given twice: {', '.join(twice)}")
    return ReasonTable(str(tree["version"]), rows)


_KEYS = frozenset(("code", "use", "dispositions", "classes", "suggested_by", "steps", "note_needed", "zh_TW", "en"))


def _row(row: Mapping[str, object]) -> Reason:
    unknown = set(row) - _KEYS
    if unknown:
        raise ValueError(f"reason {row.get('code')}: unknown keys {', '.join(sorted(unknown))}")

    def listed(name: str) -> list[str]:
        value = row.get(name, [])
        if not isinstance(value, list):
            raise ValueError(f"reason {row.get('code')}: {name} is not a list")
        return [str(v) for v in value]

    return Reason(
        code=str(row["code"]),
        use=ReasonUse(str(row["use"])),
        dispositions=frozenset(Disposition(d) for d in listed("dispositions")),
        classes=frozenset(PersonClass(c) for c in listed("classes")),
        suggested_by=frozenset(listed("suggested_by")),
        steps=frozenset(Step(s) for s in listed("steps")),
        note_needed=row.get("note_needed") is True,
        texts={"zh_TW": str(row["zh_TW"]), "en": str(row["en"])},
    )
