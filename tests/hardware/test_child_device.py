"""A driver in a child process: whatever it does to itself, the station sees a DeviceError and can open it again."""

import threading
from threading import Event

import psutil
import pytest
from fakes.scripted_devices import TreacherousFactory
from fakes.unhurried import Heeded, shortest, took

from inspection_station.hardware import child as child_module
from inspection_station.hardware.child import ChildDocumentReader
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DriverSettings


@pytest.fixture
def child():
    made: list[ChildDocumentReader] = []

    def make(deed: str) -> ChildDocumentReader:
        reader = ChildDocumentReader("fakes.scripted_devices:treacherous", DriverSettings({"deed": deed}))
        made.append(reader)
        reader.open()
        return reader

    yield make
    for reader in made:
        reader.close()


def test_a_scan_comes_through_the_process(child):
    assert child("scan").await_document(Event()).text == "A line"


@pytest.mark.parametrize("deed", ["crash", "abort"])
def test_a_driver_that_crashes_is_unplugged_and_can_be_opened_again(child, deed):
    reader = child(deed)
    first = reader.process_id
    with pytest.raises(DeviceUnplugged, match="exit code"):
        reader.await_document(Event())
    with pytest.raises(DeviceError, match="closed"):
        reader.probe()
    reader.open()
    assert reader.process_id != first
    reader.probe()


def test_a_driver_that_hangs_in_a_wait_ends_within_300_ms_of_cancelling(child):
    reader = child("hang")

    def once() -> float:
        reader.open()
        process = psutil.Process(reader.process_id)
        cancel, ended = Heeded(), []

        def wait() -> None:
            try:
                reader.await_document(cancel)
            except DeviceError as error:
                ended.append(type(error))

        thread = threading.Thread(target=wait)
        thread.start()
        assert cancel.looked_at.wait(30)
        cancel.set()
        seconds = took(lambda: thread.join(30))  # of the 60 for which it hangs
        assert ended == [CaptureCancelled]
        assert not process.is_running()
        return seconds

    assert shortest(once, 0.4) < 0.4


def test_a_driver_that_hangs_in_a_short_call_is_stalled_and_its_process_ended(child):
    reader = child("hang in probe")
    process = psutil.Process(reader.process_id)
    with pytest.raises(DeviceStalled):
        reader.probe()
    assert not process.is_running()


def test_a_wait_is_cancelled_without_ending_a_driver_that_behaves(child, monkeypatch):
    monkeypatch.setattr(
        child_module, "_STOP_PATIENCE", 30.0
    )  # a busy machine may be late, which is not the matter here
    reader = child("wait")
    process = reader.process_id
    for _ in range(3):
        cancel = Event()
        threading.Timer(0.05, cancel.set).start()
        with pytest.raises(CaptureCancelled):
            reader.await_document(cancel)
    assert reader.process_id == process


def test_a_device_error_keeps_its_kind_its_detail_and_its_code(child):
    with pytest.raises(DeviceGarbage, match="nonsense") as raised:
        child("garbage").await_document(Event())
    assert raised.value.code == "DOC-01"


def test_a_programming_fault_in_the_child_is_named_by_its_class_alone(child):
    with pytest.raises(DeviceError, match="ZeroDivisionError") as raised:
        child("bug").await_document(Event())
    assert "a bug" not in str(raised.value)


def test_close_leaves_no_process_and_may_be_repeated(child):
    reader = child("wait")
    process = psutil.Process(reader.process_id)
    reader.close()
    reader.close()
    assert not process.is_running()
    assert reader.process_id is None


def test_the_child_is_described_as_its_driver_describes_it():
    reader = ChildDocumentReader("fakes.scripted_devices:treacherous", DriverSettings())
    assert reader.info == TreacherousFactory()(DriverSettings()).info
