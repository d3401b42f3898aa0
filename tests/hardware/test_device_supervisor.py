"""Opening, watching, reopening: judged by what the listener is told."""

import logging
import threading
from threading import Event

import pytest
from fakes.scripted_devices import PluggableReader
from fakes.unhurried import PATIENCE, until

from inspection_station.hardware.errors import (
    CardRemoved,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DeviceKind, DeviceState, DocumentScan
from inspection_station.hardware.supervisor import DeviceRack, DeviceStatus, DeviceWatch, Rhythm, SupervisedDevice
from inspection_station.inspection.document import MrzSource

SCAN = DocumentScan(MrzSource.SWIPE, "P<UTO")
ABSENT, OPENING, READY, BUSY, FAULTY = (
    DeviceState.ABSENT,
    DeviceState.OPENING,
    DeviceState.READY,
    DeviceState.BUSY,
    DeviceState.FAULTY,
)


class Bench:
    """A watch over a scripted reader, with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.reader = PluggableReader()
        self.told: list[DeviceStatus] = []
        self.watch = DeviceWatch(
            self.reader, self.told.append, clock=lambda: self.now, rhythm=Rhythm(probe=2.0, first=0.5, longest=4.0)
        )

    def states(self) -> list[DeviceState]:
        return [s.state for s in self.told]

    def read(self) -> DocumentScan:
        return self.watch.during(lambda device, cancel: device.await_document(cancel), Event())


def test_a_device_is_opened_at_the_first_look_and_then_probed_every_two_seconds():
    bench = Bench()
    assert bench.watch.look() == 2.0
    assert bench.states() == [OPENING, READY]
    assert bench.told[-1].code is None


def test_an_absent_device_is_tried_again_with_growing_pauses_up_to_a_limit():
    bench = Bench()
    bench.reader.plugged = False
    pauses = []
    for _ in range(6):
        pauses.append(bench.watch.look())
        bench.now += pauses[-1]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert bench.watch.status.state is ABSENT
    assert bench.watch.status.code == "DEV-01"


def test_a_device_pulled_out_while_idle_is_noticed_by_the_probe_and_opened_again_when_back():
    bench = Bench()
    bench.watch.look()
    bench.reader.plugged = False
    bench.now += 2.0
    bench.watch.look()
    assert bench.watch.status.state is ABSENT
    assert not bench.reader.is_open
    bench.reader.plugged = True
    bench.now += 0.5
    bench.watch.look()
    assert bench.watch.status.state is READY
    assert bench.watch.status.since == bench.now


def test_a_look_before_its_time_does_nothing():
    bench = Bench()
    bench.watch.look()
    bench.now += 1.5
    assert bench.watch.look() == 0.5
    assert bench.reader.openings == 1


def test_a_call_is_told_as_busy_and_then_ready():
    bench = Bench()
    bench.watch.look()
    bench.reader.scans.append(SCAN)
    assert bench.read() == SCAN
    assert bench.states() == [OPENING, READY, BUSY, READY]


def test_a_call_on_a_device_not_yet_open_opens_it_first():
    bench = Bench()
    bench.reader.scans.append(SCAN)
    assert bench.read() == SCAN


def test_a_call_on_an_absent_device_raises_and_does_not_wait():
    bench = Bench()
    bench.reader.plugged = False
    with pytest.raises(DeviceNotFound):
        bench.read()


@pytest.mark.parametrize(
    ("fault", "state", "open_after"),
    [
        (DeviceUnplugged("gone"), ABSENT, False),
        (DeviceStalled("silent"), FAULTY, False),
        (DeviceGarbage("nonsense"), READY, True),
        (CardRemoved("lifted"), READY, True),
        (ZeroDivisionError("bug"), FAULTY, False),
    ],
)
def test_after_a_fault_in_a_call_the_device_is(fault, state, open_after):
    bench = Bench()
    bench.reader.scans.append(fault)
    with pytest.raises(type(fault)):
        bench.read()
    assert bench.watch.status.state is state
    assert bench.reader.is_open is open_after


def test_three_garbled_answers_in_a_row_start_the_device_afresh():
    bench = Bench()
    for n in range(3):
        assert bench.watch.status.state is not FAULTY, n
        bench.reader.scans.append(DeviceGarbage("nonsense"))
        with pytest.raises(DeviceGarbage):
            bench.read()
    assert bench.watch.status.state is FAULTY
    assert bench.watch.status.code == "DOC-01"


def test_a_programming_fault_does_not_carry_its_text_to_the_health_strip():
    bench = Bench()
    bench.reader.scans.append(ValueError("ERIKSSON"))
    with pytest.raises(ValueError, match="ERIKSSON"):
        bench.read()
    assert "ERIKSSON" not in bench.watch.status.detail


def test_a_listener_that_raises_does_not_stop_the_watch(caplog):
    reader = PluggableReader()

    def listener(_status):
        raise RuntimeError("the screen is gone")

    watch = DeviceWatch(reader, listener)
    with caplog.at_level(logging.CRITICAL):
        watch.look()
    assert reader.is_open


def test_a_device_pulled_out_in_mid_wait_comes_back_by_itself_on_its_own_thread():
    told: list[DeviceStatus] = []
    reader = PluggableReader()
    device = SupervisedDevice(reader, told.append, rhythm=Rhythm(probe=0.02, first=0.02, longest=0.05))
    waiting = device.submit(lambda r, cancel: r.await_document(cancel))
    until(lambda: device.status.state is BUSY)
    reader.plugged = False
    with pytest.raises(DeviceUnplugged):
        waiting.result(PATIENCE)
    until(lambda: device.status.state is ABSENT)
    reader.plugged = True
    until(lambda: device.status.state is READY)
    reader.scans.append(SCAN)
    assert device.submit(lambda r, cancel: r.await_document(cancel)).result(PATIENCE) == SCAN
    assert device.close(PATIENCE)
    assert told[-1].state is ABSENT


def test_a_hanging_device_does_not_hold_up_the_others():
    hanging, healthy = PluggableReader("hanging"), PluggableReader("healthy")
    release = Event()
    hanging.open = lambda: release.wait(PATIENCE)  # type: ignore[method-assign,assignment]
    rack = DeviceRack([hanging, healthy], lambda status: None, rhythm=Rhythm(probe=0.05))
    healthy.scans.append(SCAN)
    found = next(d for d in rack if d.device.info.name == "healthy")
    assert found.submit(lambda r, cancel: r.await_document(cancel)).result(PATIENCE) == SCAN
    release.set()
    assert rack.close(PATIENCE)


def test_the_rack_finds_a_device_by_its_kind_and_leaves_no_thread_behind():
    before = set(threading.enumerate())
    rack = DeviceRack([PluggableReader()], lambda status: None)
    assert rack.of_kind(DeviceKind.DOCUMENT_READER) is not None
    assert rack.of_kind(DeviceKind.CAMERA) is None
    assert [s.kind for s in rack.statuses()] == [DeviceKind.DOCUMENT_READER]
    assert rack.close(PATIENCE)
    assert set(threading.enumerate()) <= before


def test_asking_to_look_now_cuts_the_backoff_short():
    reader = PluggableReader()
    reader.plugged = False
    device = SupervisedDevice(reader, lambda status: None, rhythm=Rhythm(first=60.0, longest=60.0))
    until(lambda: device.status.state is ABSENT and reader.openings == 1)
    reader.plugged = True
    device.look_now()
    until(lambda: device.status.state is READY)
    device.close()
