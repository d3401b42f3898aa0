"""The best of a burst, from a matcher that is played and from drawn travellers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_capture import BurstCapture
from inspection_station.matching.ports import DetectedFace, FacePrompt, FaceQuality, FaceTemplate, Image
from inspection_station.matching.presentation_attack import PresentationStatus, PresentationVerdict


class PlayedMatcher:
    """Reads its verdict from the frame: pixel 0 prompt, pixel 1 worth, pixel 2 person."""

    PROMPTS = tuple(FacePrompt)

    def __init__(self) -> None:
        self.assessed = 0
        self.embedded = 0

    def assess(self, image: Image) -> tuple[DetectedFace | None, FaceQuality]:
        self.assessed += 1
        prompt = self.PROMPTS[int(image[0, 0, 0])]
        quality = FaceQuality(prompt, 0.5, {"sharpness": int(image[0, 1, 0]) / 255}, ())
        if prompt is FacePrompt.NO_FACE:
            return None, quality
        return DetectedFace((0, 0, 9, 9), np.zeros((5, 2), np.float32), 1.0), quality

    def template_of(self, image: Image, face: DetectedFace) -> FaceTemplate:
        self.embedded += 1
        vector = np.zeros(128, np.float32)
        vector[int(image[0, 2, 0])] = 1.0
        return FaceTemplate(vector, "played")


def _frame(prompt: FacePrompt = FacePrompt.GOOD, worth: int = 100, person: int = 0) -> Image:
    image = np.zeros((1, 3, 3), np.uint8)
    image[0, :, 0] = (PlayedMatcher.PROMPTS.index(prompt), worth, person)
    return image


def test_a_burst_completes_with_enough_good_frames_and_keeps_the_best() -> None:
    matcher = PlayedMatcher()
    burst = BurstCapture(matcher, wanted=4, averaged=2)
    for sequence, worth in enumerate((10, 90, 200, 50)):
        progress = burst.feed(_frame(worth=worth), sequence)
    assert progress.complete
    captured = burst.result()
    assert captured is not None
    assert captured.sequence == 2
    assert captured.frames == 2
    assert matcher.embedded == 2
    assert float(np.linalg.norm(captured.template.vector)) == pytest.approx(1.0)
    assert captured.presentation_attack == "not performed; the officer observes"


def test_bad_frames_give_their_prompt_and_do_not_count() -> None:
    burst = BurstCapture(PlayedMatcher(), wanted=3, averaged=1)
    burst.feed(_frame(), 0)
    progress = burst.feed(_frame(FacePrompt.CLOSER), 1)
    assert (progress.prompt, progress.good) == (FacePrompt.CLOSER, 1)
    assert not progress.complete


def test_a_frame_seen_before_changes_nothing() -> None:
    matcher = PlayedMatcher()
    burst = BurstCapture(matcher, wanted=3, averaged=1)
    for sequence in (5, 5, 4, 5):
        burst.feed(_frame(), sequence)
    assert (burst.progress.good, matcher.assessed) == (1, 1)


def test_frames_after_completion_change_nothing() -> None:
    matcher = PlayedMatcher()
    burst = BurstCapture(matcher, wanted=1, averaged=1)
    burst.feed(_frame(), 1)
    assert burst.feed(_frame(FacePrompt.NO_FACE), 2).complete
    assert matcher.assessed == 1


def test_the_camera_may_reuse_its_buffer() -> None:
    burst = BurstCapture(PlayedMatcher(), wanted=1, averaged=1)
    buffer = _frame(worth=77)
    burst.feed(buffer, 0)
    buffer[:] = 0
    captured = burst.result()
    assert captured is not None
    assert int(captured.image[0, 1, 0]) == 77


def test_one_lost_frame_is_forgiven_but_a_face_that_left_starts_anew() -> None:
    burst = BurstCapture(PlayedMatcher(), wanted=9, averaged=1)
    burst.feed(_frame(), 0)
    burst.feed(_frame(FacePrompt.NO_FACE), 1)
    assert burst.feed(_frame(), 2).good == 2
    for sequence in range(3, 8):
        progress = burst.feed(_frame(FacePrompt.NO_FACE), sequence)
    assert progress.good == 0
    assert burst.result() is None


def test_a_second_face_starts_anew() -> None:
    burst = BurstCapture(PlayedMatcher(), wanted=9, averaged=1)
    burst.feed(_frame(), 0)
    assert burst.feed(_frame(FacePrompt.SEVERAL_FACES), 1).good == 0


def test_two_people_never_share_a_template() -> None:
    burst = BurstCapture(PlayedMatcher(), wanted=2, averaged=2)
    burst.feed(_frame(person=1), 0)
    burst.feed(_frame(person=2), 1)
    assert burst.result() is None
    assert burst.progress.prompt is FacePrompt.HOLD_STILL
    assert not burst.progress.complete


def test_what_is_there_can_be_taken_when_time_runs_out() -> None:
    burst = BurstCapture(PlayedMatcher(), wanted=8, averaged=5)
    assert burst.result() is None
    burst.feed(_frame(), 0)
    captured = burst.result()
    assert captured is not None
    assert captured.frames == 1


def test_someone_good_in_a_few_frames_only_need_not_wait_for_eight() -> None:
    burst = BurstCapture(PlayedMatcher(), wanted=8, averaged=5, most=15)
    prompts = [FacePrompt.GOOD if number % 5 == 0 else FacePrompt.HOLD_STILL for number in range(15)]
    complete = [burst.feed(_frame(prompt), sequence).complete for sequence, prompt in enumerate(prompts)]
    assert complete == [False] * 14 + [True]
    captured = burst.result()
    assert captured is not None
    assert captured.frames == 3


def test_two_good_frames_in_fifteen_are_not_enough() -> None:
    burst = BurstCapture(PlayedMatcher(), wanted=8, averaged=5, most=15)
    for sequence in range(40):
        progress = burst.feed(_frame(FacePrompt.GOOD if sequence < 2 else FacePrompt.FRONTAL), sequence)
    assert not progress.complete


def test_a_detector_of_presentation_attacks_is_asked_about_the_frames_that_count() -> None:
    class Screen:
        def __init__(self) -> None:
            self.judged = 0

        def judge(self, frames: Sequence[tuple[Image, DetectedFace]]) -> PresentationVerdict:
            self.judged += len(frames)
            return PresentationVerdict(PresentationStatus.ATTACK, "agency-pad 2", apcer=0.021)

    detector = Screen()
    burst = BurstCapture(PlayedMatcher(), wanted=4, averaged=3, detector=detector)
    for sequence in range(4):
        burst.feed(_frame(), sequence)
    captured = burst.result()
    assert captured is not None
    assert detector.judged == 3
    assert captured.presentation_attack == "attack, by agency-pad 2 (APCER 2.1 %)"


def test_a_drawn_traveller_is_captured_and_is_the_person_of_the_portrait(matcher: DlibFaceMatcher) -> None:
    from inspection_station.matching.face_comparison import compare
    from inspection_station.matching.thresholds import built_in_thresholds
    from inspection_station.training.personas.face_live import LiveFace
    from inspection_station.training.personas.face_pictures import portrait
    from inspection_station.training.personas.good_faces import good_faces

    own, stranger = good_faces()[0].seed, good_faces()[1].seed
    live, burst = LiveFace(own, frame_seed=3), BurstCapture(matcher)
    for index in range(40):
        if burst.feed(live.frame(index), index).complete:
            break
    captured = burst.result()
    assert captured is not None
    thresholds = built_in_thresholds(training=True)
    assert compare(captured.template, matcher.template(portrait(own)), thresholds).band.value == "match"
    assert compare(captured.template, matcher.template(portrait(stranger)), thresholds).band.value == "no match"
