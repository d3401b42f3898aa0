"""A really full disk under the desk: the traveller is held, and sealed once when there is space again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_bench import PAGE, Bench
from fakes.small_disk import fill, mounted

from inspection_station.desk import commands as c
from inspection_station.hardware.ports import DocumentScan
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.inspection import Stage
from inspection_station.storage.reserve import FILE

ADMIT = c.Decide(Disposition.AD)


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    with mounted(tmp_path / "disk", getattr(request, "param", "12m")) as folder:
        yield folder


def place_large(bench: Bench, number: int) -> None:
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + bytes([number]) + os.urandom(300_000)))
    bench.until_stage(Stage.DECISION)
    bench.post(ADMIT)


def test_the_traveller_is_held_until_there_is_space_and_sealed_once(small_disk: Path) -> None:
    bench = Bench(small_disk / "store")
    try:
        place_large(bench, 0)
        bench.until_ready()
        bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + os.urandom(900_000)))
        bench.until_stage(Stage.DECISION)
        (small_disk / "store" / FILE).unlink()  # another program took even the space kept back
        ballast = fill(small_disk)
        bench.post(ADMIT)
        ended = bench.until(lambda s: s.inspection is None or s.inspection.sealing_fault)
        assert ended.inspection is not None
        assert ended.inspection.sealing_fault == "STO-01"
        assert "STO-01" in {n.code for n in ended.notices}
        bench.post(c.RetrySealing())
        bench.until(lambda s: s.inspection is not None and s.inspection.sealing_fault)
        ballast.unlink()
        bench.until_ready()  # by itself
        assert len(bench.records()) == 2
        bench.until(lambda s: bench.store.fault is None)
        place_large(bench, 99)
        bench.until_ready()
        assert bench.store.unfinished() == ()
        check = bench.store.check()
        assert check.sound, check.problems
        assert check.blobs == 3 * check.records
    finally:
        bench.close()


@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)
def test_the_inspection_in_hand_is_sealed_on_a_full_disk_and_no_other_is_begun_until_there_is_room(
    small_disk: Path,
) -> None:
    bench = Bench(small_disk / "store")
    try:
        place_large(bench, 0)
        bench.until_ready()
        ballast = fill(small_disk)
        sealed = 1
        while bench.store.fault is None:
            sealed += 1
            place_large(bench, sealed)
            bench.until_ready()
        assert len(bench.records()) == sealed
        bench.until(lambda s: "STO-01" in {n.code for n in s.notices})
        bench.post(c.BeginInspection())
        refused = bench.settle()
        assert refused.inspection is None
        assert refused.stopped == "STO-01"
        assert "STO-01" in {n.code for n in refused.notices}
        ballast.unlink()
        bench.until(lambda s: not s.stopped and "STO-01" not in {n.code for n in s.notices})
        place_large(bench, 99)
        bench.until_ready()
        assert len(bench.records()) == sealed + 1
        assert bench.store.check().sound
    finally:
        bench.close()
