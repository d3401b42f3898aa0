"""How long a thread of the station waits for its turn while a traveller is drawn: on the spot, or in the room."""

from __future__ import annotations

import time
from datetime import date
from threading import Event, Thread

import pytest

from inspection_station.training.devices.drawing import Draughtsman, DrawnHere
from inspection_station.training.devices.drawing_room import DrawingRoom
from inspection_station.training.devices.kept_drawings import PLACE
from inspection_station.training.devices.props import TravellerProps
from inspection_station.training.personas.traveller import traveller

pytestmark = pytest.mark.benchmark


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, "none")


TODAY = date(2026, 11, 23)
TICK = 0.002


def _longest_gaps(draughtsman: Draughtsman, seeds: range) -> list[float]:
    """Milliseconds between two ticks of a thread that wants to run every 2 ms, the longest for each traveller."""
    props = TravellerProps(draughtsman, lambda: TODAY)
    props.prepare(traveller(seeds.start - 1, today=TODAY))  # whatever is loaded once is loaded now
    gaps: list[float] = []
    stop = Event()

    def tick() -> None:
        last = time.perf_counter()
        while not stop.wait(TICK):
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    ticker = Thread(target=tick)
    ticker.start()
    longest = []
    for seed in seeds:
        gaps.clear()
        props.prepare(traveller(seed, today=TODAY))
        longest.append(max(gaps) * 1000)
    stop.set()
    ticker.join()
    props.close()
    return longest


def test_drawing_in_the_room_keeps_nobody_waiting() -> None:
    here = _longest_gaps(DrawnHere(), range(41, 45))
    room = _longest_gaps(DrawingRoom(), range(41, 45))
    print(f"\nlongest gap: on the spot {max(here):.0f} ms, in the drawing room {max(room):.0f} ms")
    assert max(room) < 100
