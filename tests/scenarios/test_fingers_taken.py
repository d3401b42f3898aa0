"""Fingers with the real station and the training reader: taken, substituted, refused, and a reader lost meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from real_station import RealStation, codes, person

from inspection_station.desk import commands as c
from inspection_station.hardware.ports import DeviceKind
from inspection_station.inspection.biometrics import FingerAbsence, FingerNotTaken, FingerPosition
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.training.faults import Fault

FOREIGNER = 5200


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStation]:
    laid_slowly = {"fingerprint reader": {"pace": 0.5}}
    running = RealStation(tmp_path_factory.mktemp("fingers") / "data", fingers=True, settings=laid_slowly)
    yield running
    running.close()


def test_the_officer_by_the_book_takes_both_index_fingers(station: RealStation) -> None:
    record = station.by_the_book(person(FOREIGNER))
    assert record.decision.disposition is Disposition.AD
    assert codes(record) == set()
    assert "BIO-11" in {finding.code for finding in record.findings}  # nobody has searched for them
    assert record.fingers is not None
    assert [s.position for s in record.fingers.samples] == [FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX]
    assert all(s.quality >= 60 and "not NFIQ 2" in s.quality_method for s in record.fingers.samples)
    assert {kept.purpose for kept in record.blobs} >= {"finger right index", "finger left index"}
    [step] = [step for step in record.steps if step.step is Step.FINGERPRINTS]
    assert step.outcome == "taken"
    assert step.total_ms >= step.device_ms > 0
    for kept in record.blobs:
        picture = station.store.picture(record.inspection_id, kept.blob.sha256)
        assert picture is not None
        assert len(picture) == kept.blob.size


def while_the_reader_waits(station: RealStation, seed: int) -> None:
    """A finger is asked for and takes seconds to come, which gives the officer the time to look."""
    station.inject(Fault.SLOW, DeviceKind.FINGERPRINT_READER)
    station.step_up(person(seed))
    station.until(lambda s: s.fingers is not None)


def test_a_missing_finger_is_noted_and_the_thumb_taken_instead(station: RealStation) -> None:
    while_the_reader_waits(station, FOREIGNER + 1)
    station.desk.post(c.NoteFinger(FingerPosition.RIGHT_INDEX, FingerAbsence.MISSING))
    station.stage.faults.withdraw(Fault.SLOW)
    station.until_decision()
    record = station.decide(Disposition.AD)
    assert record.fingers is not None
    assert record.fingers.not_taken == (FingerNotTaken(FingerPosition.RIGHT_INDEX, FingerAbsence.MISSING),)
    assert [s.position for s in record.fingers.samples] == [FingerPosition.RIGHT_THUMB, FingerPosition.LEFT_INDEX]
    assert "BIO-12" in codes(record)


def test_who_refuses_is_refused_with_the_reason_of_the_law(station: RealStation) -> None:
    while_the_reader_waits(station, FOREIGNER + 2)
    station.desk.post(c.RefuseFingers())
    station.stage.faults.withdraw(Fault.SLOW)
    ended = station.until_decision()
    assert isinstance(ended.evidence[Step.FINGERPRINTS], Missing)
    station.desk.post(c.Decide(Disposition.AD))
    station.until(lambda s: any(notice.code == "REF-01" for notice in s.notices))
    record = station.decide(Disposition.RE, "B91")
    assert (record.fingers, codes(record)) == (None, {"BIO-10"})
    assert not any(kept.purpose.startswith("finger") for kept in record.blobs)


def test_a_reader_pulled_out_in_the_middle_goes_on_when_it_is_back(station: RealStation) -> None:
    while_the_reader_waits(station, FOREIGNER + 3)
    station.stage.faults.withdraw(Fault.SLOW)
    station.inject(Fault.UNPLUG, DeviceKind.FINGERPRINT_READER)
    station.until(lambda s: s.inspection is not None and Step.FINGERPRINTS in s.inspection.evidence)
    lost = station.desk.snapshot().inspection
    assert lost is not None
    assert isinstance(lost.evidence[Step.FINGERPRINTS], Missing)
    station.inject(Fault.REPLUG, DeviceKind.FINGERPRINT_READER)
    station.until(lambda s: s.inspection is not None and s.inspection.fingers is not None)
    station.until_decision()
    record = station.decide(Disposition.AD)
    assert record.fingers is not None
    assert len(record.fingers.samples) == 2


def test_of_an_excluded_person_no_finger_is_asked_for(station: RealStation) -> None:
    who = person(FOREIGNER + 4)
    station.step_up(who)
    station.until(lambda s: s.inspection is not None and s.inspection.document is not None)
    station.desk.post(c.ConfirmPersonClass(PersonClass.REGISTERED_NATIONAL))
    ended = station.until(
        lambda s: (
            s.inspection is not None
            and s.inspection.collection.allowed is False
            and s.inspection.stage is Stage.DECISION
        )
    ).inspection
    assert ended is not None
    assert ended.fingers is None
    record = station.decide(Disposition.AD)
    assert (record.fingers, record.blobs) == (None, ())
