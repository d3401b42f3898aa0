"""The desk: one inspection from a placed document to a sealed record, and what may go wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from desk_bench import PAGE, SCAN, Bench, blobs_of

from inspection_station.desk import commands as c
from inspection_station.desk.ports import StepFault
from inspection_station.desk.view import DeskSnapshot
from inspection_station.hardware.errors import CardRemoved, DeviceGarbage, DeviceStalled
from inspection_station.hardware.ports import DeviceKind, DeviceState, DocumentScan
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.evidence import Missing, Taken, Waived
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


def test_a_placed_document_becomes_a_sealed_record_with_its_pictures(bench: Bench) -> None:
    bench.place()
    bench.until_stage(Stage.DECISION)
    bench.post(ADMIT)
    done = bench.until_ready()
    [row] = bench.records()
    stored = bench.store.record(row.inspection_id)
    assert stored is not None
    assert stored.disposition == "AD"
    assert blobs_of(stored) == {"page", "portrait", "live face"}
    assert done.done_today == 1
    assert done.unsent > 0
    assert done.last_decision is not None
    assert bench.store.unfinished() == ()
    assert bench.store.check().sound


def test_the_comparison_uses_the_template_of_the_whole_burst(bench: Bench) -> None:
    bench.place()
    bench.until_stage(Stage.DECISION)
    assert bench.faces.templates == ["template"]


def test_the_next_document_starts_the_next_inspection(bench: Bench) -> None:
    for number in range(3):
        bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"%d" % number))
        bench.until_stage(Stage.DECISION)
        bench.post(ADMIT)
        bench.until_ready()
    assert len({row.inspection_id for row in bench.records()}) == 3


def test_a_second_document_is_not_taken_into_a_running_inspection(bench: Bench) -> None:
    bench.chip.gate.shut()
    bench.place()
    bench.until(lambda s: s.inspection is not None and s.inspection.document is not None)
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"another"))
    bench.chip.gate.open()
    first = bench.until_stage(Stage.DECISION).inspection
    assert first is not None
    assert first.document is not None
    assert bench.desk.picture(first.document.page_image) == SCAN.image  # type: ignore[arg-type]
    bench.post(ADMIT)
    second = bench.until(lambda s: s.inspection is not None and s.inspection.inspection_id != first.inspection_id)
    assert second.inspection is not None


def test_the_day_begins_in_taiwan(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench()
    now = datetime.now(UTC)
    evening = now.replace(hour=16, minute=30) + timedelta(days=1)  # half past midnight in Taipei
    bench.clock.push((evening - now).total_seconds())
    bench.place()
    inspection = bench.until_stage(Stage.DECISION).inspection
    assert inspection is not None
    assert inspection.today == evening.date() + timedelta(days=1)
    bench.post(ADMIT)
    assert bench.until_ready().done_today == 1


def test_a_document_laid_down_is_read_where_the_scenario_does_not_ask_for_one(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench(scenario="disembarkation")
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert snapshot.inspection.document is not None
    assert snapshot.inspection.face is not None
    bench.post(REFER)
    bench.until_ready()


def test_a_wedge_scan_starts_an_inspection(bench: Bench) -> None:
    bench.post(c.FeedText("any lines"))
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert snapshot.inspection.document is not None
    assert snapshot.inspection.document.source is MrzSource.KEYBOARD_WEDGE


def test_an_unread_page_is_told_and_the_page_laid_again_is_read(bench: Bench) -> None:
    bench.zones.answers.append(StepFault("DOC-01", "no zone"))
    bench.place()
    assert "DOC-01" in notices(bench.until(lambda s: s.notices))
    bench.place()
    assert notices(bench.until_stage(Stage.DECISION)) == set()


def test_typed_differences_are_told_by_place_and_the_next_entry_counts(bench: Bench) -> None:
    bench.post(c.TypeDocument("abc", "abd"))
    told = bench.until(lambda s: s.notices)
    assert [(n.code, n.detail) for n in told.notices] == [("DOC-09", "1:3")]
    bench.post(c.TypeDocument("abc", "abc"))
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert snapshot.inspection.document is not None
    assert snapshot.inspection.document.source is MrzSource.MANUAL


def test_a_late_page_does_not_keep_the_page_asked_for_again_from_being_read(bench: Bench) -> None:
    bench.zones.gate.shut()
    bench.place()
    assert bench.zones.gate.reached.wait(5)
    bench.post(c.RetryStep(Step.DOCUMENT))
    bench.until(lambda s: s.inspection is not None and s.inspection.attempt(Step.DOCUMENT) == 2)
    bench.zones.gate.open()
    bench.until_armed()
    bench.settle()
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"again"))
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert snapshot.inspection.document is not None
    page = snapshot.inspection.document.page_image
    assert page is not None
    assert bench.desk.picture(page) == PAGE + b"again"


@pytest.mark.parametrize("code", ["CHP-02", "CHP-07", "CHP-10"])
def test_what_the_chip_does_is_not_the_fault_of_its_reader(bench: Bench, code: str) -> None:
    bench.chips.faults.append(StepFault(code, "test"))
    bench.place()
    assert code_of(bench.until_stage(Stage.DECISION), Step.CHIP) == code
    assert state_of(bench, DeviceKind.CHIP_READER) is DeviceState.READY
    assert DeviceState.FAULTY not in {d.state for s in bench.snapshots for d in s.devices}


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
    bench = open_bench(face_timeout=0.2)
    bench.faces.prompt = FacePrompt.SEVERAL_FACES
    bench.place()
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
    assert bench.chip.gate.reached.wait(5)
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


def test_a_listener_that_raises_harms_nobody(bench: Bench) -> None:
    def bad(snapshot: DeskSnapshot) -> None:
        raise ZeroDivisionError("a bug in a screen")

    bench.desk.subscribe(bad)
    bench.place()
    bench.until_stage(Stage.DECISION)
    bench.post(ADMIT)
    bench.until_ready()


def test_a_list_of_devices_that_raises_does_not_end_the_desk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(now: object) -> list[object]:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(bench.lists, "lists", broken)
        bench.post(c.AddNote("x"))
        bench.place()
        bench.until(lambda s: not bench.reader.scans)
    bench.post(c.AddNote("x"))
    bench.until_stage(Stage.DECISION)


def test_a_decision_while_steps_run_cancels_them_and_seals(bench: Bench) -> None:
    bench.chip.gate.shut()
    bench.place()
    bench.until(lambda s: s.inspection is not None and Step.CHIP in s.inspection.running)
    bench.post(REFER)
    bench.until_ready()
    assert [row.disposition for row in bench.records()] == ["RF"]
    bench.chip.gate.open()
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"next"))
    bench.until_stage(Stage.DECISION)


def test_the_next_travellers_chip_can_be_cancelled_though_the_last_ones_answer_came_late(bench: Bench) -> None:
    bench.chip.heeds_cancel = False  # a reader in the middle of a command
    bench.chip.gate.shut()
    bench.place()
    bench.until(lambda s: s.inspection is not None and Step.CHIP in s.inspection.running)
    assert bench.chip.gate.reached.wait(5)
    bench.post(REFER)
    bench.until_ready()
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"next"))
    bench.until(lambda s: s.inspection is not None and Step.CHIP in s.inspection.running)
    bench.chip.heeds_cancel = True
    bench.chip.gate.open()
    bench.until(lambda s: s.inspection is not None and s.inspection.chip is not None)
    bench.chip.gate.shut()
    bench.post(c.RetryStep(Step.CHIP))
    bench.until(lambda s: s.inspection is not None and s.inspection.attempt(Step.CHIP) == 2)
    bench.post(c.WaiveStep(Step.CHIP, "W01"))
    waived = bench.until_stage(Stage.DECISION)
    assert isinstance(waived.inspection.evidence[Step.CHIP], Waived)  # type: ignore[union-attr]
    bench.post(c.RetryStep(Step.CHIP))  # not held up by the cancelled reading
    bench.chip.gate.open()
    bench.until(lambda s: s.inspection is not None and s.inspection.chip is not None)


def test_a_refused_command_is_told_with_its_reasons(bench: Bench) -> None:
    bench.place()
    bench.until_stage(Stage.DECISION)
    bench.post(c.Decide(Disposition.LN))
    refused = bench.until(lambda s: s.notices)
    assert [(n.code, n.detail) for n in refused.notices] == [("REF-01", "scenario")]


def test_setting_a_finding_aside_by_two_needs_the_second_officers_code(bench: Bench) -> None:
    from core_builders import compared

    from inspection_station.inspection.biometrics import ComparisonBand

    bench.faces.results = compared(band=ComparisonBand.NO_MATCH).results
    bench.place()
    bench.until_stage(Stage.DECISION)
    key, note = "comparison:no-match:chip portrait", "same scar, same ears, older"
    bench.post(ADMIT)
    bench.until(lambda s: "REF-01" in notices(s))
    bench.post(c.OverrideFinding(key, "O01", note, "o-2", "wrong"))
    bench.until(lambda s: "SEC-02" in notices(s))
    bench.post(c.OverrideFinding(key, "O01", note, "o-1", "1"))
    assert not bench.settle().inspection.overrides  # type: ignore[union-attr]
    bench.post(c.OverrideFinding(key, "O01", note))
    assert not bench.settle().inspection.overrides  # type: ignore[union-attr]
    bench.post(c.OverrideFinding(key, "O01", note, "o-2", "2"))
    bench.until(lambda s: s.inspection is not None and s.inspection.overrides)
    bench.post(ADMIT)
    bench.until_ready()
    stored = bench.store.record(bench.records()[0].inspection_id)
    assert stored is not None
    assert stored.record is not None
    assert stored.record.overrides[0].second_officer_id == "o-2"


def test_a_class_nobody_knows_is_not_confirmed(bench: Bench) -> None:
    from core_builders import zone

    from inspection_station.inspection.person_class import PersonClass

    bench.zones.answers.append(zone(nationality="TWN"))
    bench.place()
    bench.until(lambda s: s.inspection is not None and s.inspection.document is not None)
    bench.post(c.ConfirmPersonClass(PersonClass.UNKNOWN))
    snapshot = bench.until(lambda s: s.notices)
    assert snapshot.inspection is not None
    assert snapshot.inspection.collection.allowed is None
    assert Step.FACE not in snapshot.inspection.running


def test_stopping_while_everything_runs_takes_no_time_and_leaves_the_journal(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench()
    bench.chip.gate.shut()
    bench.faces.prompt = FacePrompt.CLOSER
    bench.place()
    running = bench.until(lambda s: s.inspection is not None and Step.FACE in s.inspection.running).inspection
    assert running is not None
    bench.close()
    again = open_bench()
    resumed = again.until(lambda s: s.inspection is not None).inspection
    assert resumed is not None
    assert resumed.inspection_id == running.inspection_id
