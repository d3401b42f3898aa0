"""``kill -9`` at each moment of an inspection: it is gone on with, and ends as one record with one chain."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from desk_bench import PAGE, Bench

from inspection_station.desk import commands as c
from inspection_station.hardware.ports import DocumentScan
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.inspection import Stage

RESUMED = ("chip", "face", "comparison", "decision", "held", "reopened")
ENDED = {"sealed": ["AD"], "reopened": ["AD", "VD"]}


def kill_at(folder: Path, moment: str) -> None:
    script = Path(__file__).with_name("crash_at.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(folder), moment], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        said = child.stdout.readline()
        child.kill()
    assert said == "there\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", ["ready", "document", "chip", "face", "comparison", "decision", "held", "sealed", "reopened"]
)
def test_what_was_begun_is_gone_on_with_and_recorded_once(
    open_bench: Callable[..., Bench], tmp_path: Path, moment: str
) -> None:
    kill_at(tmp_path / "store", moment)
    bench = open_bench()
    before = [row.disposition for row in bench.records()]
    assert before == ENDED.get(moment, [])
    if moment in RESUMED:
        back = bench.until_stage(Stage.DECISION)
        assert back.inspection is not None
        assert "RES-01" in {n.code for n in back.notices}
        bench.post(c.Decide(Disposition.AD))
        bench.until_ready()
        before.append("AD")
    bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + b"next"))
    bench.until_stage(Stage.DECISION)
    bench.post(c.Decide(Disposition.AD))
    bench.until_ready()
    assert [row.disposition for row in bench.records()] == [*before, "AD"]
    assert bench.store.unfinished() == ()
    check = bench.store.check()
    assert check.sound, check.problems
