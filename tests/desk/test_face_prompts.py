"""Prompts before the camera: one at a time, and each long enough to be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inspection_station.desk.face_capture import SteadyPrompt
from inspection_station.matching.ports import FacePrompt

CLOSER, FRONTAL, GOOD = FacePrompt.CLOSER, FacePrompt.FRONTAL, FacePrompt.GOOD


def _shown(*said: FacePrompt, seconds: float = 0.04) -> list[FacePrompt]:
    steady = SteadyPrompt()
    return [steady.after(prompt, place * seconds) for place, prompt in enumerate(said)]


def test_the_first_prompt_is_shown_at_once() -> None:
    assert _shown(CLOSER) == [CLOSER]


def test_two_prompts_that_take_turns_leave_the_first_standing() -> None:
    assert set(_shown(*(CLOSER, FRONTAL) * 50)) == {CLOSER}


def test_another_prompt_is_shown_once_the_first_could_be_read() -> None:
    shown = _shown(CLOSER, *(FRONTAL,) * 20)
    assert shown[9] is CLOSER
    assert shown[11] is FRONTAL


def test_that_all_is_well_is_shown_with_the_second_good_frame() -> None:
    assert _shown(CLOSER, GOOD, GOOD) == [CLOSER, CLOSER, GOOD]


@given(st.lists(st.sampled_from(list(FacePrompt)), min_size=1, max_size=200))
def test_what_is_shown_was_said_and_nothing_but_good_comes_sooner_than_it_can_be_read(said: list[FacePrompt]) -> None:
    shown = _shown(*said)
    since = 0
    for place in range(1, len(shown)):
        if shown[place] is not shown[place - 1]:
            assert shown[place] is said[place] is said[place - 1]
            assert shown[place] is GOOD or (place - since) * 0.04 >= 0.399
            since = place
