"""Face groups of a training station: made by the real code, found by the real search, and nobody else is in them."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from inspection_station.desk.face_references import FaceReferences, open_references
from inspection_station.desk.ports import StepFault
from inspection_station.inspection.face_search import HEADQUARTERS_ONLY, FaceProbe, FaceSearchResult, GroupUse
from inspection_station.inspection.person_class import PersonClass
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_installation import FaceScale, group_file
from inspection_station.matching.gallery_pack import read_header
from inspection_station.matching.thresholds import built_in_thresholds
from inspection_station.training.face_groups import make_face_data, training_policies
from inspection_station.training.personas.listed_faces import (
    ALERTED,
    LISTED_FACES,
    history_photographs,
    listed_portraits,
    people_of,
)
from inspection_station.training.personas.traveller import encoded_portrait, traveller

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KEY = b"t" * 32


class Made:
    """A training station's face data, opened."""

    def __init__(self, folder: Path, now: datetime = NOW) -> None:
        self.folder = folder
        self.matcher = DlibFaceMatcher()
        self.scale = FaceScale(built_in_thresholds(training=True))
        self.policies = training_policies()
        self.make(now)

    def make(self, now: datetime) -> None:
        make_face_data(self.folder, KEY, self.matcher, self.scale, self.policies, now)

    def references(self, now: datetime = NOW) -> FaceReferences:
        opening: Future[object] = Future()
        opening.set_result(open_references(self.folder, KEY, self.scale, self.policies, now))
        return FaceReferences(self.matcher, self.scale, self.policies, opening)  # type: ignore[arg-type]

    def version(self) -> int:
        return read_header(group_file(self.folder, ALERTED), KEY).version


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("faces"))


def search(made: Made, picture: bytes, now: datetime = NOW) -> FaceSearchResult:
    return made.references().search(picture, None, FaceProbe.CHIP_PORTRAIT, now).result


def test_a_listed_face_is_found_with_its_picture_and_its_twin_close_behind(made: Made) -> None:
    drawn = listed_portraits()
    answer = made.references().search(drawn["CF-0218"], None, FaceProbe.CHIP_PORTRAIT, NOW)
    found = answer.result.candidates
    assert [one.reference_id for one in found] == ["CF-0218", "CF-1218"]
    assert {one.use for one in found} == {GroupUse.ALERT}
    assert found[0].margin is not None
    assert found[0].margin < 0.02
    assert answer.pictures[ALERTED, "CF-0218"] == drawn["CF-0218"]


def test_somebody_whose_face_is_not_listed_is_no_candidate(made: Made) -> None:
    for seed in (5, 9):
        assert search(made, traveller(seed, today=TODAY).portrait_jp2).candidates == ()


def test_groups_of_headquarters_alone_are_named_and_expired_ones_too(made: Made) -> None:
    drawn = listed_portraits()["CF-0185"]
    fresh = search(made, drawn)
    assert {one.reason for one in fresh.not_searched} == {HEADQUARTERS_ONLY}
    late = search(made, drawn, NOW + timedelta(days=2))
    assert late.candidates == ()
    assert (ALERTED, "expired") in {(one.group_id, one.reason) for one in late.not_searched}


def test_packs_are_made_again_only_before_they_expire(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.make(NOW + timedelta(hours=1))
    assert made.version() == 1
    made.make(NOW + timedelta(hours=20))
    assert made.version() == 2


def test_the_history_photograph_of_a_listed_persons_document_is_at_hand(made: Made) -> None:
    references = made.references()
    who, face = people_of("listed_face", TODAY)[0]
    assert references.photograph(who.document_number, NOW) == listed_portraits()[face.reference_id]
    assert references.photograph("U0000000", NOW) is None
    with pytest.raises(StepFault) as late:
        references.photograph(who.document_number, NOW + timedelta(days=60))
    assert late.value.code == "HIS-01"


def test_a_picture_without_a_face_is_no_search(made: Made) -> None:
    with pytest.raises(StepFault) as fault:
        search(made, encoded_portrait(np.full((200, 160, 3), 200, np.uint8), 4_000))
    assert fault.value.code == "GRP-02"


def test_a_traveller_of_the_story_has_the_listed_face_and_may_be_collected() -> None:
    seeds = {face.seed for face in LISTED_FACES if face.group_id == ALERTED}
    for seed in range(12):
        who = traveller(seed, today=TODAY, fault="listed_face")
        assert who.face_seed in seeds
        assert who.live_face == who.face_seed
        assert who.persona.person_class is PersonClass.FOREIGNER
        assert who.expected.collection.allowed
        assert who.expected.findings == ("BIO-04",)
    assert len({number for number, _ in history_photographs(TODAY)}) == 16


def test_the_shipped_portraits_are_those_that_are_drawn() -> None:
    from inspection_station.training.personas.face_pictures import portrait_of

    face = LISTED_FACES[0]
    assert encoded_portrait(portrait_of(face.traits), 12_000) == listed_portraits()[face.reference_id]
