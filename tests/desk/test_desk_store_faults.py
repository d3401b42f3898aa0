"""A store that cannot write holds the traveller, loses nothing, and seals exactly once when it can again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import pytest
from desk_bench import PAGE, Bench, blobs_of

from inspection_station.desk import commands as c
from inspection_station.hardware.ports import DocumentScan
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.events import Event
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.record import InspectionRecord
from inspection_station.storage.errors import DiskFull, RecordRefused, StoreUnavailable
from inspection_station.storage.store import StationStore
from inspection_station.storage.values import SealedRecord

ADMIT = c.Decide(Disposition.AD)


class FailingStore:
    """The real store, behind faults that a test puts in. ``after``: the seal succeeds and its answer is lost."""

    def __init__(self, store: StationStore) -> None:
        self._store = store
        self.seal_faults: list[Exception] = []
        self.raised: list[Exception] = []
        self.journal_fault: Exception | None = None
        self.lose_answer = False

    def seal(self, record: InspectionRecord, blobs: Mapping[str, bytes], event: Event) -> Future[SealedRecord]:
        if self.raised:
            raise self.raised.pop(0)
        if self.lose_answer:
            self.lose_answer = False
            self._store.seal(record, blobs, event).result(60)
            self.seal_faults.insert(0, StoreUnavailable("the answer was lost"))
        if self.seal_faults:
            failed: Future[SealedRecord] = Future()
            failed.set_exception(self.seal_faults.pop(0))
            return failed
        return self._store.seal(record, blobs, event)

    def journal(self, inspection_id: str, event: Event) -> None:
        if self.journal_fault is not None:
            raise self.journal_fault
        self._store.journal(inspection_id, event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
def failing(open_bench: Callable[..., Bench]) -> Bench:
    return open_bench(wrap_store=FailingStore)


def decided(bench: Bench) -> None:
    bench.place()
    bench.until_stage(Stage.DECISION)
    bench.post(ADMIT)


def test_a_record_that_cannot_be_written_holds_the_traveller_with_its_code(failing: Bench) -> None:
    failing.kept_store.seal_faults.append(DiskFull("full"))
    decided(failing)
    held = failing.until(lambda s: s.inspection is not None and s.inspection.sealing_fault)
    assert held.inspection is not None
    assert held.inspection.sealing_fault == "STO-01"
    assert "STO-01" in {n.code for n in held.notices}
    failing.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"next"))
    assert failing.settle().inspection.inspection_id == held.inspection.inspection_id  # type: ignore[union-attr]
    failing.post(c.RetrySealing())
    failing.until(lambda s: s.last_decision is not None)
    [row] = failing.records()
    stored = failing.store.record(row.inspection_id)
    assert stored is not None
    assert blobs_of(stored) == {"page", "portrait", "live face"}
    assert failing.store.check().sound


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), StoreUnavailable("closed")])
def test_a_store_that_raises_at_once_holds_the_traveller_too(failing: Bench, fault: Exception) -> None:
    failing.kept_store.raised.append(fault)
    decided(failing)
    failing.until(lambda s: s.inspection is not None and s.inspection.sealing_fault == "STO-05")
    failing.post(c.RetrySealing())
    failing.until_ready()
    assert len(failing.records()) == 1


def test_an_answer_that_was_lost_does_not_make_a_second_record(failing: Bench) -> None:
    failing.kept_store.lose_answer = True
    decided(failing)
    failing.until(lambda s: s.inspection is not None and s.inspection.sealing_fault)
    failing.post(c.RetrySealing())
    failing.until_ready()
    assert len(failing.records()) == 1
    assert failing.store.check().sound


def test_when_the_store_can_write_again_the_held_record_is_sealed_by_itself(failing: Bench) -> None:
    failing.kept_store.seal_faults.extend([DiskFull("full"), DiskFull("full")])
    decided(failing)
    failing.until(lambda s: s.inspection is not None and s.inspection.sealing_fault)
    failing.desk.store_changed("STO-01")
    failing.desk.store_changed(None)
    failing.until(lambda s: not failing.kept_store.seal_faults)
    failing.settle()
    failing.desk.store_changed(None)
    done = failing.until_ready()
    assert "STO-01" not in {n.code for n in done.notices}
    assert len(failing.records()) == 1


def test_sealing_is_not_retried_where_nothing_failed(failing: Bench) -> None:
    failing.place()
    failing.until_stage(Stage.DECISION)
    failing.post(c.RetrySealing())
    failing.until(lambda s: "REF-01" in {n.code for n in s.notices})


def test_a_journal_that_cannot_be_written_is_told_and_the_inspection_goes_on(failing: Bench) -> None:
    failing.kept_store.journal_fault = DiskFull("full")
    failing.place()
    told = failing.until_stage(Stage.DECISION)
    assert "STO-01" in {n.code for n in told.notices}
    failing.kept_store.journal_fault = None
    failing.post(ADMIT)
    failing.until_ready()
    assert len(failing.records()) == 1


def test_a_decision_is_not_taken_twice_while_the_store_is_held(failing: Bench) -> None:
    failing.kept_store.seal_faults.append(DiskFull("full"))
    decided(failing)
    failing.until(lambda s: s.inspection is not None and s.inspection.sealing_fault)
    failing.post(c.Decide(Disposition.RF, ("S20",)), c.UndoDecision())
    codes = {n.code for n in failing.settle().notices}
    assert {"REF-01", "UND-01"} <= codes
    failing.post(c.RetrySealing())
    failing.until_ready()
    assert [r.disposition for r in failing.records()] == ["AD"]


def test_a_held_record_is_not_lost_when_the_station_stops(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench(wrap_store=FailingStore)
    bench.kept_store.seal_faults.append(DiskFull("full"))
    decided(bench)
    held = bench.until(lambda s: s.inspection is not None and s.inspection.sealing_fault).inspection
    assert held is not None
    bench.close()
    again = open_bench()
    back = again.until_stage(Stage.DECISION).inspection
    assert back is not None
    assert back.inspection_id == held.inspection_id
    assert back.decision is None
    again.post(ADMIT)
    again.until_ready()
    assert [r.inspection_id for r in again.records()] == [held.inspection_id]


def test_what_an_officer_writes_can_always_be_sealed(bench: Bench) -> None:
    bench.place()
    bench.until_stage(Stage.DECISION)
    bench.post(
        c.AddNote("half a character \ud83d, a bell \x07, a zero \x00, 看過本人\n" + "x" * 5000), c.AddNote("\ud83d")
    )
    bench.post(c.Decide(Disposition.RF, ("S20", "\udc00"), "note \ud83d"))
    bench.until_ready()
    stored = bench.store.record(bench.records()[0].inspection_id)
    assert stored is not None
    assert stored.record is not None
    [note] = stored.record.notes
    assert note.startswith("half a character , a bell , a zero , 看過本人\nxxx")
    assert len(note) <= 2000
    assert stored.record.decision.reasons == ("S20",)
    assert stored.record.decision.note == "note"


def test_a_record_that_the_store_refuses_for_good_is_told_with_its_code(failing: Bench) -> None:
    failing.kept_store.seal_faults.append(RecordRefused("test"))
    decided(failing)
    failing.until(lambda s: s.inspection is not None and s.inspection.sealing_fault == "STO-07")


def test_a_discard_that_fails_does_not_stop_the_undo(failing: Bench) -> None:
    decided(failing)
    failing.until_ready()

    def refuse(inspection_id: str) -> None:
        raise StoreUnavailable("test")

    failing.kept_store.discard_journal = refuse
    failing.post(c.BeginInspection(), c.UndoDecision())
    failing.until(
        lambda s: s.inspection is not None and s.inspection.supersedes is not None and s.inspection.decision is None
    )
    failing.post(ADMIT)
    failing.until(lambda s: s.last_decision is not None)
    assert [r.disposition for r in failing.records()] == ["AD", "VD", "AD"]
