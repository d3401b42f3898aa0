"""What a crash interrupted is gone on with at the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core_builders import document_read, started
from desk_bench import Bench, blobs_of

from inspection_station.desk import commands as c
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.events import NoteAdded
from inspection_station.inspection.evidence import Taken
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import Step
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

ADMIT = c.Decide(Disposition.AD)


def journal_of(folder: Path, *inspections: tuple[object, ...]) -> None:
    mark_training_folder(folder)
    store = StationStore.open(folder, TrainingFolderKeys(folder), station_id="B-1", clock=SystemClock())
    for number, events in enumerate(inspections):
        for event in events:
            store.journal(f"old-{number}", event)  # type: ignore[arg-type]
    store.close()


def test_pictures_are_taken_again_and_the_inspection_ends_as_any_other(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench()
    bench.place()
    before = bench.until_stage(Stage.DECISION).inspection
    assert before is not None
    bench.store.flush(60)
    bench.close()
    again = open_bench()
    now = again.until(lambda s: s.inspection is not None)
    assert "RES-01" in {n.code for n in now.notices}
    resumed = again.until_stage(Stage.DECISION).inspection
    assert resumed is not None
    assert resumed.inspection_id == before.inspection_id
    assert resumed.face != before.face
    assert isinstance(resumed.evidence[Step.COMPARISON], Taken)
    again.post(ADMIT)
    again.until_ready()
    [row] = again.records()
    stored = again.store.record(row.inspection_id)
    assert stored is not None
    assert blobs_of(stored) == {"portrait", "live face"}  # the page was not laid down again for its picture
    assert again.store.check().sound


def test_one_that_nobody_had_come_to_is_forgotten(open_bench: Callable[..., Bench], tmp_path: Path) -> None:
    journal_of(tmp_path / "store", (started(inspection_id="old-0"),))
    bench = open_bench()
    bench.until_armed()
    bench.store.flush(60)
    assert bench.desk.snapshot().inspection is None
    assert bench.store.unfinished() == ()


def test_several_are_gone_on_with_one_after_the_other(open_bench: Callable[..., Bench], tmp_path: Path) -> None:
    journal_of(
        tmp_path / "store",
        (started(inspection_id="old-0"), document_read()),
        (started(inspection_id="old-1"), document_read()),
    )
    bench = open_bench()
    for name in ("old-0", "old-1"):
        bench.until(lambda s, name=name: s.inspection is not None and s.inspection.inspection_id == name)
        bench.until_stage(Stage.DECISION)
        bench.post(ADMIT)
        bench.until(lambda s, name=name: s.last_decision is not None and s.last_decision.inspection_id == name)
    bench.until_ready()
    assert [r.inspection_id for r in bench.records()] == ["old-0", "old-1"]
    bench.place()
    bench.until_stage(Stage.DECISION)


def test_one_that_cannot_be_replayed_is_left_and_the_station_is_ready(
    open_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    journal_of(tmp_path / "store", (NoteAdded("o-1", "a journal without its beginning"),))
    bench = open_bench()
    bench.place()
    bench.until_stage(Stage.DECISION)
    assert bench.store.unfinished()[0].inspection_id == "old-0"


def test_a_journal_that_cannot_be_read_is_told_and_the_station_is_ready(open_bench: Callable[..., Bench]) -> None:
    from inspection_station.storage.errors import StoreDamaged

    class Unreadable:
        def __init__(self, store: StationStore) -> None:
            self._store = store

        def unfinished(self) -> object:
            raise StoreDamaged("test")

        def __getattr__(self, name: str) -> object:
            return getattr(self._store, name)

    bench = open_bench(wrap_store=Unreadable)
    assert "STO-09" in {n.code for n in bench.until(lambda s: s.notices).notices}
    bench.place()
    bench.until_stage(Stage.DECISION)


def test_a_crash_between_void_and_reopening_leaves_the_void_standing(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench()
    bench.place()
    bench.until_stage(Stage.DECISION)
    bench.post(ADMIT)
    bench.until_ready()
    bench.post(c.UndoDecision())
    bench.until(lambda s: len(bench.records()) == 2)
    bench.close()
    again = open_bench()
    again.until(lambda s: s.sequence > 0)
    assert [r.disposition for r in again.records()] == ["AD", "VD"]
    assert again.store.check().sound
