"""Devices and instruments that fail under the desk: a missing step with its code, and work again when they are well."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from desk_bench import PAGE, Bench

from inspection_station.desk import commands as c
from inspection_station.desk.ports import StepFault
from inspection_station.desk.view import DeskSnapshot
from inspection_station.hardware.errors import CardRemoved, DeviceGarbage, DeviceStalled
from inspection_station.hardware.ports import DeviceKind, DeviceState, DocumentScan
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.evidence import Missing, Taken
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FacePrompt

ADMIT = c.Decide(Disposition.AD)
REFER = c.Decide(Disposition.RF, ("S20",))


def code_of(snapshot: DeskSnapshot, step: Step) -> str:
    evidence = snapshot.inspection.evidence[step] if snapshot.inspection is not None else None
    assert isinstance(evidence, Missing), evidence
    return evidence.code


def state_of(bench: Bench, kind: DeviceKind) -> DeviceState:
    return next(status.state for status in bench.rack.statuses() if status.kind is kind)


def notices(snapshot: DeskSnapshot) -> set[str]:
    return {notice.code for notice in snapshot.notices}


@pytest.mark.parametrize("code", ["CHP-02", "CHP-07", "CHP-10"])
def test_what_the_chip_does_is_not_the_fault_of_its_reader(bench: Bench, code: str) -> None:
    bench.chips.faults.append(StepFault(code, "test"))
    bench.place()
    assert code_of(bench.until_stage(Stage.DECISION), Step.CHIP) == code
    assert state_of(bench, DeviceKind.CHIP_READER) is DeviceState.READY
    assert DeviceState.FAULTY not in {d.state for s in bench.snapshots for d in s.devices}


def test_a_chip_is_read_again_with_the_number_that_was_typed_until_its_zone_is_read_anew(bench: Bench) -> None:
    bench.chips.faults.append(StepFault("CHP-02", "test"))
    bench.place()
    bench.until_stage(Stage.DECISION)
    bench.post(c.TypeCan("123456"))
    opened = bench.until(lambda s: s.inspection is not None and s.inspection.chip is not None)
    assert opened.inspection is not None
    bench.post(c.TypeDocument("abc", "abc"))
    bench.until(lambda s: s.inspection is not None and s.inspection.attempt(Step.CHIP) > 2 and not s.inspection.running)
    assert bench.chips.numbers == ["", "123456", ""]


def test_a_card_pulled_out_is_read_again_by_asking(bench: Bench) -> None:
    bench.chip.faults.append(CardRemoved("gone"))
    bench.place()
    assert code_of(bench.until_stage(Stage.DECISION), Step.CHIP) == "CHP-01"
    bench.post(c.RetryStep(Step.CHIP))
    again = bench.until(
        lambda s: s.inspection is not None and s.inspection.chip is not None and not s.inspection.running
    )
    assert again.inspection is not None
    assert isinstance(again.inspection.evidence[Step.COMPARISON], Taken)
    bench.post(ADMIT)
    bench.until_ready()


def test_no_face_in_time_is_told_and_the_camera_stays_well(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench(face_timeout=30.0)
    bench.faces.prompt = FacePrompt.SEVERAL_FACES
    bench.place()
    bench.until(lambda s: s.face_prompt is FacePrompt.SEVERAL_FACES)
    bench.clock.push(31)
    snapshot = bench.until_stage(Stage.DECISION)
    assert code_of(snapshot, Step.FACE) == "BIO-01"
    assert state_of(bench, DeviceKind.CAMERA) is DeviceState.READY
    assert FacePrompt.SEVERAL_FACES in {s.face_prompt for s in bench.snapshots}
    bench.post(REFER)
    bench.until_ready()
    bench.faces.prompt = FacePrompt.GOOD
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"next"))
    bench.until_stage(Stage.DECISION)
    bench.post(ADMIT)
    bench.until_ready()
    assert [row.disposition for row in bench.records()] == ["RF", "AD"]


def test_an_unforeseen_fault_of_the_judge_is_a_missing_face_and_not_a_broken_camera(bench: Bench) -> None:
    bench.faces.faults.append(ZeroDivisionError("a bug"))
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert code_of(snapshot, Step.FACE) == "SYS-01"
    assert state_of(bench, DeviceKind.CAMERA) is DeviceState.READY


def test_an_unforeseen_fault_of_the_lists_is_a_missing_step(bench: Bench) -> None:
    bench.lists.faults.append(KeyError("a bug"))
    bench.place()
    assert code_of(bench.until_stage(Stage.DECISION), Step.WATCHLIST) == "SYS-01"


def test_a_step_that_cannot_even_be_started_is_a_missing_step_and_the_others_go_on(bench: Bench) -> None:
    bench.place()
    bench.until_stage(Stage.DECISION)
    bench.pool.shutdown(wait=True)
    bench.post(c.RetryStep(Step.CHIP))
    snapshot = bench.until(
        lambda s: s.inspection is not None and s.inspection.attempt(Step.COMPARISON) == 2 and not s.inspection.running
    )
    assert isinstance(snapshot.inspection.evidence[Step.CHIP], Taken)  # type: ignore[union-attr]
    assert code_of(snapshot, Step.COMPARISON) == "SYS-01"


def test_a_chip_reader_pulled_out_is_told_and_works_after_it_is_back(bench: Bench) -> None:
    bench.chip.gate.shut()
    bench.place()
    assert bench.chip.gate.reached.wait(60)
    bench.chip.plugged = False
    bench.chip.gate.open()
    assert code_of(bench.until_stage(Stage.DECISION), Step.CHIP) == "DEV-01"
    bench.chip.plugged = True
    bench.post(c.RetryStep(Step.CHIP))
    bench.until(lambda s: s.inspection is not None and s.inspection.chip is not None)


def test_a_camera_pulled_out_in_the_middle_is_told_and_works_after_it_is_back(bench: Bench) -> None:
    bench.faces.prompt = FacePrompt.CLOSER
    bench.place()
    bench.until(lambda s: s.face_prompt is FacePrompt.CLOSER)
    bench.camera.plugged = False
    snapshot = bench.until_stage(Stage.DECISION)
    assert code_of(snapshot, Step.FACE) == "DEV-01"
    assert bench.desk.frames.newest() is None
    bench.camera.plugged = True
    bench.faces.prompt = FacePrompt.GOOD
    bench.post(c.RetryStep(Step.FACE))
    bench.until(lambda s: s.inspection is not None and s.inspection.face is not None)


def test_a_document_reader_pulled_out_and_back_reads_and_its_notice_goes(bench: Bench) -> None:
    bench.until_armed()
    bench.reader.plugged = False
    bench.until(lambda s: "DEV-01" in notices(s))
    bench.reader.plugged = True
    bench.until(lambda s: "DEV-01" not in notices(s))
    bench.place()
    bench.until_stage(Stage.DECISION)


def test_a_reader_that_stalls_is_armed_again_once_it_is_well(bench: Bench) -> None:
    bench.until_armed()
    bench.reader.faults.append(DeviceStalled("silent"))
    bench.until(lambda s: "DEV-01" in notices(s))
    bench.place()
    bench.until_stage(Stage.DECISION)


def test_a_reader_talking_nonsense_without_end_does_not_spin(bench: Bench) -> None:
    bench.until_armed()
    bench.reader.faults.extend(DeviceGarbage("nonsense", code="DOC-01") for _ in range(8))
    bench.place()
    bench.until_stage(Stage.DECISION)
    assert not bench.reader.faults
