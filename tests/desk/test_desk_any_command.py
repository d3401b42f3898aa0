"""Every command, scan and pulled plug at any moment: the desk lives, records are sound, nobody passes barred."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from core_builders import compared, zone
from desk_bench import PAGE, Bench

from inspection_station.desk import commands as c
from inspection_station.desk.ports import StepFault
from inspection_station.hardware.errors import CardRemoved, DeviceGarbage, DeviceStalled
from inspection_station.hardware.ports import DocumentScan
from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.findings import Severity
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FacePrompt

KEYS = ("comparison:no-match:chip portrait", "chip:missing", "document:typed", "nothing")


def any_command(chance: random.Random) -> c.Command:
    return chance.choice(
        (
            c.BeginInspection(),
            c.RetryStep(chance.choice(tuple(Step))),
            c.WaiveStep(chance.choice(tuple(Step)), chance.choice(("W01", ""))),
            c.TypeDocument("one", chance.choice(("one", "two"))),
            c.TypeCan(chance.choice(("123456", "", "x"))),
            c.FeedText("lines"),
            c.ConfirmPersonClass(chance.choice(tuple(PersonClass)), chance.choice((None, None, *Exemption))),
            c.OverrideFinding(chance.choice(KEYS), "O01", "ten characters at least", chance.choice((None, "o-2")), "2"),
            c.AddNote("seen"),
            c.Decide(chance.choice(tuple(Disposition)), chance.choice(((), ("S20",)))),
            c.Decide(Disposition.RF, ("S20",)),
            c.Decide(Disposition.AD),
            c.UndoDecision(),
            c.RetrySealing(),
        )
    )


def any_event(bench: Bench, chance: random.Random) -> None:
    devices = (bench.reader, bench.chip, bench.camera)
    match chance.randrange(12):
        case 0:
            bench.place(DocumentScan(MrzSource.FULL_PAGE, image=PAGE + chance.randbytes(4)))
        case 1:
            chance.choice(devices).plugged ^= True
        case 2:
            chance.choice(devices).faults.append(
                chance.choice((DeviceGarbage("x"), DeviceStalled("x"), CardRemoved("x")))
            )
        case 3:
            bench.chips.faults.append(chance.choice((StepFault("CHP-02"), ZeroDivisionError())))
        case 4:
            bench.faces.prompt = chance.choice((FacePrompt.GOOD, FacePrompt.NO_FACE))
        case 5:
            bench.faces.results = compared(band=chance.choice(tuple(ComparisonBand))).results
        case 6:
            born = chance.choice((zone(), zone(nationality="TWN"), StepFault("DOC-01")))
            bench.zones.answers.append(born)
        case 7:
            bench.clock.push(chance.choice((0.1, 3.0, 11.0)))
        case 8:
            time.sleep(chance.random() * 0.03)
        case _:
            bench.post(any_command(chance))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scenario", ["quayside", "disembarkation"])
def test_nothing_that_happens_ends_the_desk(open_bench: Callable[..., Bench], seed: int, scenario: str) -> None:
    bench = open_bench(scenario=scenario, face_timeout=0.1)
    chance = random.Random(f"{scenario} {seed}")
    until = time.monotonic() + 4
    for _ in range(400):
        any_event(bench, chance)
        if time.monotonic() > until:
            break
    assert bench.alive()
    for device in (bench.reader, bench.chip, bench.camera):
        device.plugged = True
        device.faults.clear()
    bench.faces.prompt = FacePrompt.GOOD
    bench.clock.push(11)
    while bench.settle().inspection is not None:
        bench.post(c.Decide(Disposition.RF, ("S20",)))
    check = bench.store.check()
    assert check.sound, check.problems
    # What was posted last may still be under way.
    bench.until(lambda snapshot: snapshot.done_today == len(bench.records()))
    for row in bench.records():
        stored = bench.store.record(row.inspection_id)
        assert stored is not None
        assert stored.record is not None
        record = stored.record
        if record.decision.disposition.lets_pass:
            set_aside = {o.finding_key for o in record.overrides}
            assert not [f for f in record.findings if f.severity is Severity.BAR and f.key not in set_aside]
        assert not (record.collection_reason and record.blobs)
    assert "SYS-01" not in {n.code for s in bench.snapshots for n in s.notices}
