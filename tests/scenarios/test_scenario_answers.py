"""Every story in every scenario ends as the answer key of that scenario says, played by the book on the real station.

The quayside's are in ``test_lesson_stories`` and ``test_fault_then_clean``. Here each story is played in one of the
other scenarios, which takes two minutes; ``STATION_EVERY_STORY=1`` plays each in all of them, which takes ten.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from real_station import EVERYDAY, RealStation, codes, of_few_faces, person

from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.scenario import SCENARIOS, Step
from inspection_station.training.personas.identity import PersonaKind
from inspection_station.training.personas.stories import stories
from inspection_station.training.personas.traveller import TrainingTraveller

ONLY_THE_EYE_CAN_TELL = {"twin"}  # the officer by the book has none
NO_HISTORY = {"HIS-02"}  # ordinary travellers have no photograph of an earlier entry
TOLD = [story.fault for story in stories()]
ELSEWHERE = [name for name in SCENARIOS if name != "quayside"]
PLAYED = [
    pytest.param(scenario, name, id=f"{scenario}-{name}")
    for here, scenario in enumerate(ELSEWHERE)
    for place, name in enumerate(TOLD)
    if os.environ.get("STATION_EVERY_STORY") or place % len(ELSEWHERE) == here
]


@pytest.fixture(scope="module")
def elsewhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStation]:
    running = RealStation(
        tmp_path_factory.mktemp(request.param) / "data", scenario=request.param, face_timeout_seconds=5.0
    )
    yield running
    running.close()


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStation]:
    running = RealStation(tmp_path_factory.mktemp("landing") / "data", scenario="disembarkation")
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _nobody_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for name in ("elsewhere", "landing"):
        if name in request.fixturenames:
            request.getfixturevalue(name).clear()


def judged(record: InspectionRecord, who: TrainingTraveller) -> str:
    """What is wrong with an ending, by the answer key; "" for nothing."""
    key = who.expected_in(record.scenario)
    found = codes(record) - EVERYDAY - NO_HISTORY
    if missing := set(key.findings) - found:
        return f"does not show {missing}"
    if more := found - {*key.findings, *key.may_show}:
        return f"shows {more}"
    if who.fault not in ONLY_THE_EYE_CAN_TELL and not key.accepts(record.decision.disposition):
        return f"ends in {record.decision.disposition.value}, not {key.endings}"
    return ""


@pytest.mark.slow
@pytest.mark.parametrize(("elsewhere", "name"), PLAYED, indirect=["elsewhere"])
def test_a_story_ends_as_the_answer_key_of_the_scenario_says(elsewhere: RealStation, name: str) -> None:
    who = of_few_faces(person(4800 + TOLD.index(name), fault=name))  # another document for each
    assert judged(elsewhere.by_the_book(who), who) == ""


def test_who_was_cleared_lands_with_the_portrait_of_the_pre_clearance(landing: RealStation) -> None:
    who = person(4700)
    record = landing.by_the_book(who)
    assert record.decision.disposition is Disposition.LN
    assert record.clearance is not None
    assert record.clearance.status is ClearanceStatus.CLEARED
    assert record.clearance.portrait is None  # the record of the pre-clearance keeps it
    assert [one.reference.value for one in record.comparisons] == ["pre-clearance portrait"]
    assert judged(record, who) == ""


def test_who_comes_twice_has_landed_already(landing: RealStation) -> None:
    who = person(4701)
    assert landing.by_the_book(who).decision.disposition is Disposition.LN
    again = landing.by_the_book(who)
    assert again.decision.disposition is Disposition.RF
    assert "PRE-01" in codes(again)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("not_inspected", ClearanceStatus.NOT_ON_LIST),
        ("landed_twice", ClearanceStatus.ALREADY_LANDED),
        ("held_aboard", ClearanceStatus.HELD),
        ("expired", ClearanceStatus.REFUSED),
        ("wrong_signer", ClearanceStatus.REFERRED),
    ],
)
def test_whoever_else_is_stopped_and_told_why(landing: RealStation, fault: str, status: ClearanceStatus) -> None:
    who = person(4710 + list(ClearanceStatus).index(status), fault=fault)
    record = landing.by_the_book(who)
    assert record.clearance is not None
    assert record.clearance.status is status
    assert judged(record, who) == ""


def test_an_impostor_with_a_cleared_document_does_not_land(landing: RealStation) -> None:
    who = person(4720, fault="impostor")
    record = landing.by_the_book(who)
    assert record.decision.disposition is Disposition.RF
    assert "BIO-03" in codes(record)


@pytest.mark.parametrize("kind", [PersonaKind.REGISTERED_NATIONAL, PersonaKind.MINOR])
def test_of_an_excluded_person_the_list_gives_no_portrait(landing: RealStation, kind: PersonaKind) -> None:
    who = person(4730, kind)
    record = landing.by_the_book(who)
    assert record.decision.disposition is Disposition.LN
    assert (record.comparisons, record.blobs) == ((), ())
    assert judged(record, who) == ""


def test_without_a_document_the_list_is_not_asked(landing: RealStation) -> None:
    from inspection_station.desk import commands as c
    from inspection_station.inspection.person_class import PersonClass

    landing.desk.post(c.BeginInspection())
    landing.desk.post(c.ConfirmPersonClass(PersonClass.FOREIGNER))
    landing.director.prepare(person(4740))
    inspection = landing.until(
        lambda s: s.inspection is not None and Step.CLEARANCE in s.inspection.evidence
    ).inspection
    assert inspection is not None
    evidence = inspection.evidence[Step.CLEARANCE]
    assert isinstance(evidence, Missing)
    assert evidence.code == "PRE-03"
