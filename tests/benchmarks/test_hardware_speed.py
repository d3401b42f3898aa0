"""How much the hardware room itself costs: a call to a device thread, a frame and a command through a child process."""

import time
from threading import Event

import cv2
import numpy as np
import pytest

from inspection_station.hardware.drivers.keyboard_mrz import factory as keyboard
from inspection_station.hardware.drivers.uvc_camera import factory
from inspection_station.hardware.ports import DriverSettings
from inspection_station.hardware.worker import DeviceWorker

pytestmark = pytest.mark.benchmark


def test_a_call_to_a_device_thread_and_back():
    worker = DeviceWorker(keyboard(DriverSettings()))
    count = 5000
    began = time.perf_counter()
    for _ in range(count):
        worker.submit(lambda device, cancel: None).result(2)
    print(f"\ncall to a device thread and back: {(time.perf_counter() - began) / count * 1e6:.0f} µs")
    worker.close()


@pytest.mark.parametrize("isolate", [False, True])
def test_frames_of_1280_by_720_from_a_film(tmp_path, isolate):
    film = str(tmp_path / "film.avi")
    writer = cv2.VideoWriter(film, cv2.VideoWriter.fourcc(*"MJPG"), 30, (1280, 720))
    picture = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), dtype=np.uint8)
    for _ in range(150):
        writer.write(picture)
    writer.release()
    camera = factory(DriverSettings({"source": film, "isolate": isolate, "rate": 30}))
    began = time.perf_counter()
    camera.open()
    opened = time.perf_counter() - began
    last, count, late = -1, 60, 0.0
    began = time.perf_counter()
    for _ in range(count):
        frame = camera.next_frame(Event(), last)
        late += time.monotonic() - frame.monotonic
        last = frame.sequence
    rate = count / (time.perf_counter() - began)
    where = "in a child process" if isolate else "in this process"
    print(f"\nframes {where}: opened in {opened:.2f} s, {rate:.0f} a second, {late / count * 1000:.1f} ms old")
    camera.close()
