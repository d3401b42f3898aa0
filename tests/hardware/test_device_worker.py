"""One thread a device: calls end their futures, waits can be stopped, and the thread outlives every fault."""

import threading
from concurrent.futures import CancelledError
from threading import Event

import pytest
from fakes.scripted_devices import PluggableReader
from fakes.unhurried import PATIENCE, shortest, took, until

from inspection_station.hardware.errors import CaptureCancelled, DeviceError, DeviceUnplugged
from inspection_station.hardware.ports import DocumentScan
from inspection_station.hardware.worker import DeviceWorker
from inspection_station.inspection.document import MrzSource

SCAN = DocumentScan(MrzSource.SWIPE, "P<UTO")


@pytest.fixture
def reader() -> PluggableReader:
    device = PluggableReader()
    device.open()
    return device


def test_a_call_runs_on_the_device_thread_and_ends_its_future(reader):
    worker = DeviceWorker(reader)
    future = worker.submit(lambda device, cancel: (device, threading.current_thread().name))
    assert future.result(PATIENCE) == (reader, "device-scripted")
    assert worker.close()


def test_calls_run_one_after_the_other_in_order(reader):
    worker = DeviceWorker(reader)
    order: list[int] = []
    futures = [worker.submit(lambda d, c, n=n: order.append(n)) for n in range(50)]
    for future in futures:
        future.result(PATIENCE)
    assert order == list(range(50))
    worker.close()


def test_stopping_a_running_wait_ends_it_with_capture_cancelled_within_300_ms(reader):
    worker = DeviceWorker(reader)

    def once() -> float:
        future = worker.submit(lambda device, cancel: device.await_document(cancel))
        until(future.running)

        def stop() -> None:
            future.stop()
            with pytest.raises(CaptureCancelled):
                future.result(PATIENCE)

        return took(stop)

    assert shortest(once, 0.3) < 0.3
    worker.close()


def test_stopping_a_call_that_waits_in_the_queue_takes_it_out(reader):
    worker = DeviceWorker(reader)
    gate = Event()
    worker.submit(lambda d, c: gate.wait(PATIENCE))
    ran: list[bool] = []
    queued = worker.submit(lambda d, c: ran.append(True))
    queued.stop()
    gate.set()
    with pytest.raises(CancelledError):
        queued.result(PATIENCE)
    worker.submit(lambda d, c: None).result(PATIENCE)
    assert ran == []
    worker.close()


def test_stopping_one_wait_leaves_the_next_call_alone(reader):
    worker = DeviceWorker(reader)
    first = worker.submit(lambda device, cancel: device.await_document(cancel))
    second = worker.submit(lambda device, cancel: device.await_document(cancel))
    until(first.running)
    first.stop()
    reader.scans.append(SCAN)
    assert second.result(PATIENCE) == SCAN
    worker.close()


@pytest.mark.parametrize("fault", [DeviceUnplugged("gone"), ZeroDivisionError("a bug"), SystemExit(3)])
def test_whatever_a_call_raises_reaches_its_future_and_the_thread_lives_on(reader, fault):
    worker = DeviceWorker(reader)

    def fail(_device, _cancel):
        raise fault

    with pytest.raises(type(fault)):
        worker.submit(fail).result(PATIENCE)
    assert worker.submit(lambda d, c: 7).result(PATIENCE) == 7
    assert worker.alive
    worker.close()


def test_close_ends_the_wait_closes_the_device_and_leaves_no_thread(reader):
    before = set(threading.enumerate())
    worker = DeviceWorker(reader)
    waiting = worker.submit(lambda device, cancel: device.await_document(cancel))
    until(waiting.running)
    assert worker.close(PATIENCE)
    assert not worker.alive
    assert not reader.is_open
    assert set(threading.enumerate()) <= before
    with pytest.raises((CaptureCancelled, CancelledError)):
        waiting.result(0)


def test_close_twice_is_harmless_and_a_later_call_fails_at_once(reader):
    worker = DeviceWorker(reader)
    assert worker.close()
    assert worker.close()
    with pytest.raises(DeviceError, match="closed"):
        worker.submit(lambda d, c: 1).result(0)


def test_close_says_so_when_a_driver_hangs(reader):
    worker = DeviceWorker(reader)
    release = Event()
    until(worker.submit(lambda d, c: release.wait(PATIENCE)).running)
    assert worker.close(0.05) is False
    release.set()
    assert worker.close(PATIENCE)


def test_a_failing_idle_call_does_not_end_the_thread(reader):
    def idle():
        raise RuntimeError("watching failed")

    worker = DeviceWorker(reader, idle=idle)
    assert worker.submit(lambda d, c: 1).result(PATIENCE) == 1
    assert worker.close()
