"""The real composition root with the training profile at pace 0, driven as an officer would drive it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inspection_station.app import open_station
from inspection_station.desk import commands as c
from inspection_station.desk.played_officer import PlayedOfficer
from inspection_station.desk.view import DeskSnapshot
from inspection_station.hardware.ports import DeviceKind
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.scenario import SCENARIOS, Step
from inspection_station.station_profile import DeviceProfile, StationProfile, load_profile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.values import StoredRecord
from inspection_station.training.faults import Fault
from inspection_station.training.personas.identity import PersonaKind
from inspection_station.training.personas.stories import Place, story
from inspection_station.training.personas.traveller import TrainingTraveller, traveller

PATIENCE = 150.0
FEW = 4
EVERYDAY = frozenset(
    {"BIO-11", "DEV-02", "NET-01"}
)  # no fingerprint reader, or fingers and RMAS that headquarters asks


def training_profile(
    folder: Path,
    *,
    gives: str = "swipe",
    fingers: bool = False,
    settings: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
    **changes: Any,
) -> StationProfile:
    """The shipped profile at pace 0. Swiping takes no time; ``gives="page"`` photographs the page and reads it.

    ``fingers``: with the fingerprint reader, whose fingers take a second to grow; ``settings``: by the device's kind,
    over those of the profile.
    """
    profile = load_profile("training", data_folder=folder)
    devices = dict(profile.devices)
    if not fingers:
        del devices["fingerprint reader"]
    devices["document reader"] = DeviceProfile("training-document", {"gives": gives})
    for kind, given in settings.items():
        devices[kind] = replace(devices[kind], settings={**devices[kind].settings, **given})
    return replace(profile, devices=devices, pace=0.0, **changes)


def today() -> date:
    return SystemClock().now().date()


def person(seed: int, kind: PersonaKind = PersonaKind.FOREIGNER, fault: str | None = None) -> TrainingTraveller:
    return traveller(seed, kind=kind, today=today(), fault=fault)


def of_few_faces(who: TrainingTraveller) -> TrainingTraveller:
    """The same story and papers with one of a handful of faces: to film a new one takes a second or two each time, and
    where the story is of papers or devices nothing hangs on it. Not for stations that take fingers, which go with it.
    """
    told = None if who.fault is None else story(who.fault)
    if who.live_face != who.face_seed or (told is not None and told.place is Place.GROUP):
        return who
    known = person(who.seed % FEW)
    return replace(who, seed=known.seed, face_seed=known.face_seed, live_face=known.face_seed)


class RealStation:
    """A running station. ``step_up`` brings a traveller before it; ``by_the_book`` plays the whole inspection."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self._stack = ExitStack()
        self.station = open_station(training_profile(folder, **changes), self._stack)
        assert self.station.director is not None
        self.director = self.station.director
        self.stage = self.director._stage
        self.desk = self.station.desk
        self.passing = next(one for one in SCENARIOS[self.station.profile.scenario].dispositions if one.lets_pass)
        self.store = self.station.store

    def close(self) -> None:
        self._stack.close()

    def inject(self, fault: Fault, kind: DeviceKind | None = None) -> None:
        self.stage.faults.inject(fault, kind)

    def step_up(self, who: TrainingTraveller, *faults: Fault) -> None:
        self.director.prepare(who)
        self.director.present(who)
        for fault in faults:
            self.inject(fault)

    def clear(self) -> None:
        """Nobody there, nothing broken, nothing open: however the last test ended."""
        self.stage.faults.clear()
        self.director.leave()
        until = time.monotonic() + PATIENCE
        while self.desk.snapshot().inspection is not None and time.monotonic() < until:
            self.desk.post(c.Decide(Disposition.VD, ("V01",)))
            time.sleep(0.05)

    def until(self, wanted: Callable[[DeskSnapshot], object], seconds: float = PATIENCE) -> DeskSnapshot:
        until = time.monotonic() + seconds
        while not wanted(snapshot := self.desk.snapshot()):
            if time.monotonic() > until:
                raise AssertionError(f"never came: {_described(snapshot)}")
            time.sleep(0.01)
        return snapshot

    def until_decision(self) -> Inspection:
        inspection = self.until(
            lambda s: s.inspection is not None and s.inspection.stage is Stage.DECISION and not s.inspection.running
        ).inspection
        assert inspection is not None
        return inspection

    def decide(self, disposition: Disposition, *reasons: str) -> InspectionRecord:
        """The record that the decision became."""
        inspection = self.desk.snapshot().inspection
        assert inspection is not None
        self.desk.post(c.Decide(disposition, reasons))
        self.until(lambda s: s.last_decision is not None and s.last_decision.inspection_id == inspection.inspection_id)
        self.director.leave()
        return self.record(inspection.inspection_id)

    def record(self, inspection_id: str) -> InspectionRecord:
        stored = self.stored(inspection_id)
        assert stored.record is not None
        return stored.record

    def stored(self, inspection_id: str) -> StoredRecord:
        stored = self.store.record(inspection_id)
        assert stored is not None
        return stored

    def by_the_book(self, who: TrainingTraveller, *faults: Fault) -> InspectionRecord:
        """The whole inspection with the played officer."""
        return self.by_the_book_with_notices(who, *faults)[0]

    def by_the_book_with_notices(
        self, who: TrainingTraveller, *faults: Fault
    ) -> tuple[InspectionRecord, tuple[str, ...]]:
        """The same, with the codes of the notices that were shown meanwhile."""
        officer = PlayedOfficer(
            self.desk,
            self.passing,
            person_class=lambda: who.persona.person_class,
            zone=lambda: who.mrz_lines,
            lay_down_again=self.director.lay_down_again,
            second=("T-002", "2222"),
        )
        before = {row.inspection_id for row in self.store.records(1)}
        try:
            self.step_up(who, *faults)
            until = time.monotonic() + PATIENCE
            while not (new := {r.inspection_id for r in self.store.records(1)} - before):
                if time.monotonic() > until:
                    raise AssertionError(f"never ended: {_described(self.desk.snapshot())}")
                officer.wait(1, 0.02)
            self.until(lambda s: s.inspection is None)
        finally:
            officer.detach()
            self.director.leave()
        ended = new.pop()
        return self.record(ended), officer.told(ended)

    def passes(self, seed: int) -> None:
        """An ordinary traveller goes through: whatever happened before is over."""
        record = self.by_the_book(person(seed))
        assert record.decision.disposition is Disposition.AD, codes(record)


def codes(record: InspectionRecord) -> set[str]:
    """What was found, without what is found on every ordinary day."""
    return {finding.code for finding in record.findings} - EVERYDAY


def missing(inspection: Inspection, step: Step) -> str:
    evidence = inspection.evidence.get(step)
    assert isinstance(evidence, Missing), evidence
    return evidence.code


def _described(snapshot: DeskSnapshot) -> str:
    inspection = snapshot.inspection
    notices = [(n.code, n.detail) for n in snapshot.notices]
    devices = [(d.kind.value, d.state.value, d.code) for d in snapshot.devices]
    if inspection is None:
        return f"ready, {notices}, {devices}"
    evidence = {step.value: str(found)[:60] for step, found in inspection.evidence.items()}
    return f"{inspection.stage.value}, running {sorted(inspection.running)}, {evidence}, {notices}, {devices}"


__all__ = ["EVERYDAY", "PersonClass", "RealStation", "codes", "missing", "person", "today", "training_profile"]
