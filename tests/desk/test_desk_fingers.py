"""Fingers under the desk: the order of the law, notes and refusal, a lost reader, the chip's fingers, article 91."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Event, Lock
from typing import Any

import numpy as np
import pytest
from bench_instruments import BenchDevice
from core_builders import born, zone
from desk_bench import Bench, blobs_of

from inspection_station.desk import commands as c
from inspection_station.desk.finger_capture import TRIES
from inspection_station.desk.finger_ports import JudgedFinger
from inspection_station.desk.ports import StepFault
from inspection_station.desk.view import DeskSnapshot
from inspection_station.documents.emrtd.finger_images import Compression
from inspection_station.documents.emrtd.finger_images import FingerImage as ChipFinger
from inspection_station.hardware.errors import CaptureCancelled, DeviceUnplugged
from inspection_station.hardware.ports import DeviceKind, FingerImage
from inspection_station.inspection.biometrics import (
    ComparisonBand,
    ComparisonResult,
    FingerAbsence,
    FingerNotTaken,
    FingerPosition,
    FingerprintCapture,
    Modality,
    ReferenceKind,
)
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.events import FingerprintsCaptured
from inspection_station.inspection.evidence import Missing, Taken, Waived
from inspection_station.inspection.finding_rules import barring, findings
from inspection_station.inspection.findings import Severity
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FingerPrompt

ADMIT = c.Decide(Disposition.AD)
P = FingerPosition


class BenchFingerReader(BenchDevice):
    """Lays down the finger that is asked for, once a finger is in ``fingers`` (or for ever with ``always``)."""

    def __init__(self) -> None:
        super().__init__(DeviceKind.FINGERPRINT_READER)
        self.always = True
        self.asked: list[FingerPosition] = []
        self.waiting = Event()

    def capture(self, cancel: Event, finger: Any = None, on_preview: Any = None) -> FingerImage:
        self.ready()
        self.asked.append(finger)
        while not self.always:
            self.waiting.set()
            self.ready()
            if cancel.wait(0.003):
                self.waiting.clear()
                raise CaptureCancelled("stopped")
        image = FingerImage(np.full((20, 10), 10 * list(P).index(finger), np.uint8), 500)
        on_preview(image)
        return image


class BenchJudge:
    """Qualities are given in order, then 80 for ever; 0 gives no template."""

    def __init__(self) -> None:
        self.qualities: deque[int] = deque()
        self.compared: list[tuple[set[FingerPosition], int]] = []
        self.band = ComparisonBand.MATCH
        self.fault: Exception | None = None
        self.previews = 0
        self._lock = Lock()
        self._number = 0

    def judge(self, image: FingerImage) -> JudgedFinger:
        if self.fault is not None:
            raise self.fault
        with self._lock:
            self._number += 1
            # Each picture comes twice, first as a preview.
            quality = self.qualities.popleft() if self.qualities else 80
        prompt = FingerPrompt.GOOD if quality >= 60 else FingerPrompt.PRESS_HARDER
        picture = b"\x89PNG a finger %d" % self._number
        return JudgedFinger(prompt, quality, "bench", picture, template="t" if quality else None)

    def compare(
        self, probes: Mapping[FingerPosition, object], chip: Sequence[ChipFinger]
    ) -> tuple[ComparisonResult, ...]:
        self.compared.append((set(probes), len(chip)))
        return (
            ComparisonResult(Modality.FINGERPRINT, ReferenceKind.CHIP_FINGER, 2.0, 1.5, self.band, "bench", 4000.0),
        )


class QuietReader(BenchFingerReader):
    """Without previews, so that every judgement is of a picture."""

    def capture(self, cancel: Event, finger: Any = None, on_preview: Any = None) -> FingerImage:
        return super().capture(cancel, finger, lambda image: None)


@pytest.fixture
def reader() -> BenchFingerReader:
    return QuietReader()


@pytest.fixture
def judge() -> BenchJudge:
    return BenchJudge()


@pytest.fixture
def bench(open_bench: Callable[..., Bench], reader: BenchFingerReader, judge: BenchJudge) -> Bench:
    return open_bench(fingers=judge, finger_reader=reader)


def fingers_of(snapshot: DeskSnapshot) -> FingerprintCapture:
    assert snapshot.inspection is not None
    assert snapshot.inspection.fingers is not None, snapshot.inspection.evidence.get(Step.FINGERPRINTS)
    return snapshot.inspection.fingers


def asking(position: FingerPosition) -> Callable[[DeskSnapshot], bool]:
    return lambda s: s.fingers is not None and s.fingers.asked is position


def codes(snapshot: DeskSnapshot) -> list[str]:
    assert snapshot.inspection is not None
    return [f.code for f in findings(snapshot.inspection) if f.key.startswith("fingerprints:")]


def test_both_index_fingers_are_taken_and_stored_for_headquarters(bench: Bench, reader: BenchFingerReader) -> None:
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    taken = fingers_of(snapshot)
    assert [(s.position, s.quality, s.quality_method) for s in taken.samples] == [
        (P.RIGHT_INDEX, 80, "bench"),
        (P.LEFT_INDEX, 80, "bench"),
    ]
    assert reader.asked == [P.RIGHT_INDEX, P.LEFT_INDEX]
    assert codes(snapshot) == ["BIO-11"]  # nobody has searched for them
    bench.post(ADMIT)
    bench.until_ready()
    stored = bench.store.record(bench.records()[0].inspection_id)
    assert stored is not None
    assert stored.record is not None
    assert {"finger right index", "finger left index"} <= blobs_of(stored)
    assert stored.record.fingers == taken


def test_the_best_of_several_pictures_is_taken(bench: Bench, judge: BenchJudge) -> None:
    judge.qualities.extend([30, 45, 25])
    bench.place()
    taken = fingers_of(bench.until_stage(Stage.DECISION))
    assert [s.quality for s in taken.samples] == [45, 80]


def test_a_finger_that_never_reads_gives_way_to_the_next_of_the_hand(
    bench: Bench, judge: BenchJudge, reader: BenchFingerReader
) -> None:
    judge.qualities.extend([0] * TRIES)
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert fingers_of(snapshot).not_taken == (FingerNotTaken(P.RIGHT_INDEX, FingerAbsence.UNREADABLE),)
    assert reader.asked == [*[P.RIGHT_INDEX] * TRIES, P.RIGHT_THUMB, P.LEFT_INDEX]
    assert codes(snapshot) == ["BIO-12", "BIO-11"]


def test_a_missing_and_an_injured_finger_are_noted_and_replaced_in_the_order_of_the_law(
    bench: Bench, reader: BenchFingerReader
) -> None:
    reader.always = False
    bench.place()
    bench.until(asking(P.RIGHT_INDEX))
    assert reader.waiting.wait(60)
    bench.post(c.NoteFinger(P.RIGHT_INDEX, FingerAbsence.MISSING))
    bench.until(asking(P.RIGHT_THUMB))
    assert reader.waiting.wait(60)
    bench.post(c.NoteFinger(P.RIGHT_INDEX, FingerAbsence.INJURED))  # late: it is not asked for any longer
    bench.settle()
    assert bench.desk.snapshot().fingers is not None
    bench.post(c.NoteFinger(P.RIGHT_THUMB, FingerAbsence.INJURED))
    bench.until(asking(P.RIGHT_MIDDLE))
    reader.always = True
    taken = fingers_of(bench.until_stage(Stage.DECISION))
    assert [s.position for s in taken.samples] == [P.RIGHT_MIDDLE, P.LEFT_INDEX]
    assert taken.not_taken == (
        FingerNotTaken(P.RIGHT_INDEX, FingerAbsence.MISSING),
        FingerNotTaken(P.RIGHT_THUMB, FingerAbsence.INJURED),
    )


def test_a_traveller_without_fingers_is_noted_and_stays_grey(bench: Bench, judge: BenchJudge) -> None:
    judge.qualities.extend([0] * TRIES * len(P))
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert fingers_of(snapshot).samples == ()
    assert len(fingers_of(snapshot).not_taken) == len(P)
    assert snapshot.inspection is not None
    assert [f.severity for f in findings(snapshot.inspection) if f.code == "BIO-11"] == [Severity.UNCHECKED]


def test_refusal_bars_passing_and_leaves_no_finger(bench: Bench, reader: BenchFingerReader) -> None:
    reader.always = False
    bench.place()
    bench.until(asking(P.RIGHT_INDEX))
    bench.post(c.RefuseFingers())
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert snapshot.inspection.evidence[Step.FINGERPRINTS] == Missing("BIO-10", "refused")
    assert [f.code for f in barring(snapshot.inspection)] == ["BIO-10"]
    assert snapshot.fingers is None
    reader.always = True
    bench.post(c.RetryStep(Step.FINGERPRINTS))  # they think better of it
    bench.until(lambda s: s.inspection is not None and s.inspection.attempt(Step.FINGERPRINTS) == 2)
    assert len(fingers_of(bench.until_stage(Stage.DECISION)).samples) == 2


def test_nobody_laying_a_finger_down_is_told_after_a_while(
    open_bench: Callable[..., Bench], reader: BenchFingerReader, judge: BenchJudge
) -> None:
    reader.always = False
    bench = open_bench(fingers=judge, finger_reader=reader, finger_timeout=0.2)
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    missing = snapshot.inspection.evidence[Step.FINGERPRINTS]
    assert isinstance(missing, Missing)
    assert missing.code == "BIO-06"
    assert barring(snapshot.inspection) == ()


def test_a_reader_lost_in_mid_capture_goes_on_when_it_is_plugged_in_again(
    bench: Bench, reader: BenchFingerReader
) -> None:
    reader.faults.append(DeviceUnplugged("pulled out"))
    reader.plugged = False
    bench.place()
    lost = bench.until(lambda s: s.inspection is not None and Step.FINGERPRINTS in s.inspection.evidence)
    assert lost.inspection is not None
    missing = lost.inspection.evidence[Step.FINGERPRINTS]
    assert isinstance(missing, Missing)
    assert missing.code == "DEV-01"
    reader.faults.clear()
    reader.plugged = True
    bench.until(lambda s: s.inspection is not None and s.inspection.fingers is not None)


def test_what_the_judging_finds_is_no_fault_of_the_reader(bench: Bench, judge: BenchJudge) -> None:
    judge.fault = StepFault("BIO-06", "too large")
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert snapshot.inspection.evidence[Step.FINGERPRINTS] == Missing("BIO-06", "too large")
    assert "DEV-01" not in {d.code for s in bench.snapshots for d in s.devices}


def test_without_a_judge_the_step_says_that_it_is_not_prepared(
    open_bench: Callable[..., Bench], reader: BenchFingerReader
) -> None:
    bench = open_bench(finger_reader=reader)
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert snapshot.inspection.evidence[Step.FINGERPRINTS] == Missing("SYS-04", "")
    assert reader.asked == []


def chip_fingers(bench: Bench) -> None:
    """Every chip read from now on gives one finger."""
    read = bench.chips.read
    finger = ChipFinger(2, 80, 0, 10, 20, 500, True, 8, Compression.RAW, bytes(200))

    def reading(*given: Any, **named: Any) -> Any:
        return replace(read(*given, **named), fingers=(finger,))

    bench.chips.read = reading  # type: ignore[method-assign]


@pytest.mark.parametrize("slow_chip", [False, True])
def test_fingers_are_compared_with_the_chips_however_late_it_is_read(
    bench: Bench, judge: BenchJudge, slow_chip: bool
) -> None:
    chip_fingers(bench)
    if slow_chip:
        bench.chip.gate.shut()
        bench.place()
        bench.until(lambda s: s.inspection is not None and s.inspection.face is not None)
        bench.settle()
        bench.chip.gate.open()
    else:
        bench.place()
    taken = fingers_of(bench.until_stage(Stage.DECISION))
    assert judge.compared == [({P.RIGHT_INDEX, P.LEFT_INDEX}, 1)]
    assert [one.reference for one in taken.comparisons] == [ReferenceKind.CHIP_FINGER]


def test_a_finger_unlike_the_chips_asks_for_a_look(bench: Bench, judge: BenchJudge) -> None:
    chip_fingers(bench)
    judge.band = ComparisonBand.NO_MATCH
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert [(f.code, f.severity) for f in barring(snapshot.inspection)] == [("BIO-13", Severity.LOOK)]


def test_of_an_excluded_person_no_finger_is_asked_for(bench: Bench, reader: BenchFingerReader) -> None:
    bench.zones.answers.append(zone(date_of_birth=born(2016)))
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert isinstance(snapshot.inspection.evidence[Step.FINGERPRINTS], Waived)
    assert reader.asked == []
    bench.post(c.RefuseFingers())  # there is nothing to refuse
    bench.settle()
    bench.post(ADMIT)
    bench.until_ready()
    assert bench.store.check().blobs == 0


def test_fingers_of_a_person_found_to_be_excluded_leave_memory_journal_and_store(bench: Bench) -> None:
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    samples = fingers_of(snapshot).samples
    assert all(bench.desk.picture(s.image) is not None for s in samples)
    bench.post(c.ConfirmPersonClass(PersonClass.FOREIGNER, Exemption.SPECIAL_CONSENT))
    bench.until(lambda s: s.inspection is not None and s.inspection.collection.allowed is False)
    bench.until_stage(Stage.DECISION)
    assert all(bench.desk.picture(s.image) is None for s in samples)
    bench.store.flush(60)
    (unfinished,) = bench.store.unfinished()
    captured = [event for event in unfinished.events if isinstance(event, FingerprintsCaptured)]
    assert [(event.samples, event.not_taken, event.comparisons) for event in captured] == [((), (), ())]
    bench.post(ADMIT)
    bench.until_ready()
    stored = bench.store.record(bench.records()[0].inspection_id)
    assert stored is not None
    assert stored.record is not None
    assert stored.record.fingers is None
    assert bench.store.check().blobs == 0


def test_the_step_is_taken_again_with_nothing_left_of_the_first_time(bench: Bench) -> None:
    bench.place()
    first = fingers_of(bench.until_stage(Stage.DECISION)).samples
    bench.post(c.RetryStep(Step.FINGERPRINTS))
    bench.until(lambda s: s.inspection is not None and s.inspection.attempt(Step.FINGERPRINTS) == 2)
    second = bench.until_stage(Stage.DECISION)
    assert fingers_of(second).samples != first
    assert all(bench.desk.picture(s.image) is None for s in first)
    assert isinstance(second.inspection.evidence[Step.FINGERPRINTS] if second.inspection else None, Taken)


def test_live_pictures_and_their_prompt_reach_the_screen(open_bench: Callable[..., Bench], judge: BenchJudge) -> None:
    reader = BenchFingerReader()
    bench = open_bench(fingers=judge, finger_reader=reader)
    frames: list[tuple[int, ...]] = []
    put = bench.desk.finger_frames.put
    bench.desk.finger_frames.put = lambda frame: (frame and frames.append(frame.image.shape), put(frame))[1]  # type: ignore[method-assign,func-returns-value]
    bench.place()
    bench.until_stage(Stage.DECISION)
    assert set(frames) == {(20, 10)}
    assert bench.desk.finger_frames.newest() is None
    assert bench.desk.snapshot().fingers is None
