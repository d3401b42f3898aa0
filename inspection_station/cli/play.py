"""A lesson played without a person: the real desk, devices, store and comparison, the officer by the book."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from inspection_station.app import Station, open_station
from inspection_station.desk.commands import Decide
from inspection_station.desk.inspection_desk import TAIPEI
from inspection_station.desk.played_officer import PlayedOfficer
from inspection_station.desk.view import DeskSnapshot
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.events import Event, StepFailed
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.scenario import SCENARIOS
from inspection_station.station_profile import StationProfile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.values import StoredRecord
from inspection_station.training.casting import cast, part
from inspection_station.training.director import Director
from inspection_station.training.personas.traveller import TrainingTraveller

log = logging.getLogger(__name__)

STORE_PATIENCE_SECONDS = 8.0
"""How long a lesson waits for a store that cannot write: nobody is there to make room."""

PATIENCE_SECONDS = 120.0
"""How long one traveller may take before the lesson says that it was lost."""

SHORTEST_LOOK_SECONDS = 10.0
"""How long a face is looked for without pace: nobody steps up any later, but a busy machine judges slowly."""

VOIDING_SECONDS = 15.0
"""How long the desk may take to close an inspection whose traveller is gone."""

INTERRUPTED = "V01"
"""Reason code of the record that closes an inspection which a crash interrupted."""


SECOND_OFFICER = ("T-002", "2222")
"""The colleague who looks too where two are asked for (``tables/training_roster.toml``: no secret)."""


@dataclass(frozen=True, slots=True)
class Play:
    """What to play. ``faults`` are parts as ``training.casting`` writes them; without any it is a mixed lesson."""

    scenario: str
    seed: int
    travellers: int
    pace: float
    faults: tuple[str, ...] = ()


def perform(
    profile: StationProfile,
    play: Play,
    *,
    on_traveller: Callable[[dict[str, Any]], None] = lambda report: None,
    on_sealed: Callable[[str, str, str], None] = lambda inspection_id, disposition, record_hash: None,
    on_snapshot: Callable[[DeskSnapshot, Station], None] | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Play it and report as documented for ``play --json``. Raises what ``open_station`` raises.

    ``on_sealed`` gets id, disposition and hash of every record once the store has answered for it; ``meanwhile`` is
    called over and over on this thread while a traveller is before the desk.
    """
    looking = profile.face_timeout_seconds
    looking = min(looking, max(SHORTEST_LOOK_SECONDS, looking * play.pace))
    profile = replace(profile, scenario=play.scenario, pace=play.pace, face_timeout_seconds=looking)
    passing = next(d for d in SCENARIOS[play.scenario].dispositions if d.lets_pass)
    today = SystemClock().now().astimezone(TAIPEI).date()
    people = cast(play.seed, play.travellers, [part(written) for written in play.faults], today)
    with ExitStack() as stack:
        station = open_station(profile, stack, seed=play.seed)
        director = station.director
        if director is None:
            raise ValueError("only a training profile can be played")
        if on_snapshot is not None:
            stack.callback(station.desk.subscribe(lambda snapshot: on_snapshot(snapshot, station)))
        officer = PlayedOfficer(
            station.desk,
            passing,
            person_class=lambda: _class_of(director),
            zone=lambda: director.current.mrz_lines if director.current else (),
            lay_down_again=director.lay_down_again,
            second=SECOND_OFFICER,
        )
        stack.callback(officer.detach)
        director.announce(people)
        lesson_played = _LessonPlayed(station, director, officer, on_sealed, meanwhile)
        recovered = lesson_played.finish_interrupted()
        reports: list[dict[str, Any] | None] = []
        for person, after in zip_longest(people, people[1:]):
            report = lesson_played.one(person, after)
            reports.append(report)
            if report is not None:
                on_traveller(report)
    done = [report for report in reports if report is not None]
    return {"travellers": done, "lost": len(reports) - len(done), "recovered": recovered}


class _LessonPlayed:
    """Travellers one after the other before a running station."""

    def __init__(
        self,
        station: Station,
        director: Director,
        officer: PlayedOfficer,
        on_sealed: Callable[[str, str, str], None],
        meanwhile: Callable[[], None],
    ) -> None:
        self._station = station
        self._director = director
        self._officer = officer
        self._on_sealed = on_sealed
        self._meanwhile = meanwhile

    def one(self, person: TrainingTraveller, after: TrainingTraveller | None) -> dict[str, Any] | None:
        """The report of one traveller, while the one ``after`` is drawn; None when there is no record in time."""
        before = len(self._officer.ended)
        self._director.prepare(person)  # drawing is the play's own work, not the devices'
        if after is not None:
            self._director.expect(after)
        self._director.present(person)
        try:
            if not self._ended(before + 1, PATIENCE_SECONDS):
                if (fault := self._station.store.fault) is not None:
                    raise fault  # a store that cannot write ends the lesson; what was sealed stays
                log.error("a traveller was not finished in time")
                self._void()
                return None
        finally:
            self._director.leave()
        stored = self._sealed(self._officer.ended[before])
        if stored is None or stored.record is None:
            return None
        return report_of(stored.record, stored.history, self._officer.told(stored.inspection_id), person)

    def finish_interrupted(self) -> list[str]:
        """Inspections that a crash interrupted are closed first: their travellers are not there any more."""
        until = time.monotonic() + PATIENCE_SECONDS
        desk, officer = self._station.desk, self._officer
        while desk.snapshot().sequence == 0 and time.monotonic() < until:
            time.sleep(0.01)  # the desk has not looked into the journal yet
        while desk.snapshot().inspection is not None and time.monotonic() < until:
            before = len(officer.ended)
            self._void()
            if len(officer.ended) > before:
                self._sealed(officer.ended[-1])
        return list(officer.ended)

    def _void(self) -> None:
        """Close the inspection in hand without its traveller."""
        before = len(self._officer.ended)
        inspection = self._station.desk.snapshot().inspection
        if inspection is not None:
            self._station.desk.post(Decide(Disposition.VD, (INTERRUPTED,)))
            self._ended(before + 1, VOIDING_SECONDS)

    def _ended(self, count: int, seconds: float) -> bool:
        until, faultless = time.monotonic() + seconds, time.monotonic()
        while not (ended := self._officer.wait(count, 0.05)) and time.monotonic() < until:
            self._meanwhile()
            if self._station.store.fault is None:
                faultless = time.monotonic()
            elif time.monotonic() - faultless > STORE_PATIENCE_SECONDS:
                return False
        return ended

    def _sealed(self, inspection_id: str) -> StoredRecord | None:
        stored = self._station.store.record(inspection_id)
        if stored is not None:
            self._on_sealed(inspection_id, stored.disposition, stored.record_hash)
        return stored


def _class_of(director: Director) -> PersonClass:
    return director.current.persona.person_class if director.current else PersonClass.FOREIGNER


def report_of(
    record: InspectionRecord, history: Sequence[Event], notices: Sequence[str], person: TrainingTraveller
) -> dict[str, Any]:
    """One traveller of the report. ``notices`` are the codes shown meanwhile; of ``history`` every failed attempt is
    told, mended or not. ``ms`` includes ``device_ms``; the software's share is the difference.
    """
    failed = [{"step": e.step.value, "code": e.code} for e in history if isinstance(e, StepFailed)]
    return {
        "id": record.inspection_id,
        "scenario": record.scenario,
        "disposition": record.decision.disposition.value,
        "findings": [finding.code for finding in record.findings],
        "found": [{"step": f.key.partition(":")[0], "code": f.code, "detail": f.detail} for f in record.findings],
        "notices": list(notices),
        "failed": failed,
        "story": person.fault,
        "chip": person.chip,
        "expected": [ending.value for ending in person.expected_in(record.scenario).endings],
        "steps": [
            {"step": s.step.value, "outcome": s.outcome, "ms": round(s.total_ms, 1), "device_ms": round(s.device_ms, 1)}
            for s in record.steps
        ],
    }


def software_ms(report: dict[str, Any]) -> float:
    """The software's share of one traveller: all steps, device time excluded, in milliseconds."""
    steps: Sequence[dict[str, Any]] = report["steps"]
    return float(sum(step["ms"] - step["device_ms"] for step in steps))


def right(report: dict[str, Any]) -> bool:
    """Whether the ending is among those the answer key of the scenario accepts."""
    return report["disposition"] in report["expected"]
