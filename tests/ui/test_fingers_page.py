"""The page of the fingers: what each finger is said to be, what a digit notes, and what is never shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from desk_props import FakeDesk, Script, a_zone
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel

from inspection_station.desk import commands as c
from inspection_station.desk.finger_ports import FingersShown
from inspection_station.hardware.ports import Frame
from inspection_station.inspection.biometrics import (
    ComparisonBand,
    ComparisonResult,
    FingerAbsence,
    FingerCandidate,
    FingerNotTaken,
    FingerPosition,
    FingerSearch,
    Modality,
    ReferenceKind,
)
from inspection_station.inspection.events import FingerprintsCaptured
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.workflow import advance
from inspection_station.matching.ports import FingerPrompt
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.pages.fingers import FingersView
from inspection_station.ui.presenters.checks import check_rows
from inspection_station.ui.presenters.console import Console
from inspection_station.ui.presenters.fingers_page import FingersPage, fingers_page
from inspection_station.ui.presenters.identity import FieldRow
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.press import press
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.widgets.live_view import frame_image
from inspection_station.wording import LANGUAGES, Wording

EN = Wording("en", strict=True)

OpenWindow = Callable[..., MainWindow]
P = FingerPosition
SHOWN = FingersShown(
    P.LEFT_THUMB,
    2,
    FingerPrompt.PRESS_HARDER,
    31,
    ((P.RIGHT_INDEX, 88),),
    (FingerNotTaken(P.LEFT_INDEX, FingerAbsence.INJURED),),
)
AT_FINGERS = Console(language="en", looked_at=Stage.FINGERPRINTS)


def taking(shown: FingersShown = SHOWN) -> FakeDesk:
    desk = FakeDesk(Script(hold=frozenset({Step.FINGERPRINTS}))).begin()
    desk.publish(fingers=shown)
    return desk


def page(desk: FakeDesk) -> FingersPage:
    inspection = desk.snapshot().inspection
    assert inspection is not None
    return fingers_page(desk.snapshot(), inspection, Wording("en"))


def test_every_finger_of_both_hands_says_how_it_stands() -> None:
    shown = page(taking())
    rows = {row.label: (row.value, row.word, row.tone) for _, hand in shown.hands for row in hand}
    assert len(rows) == len(P)
    assert rows["Right index"] == ("88 of 100", "Done", Tone.OK)
    assert rows["Left index"] == ("", "Injured", Tone.UNCHECKED)
    assert rows["Left thumb"] == ("31 of 100", "Try 2", Tone.RUNNING)
    assert rows["Right little"][:2] == ("—", "")
    assert (shown.live, shown.prompt, shown.prompt_tone) == (True, "Left thumb: press a little harder", Tone.LOOK)


@pytest.mark.parametrize(
    ("key", "command"),
    [
        (Key.D1, c.NoteFinger(P.LEFT_THUMB, FingerAbsence.MISSING)),
        (Key.D2, c.NoteFinger(P.LEFT_THUMB, FingerAbsence.INJURED)),
        (Key.D3, c.NoteFinger(P.LEFT_THUMB, FingerAbsence.UNREADABLE)),
        (Key.D4, c.RefuseFingers()),
    ],
)
def test_one_digit_notes_the_finger_that_is_asked_for(key: Key, command: c.Command) -> None:
    assert press(AT_FINGERS, key, taking().snapshot(), 0.0)[1] == (command,)


@given(st.sampled_from([key for key in Key if key.digit is not None]))
def test_a_digit_notes_nothing_on_another_page_or_when_no_finger_is_asked_for(key: Key) -> None:
    assert press(replace(AT_FINGERS, looked_at=Stage.CHIP), key, taking().snapshot(), 0.0)[1] == ()
    done = FakeDesk().begin()
    assert press(AT_FINGERS, key, done.snapshot(), 0.0)[1] == ()


def test_of_an_excluded_person_nothing_live_is_shown_even_if_a_picture_came() -> None:
    desk = FakeDesk(Script(zone=a_zone(nationality="TWN", issuing_state="TWN"), taiwan_id=True)).begin()
    desk.publish(fingers=SHOWN)
    shown = page(desk)
    assert (shown.live, shown.keys, shown.pictures) == (False, (), ())
    assert shown.prompt_tone is Tone.UNCHECKED


@pytest.mark.parametrize(("band", "tone"), [(ComparisonBand.MATCH, Tone.OK), (ComparisonBand.NO_MATCH, Tone.LOOK)])
def test_the_chips_finger_is_told_with_how_many_strangers_would_do_as_well(band: ComparisonBand, tone: Tone) -> None:
    desk = taking()
    inspection = desk.snapshot().inspection
    assert inspection is not None
    compared = ComparisonResult(Modality.FINGERPRINT, ReferenceKind.CHIP_FINGER, 2.0, 1.5, band, "test", 4_000.0)
    sample = FakeDesk().begin().snapshot().inspection
    assert sample is not None
    assert sample.fingers is not None
    event = FingerprintsCaptured(1, 2.0, 1.0, sample.fingers.samples, (), (compared,))
    shown = fingers_page(desk.snapshot(), advance(inspection, event).inspection, Wording("en"))
    assert shown.compared[0].tone is tone
    assert "4,000" in shown.compared[0].value
    assert shown.compared[-1].tone is Tone.UNCHECKED  # nobody has searched for them


@pytest.mark.parametrize(
    ("search", "tone", "told"),
    [
        (FingerSearch("fingerprints", searched=1_200), Tone.OK, "1,200"),
        (FingerSearch("fingerprints", searched=5, candidates=(FingerCandidate("g", "r", 3.0),)), Tone.BAR, "5"),
        (FingerSearch("fingerprints", searched=0), Tone.NOTE, "0"),
        (FingerSearch("fingerprints", code="NET-01"), Tone.UNCHECKED, ""),
    ],
    ids=["nobody", "a candidate", "none kept", "not asked"],
)
def test_the_search_for_others_with_these_fingers_is_told_as_it_went(
    search: FingerSearch, tone: Tone, told: str
) -> None:
    desk = taking()
    inspection, other = desk.snapshot().inspection, FakeDesk().begin().snapshot().inspection
    assert inspection is not None
    assert other is not None
    assert other.fingers is not None
    event = FingerprintsCaptured(1, 2.0, 1.0, other.fingers.samples, search=search)
    row = fingers_page(desk.snapshot(), advance(inspection, event).inspection, Wording("en")).compared[1]
    assert row.tone is tone
    assert told in row.value


def found(*candidates: FingerCandidate) -> Inspection:
    """Somebody whose fingers headquarters has compared."""
    inspection, other = taking().snapshot().inspection, FakeDesk().begin().snapshot().inspection
    assert inspection is not None
    assert other is not None
    assert other.fingers is not None
    search = FingerSearch("foreigner-biometrics", searched=1_200, candidates=candidates)
    event = FingerprintsCaptured(1, 2.0, 1.0, other.fingers.samples, search=search)
    return advance(inspection, event).inspection


def test_a_candidate_is_told_by_group_and_reference_while_the_officer_holds_the_key_alone() -> None:
    inspection = found(*(FingerCandidate("controlled-foreigners", f"W-{n}", 0.7) for n in range(5)))
    hidden = fingers_page(taking().snapshot(), inspection, EN)
    assert hidden.hits
    assert not any("W-" in row.value for row in hidden.compared)
    rows = fingers_page(taking().snapshot(), inspection, EN, revealed=True).compared[2:]
    assert [(row.label, row.tone) for row in rows] == [(f"Candidate {n}", Tone.BAR) for n in (1, 2, 3)]
    assert rows[0].value.endswith("· W-0")
    assert rows[-1].word == "+2"
    told = {row.key: row.detail for row in check_rows(inspection, EN)}
    assert told["fingerprints:candidate:controlled-foreigners:W-1"] == "Fingers: candidate 2"


def test_ones_own_earlier_fingers_are_told_on_the_page_and_beside_the_step_and_are_no_hit() -> None:
    inspection = found(FingerCandidate("biometric-enrolled", "i-9", 0.7, same_document=True))
    page = fingers_page(taking().snapshot(), inspection, EN)
    assert not page.hits
    assert page.compared[-1] == FieldRow("", "Fingers known under this document", Tone.NOTE, "BIO-14")
    (row,) = [row for row in check_rows(inspection, EN) if row.step is Step.FINGERPRINTS]
    assert (row.tone, row.code) == (Tone.OK, "BIO-14")


def test_without_fingers_in_the_chip_the_comparison_is_grey() -> None:
    shown = page(FakeDesk().begin())
    assert [row.tone for row in shown.compared] == [Tone.UNCHECKED, Tone.UNCHECKED]


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)], ids=["laptop", "full-hd"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("prompt", list(FingerPrompt))
def test_nothing_is_clipped_while_a_finger_is_taken(
    open_window: OpenWindow, prompt: FingerPrompt, language: str, size: tuple[int, int]
) -> None:
    desk = taking(replace(SHOWN, prompt=prompt, asked=P.RIGHT_MIDDLE))
    desk.finger_frames.put(Frame(np.full((400, 320), 128, np.uint8), 0.0, 1))
    window = open_window(desk, size, language=language)
    window.console = replace(window.console, looked_at=Stage.FINGERPRINTS)
    window.draw()
    assert (window.width(), window.height()) == size
    [view] = window.findChildren(FingersView)
    assert view.isVisible()
    texts = [label for label in view.findChildren(QLabel) if label.isVisible() and not label.wordWrap()]
    assert [t.text() for t in texts if t.sizeHint().width() > t.width() + 1] == []
    buttons = [button for button in view.keys.values() if button.isVisible()]
    assert len(buttons) == 4
    assert not any(button.clipped() for button in buttons)


def test_touching_a_button_does_what_its_digit_does(open_window: OpenWindow) -> None:
    desk = taking()
    window = open_window(desk, (1366, 768), language="en")
    window.console = replace(window.console, looked_at=Stage.FINGERPRINTS)
    window.draw()
    [view] = window.findChildren(FingersView)
    view.keys[Key.D2].click()
    assert desk.posted[-1] == c.NoteFinger(P.LEFT_THUMB, FingerAbsence.INJURED)


def test_a_grey_frame_is_drawn_as_it_is() -> None:
    image = frame_image(Frame(np.full((5, 3), 77, np.uint8), 0.0, 1))
    assert image is not None
    assert (image.width(), image.height(), image.format()) == (3, 5, QImage.Format.Format_Grayscale8)
    assert image.pixelColor(2, 4).red() == 77
