"""A camera that hangs, disappears or talks nonsense; and OpenCV itself over a film."""

import threading
from threading import Event

import cv2
import numpy as np
import pytest
from fakes.camera_captures import PluggableCapture
from fakes.unhurried import shortest, took, until

from inspection_station.hardware.drivers.uvc_camera import UvcCamera, factory
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DriverSettings, Frame


@pytest.fixture
def capture() -> PluggableCapture:
    return PluggableCapture()


@pytest.fixture
def camera(capture):
    made = UvcCamera(DriverSettings({"open_seconds": 15.0, "frame_seconds": 1.0}), capture)
    yield made
    capture.hang_on_open.set()
    capture.hang_on_read.set()
    made.close()


def test_frames_come_newer_and_newer(camera):
    camera.open()
    first = camera.next_frame(Event())
    second = camera.next_frame(Event(), first.sequence)
    assert second.sequence > first.sequence
    assert second.monotonic >= first.monotonic
    assert first.image.shape == (48, 64, 3)
    assert first.image.flags["C_CONTIGUOUS"]


def test_a_camera_that_hangs_while_opening_is_stalled_in_time_and_its_thread_ends_later(capture):
    before = set(threading.enumerate())
    capture.hang_on_open.clear()
    camera = UvcCamera(DriverSettings({"open_seconds": 0.3}), capture)
    with pytest.raises(DeviceStalled):
        camera.open()  # of the 20 s for which it hangs
    assert capture.released == 0
    capture.hang_on_open.set()
    until(lambda: set(threading.enumerate()) <= before)
    assert capture.released == 1


def test_an_absent_camera_is_not_found(camera, capture):
    capture.plugged = False
    with pytest.raises(DeviceNotFound):
        camera.open()


def test_a_camera_pulled_out_is_unplugged_and_counts_on_after_it_came_back(camera, capture):
    camera.open()
    last = camera.next_frame(Event()).sequence
    capture.plugged = False
    seen: list[Frame] = []
    with pytest.raises(DeviceUnplugged):
        watch(camera, last, seen)
    last = seen[-1].sequence if seen else last
    with pytest.raises(DeviceError, match="closed"):
        camera.probe()
    capture.plugged = True
    camera.open()
    assert camera.next_frame(Event(), last).sequence > last


def test_a_camera_that_hangs_while_reading_is_stalled(camera, capture):
    camera.open()
    last = camera.next_frame(Event()).sequence
    capture.hang_on_read.clear()
    with pytest.raises(DeviceStalled):
        watch(camera, last, [])


def test_probing_notices_a_camera_that_has_stopped(camera, capture):
    camera.open()
    camera.next_frame(Event())
    camera.probe()
    capture.hang_on_read.clear()
    with pytest.raises(DeviceStalled):
        until(camera.probe)


def test_waiting_for_a_frame_is_cancelled_within_300_ms(camera, capture):
    camera.open()
    last = camera.next_frame(Event()).sequence
    capture.hang_on_read.clear()
    cancel = Event()
    cancel.set()

    def wait() -> None:
        with pytest.raises(CaptureCancelled):
            camera.next_frame(cancel, last + 1000)

    assert shortest(lambda: took(wait), 0.3) < 0.3


@pytest.mark.parametrize("picture", [None, np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4), np.float32)])
def test_something_that_is_no_picture_is_garbage(camera, capture, picture):
    camera.open()
    capture.picture = picture  # not before: the camera may tell it before ``open`` has returned
    with pytest.raises(DeviceGarbage):
        watch(camera, -1, [])


def test_a_grey_picture_becomes_three_channels_and_is_turned(capture):
    capture.picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    camera = UvcCamera(DriverSettings({"rotate": 90}), capture)
    camera.open()
    image = camera.next_frame(Event()).image
    camera.close()
    assert image.shape == (4, 3, 3)
    assert image[0, :, 0].tolist() == [8, 4, 0]


def test_opencv_reads_a_film_frame_by_frame_and_its_end_is_an_unplugging(tmp_path):
    film = str(tmp_path / "film.avi")
    writer = cv2.VideoWriter(film, cv2.VideoWriter.fourcc(*"MJPG"), 30, (64, 48))
    for level in range(0, 250, 5):  # one and a half seconds
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    camera = factory(DriverSettings({"source": film}))
    camera.open()
    seen: list[Frame] = []
    with pytest.raises(DeviceUnplugged):
        watch(camera, -1, seen)
    levels = [int(frame.image.mean()) for frame in seen]
    assert len(levels) >= 3
    assert levels == sorted(levels)


def test_a_film_can_be_read_in_a_child_process(tmp_path):
    film = str(tmp_path / "film.avi")
    writer = cv2.VideoWriter(film, cv2.VideoWriter.fourcc(*"MJPG"), 30, (64, 48))
    for _ in range(90):
        writer.write(np.full((48, 64, 3), 120, np.uint8))
    writer.release()
    camera = factory(DriverSettings({"source": film, "isolate": True}))
    camera.open()
    assert camera.next_frame(Event()).image.shape == (48, 64, 3)
    camera.close()


def test_no_such_camera_is_not_found_by_opencv():
    camera = factory(DriverSettings({"source": "/dev/video93"}))
    with pytest.raises(DeviceNotFound):
        camera.open()
    camera.close()


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="widht"):
        factory(DriverSettings({"widht": 640}))


def watch(camera: UvcCamera, last: int, seen: list[Frame]) -> None:
    """Take frames until the camera fails."""
    while True:
        seen.append(camera.next_frame(Event(), last))
        last = seen[-1].sequence
