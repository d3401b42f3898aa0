"""Taking a decision back: a voiding record, then the same traveller again; after ten seconds no more."""

from __future__ import annotations

from collections.abc import Callable

from desk_bench import PAGE, Bench, blobs_of

from inspection_station.desk import commands as c
from inspection_station.hardware.ports import DocumentScan
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.scenario import Step

ADMIT = c.Decide(Disposition.AD)
REFER = c.Decide(Disposition.RF, ("S20",))


def admitted(bench: Bench) -> Inspection:
    bench.place()
    inspection = bench.until_stage(Stage.DECISION).inspection
    assert inspection is not None
    bench.post(ADMIT)
    bench.until_ready()
    return inspection


def test_within_ten_seconds_the_decision_is_voided_and_the_traveller_is_back(bench: Bench) -> None:
    first = admitted(bench)
    bench.post(c.UndoDecision())
    again = bench.until(
        lambda s: s.inspection is not None and s.inspection.supersedes not in (None, first.inspection_id)
    )
    assert again.inspection is not None
    assert again.last_decision is None
    assert again.inspection.stage is Stage.DECISION
    assert again.inspection.evidence == first.evidence
    bench.post(REFER)
    bench.until_ready()
    admission, void, referral = bench.records()
    assert [r.disposition for r in (admission, void, referral)] == ["AD", "VD", "RF"]
    stored = [bench.store.record(r.inspection_id) for r in (admission, void, referral)]
    assert [s.record.supersedes for s in stored if s is not None and s.record is not None] == [
        None,
        admission.inspection_id,
        void.inspection_id,
    ]
    assert all(blobs_of(s) == {"page", "portrait", "live face"} for s in stored if s is not None)
    assert bench.store.unfinished() == ()
    assert bench.store.check().sound


def test_after_ten_seconds_it_is_refused(bench: Bench) -> None:
    admitted(bench)
    bench.clock.push(10.1)
    bench.post(c.UndoDecision())
    bench.until(lambda s: "UND-01" in {n.code for n in s.notices})
    assert [r.disposition for r in bench.records()] == ["AD"]


def test_it_is_refused_once_the_next_traveller_stands_there(bench: Bench) -> None:
    admitted(bench)
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"next"))
    bench.until_stage(Stage.DECISION)
    bench.post(c.UndoDecision())
    bench.until(lambda s: "UND-02" in {n.code for n in s.notices})
    bench.post(ADMIT)
    bench.until_ready()
    assert [r.disposition for r in bench.records()] == ["AD", "AD"]


def test_an_empty_inspection_begun_meanwhile_makes_way(bench: Bench) -> None:
    first = admitted(bench)
    bench.post(c.BeginInspection(), c.UndoDecision())
    bench.until(lambda s: s.inspection is not None and s.inspection.supersedes not in (None, first.inspection_id))
    bench.post(ADMIT)
    bench.until_ready()
    assert [r.disposition for r in bench.records()] == ["AD", "VD", "AD"]
    assert bench.store.unfinished() == ()


def test_the_page_of_a_traveller_who_made_way_leaves_nothing_behind(bench: Bench) -> None:
    first = admitted(bench)
    bench.zones.gate.shut()
    page = PAGE + b"of the one who made way"
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=page))
    assert bench.zones.gate.reached.wait(60)
    bench.post(c.UndoDecision())
    bench.until(lambda s: s.inspection is not None and s.inspection.supersedes not in (None, first.inspection_id))
    bench.zones.gate.open()
    bench.settle()
    bench.until(lambda s: bench.desk.pictures_held == 3)


def test_a_decision_can_be_taken_back_twice(bench: Bench) -> None:
    first = admitted(bench)
    standing = first.inspection_id
    for _ in range(2):
        bench.post(c.UndoDecision())
        again = bench.until(
            lambda s, voided=standing: (
                s.inspection is not None
                and s.inspection.decision is None
                and s.inspection.inspection_id > voided
                and s.inspection.supersedes not in (None, voided)
            )
        )
        assert again.inspection is not None
        standing = again.inspection.inspection_id
        bench.post(ADMIT)
        bench.until(lambda s, ended=standing: s.last_decision is not None and s.last_decision.inspection_id == ended)
    assert [r.disposition for r in bench.records()] == ["AD", "VD", "AD", "VD", "AD"]
    chain = [bench.store.record(r.inspection_id) for r in bench.records()]
    ids = [r.inspection_id for r in bench.records()]
    assert [s.record.supersedes for s in chain if s is not None and s.record is not None] == [None, *ids[:-1]]


def test_when_the_time_is_over_the_travellers_pictures_are_gone_from_memory(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench(undo_seconds=2.0)
    first = admitted(bench)
    assert first.face is not None
    assert bench.desk.snapshot().last_decision is not None
    bench.until(lambda s: s.last_decision is None)
    assert bench.desk.picture(first.face.image) is None
    assert bench.desk.pictures_held == 0


def test_when_the_time_is_over_the_next_travellers_pictures_stay(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench(undo_seconds=0.3)
    admitted(bench)
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"next"))
    second = bench.until_stage(Stage.DECISION).inspection
    bench.until(lambda s: s.last_decision is None)
    assert second is not None
    assert second.face is not None
    assert bench.desk.picture(second.face.image) is not None
    assert bench.desk.pictures_held == 3


def test_a_referral_while_a_step_ran_can_be_taken_back_and_finished(bench: Bench) -> None:
    bench.chip.gate.shut()
    bench.place()
    bench.until(lambda s: s.inspection is not None and Step.CHIP in s.inspection.running)
    bench.post(REFER)
    bench.until_ready()
    bench.post(c.UndoDecision())
    bench.until(
        lambda s: s.inspection is not None and s.inspection.supersedes is not None and s.inspection.decision is None
    )
    bench.chip.gate.open()
    bench.until_stage(Stage.DECISION)
    bench.post(ADMIT)
    bench.until_ready()
    assert [r.disposition for r in bench.records()] == ["RF", "VD", "AD"]
