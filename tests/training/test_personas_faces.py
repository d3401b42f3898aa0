"""Drawn faces as the station sees them: found, and the same person in portrait and live, another for another seed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.ports import FacePrompt
from inspection_station.matching.thresholds import built_in_thresholds
from inspection_station.training.personas import LiveCondition, LiveFace, live_frame, portrait
from inspection_station.training.personas.face_pictures import portrait_of
from inspection_station.training.personas.face_traits import ADULT, relative, traits
from inspection_station.training.personas.good_faces import good_faces

SEEDS = [face.seed for face in good_faces()][:3]


@pytest.fixture(scope="module")
def matcher() -> DlibFaceMatcher:
    found = DlibFaceMatcher()
    found.load()
    return found


def test_a_portrait_has_the_size_of_a_passport_photograph_and_a_light_ground() -> None:
    picture = portrait(SEEDS[0])
    assert picture.shape == (531, 413, 3)
    assert picture.dtype == np.uint8
    assert picture[:40, :12].mean() > 200


def test_the_same_seed_draws_the_same_bytes() -> None:
    assert portrait(SEEDS[0]).tobytes() == portrait(SEEDS[0]).tobytes()
    assert live_frame(SEEDS[0], 4, size=(640, 480)).tobytes() == live_frame(SEEDS[0], 4, size=(640, 480)).tobytes()


def test_live_frames_are_the_portraits_person_and_nobody_elses(matcher: DlibFaceMatcher) -> None:
    bounds = built_in_thresholds(training=True)
    references = [matcher.template(portrait(seed)) for seed in SEEDS]
    for place, seed in enumerate(SEEDS):
        picture = live_frame(seed, 71)
        face, _ = matcher.assess(picture)
        assert face is not None
        probe = matcher.template_of(picture, face)
        scores = [matcher.similarity(probe, reference) for reference in references]
        assert int(np.argmax(scores)) == place
        assert scores[place] >= bounds.match
        assert sorted(scores)[-2] < bounds.match


def test_the_eyes_are_far_enough_apart_for_a_live_capture(matcher: DlibFaceMatcher) -> None:
    for size in ((1280, 720), (640, 480)):
        _, quality = matcher.assess(live_frame(SEEDS[1], 9, size=size))
        assert quality.measures["eye_distance"] >= 90


def test_a_film_moves_and_any_frame_can_be_asked_for_again() -> None:
    film = LiveFace(SEEDS[0], size=(640, 480))
    frames = [film.frame(i) for i in (0, 8, 16, 17)]
    assert all(a.shape == (480, 640, 3) for a in frames)
    assert all(np.abs(a.astype(int) - b).mean() > 0.5 for a, b in pairwise(frames))
    assert film.frame(8).tobytes() == frames[1].tobytes()


def test_another_occasion_shows_another_picture_of_the_person() -> None:
    first, second = (live_frame(SEEDS[0], occasion, size=(640, 480)) for occasion in (1, 2))
    assert np.abs(first.astype(int) - second).mean() > 5


@pytest.mark.parametrize(
    ("condition", "prompts"),
    [
        (LiveCondition.NO_FACE, {FacePrompt.NO_FACE}),
        (LiveCondition.SEVERAL_FACES, {FacePrompt.SEVERAL_FACES}),
        (LiveCondition.TOO_FAR, {FacePrompt.CLOSER, FacePrompt.NO_FACE}),
        (LiveCondition.TOO_CLOSE, {FacePrompt.FURTHER, FacePrompt.CENTRE, FacePrompt.NO_FACE}),
        (LiveCondition.OFF_CENTRE, {FacePrompt.CENTRE}),
        (LiveCondition.TURNED_AWAY, {FacePrompt.FRONTAL, FacePrompt.NO_FACE}),
        (LiveCondition.TILTED, {FacePrompt.STRAIGHT, FacePrompt.NO_FACE}),
        (LiveCondition.DARK, {FacePrompt.MORE_LIGHT, FacePrompt.NO_FACE}),
        (LiveCondition.GLARING, {FacePrompt.LESS_LIGHT, FacePrompt.NO_FACE}),
        (LiveCondition.SIDE_LIGHT, {FacePrompt.EVEN_LIGHT, FacePrompt.NO_FACE}),
        (LiveCondition.BLURRED, {FacePrompt.HOLD_STILL, FacePrompt.NO_FACE}),
    ],
)
def test_each_fault_before_the_camera_draws_its_own_prompt(
    matcher: DlibFaceMatcher, condition: LiveCondition, prompts: set[FacePrompt]
) -> None:
    light = next(f.seed for f in good_faces() if f.traits.melanin < 0.4 and f.traits.age >= ADULT)
    _, quality = matcher.assess(LiveFace(light, frame_seed=3, condition=condition).frame(0))
    assert quality.prompt in prompts


def test_a_twin_is_nearer_than_a_stranger(matcher: DlibFaceMatcher) -> None:
    own = matcher.template(portrait(SEEDS[0]))
    twin = matcher.template(portrait_of(relative(traits(SEEDS[0]), 5)))
    stranger = matcher.template(portrait(SEEDS[1]))
    assert matcher.similarity(own, stranger) < matcher.similarity(own, twin) < 0.9999


def test_the_list_holds_sixty_faces_of_both_sexes_all_ages_and_all_tones() -> None:
    listed = [face.traits for face in good_faces()]
    assert len(listed) >= 60
    assert len({face.seed for face in good_faces()}) == len(listed)
    women = sum(t.sex == "F" for t in listed)
    assert 0.35 <= women / len(listed) <= 0.65
    assert sum(t.age < ADULT for t in listed) >= 4
    assert sum(t.age > 55 for t in listed) >= 6
    assert all(sum(low <= t.melanin < low + 0.34 for t in listed) >= 10 for low in (0.0, 0.33, 0.66))


def test_on_the_list_every_face_is_nearer_to_itself_than_to_any_other() -> None:
    assert all(face.genuine < face.nearest for face in good_faces())
    assert max(face.genuine for face in good_faces()) < min(face.nearest for face in good_faces())
