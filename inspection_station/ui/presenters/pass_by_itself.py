"""A green verdict that passes without a key, where the scenario lets it and after a moment to stop it.

Pure: the window asks at every tick. Whoever begins to do anything else is not overtaken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from inspection_station.desk.commands import Decide
from inspection_station.desk.view import DeskSnapshot
from inspection_station.inspection.evidence import Missing, Waived
from inspection_station.inspection.finding_rules import barring, findings
from inspection_station.inspection.inspection import Inspection
from inspection_station.ui.presenters.console import Console, open_panel
from inspection_station.ui.presenters.verdict import passing

BY_ITSELF = "A01"
"""Reason code of the record: no officer pressed a key."""

_OUT_OF_REACH = frozenset({"NET-01", "GRP-01", "GRP-05", "HIS-01", "HIS-02", "BIO-05"})
"""What is not checked at sea for everybody. Anything else that is grey wants the officer's eye."""


@dataclass(frozen=True, slots=True)
class PassByItself:
    """``seconds`` a green verdict stands before it passes, 0: never; of ``every`` one waits all the same, 0: none."""

    seconds: float = 0.0
    every: int = 0


NEVER = PassByItself()


def counting(console: Console, snapshot: DeskSnapshot, rule: PassByItself, now: float) -> Console:
    """The console with the moment since which the verdict stands and nobody touched anything, or without one."""
    inspection = snapshot.inspection
    if inspection is None or not _may(console, snapshot, inspection, rule):
        return replace(console, green_since=None) if console.green_since is not None else console
    return console if console.green_since is not None else replace(console, green_since=now)


def due(console: Console, snapshot: DeskSnapshot, rule: PassByItself, now: float) -> Decide | None:
    """The decision, once the verdict has stood long enough."""
    if console.green_since is None or snapshot.inspection is None or now - console.green_since < rule.seconds:
        return None
    disposition = passing(snapshot.inspection)
    return Decide(disposition, (BY_ITSELF,)) if disposition is not None else None


def stopped(console: Console, snapshot: DeskSnapshot) -> Console:
    """The officer does something: this traveller passes by Enter alone."""
    inspection = snapshot.inspection
    if console.green_since is None or inspection is None:
        return console
    return replace(console, green_since=None, stopped_for=inspection.inspection_id)


def sampled(snapshot: DeskSnapshot, rule: PassByItself) -> bool:
    """Whether this one waits for the officer although nothing is wrong: against waving through what is always green."""
    return rule.every > 0 and (snapshot.done_today + 1) % rule.every == 0


def clean(inspection: Inspection) -> bool:
    """Passing is offered, nobody had to decide anything on the way, and what is grey is grey for everybody here."""
    if passing(inspection) is None or barring(inspection) or inspection.overrides:
        return False
    for evidence in inspection.evidence.values():
        if isinstance(evidence, Waived) and evidence.officer_id is not None:
            return False
        if isinstance(evidence, Missing) and evidence.code not in _OUT_OF_REACH:
            return False
    return all(finding.code in _OUT_OF_REACH for finding in findings(inspection))


def _may(console: Console, snapshot: DeskSnapshot, inspection: Inspection, rule: PassByItself) -> bool:
    untouched = console.looked_at is None and console.stopped_for != inspection.inspection_id
    return (
        rule.seconds > 0
        and inspection.scenario.passes_by_itself
        and inspection.decision is None
        and untouched
        and open_panel(console, snapshot) is None
        and not sampled(snapshot, rule)
        and clean(inspection)
    )
