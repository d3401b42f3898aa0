"""Findings: what the evidence says against a traveller or leaves unchecked. Computed, never stored by hand.

Codes are the officer's codes (FLOWS 4.2). A finding bars passing, asks for a look, or notes what was not checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """BAR: red, passing is not offered. LOOK: amber, the officer must look. UNCHECKED: grey. NOTE: information."""

    BAR = "bar"
    LOOK = "look"
    UNCHECKED = "not checked"
    NOTE = "note"


class OverrideRule(StrEnum):
    """Who may set a finding aside (FLOWS 5.3)."""

    NEVER = "never"
    ONE_PERSON = "one person"
    TWO_PERSONS = "two persons"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class Finding:
    """``key`` is unique within an inspection and stable across replays; ``detail`` is shown to the officer.

    ``detail`` may hold a check's or list's name, never a traveller's data.
    """

    key: str
    code: str
    severity: Severity
    override: OverrideRule
    detail: str = ""

    @property
    def bars(self) -> bool:
        """Whether it keeps passing from being offered while nobody has set it aside. Amber needs a reason."""
        return self.severity in (Severity.BAR, Severity.LOOK)


@dataclass(frozen=True, slots=True)
class Override:
    """A finding set aside, with who and why. ``reason`` is an O-code of the reason table."""

    finding_key: str
    officer_id: str
    second_officer_id: str | None
    reason: str
    note: str
