"""What stays of a journal when article 91 turns out to exclude the person."""

from __future__ import annotations

from core_builders import (
    candidate,
    chip_read,
    compared,
    document_read,
    face_captured,
    groups_searched,
    searched,
    started,
)

from inspection_station.inspection import effects as fx
from inspection_station.inspection import events as e
from inspection_station.inspection.codec import canonical_json, to_plain
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.redaction import without_biometrics
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.workflow import advance, replay

STORY: tuple[e.Event, ...] = (
    started(),
    document_read(),
    chip_read(),
    face_captured(),
    e.StepFailed(Step.FINGERPRINTS, 1, "DEV-02"),
    compared(),
    groups_searched(1, candidate()),
    searched(),
    e.PersonClassConfirmed("o-1", PersonClass.FOREIGNER, Exemption.ARTICLE_27),
)


def test_the_shorter_story_leads_to_the_same_inspection_but_for_the_page_picture() -> None:
    whole, shorter = replay(STORY), replay(without_biometrics(STORY))
    assert whole is not None
    assert shorter is not None
    assert shorter.attempts == whole.attempts
    assert shorter.running == whole.running
    assert shorter.evidence.keys() == whole.evidence.keys()
    assert shorter.collection == whole.collection
    assert [type(v) for v in shorter.evidence.values()] == [type(v) for v in whole.evidence.values()]


def test_no_digest_of_a_picture_and_no_score_stays() -> None:
    kept = b"".join(canonical_json(to_plain(event)) for event in without_biometrics(STORY))
    for picture in ("d" * 64, "c" * 64, "f" * 64, "g" * 64):
        assert picture.encode() not in kept
    for score in (b"0.97", b"7.125", b"r-7"):
        assert score not in kept


def test_the_machine_asks_for_it_whenever_biometrics_were_taken() -> None:
    inspection = replay(STORY[:-1])
    assert inspection is not None
    assert any(isinstance(effect, fx.DiscardBiometrics) for effect in advance(inspection, STORY[-1]).effects)
