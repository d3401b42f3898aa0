"""Travellers are drawn in a process of their own: crashes, hangs and the end of the station leave nobody waiting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import date
from typing import Any

import numpy as np
import psutil
import pytest
from fakes.unhurried import took, until

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.training.devices.drawing import Drawn, FilmOrder, FingerOrder, Frames, draw, film, lay_down
from inspection_station.training.devices.drawing_room import DrawingFault, DrawingRoom
from inspection_station.training.devices.kept_drawings import PLACE
from inspection_station.training.devices.props import TravellerProps
from inspection_station.training.devices.stage import Laid
from inspection_station.training.personas.traveller import traveller

TODAY = date(2026, 11, 23)
posix = pytest.mark.skipif(sys.platform == "win32", reason="stops and kills by POSIX signals")


class Deadly:
    """Ends whichever process unpacks it, as a crash in C would."""

    def __reduce__(self) -> Any:
        return os._exit, (3,)


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    """What is kept of an earlier drawing would be no drawing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PLACE, "none")
        yield


@pytest.fixture(scope="module")
def room() -> Iterator[DrawingRoom]:
    opened = DrawingRoom()
    yield opened
    opened.close()


def ordered(room: DrawingRoom, who: Any) -> Future[Drawn]:
    drawing: Future[Drawn] = Future()
    room.draw(who, TODAY, drawing)
    return drawing


def test_what_the_process_draws_is_what_would_have_been_drawn_here(room: DrawingRoom) -> None:
    someone = traveller(3, today=TODAY, fault="clone")
    there, here = ordered(room, someone).result(150), draw(someone, TODAY)
    assert there.page == here.page
    filmed: Future[Frames] = Future()
    room.film(FilmOrder(someone), filmed)
    assert filmed.result(150) == film(FilmOrder(someone))
    assert there.passport.fault == here.passport.fault
    assert there.passport.keys == here.passport.keys
    assert there.passport.files["DG2"] == here.passport.files["DG2"]


def test_fingers_are_drawn_there_too_and_before_faces_that_have_not_been_begun(room: DrawingRoom) -> None:
    order = FingerOrder(3, FingerPosition.RIGHT_INDEX, 0, 2)
    waiting = [ordered(room, traveller(seed, today=TODAY)) for seed in (21, 22)]
    laid: Future[Laid] = Future()
    room.lay_down(order, laid, soon=True)
    ended: list[object] = []
    for one in (*waiting, laid):
        one.add_done_callback(ended.append)
    there, here = laid.result(150), lay_down(order)
    assert [one.dpi for one in there] == [500, 500]
    assert all(np.array_equal(one.image, other.image) for one, other in zip(there, here, strict=True))
    for drawing in waiting:
        assert drawing.result(150).page
    until(lambda: waiting[-1] in ended)
    assert ended.index(laid) < ended.index(waiting[-1])


def test_it_works_at_a_lower_priority_than_the_station(room: DrawingRoom) -> None:
    ordered(room, traveller(4, today=TODAY)).result(150)
    assert room.process_id is not None
    if sys.platform != "win32":
        assert psutil.Process(room.process_id).nice() > psutil.Process().nice()


def test_expecting_a_traveller_returns_at_once_and_spares_the_waiting(room: DrawingRoom) -> None:
    props, someone = TravellerProps(room, lambda: TODAY), traveller(5, today=TODAY)
    expecting = took(lambda: props.expect(someone))
    waiting = took(lambda: props.prepare(someone))
    assert expecting < waiting

    def show() -> None:
        assert props.page(someone).startswith(b"\xff\xd8")
        assert props.live(someone).frame(20).shape == (720, 1280, 3)

    assert took(show) < waiting


@posix
def test_a_process_killed_in_the_middle_is_started_again_and_the_traveller_drawn(room: DrawingRoom) -> None:
    ordered(room, traveller(6, today=TODAY)).result(150)
    first = room.process_id
    assert first is not None
    drawing = ordered(room, traveller(7, today=TODAY))
    os.kill(first, signal.SIGKILL)
    assert drawing.result(150).page
    assert room.process_id != first


def test_a_traveller_over_whom_the_process_crashes_is_a_fault_and_the_next_one_is_drawn(room: DrawingRoom) -> None:
    with pytest.raises(DrawingFault, match="crashes") as told:
        ordered(room, Deadly()).result(150)
    assert told.value.code == "DEV-01"
    assert ordered(room, traveller(8, today=TODAY)).result(150).page


def test_what_cannot_be_drawn_is_a_fault_without_a_word_of_the_traveller(room: DrawingRoom) -> None:
    with pytest.raises(DrawingFault, match="AttributeError") as told:
        ordered(room, "ANNA MARIA").result(150)
    assert "ANNA" not in str(told.value)


class Toil:
    """Unpacking this keeps whichever process does it busy for so many seconds of processor time, and draws nobody."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __iter__(self) -> Iterator[Any]:
        until = time.process_time() + self.seconds
        while time.process_time() < until:
            pass
        return iter((traveller(17, today=TODAY), TODAY))


def test_a_drawing_that_takes_longer_than_ones_patience_is_waited_for_while_it_gets_on() -> None:
    busy = DrawingRoom()
    try:
        ordered(busy, traveller(18, today=TODAY)).result(150)  # its process has started
        busy._patience = 3.0
        slow: Future[Drawn] = Future()
        busy._ordered(Toil(4.0), slow, 1)
        assert slow.result(150).page
    finally:
        busy.close()


def test_a_drawing_that_goes_round_in_circles_is_ended_and_the_next_one_is_drawn() -> None:
    busy = DrawingRoom(most_work=2.0)
    try:
        endless: Future[Drawn] = Future()
        busy._ordered(Toil(1e9), endless, 1)
        with pytest.raises(DrawingFault, match="comes to no end"):
            endless.result(150)
        busy._most_work = 120.0
        assert ordered(busy, traveller(19, today=TODAY)).result(150).page
    finally:
        busy.close()


@posix
def test_a_process_that_hangs_is_ended_and_told() -> None:
    impatient = DrawingRoom()
    try:
        ordered(impatient, traveller(9, today=TODAY)).result(150)
        first = impatient.process_id
        assert first is not None
        impatient._patience = 0.5
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(DrawingFault, match="does not answer"):
            ordered(impatient, traveller(10, today=TODAY)).result(150)
        assert not psutil.pid_exists(first)
    finally:
        impatient.close()


def test_closing_ends_the_process_and_whoever_waits_is_told() -> None:
    closing = DrawingRoom()
    ordered(closing, traveller(11, today=TODAY)).result(150)
    process = closing.process_id
    waiting = [ordered(closing, traveller(seed, today=TODAY)) for seed in (12, 13)]
    closing.close()
    for drawing in waiting:
        with pytest.raises(DrawingFault):
            drawing.result(60)
    assert process is not None
    assert not psutil.pid_exists(process)
    with pytest.raises(DrawingFault):
        ordered(closing, traveller(14, today=TODAY)).result(60)
    closing.close()


def test_a_process_is_replaced_after_its_share_of_drawings() -> None:
    short = DrawingRoom(lifetime=1)
    try:
        ordered(short, traveller(15, today=TODAY)).result(150)
        assert short.process_id is None
        assert ordered(short, traveller(16, today=TODAY)).result(150).page
    finally:
        short.close()


_STATION = """
import time
from concurrent.futures import Future
from datetime import date
from inspection_station.training.devices.kept_drawings import PLACE
from inspection_station.training.devices.drawing_room import DrawingRoom
from inspection_station.training.personas.traveller import traveller

if __name__ == "__main__":
    room, first = DrawingRoom(), Future()
    room.draw(traveller(1, today=date(2026, 11, 23)), date(2026, 11, 23), first)
    first.result(150)
    room.draw(traveller(2, today=date(2026, 11, 23)), date(2026, 11, 23), Future())
    print(room.process_id, flush=True)
    time.sleep(60)
"""


@posix
def test_the_process_ends_with_a_station_that_was_killed(tmp_path) -> None:
    script = tmp_path / "station.py"
    script.write_text(_STATION, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as station:
        assert station.stdout is not None
        child = int(station.stdout.readline())
        assert psutil.pid_exists(child)
        station.kill()
    until(lambda: not _lives(child), 30.0)  # of the minute for which the station would have lived


def _lives(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
