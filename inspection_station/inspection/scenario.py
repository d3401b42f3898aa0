"""Scenarios as rows of data (WF-01, WF-22): which step is required, taken when it can be had, or not done.

The table is HOUSE's; the code has no branch that names a scenario.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.inspection.disposition import Disposition


class Step(StrEnum):
    """Steps that leave evidence, in the order the officer sees them."""

    DOCUMENT = "document"
    CHIP = "chip"
    FACE = "face"
    FINGERPRINTS = "fingerprints"
    CLEARANCE = "clearance"
    COMPARISON = "comparison"
    GROUPS = "groups"
    WATCHLIST = "watchlist"


class Demand(StrEnum):
    """REQUIRED: no admission without it unless waived. IF_AVAILABLE: absence is noted. NOT_DONE: never asked for."""

    REQUIRED = "required"
    IF_AVAILABLE = "if available"
    NOT_DONE = "not done"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row: demands by step, and which decisions end an inspection here. ``passes_by_itself``: where nothing stops a
    traveller the station may pass him without a key, which the officer can prevent (FLOWS 4.1, exceptions only).
    """

    name: str
    document: Demand
    chip: Demand
    face: Demand
    fingerprints: Demand
    clearance: Demand
    comparison: Demand
    groups: Demand
    watchlist: Demand
    dispositions: tuple[Disposition, ...]
    passes_by_itself: bool = False

    def demand(self, step: Step) -> Demand:
        """What this scenario asks of a step."""
        return Demand(getattr(self, step.value))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Steps that are done here, in order."""
        return tuple(step for step in Step if self.demand(step) is not Demand.NOT_DONE)


_R, _A, _N = Demand.REQUIRED, Demand.IF_AVAILABLE, Demand.NOT_DONE
_D = Disposition

SCENARIOS: dict[str, Scenario] = {
    row.name: row
    for row in (
        #        name             doc chip face fing clear comp grp watch
        Scenario("pre-clearance", _R, _A, _N, _N, _N, _A, _A, _R, (_D.PC, _D.RF, _D.HD, _D.RE, _D.VD), True),
        Scenario(
            "quayside",
            _R,
            _A,
            _R,
            _A,
            _N,
            _R,
            _A,
            _R,
            (_D.AD, _D.TE, _D.EX, _D.RF, _D.HD, _D.RE, _D.XP, _D.DT, _D.VD),
        ),
        Scenario("disembarkation", _A, _N, _R, _N, _R, _R, _A, _R, (_D.LN, _D.RB, _D.RF, _D.HD, _D.RE, _D.VD), True),
        Scenario("emergency", _R, _A, _A, _N, _N, _A, _A, _R, (_D.AD, _D.EX, _D.RF, _D.HD, _D.RE, _D.XP, _D.VD)),
    )
}
