"""The desk: one inspection from a placed document to a sealed record, and what may go wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from desk_bench import PAGE, SCAN, Bench, blobs_of

from inspection_station.desk import commands as c
from inspection_station.desk.ports import StepFault
from inspection_station.desk.view import DeskSnapshot
from inspection_station.hardware.ports import DocumentScan
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.evidence import Waived
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FacePrompt

ADMIT = c.Decide(Disposition.AD)
REFER = c.Decide(Disposition.RF, ("S20",))


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
    assert bench.zones.gate.reached.wait(60)
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
    assert bench.chip.gate.reached.wait(60)
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
