"""An officer by the book, for lessons without a person, acceptance runs and regression; uses the desk as a screen does.

Admits when nothing stands against it, otherwise tries the step once more where that helps, and refers. Never overrides.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition

from inspection_station.desk import commands as c
from inspection_station.desk.reasons import reason_table
from inspection_station.desk.view import Desk, DeskSnapshot
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.finding_rules import barring, findings
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.offers import blockers
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.scenario import Step

_TRIES = 2  # of a step that a second try may mend
_READING_TRIES = 2  # of the page, before it is typed (FLOWS 4.2, DOC-01)
_SEALING_TRIES = 3


class PlayedOfficer:
    """Attach once; ``wait`` for each traveller's end.

    ``person_class`` and ``zone`` answer what a person would see: who stands there, and what is printed.
    """

    def __init__(
        self,
        desk: Desk,
        passing: Disposition,
        person_class: Callable[[], PersonClass],
        zone: Callable[[], tuple[str, ...]],
        lay_down_again: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._passing = passing
        self._person_class = person_class
        self._zone = zone
        self._lay_down_again = lay_down_again
        self._changed = Condition()
        self._acted: set[tuple[str, object]] = set()
        self._inspection_id: str | None = None
        self._ended: list[str] = []
        self._reasons = reason_table()
        self._unsubscribe = desk.subscribe(self._look)

    def detach(self) -> None:
        """Stop acting."""
        self._unsubscribe()

    def wait(self, ended: int, seconds: float) -> bool:
        """Wait until this many inspections have ended. False when the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._ended) >= ended, seconds)

    @property
    def ended(self) -> tuple[str, ...]:
        """Ids of the inspections that were sealed, in order."""
        with self._changed:
            return tuple(self._ended)

    def _look(self, snapshot: DeskSnapshot) -> None:
        inspection = snapshot.inspection
        last = snapshot.last_decision
        with self._changed:
            if last is not None and last.inspection_id not in self._ended[-3:]:
                self._ended.append(last.inspection_id)
                self._acted.clear()
                self._changed.notify_all()
        if inspection is not None:
            self._act(snapshot, inspection)

    def _act(self, snapshot: DeskSnapshot, inspection: Inspection) -> None:
        if inspection.decision is not None:
            if inspection.sealing_fault and self._once(inspection, "seal", times=_SEALING_TRIES):
                self._desk.post(c.RetrySealing())
            return
        if Step.DOCUMENT in inspection.running:
            self._help_reading(snapshot, inspection)
            return
        if inspection.collection.allowed is None and self._once(inspection, "class"):
            self._desk.post(c.ConfirmPersonClass(self._person_class()))
            return
        if inspection.stage is Stage.DECISION and not inspection.running:
            self._decide(inspection)

    def _help_reading(self, snapshot: DeskSnapshot, inspection: Inspection) -> None:
        unread = [notice for notice in snapshot.notices if notice.code.startswith("DOC-")]
        if not unread or not self._once(inspection, ("reading", unread[-1].number)):
            return
        if self._once(inspection, "lay", times=_READING_TRIES):
            self._lay_down_again()
        elif self._once(inspection, "type"):
            typed = "\n".join(self._zone())
            self._desk.post(c.TypeDocument(typed, typed))

    def _decide(self, inspection: Inspection) -> None:
        if not blockers(inspection, self._passing):
            if self._once(inspection, ("decide", self._passing)):
                self._desk.post(c.Decide(self._passing))
            return
        for step in inspection.scenario.steps:
            evidence = inspection.evidence.get(step)
            again = isinstance(evidence, Missing) and evidence.code in ("CHP-01", "BIO-01", "DEV-01", "SYS-01")
            if again and inspection.attempt(step) < _TRIES and self._once(inspection, ("retry", step)):
                self._desk.post(c.RetryStep(step))
                return
        if self._once(inspection, ("decide", Disposition.RF)):
            self._desk.post(c.Decide(Disposition.RF, (self._reason(inspection),)))

    def _reason(self, inspection: Inspection) -> str:
        codes = [finding.code for finding in (*barring(inspection), *findings(inspection))]
        offered = self._reasons.for_decision(Disposition.RF, inspection.collection.person_class, codes)
        return offered[0].code

    def _once(self, inspection: Inspection, act: object, *, times: int = 1) -> bool:
        """Whether this act is still to be done in this inspection; counts it as done."""
        for number in range(times):
            key = (inspection.inspection_id, (act, number))
            if key not in self._acted:
                self._acted.add(key)
                return True
        return False
