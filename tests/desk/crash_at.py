"""A desk that stands still in the middle of an inspection, to be killed: ``crash_at.py FOLDER MOMENT``.

Says ``there`` when the moment is reached and everything before it is on the medium.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS), str(_TESTS / "inspection"), str(_TESTS / "desk")]

from desk_bench import Bench  # noqa: E402
from test_desk_store_faults import FailingStore  # noqa: E402

from inspection_station.desk import commands as c  # noqa: E402
from inspection_station.inspection.disposition import Disposition  # noqa: E402
from inspection_station.inspection.inspection import Stage  # noqa: E402
from inspection_station.inspection.scenario import Step  # noqa: E402
from inspection_station.matching.ports import FacePrompt  # noqa: E402
from inspection_station.storage.errors import DiskFull  # noqa: E402

MOMENTS = ("ready", "document", "chip", "face", "comparison", "decision", "held", "sealed", "reopened")
ADMIT = c.Decide(Disposition.AD)


def reach(bench: Bench, moment: str) -> None:
    if moment == "document":
        bench.zones.gate.shut()
    if moment == "chip":
        bench.chip.gate.shut()
    if moment == "face":
        bench.faces.prompt = FacePrompt.CLOSER
    if moment == "comparison":
        bench.faces.gate.shut()
    if moment == "held":
        bench.kept_store.seal_faults.append(DiskFull("full"))
    if moment != "ready":
        bench.place()
    if moment in ("chip", "face", "comparison"):
        waiting = Step(moment)
        others = {"chip": Step.FACE, "face": Step.CHIP, "comparison": Step.FACE}[moment]
        bench.until(
            lambda s: s.inspection is not None and waiting in s.inspection.running and others in s.inspection.evidence
        )
    elif moment == "document":
        bench.until(lambda s: s.inspection is not None)
    elif moment in ("decision", "held", "sealed", "reopened"):
        bench.until_stage(Stage.DECISION)
    if moment == "held":
        bench.post(ADMIT)
        bench.until(lambda s: s.inspection is not None and s.inspection.sealing_fault)
    if moment in ("sealed", "reopened"):
        bench.post(ADMIT)
        bench.until_ready()
    if moment == "reopened":
        bench.post(c.UndoDecision())
        bench.until(lambda s: len(bench.records()) == 2 and s.inspection is not None and s.inspection.decision is None)
    bench.store.flush(60)


def main() -> None:
    bench = Bench(Path(sys.argv[1]), wrap_store=FailingStore)
    reach(bench, sys.argv[2])
    sys.stdout.write("there\n")
    sys.stdout.flush()
    time.sleep(120)


if __name__ == "__main__":
    main()
