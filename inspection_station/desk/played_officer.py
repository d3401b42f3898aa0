"""An officer by the book, for lessons without a person, acceptance runs and regression; uses the desk as a screen does.

Admits when nothing stands against it; otherwise takes the step once more where that helps, compares with the page by
eye where a silent chip leaves no other way, clears with a colleague a control-list hit that is plainly another person,
and refers everybody else. Overrides nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition

from inspection_station.desk import commands as c
from inspection_station.desk.reasons import codes_of, reason_table
from inspection_station.desk.view import Desk, DeskSnapshot
from inspection_station.hardware.ports import DeviceKind, DeviceState
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Missing, Taken
from inspection_station.inspection.finding_rules import barring, findings
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.offers import blockers
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.watchlist import WatchlistHit, WatchlistResult

_TRIES = 2  # of a step that a second try may mend
_READING_TRIES = 2  # of the page, before it is typed (FLOWS 4.2, DOC-01)
_SEALING_TRIES = 3
_MENDED_BY_A_SECOND_TRY = frozenset({"CHP-01", "BIO-01", "DEV-01", "SYS-01"})
_DEVICE_PATIENCE = 8.0  # seconds for a device that was unplugged to be plugged in again
_DEVICE_OF = {
    Step.CHIP: DeviceKind.CHIP_READER,
    Step.FACE: DeviceKind.CAMERA,
    Step.FINGERPRINTS: DeviceKind.FINGERPRINT_READER,
}
_ANSWER_PATIENCE = 3.0  # seconds for the desk to carry out an act, or to refuse it
_SILENT_CHIP = {"CHP-01": "W01", "DEV-01": "W02"}  # why nothing was read -> reason of letting the step go
_ANOTHER_PERSON = "O03"
_DIFFERENT = 2  # identifiers that must differ, and nothing but name and date of birth agree, to clear a hit
_AGREE_BY_CHANCE = frozenset({"name", "name_alike", "date_of_birth_partly"})


class PlayedOfficer:
    """Attach once; ``wait`` for each traveller's end.

    ``person_class`` and ``zone`` answer what a person would see: who stands there, and what is printed. ``second`` is
    the id and code of a colleague who looks too where two are asked for; without one, a hit is referred.
    """

    def __init__(
        self,
        desk: Desk,
        passing: Disposition,
        person_class: Callable[[], PersonClass],
        zone: Callable[[], tuple[str, ...]],
        lay_down_again: Callable[[], None],
        *,
        second: tuple[str, str] | None = None,
    ) -> None:
        self._desk = desk
        self._passing = passing
        self._person_class = person_class
        self._zone = zone
        self._lay_down_again = lay_down_again
        self._second = second
        self._changed = Condition()  # its lock is held while acting: the desk's thread and whoever waits may look
        self._waiting_since: dict[str, float] = {}
        self._asked: tuple[Inspection | None, float] = (None, 0.0)
        self._told: dict[str, list[str]] = {}
        self._acted: set[tuple[str, object]] = set()
        self._inspection_id: str | None = None
        self._ended: list[str] = []
        self._reasons = reason_table()
        self._unsubscribe = desk.subscribe(self._look)

    def detach(self) -> None:
        """Stop acting."""
        self._unsubscribe()

    def wait(self, ended: int, seconds: float) -> bool:
        """Wait until this many inspections have ended. False when the time is over.

        Looks at the desk each time it is called, since a device that stays away tells of no change.
        """
        self._look(self._desk.snapshot())
        with self._changed:
            return self._changed.wait_for(lambda: len(self._ended) >= ended, seconds)

    @property
    def ended(self) -> tuple[str, ...]:
        """Ids of the inspections that were sealed, in order."""
        with self._changed:
            return tuple(self._ended)

    def told(self, inspection_id: str) -> tuple[str, ...]:
        """Codes of the notices shown during this inspection, in order, each once. Kept for the last few."""
        with self._changed:
            return tuple(self._told.get(inspection_id, ()))

    def _look(self, snapshot: DeskSnapshot) -> None:
        inspection = snapshot.inspection
        last = snapshot.last_decision
        with self._changed:
            if last is not None and last.inspection_id not in self._ended[-3:]:
                self._ended.append(last.inspection_id)
                self._acted.clear()
                self._waiting_since.clear()
                self._changed.notify_all()
            if inspection is not None:
                self._hear(snapshot, inspection)
                self._act(snapshot, inspection)

    def _hear(self, snapshot: DeskSnapshot, inspection: Inspection) -> None:
        heard = self._told.setdefault(inspection.inspection_id, [])
        heard.extend(code for code in dict.fromkeys(n.code for n in snapshot.notices) if code not in heard)
        while len(self._told) > 4:
            del self._told[next(iter(self._told))]

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
            self._decide(snapshot, inspection)

    def _help_reading(self, snapshot: DeskSnapshot, inspection: Inspection) -> None:
        unread = [notice for notice in snapshot.notices if notice.code.startswith("DOC-")]
        if not unread or not self._once(inspection, ("reading", unread[-1].number)):
            return
        if self._once(inspection, "lay", times=_READING_TRIES):
            self._lay_down_again()
        elif self._once(inspection, "type"):
            typed = "\n".join(self._zone())
            self._desk.post(c.TypeDocument(typed, typed))

    def _decide(self, snapshot: DeskSnapshot, inspection: Inspection) -> None:
        asked, since = self._asked
        if inspection is asked and time.monotonic() - since < _ANSWER_PATIENCE:
            return  # the desk has not come to what was asked of it last
        if not blockers(inspection, self._passing):
            if self._once(inspection, ("decide", self._passing)):
                self._ask(inspection, c.Decide(self._passing))
            return
        if self._takes_again(snapshot, inspection) or self._lets_go(inspection) or self._clears(inspection):
            return
        if self._once(inspection, ("decide", Disposition.RF)):
            self._ask(inspection, c.Decide(Disposition.RF, (self._reason(inspection),)))

    def _takes_again(self, snapshot: DeskSnapshot, inspection: Inspection) -> bool:
        """Ask for a missing step once more. True while that is under way, or its device is waited for."""
        for step in inspection.scenario.steps:
            evidence = inspection.evidence.get(step)
            if not isinstance(evidence, Missing) or evidence.code not in _MENDED_BY_A_SECOND_TRY:
                continue
            if inspection.attempt(step) >= _TRIES:
                continue
            if evidence.code == "DEV-01" and self._waits_for(snapshot, inspection, step):
                return True
            if self._once(inspection, ("retry", step, inspection.attempt(step))):
                self._ask(inspection, c.RetryStep(step))
                return True
        return False

    def _waits_for(self, snapshot: DeskSnapshot, inspection: Inspection, step: Step) -> bool:
        """Whether the step's device is away and may still be plugged in again."""
        states = {device.state for device in snapshot.devices if device.kind is _DEVICE_OF.get(step)}
        if not states or states & {DeviceState.READY, DeviceState.BUSY}:
            return False
        since = self._waiting_since.setdefault(f"{inspection.inspection_id} {step.value}", time.monotonic())
        return time.monotonic() - since < _DEVICE_PATIENCE

    def _lets_go(self, inspection: Inspection) -> bool:
        """A chip that says nothing leaves the eye: page against face. One that says something odd does not."""
        chip = inspection.evidence.get(Step.CHIP)
        reason = _SILENT_CHIP.get(chip.code) if isinstance(chip, Missing) else None
        seen = isinstance(inspection.evidence.get(Step.FACE), Taken)
        if reason is None or not seen or not isinstance(inspection.evidence.get(Step.COMPARISON), Missing):
            return False
        if self._once(inspection, ("waive", Step.CHIP)):
            self._ask(inspection, c.WaiveStep(Step.CHIP, reason))
            return True
        return False

    def _clears(self, inspection: Inspection) -> bool:
        """Set aside a hit that is plainly somebody else, if hits are all that stands in the way."""
        lists = inspection.evidence.get(Step.WATCHLIST)
        found = lists.result if isinstance(lists, Taken) else None
        hits = found.hits if isinstance(found, WatchlistResult) else ()
        if self._second is None or any(finding.code != "LST-03" for finding in barring(inspection)):
            return False
        if not hits or not all(_plainly_another(hit) for hit in hits):
            return False
        for hit in hits:
            key = f"watchlist:hit:{hit.list_id}:{hit.entry_id}"
            if self._once(inspection, ("clear", key)):
                note = f"another person: {', '.join(hit.differing)} differ from the listed person's"
                self._ask(inspection, c.OverrideFinding(key, _ANOTHER_PERSON, note, *self._second))
                return True
        return False

    def _ask(self, inspection: Inspection, command: c.Command) -> None:
        self._asked = (inspection, time.monotonic())
        self._desk.post(command)

    def _reason(self, inspection: Inspection) -> str:
        codes = codes_of((*barring(inspection), *findings(inspection)))
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


def _plainly_another(hit: WatchlistHit) -> bool:
    return len(hit.differing) >= _DIFFERENT and frozenset(hit.matching) <= _AGREE_BY_CHANCE
