"""Groups, history photographs and a camera that comes back, on the desk with scripted instruments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from core_builders import candidate, groups_searched, zone
from desk_bench import SCAN, Bench, blobs_of

from inspection_station.desk import commands as c
from inspection_station.desk.ports import GroupsAnswer, StepFault
from inspection_station.hardware.errors import DeviceUnplugged
from inspection_station.inspection.biometrics import ReferenceKind
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Missing, Taken
from inspection_station.inspection.face_search import FaceProbe, FaceSearchResult
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import Step

PHOTO, LISTED = b"\xff\xd8 an earlier entry", b"\xff\xd8 a listed person"


class BenchGroups:
    """Answers the same every time, or raises ``fault``."""

    def __init__(self) -> None:
        self.result: FaceSearchResult = replace(groups_searched().result, candidates=())
        self.probes: list[tuple[bytes, object | None, FaceProbe]] = []
        self.fault: StepFault | None = None

    def search(self, picture: bytes, template: object | None, probe: FaceProbe, now: datetime) -> GroupsAnswer:
        self.probes.append((picture, template, probe))
        if self.fault is not None:
            raise self.fault
        shown = {(one.group_id, one.reference_id): LISTED for one in self.result.candidates}
        return GroupsAnswer(replace(self.result, probe=probe), shown)

    def lists(self) -> None:
        self.result = replace(self.result, candidates=(replace(candidate(), picture=None),))


class BenchHistory:
    def __init__(self) -> None:
        self.photographs: dict[str, bytes] = {}
        self.fault: StepFault | None = None

    def photograph(self, document_number: str, now: datetime) -> bytes | None:
        if self.fault is not None:
            raise self.fault
        return self.photographs.get(document_number)


@pytest.fixture
def groups() -> BenchGroups:
    return BenchGroups()


@pytest.fixture
def history() -> BenchHistory:
    return BenchHistory()


@pytest.fixture
def bench(tmp_path: Path, groups: BenchGroups, history: BenchHistory) -> Iterator[Bench]:
    made = Bench(tmp_path, groups=groups, history=history)
    yield made
    made.close()


def at_decision(bench: Bench) -> Inspection:
    bench.place()
    found = bench.until_stage(Stage.DECISION).inspection
    assert found is not None
    return found


def test_the_live_template_is_looked_for_and_an_alert_keeps_the_traveller_from_passing(
    bench: Bench, groups: BenchGroups
) -> None:
    groups.lists()
    inspection = at_decision(bench)
    (probe,) = groups.probes
    assert probe[1:] == ("template", FaceProbe.LIVE)
    assert inspection.face_search is not None
    found = inspection.face_search.candidates[0]
    assert found.picture is not None
    assert bench.desk.picture(found.picture) == LISTED
    bench.post(c.Decide(Disposition.AD))
    assert "REF-01" in {notice.code for notice in bench.settle().notices}
    finding = "groups:candidate:alerts:r-7"
    bench.post(c.OverrideFinding(finding, "O03", "another nose, other ears", "o-2", "2"), c.Decide(Disposition.AD))
    bench.until_ready()
    record = bench.store.record(inspection.inspection_id)
    assert record is not None
    assert record.record is not None
    assert record.record.face_search is not None
    assert record.record.face_search.candidates[0].reference_id == "r-7"
    assert blobs_of(record) == {"page", "portrait", "live face"}  # a candidate's picture is not the traveller's


def test_a_candidates_picture_goes_with_the_traveller(bench: Bench, groups: BenchGroups) -> None:
    groups.lists()
    inspection = at_decision(bench)
    assert inspection.face_search is not None
    picture = inspection.face_search.candidates[0].picture
    assert picture is not None
    bench.post(c.ConfirmPersonClass(PersonClass.FOREIGNER, Exemption.ARTICLE_27))
    bench.until(lambda s: bench.desk.picture(picture) is None)
    assert len(groups.probes) == 1


def test_groups_that_cannot_be_searched_are_not_checked_and_stop_nobody(bench: Bench, groups: BenchGroups) -> None:
    groups.fault = StepFault("GRP-01", "expired")
    inspection = at_decision(bench)
    assert inspection.evidence[Step.GROUPS] == Missing("GRP-01", "expired")
    bench.post(c.Decide(Disposition.AD))
    bench.until_ready()


def test_live_face_and_portrait_are_compared_with_the_history_photograph(bench: Bench, history: BenchHistory) -> None:
    history.photographs[zone().document_number] = PHOTO
    inspection = at_decision(bench)
    assert [(one.reference, one.probe) for one in inspection.comparisons] == [
        (ReferenceKind.CHIP_PORTRAIT, FaceProbe.LIVE),
        (ReferenceKind.HISTORY, FaceProbe.LIVE),
        (ReferenceKind.HISTORY, FaceProbe.CHIP_PORTRAIT),
    ]
    shown = inspection.comparisons[1].reference_image
    assert shown is not None
    assert bench.desk.picture(shown) == PHOTO


def test_no_history_pack_is_not_checked_and_no_photograph_of_the_number_is_no_finding(
    bench: Bench, history: BenchHistory
) -> None:
    inspection = at_decision(bench)
    assert [one.code for one in inspection.not_compared] == [""]
    history.fault = StepFault("HIS-01", "expired")
    bench.post(c.RetryStep(Step.COMPARISON))
    again = bench.until(
        lambda s: s.inspection is not None and s.inspection.attempt(Step.COMPARISON) == 2 and not s.inspection.running
    ).inspection
    assert again is not None
    assert [one.code for one in again.not_compared] == ["HIS-01"]


def test_in_pre_clearance_the_portrait_is_looked_for_and_compared_with_history(
    tmp_path: Path, groups: BenchGroups, history: BenchHistory
) -> None:
    history.photographs[zone().document_number] = PHOTO
    bench = Bench(tmp_path, scenario="pre-clearance", groups=groups, history=history)
    try:
        inspection = at_decision(bench)
        assert [probe[2] for probe in groups.probes] == [FaceProbe.CHIP_PORTRAIT]
        assert [one.probe for one in inspection.comparisons] == [FaceProbe.CHIP_PORTRAIT]
    finally:
        bench.close()


def test_a_capture_that_lost_its_camera_goes_on_when_the_camera_is_back(bench: Bench) -> None:
    bench.camera.faults.append(DeviceUnplugged("pulled out"))
    bench.camera.plugged = False
    bench.place(SCAN)
    lost = bench.until(lambda s: s.inspection is not None and isinstance(s.inspection.evidence.get(Step.FACE), Missing))
    assert lost.inspection is not None
    bench.camera.plugged = True
    found = bench.until(lambda s: s.inspection is not None and isinstance(s.inspection.evidence.get(Step.FACE), Taken))
    assert found.inspection is not None
    assert found.inspection.attempt(Step.FACE) >= 2
