"""Every fault of a device ends with its code and a way on, and the next traveller goes through clean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from real_station import RealStation, codes, of_few_faces, person

from inspection_station.desk.view import DeskSnapshot
from inspection_station.hardware.ports import DeviceState
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.events import StepFailed
from inspection_station.inspection.scenario import Step
from inspection_station.training.personas.identity import PersonaKind
from inspection_station.training.personas.stories import Place, stories

SPOILT, NEXT = 4901, 4902
OF_FINGERS = [s.fault for s in stories() if s.place is Place.DEVICE and s.step is Step.FINGERPRINTS]
AT_DEVICES = [s.fault for s in stories() if s.place is Place.DEVICE and s.fault not in OF_FINGERS]

# What the officer is told while it happens (notices), which attempt of a step fails by it, and how it ends.
TOLD = {
    "torn_mrz": "DOC-01",
    "covered_zone": "DOC-01",
    "blank_page": "DOC-01",
    "two_passports": "DOC-04",
    "truncated_picture": "DOC-05",
    "huge_picture": "DOC-05",
    "empty_picture": "DOC-05",
    "not_a_picture": "DOC-05",
    "wrong_length_zone": "DOC-10",
    "control_characters": "DOC-11",
}
FAILED = {
    "no_chip": ("chip", "CHP-01"),
    "reader_lost": ("chip", "DEV-01"),
    "camera_lost": ("face", "DEV-01"),
    "no_face": ("face", "BIO-01"),
    "three_faces": ("face", "BIO-01"),
    "dark": ("face", "BIO-01"),
}
MENDED = {"card_pulled"}  # the reading is taken up again when the document is back: nobody has to be told
REFERRED = {"no_face", "three_faces", "dark"}
LEAVES = {
    "no_chip": {"WAV-01"},
    "covered_zone": {"DOC-08"},
    "no_face": {"BIO-01", "BIO-08"},
    "three_faces": {"BIO-01", "BIO-08"},
    "dark": {"BIO-01", "BIO-08"},
}
OF_A_NATIONAL = {"BIO-05", "CHP-09"}  # no biometrics, so the portrait on the chip stays closed


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStation]:
    """Pages are photographed: most of these faults are of pictures."""
    running = RealStation(
        tmp_path_factory.mktemp("faults") / "data", gives="page", face_timeout_seconds=5.0, chip_timeout_seconds=2.0
    )
    yield running
    running.close()


@pytest.fixture(scope="module")
def taking_fingers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStation]:
    running = RealStation(tmp_path_factory.mktemp("finger-faults") / "data", fingers=True)
    yield running
    running.close()


def plugged_in(snapshot: DeskSnapshot) -> bool:
    return {d.state for d in snapshot.devices} <= {DeviceState.READY, DeviceState.BUSY}


def test_every_fault_of_a_device_has_its_case() -> None:
    assert set(AT_DEVICES) == set(TOLD) | set(FAILED) | MENDED
    assert set(OF_FINGERS) == {"finger_garbage", "finger_reader_lost", "dry_fingers"}  # the last: of the reader's tests


@pytest.mark.parametrize("fault", ["finger_garbage", "finger_reader_lost"])
def test_a_fault_of_the_fingerprint_reader_leaves_the_step_missing_and_the_next_travellers_fingers_are_taken(
    taking_fingers: RealStation, fault: str
) -> None:
    who = person(SPOILT, fault=fault)
    record = taking_fingers.by_the_book(who)
    history = taking_fingers.stored(record.inspection_id).history
    assert ("fingerprints", "DEV-01") in {(e.step.value, e.code) for e in history if isinstance(e, StepFailed)}
    assert who.expected.accepts(record.decision.disposition)
    taking_fingers.until(plugged_in)  # again, after a while
    clean = taking_fingers.by_the_book(person(NEXT))
    assert clean.fingers is not None
    assert len(clean.fingers.samples) == 2
    assert codes(clean) <= {"BIO-11", "NET-01"}


@pytest.mark.parametrize("fault", AT_DEVICES)
def test_a_fault_is_told_with_its_code_and_the_next_traveller_goes_through_clean(
    station: RealStation, fault: str
) -> None:
    # Where the document is at fault a national will do, of whom no face is taken: that is quicker.
    kind = PersonaKind.REGISTERED_NATIONAL if fault in TOLD else PersonaKind.FOREIGNER
    always = OF_A_NATIONAL if fault in TOLD else set()
    who = of_few_faces(person(SPOILT, kind, fault=fault))
    record, notices = station.by_the_book_with_notices(who)
    if fault in TOLD:
        assert TOLD[fault] in notices
    elif fault in FAILED:
        history = station.stored(record.inspection_id).history
        assert FAILED[fault] in {(e.step.value, e.code) for e in history if isinstance(e, StepFailed)}
    assert record.decision.disposition is (Disposition.RF if fault in REFERRED else Disposition.AD)
    assert who.expected.accepts(record.decision.disposition)
    assert codes(record) - always == LEAVES.get(fault, set())

    station.until(plugged_in)  # again, after a while
    clean, quiet = station.by_the_book_with_notices(of_few_faces(person(NEXT, kind)))
    assert clean.decision.disposition is Disposition.AD
    assert codes(clean) - always == set()
    assert quiet == ()


def test_a_fault_that_never_struck_does_not_wait_for_the_next_traveller(station: RealStation) -> None:
    station.stage.present(person(SPOILT, fault="camera_lost"))
    station.stage.remove()
    assert station.stage.faults.active() == ()


def test_all_of_it_left_a_sound_store(station: RealStation) -> None:
    check = station.store.check()
    assert check.sound, check.problems
    assert check.unfinished == 0
