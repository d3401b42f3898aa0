"""What judges fingers is loaded beside the start; who cannot have it is told why nothing is taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from inspection_station.desk.finger_later import JudgeLater
from inspection_station.desk.finger_ports import JudgedFinger
from inspection_station.desk.ports import StepFault
from inspection_station.hardware.ports import FingerImage
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.ports import FingerPrompt

PICTURE = FingerImage(np.zeros((10, 10), np.uint8), 500)


class Judge:
    def judge(self, image):
        return JudgedFinger(FingerPrompt.GOOD, 80, "test", b"png")

    def compare(self, probes, chip):
        return ()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_loading_holds_up_nobody_and_the_first_finger_waits_for_it(pool):
    loaded = Event()
    later = JudgeLater(lambda: Judge() if loaded.wait(60) else None, pool)  # returns at once
    loaded.set()
    assert later.judge(PICTURE).quality == 80
    assert later.compare({FingerPosition.RIGHT_INDEX: object()}, ()) == ()


@pytest.mark.parametrize("load", [lambda: None, lambda: 1 / 0])
def test_where_it_cannot_be_had_no_finger_is_judged(pool, load):
    with pytest.raises(StepFault) as fault:
        JudgeLater(load, pool).judge(PICTURE)
    assert fault.value.code == "SYS-04"
