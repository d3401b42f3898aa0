"""Five hundred travellers in a row over the real desk and store: nothing grows, nothing is lost."""

from __future__ import annotations

import gc
from collections.abc import Callable

import numpy as np
import psutil
import pytest
from desk_bench import Bench, BenchBurst, BenchCamera, BenchChips, chip_reading

from inspection_station.desk import commands as c
from inspection_station.desk.ports import CapturedFace, ChipAnswer
from inspection_station.hardware.ports import DocumentScan, Frame
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.inspection import Stage

TRAVELLERS, WARM = 500, 50
PAGE_BYTES, PORTRAIT_BYTES, LIVE_BYTES = 400_000, 15_000, 60_000  # as the real ones


def some(size: int, number: int) -> bytes:
    return np.random.default_rng(number).bytes(size)


def resident() -> float:
    """Megabytes."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


@pytest.mark.slow
def test_five_hundred_in_a_row_leave_no_trace_in_memory_and_all_in_the_store(
    open_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_bench()
    numbers = iter(range(10_000_000))

    def full_hd(camera: BenchCamera, cancel: object, after: int = -1) -> Frame:
        camera.ready()
        return Frame(np.zeros((1080, 1920, 3), np.uint8), 0.0, after + 1)

    def live(burst: BenchBurst) -> CapturedFace | None:
        return CapturedFace(some(LIVE_BYTES, next(numbers)), "image/jpeg", 0.9, (), np.zeros(128, np.float32))

    def read(chips: BenchChips, *_: object, with_portrait: bool, **__: object) -> ChipAnswer:
        data = some(PORTRAIT_BYTES, next(numbers))
        return ChipAnswer(chip_reading(data), data, 1.0)

    monkeypatch.setattr(BenchCamera, "next_frame", full_hd)
    monkeypatch.setattr(BenchBurst, "result", live)
    monkeypatch.setattr(BenchChips, "read", read)
    warm = 0.0
    ids: set[str] = set()
    for number in range(TRAVELLERS):
        bench.place(DocumentScan(MrzSource.FULL_PAGE, image=b"\xff\xd8" + some(PAGE_BYTES, next(numbers))))
        inspection = bench.until_stage(Stage.DECISION).inspection
        assert inspection is not None
        ids.add(inspection.inspection_id)
        bench.post(c.Decide(Disposition.AD) if number % 7 else c.Decide(Disposition.RF, ("S20",)))
        bench.until_ready()
        assert bench.desk.pictures_held == 3
        bench.snapshots.clear()
        if number == WARM:
            warm = resident()
    grown = resident() - warm
    assert grown <= 50, f"{grown:.0f} MB more than after {WARM} travellers"
    assert {row.inspection_id for row in bench.records()} == ids
    assert len(ids) == TRAVELLERS
    check = bench.store.check()
    assert check.sound, check.problems
    assert check.blobs == 3 * TRAVELLERS
    print(f"{grown:.1f} MB grown over {TRAVELLERS - WARM} travellers")  # noqa: T201 - shown with -s
