"""Devices fail in the middle of an inspection: a code, a next action, and the next traveller goes through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from real_station import RealStation, missing, person

from inspection_station.desk import commands as c
from inspection_station.hardware.ports import DeviceKind, DeviceState
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.evidence import Taken
from inspection_station.inspection.scenario import Step
from inspection_station.training.faults import Fault

FOREIGNER = 4700


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStation]:
    running = RealStation(tmp_path_factory.mktemp("faults") / "data", face_timeout_seconds=5.0)
    yield running
    running.close()


def test_a_card_pulled_out_in_mid_read_and_put_back_is_read_to_its_end(station: RealStation) -> None:
    station.inject(Fault.CARD_PULLED)
    station.step_up(person(FOREIGNER))
    again = station.until(
        lambda s: s.inspection is not None and s.inspection.chip is not None and s.inspection.comparisons
    ).inspection
    assert again is not None
    assert isinstance(again.evidence[Step.COMPARISON], Taken)
    assert station.decide(Disposition.AD).decision.disposition is Disposition.AD


def test_a_chip_that_answers_garbage_is_told_and_the_next_one_is_read(station: RealStation) -> None:
    station.inject(Fault.GARBAGE, DeviceKind.CHIP_READER)
    station.step_up(person(FOREIGNER))
    assert missing(station.until_decision(), Step.CHIP) in ("CHP-01", "CHP-07")
    station.decide(Disposition.RF, "S03")
    station.passes(FOREIGNER + 1)


@pytest.mark.parametrize("fault", [Fault.NO_FACE, Fault.THREE_FACES])
def test_no_face_or_three_are_told_and_the_next_traveller_goes_through(station: RealStation, fault: Fault) -> None:
    station.step_up(person(FOREIGNER), fault)
    ended = station.until_decision()
    assert missing(ended, Step.FACE) == "BIO-01"
    assert missing(ended, Step.COMPARISON) == "BIO-08"
    assert {d.state for d in station.desk.snapshot().devices if d.kind is DeviceKind.CAMERA} == {DeviceState.READY}
    station.decide(Disposition.RF, "S20")
    station.passes(FOREIGNER + 1)


def test_a_camera_unplugged_in_the_middle_is_told_and_works_when_it_is_back(station: RealStation) -> None:
    station.step_up(person(FOREIGNER), Fault.NO_FACE)
    station.until(lambda s: s.face_prompt is not None)
    station.inject(Fault.UNPLUG, DeviceKind.CAMERA)
    assert missing(station.until_decision(), Step.FACE) == "DEV-01"
    station.inject(Fault.REPLUG, DeviceKind.CAMERA)
    station.stage.faults.clear()
    station.desk.post(c.RetryStep(Step.FACE))
    station.until(lambda s: s.inspection is not None and s.inspection.comparisons)
    assert station.decide(Disposition.AD).decision.disposition is Disposition.AD


def test_a_chip_reader_unplugged_is_told_and_works_when_it_is_back(station: RealStation) -> None:
    station.inject(Fault.UNPLUG, DeviceKind.CHIP_READER)
    station.step_up(person(FOREIGNER))
    assert missing(station.until_decision(), Step.CHIP) == "DEV-01"
    station.inject(Fault.REPLUG, DeviceKind.CHIP_READER)
    station.desk.post(c.RetryStep(Step.CHIP))
    station.until(lambda s: s.inspection is not None and s.inspection.comparisons)
    station.decide(Disposition.AD)


def test_a_document_reader_unplugged_between_travellers_reads_when_it_is_back(station: RealStation) -> None:
    station.inject(Fault.UNPLUG, DeviceKind.DOCUMENT_READER)
    station.until(lambda s: "DEV-01" in {n.code for n in s.notices})
    station.inject(Fault.REPLUG, DeviceKind.DOCUMENT_READER)
    station.until(lambda s: "DEV-01" not in {n.code for n in s.notices})
    station.passes(FOREIGNER + 1)


def test_a_document_reader_that_sends_nonsense_reads_the_page_laid_again(station: RealStation) -> None:
    station.inject(Fault.GARBAGE, DeviceKind.DOCUMENT_READER)
    station.step_up(person(FOREIGNER))
    station.until_decision()
    station.decide(Disposition.AD)


def test_a_document_typed_twice_counts_once_both_entries_agree(station: RealStation) -> None:
    who = person(FOREIGNER)
    station.inject(Fault.UNPLUG, DeviceKind.DOCUMENT_READER)
    station.step_up(who)
    typed = "\n".join(who.mrz_lines)
    wrong = typed[:50] + ("X" if typed[50] != "X" else "Y") + typed[51:]
    station.desk.post(c.TypeDocument(typed, wrong))
    told = station.until(lambda s: "DOC-09" in {n.code for n in s.notices})
    [notice] = [n for n in told.notices if n.code == "DOC-09"]
    assert notice.detail == f"2:{50 - len(who.mrz_lines[0])}"
    station.desk.post(c.TypeDocument(typed, typed))
    read = station.until(lambda s: s.inspection is not None and s.inspection.document is not None).inspection
    assert read is not None
    assert read.document is not None
    assert read.document.source is MrzSource.MANUAL
    station.until_decision()
    record = station.decide(Disposition.AD)
    assert "DOC-08" in {f.code for f in record.findings}


def test_everything_unplugged_at_once_comes_back(station: RealStation) -> None:
    station.inject(Fault.UNPLUG)
    station.until(lambda s: all(d.state is DeviceState.ABSENT for d in s.devices))
    station.inject(Fault.REPLUG)
    station.until(lambda s: all(d.state is not DeviceState.ABSENT for d in s.devices), 30)
    station.passes(FOREIGNER + 1)


def test_all_of_it_is_in_a_sound_store(station: RealStation) -> None:
    check = station.store.check()
    assert check.sound, check.problems
    assert check.unfinished == 0
