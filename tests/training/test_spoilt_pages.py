"""What the training reader spoils is refused by the reading with the code that fits, and nothing of it takes long."""

from __future__ import annotations

from datetime import date

import pytest

from inspection_station.desk.ports import StepFault
from inspection_station.desk.zone_reading import ZoneReading
from inspection_station.training.devices.drawing import Drawn, draw
from inspection_station.training.devices.spoilt_pages import SPOILING, SPOILT_SWIPES, huge_picture
from inspection_station.training.faults import Fault
from inspection_station.training.personas.traveller import traveller

TODAY = date(2026, 11, 23)
SOMEONE = traveller(5, today=TODAY)
CODES = {
    Fault.TORN_MRZ: "DOC-01",
    Fault.COVERED_ZONE: "DOC-01",
    Fault.BLANK_PAGE: "DOC-01",
    Fault.TWO_PASSPORTS: "DOC-04",
    Fault.TRUNCATED_PICTURE: "DOC-05",
    Fault.HUGE_PICTURE: "DOC-05",
    Fault.EMPTY_PICTURE: "DOC-05",
    Fault.NOT_A_PICTURE: "DOC-05",
    Fault.WRONG_LENGTH_ZONE: "DOC-10",
    Fault.CONTROL_CHARACTERS: "DOC-11",
}


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw(SOMEONE, TODAY)


def test_the_page_as_drawn_reads(drawn: Drawn) -> None:
    assert ZoneReading().from_image(drawn.page, TODAY).lines == SOMEONE.mrz_lines


@pytest.mark.parametrize("fault", SPOILING)
def test_a_spoilt_page_is_refused_with_its_code(drawn: Drawn, fault: Fault) -> None:
    with pytest.raises(StepFault) as told:
        ZoneReading().from_image(SPOILING[fault](drawn.page), TODAY)
    assert told.value.code == CODES[fault]


@pytest.mark.parametrize("fault", SPOILT_SWIPES)
def test_a_garbled_swipe_is_refused_with_its_code(fault: Fault) -> None:
    with pytest.raises(StepFault) as told:
        ZoneReading().from_text(SPOILT_SWIPES[fault](SOMEONE.mrz_lines), TODAY)
    assert told.value.code == CODES[fault]


def test_the_huge_picture_is_small_as_a_file() -> None:
    assert len(huge_picture()) < 100_000
