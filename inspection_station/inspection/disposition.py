"""How an inspection can end (FLOWS 5.1), and why (5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Disposition(StrEnum):
    """Outcome codes. The Chinese names are in the wording table."""

    PC = "PC"  # pre-cleared, provisional: not an entry
    AD = "AD"  # admitted
    LN = "LN"  # landed after pre-clearance
    TE = "TE"  # temporary entry
    EX = "EX"  # departure permitted
    RB = "RB"  # back on board
    RF = "RF"  # referred to the second line
    HD = "HD"  # held for headquarters' answer
    RE = "RE"  # refused entry
    XP = "XP"  # departure refused
    DT = "DT"  # temporarily detained
    VD = "VD"  # void: abandoned or withdrawn; supersedes, never deletes

    @property
    def lets_pass(self) -> bool:
        """Whether the traveller goes on. These alone can be barred by a finding."""
        return self in _LETS_PASS

    @property
    def needs_reason(self) -> bool:
        """Whether the decision must name at least one reason code."""
        return self in _NEEDS_REASON


_LETS_PASS = frozenset({Disposition.PC, Disposition.AD, Disposition.LN, Disposition.TE, Disposition.EX, Disposition.RB})
_NEEDS_REASON = frozenset(
    {Disposition.RF, Disposition.HD, Disposition.RE, Disposition.XP, Disposition.DT, Disposition.VD}
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the officer decided. ``reasons`` are codes of the reason table; ``note`` is free text."""

    disposition: Disposition
    officer_id: str
    reasons: tuple[str, ...] = ()
    note: str = ""
    second_officer_id: str | None = None
