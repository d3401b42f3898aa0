"""A WS-BD sensor over real HTTP on the loopback interface: sessions, lock, trouble of every kind, cancelling."""

import base64
import time
import xml.etree.ElementTree as Tree
from contextlib import contextmanager
from threading import Event, Thread, Timer

import numpy as np
import pytest
import requests
from fakes.unhurried import until

from inspection_station.hardware.conformance import Outcome, run_conformance
from inspection_station.hardware.drivers.finger_rehearsal import drawn_finger
from inspection_station.hardware.drivers.wsbd_client import WsbdClient
from inspection_station.hardware.drivers.wsbd_messages import NAMESPACE, WsbdStatus
from inspection_station.hardware.drivers.wsbd_sensor import WsbdSensor, factory
from inspection_station.hardware.drivers.wsbd_simulator import SensorService, SimulatedSensor
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DriverSettings
from inspection_station.inspection.biometrics import FingerPosition

FINGER = drawn_finger()


@contextmanager
def service(**about):
    running = SensorService(SimulatedSensor(**about))
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def opened(running: SensorService, **settings):
    sensor = WsbdSensor(DriverSettings({"url": running.url, "answer_seconds": 20.0, "busy_seconds": 5.0, **settings}))
    sensor.open()
    try:
        yield sensor
    finally:
        sensor.close()


def test_a_finger_is_asked_for_by_name_and_taken_with_its_resolution():
    with service(dpi=1000) as running, opened(running) as sensor:
        running.sensor.lay(FINGER)
        taken = sensor.capture(Event(), FingerPosition.LEFT_RING)
        assert running.sensor.settings == {"submodality": "leftRing"}
    assert taken.dpi == 1000
    assert np.array_equal(taken.image, FINGER)
    assert running.sensor.served[:3] == ["register", "lock", "initialize"]
    assert running.sensor.served[-2:] == ["lock", "register"]


def test_the_client_reads_back_the_configuration_and_what_the_service_is():
    with service(patience=7) as running, opened(running, configuration={"imageWidth": 500}):
        client = WsbdClient(running.url, answer_seconds=30)
        assert client.info().metadata["captureTimeout"] == "7000"
        thief = client.register().session_id
        assert client.configuration(thief).status is WsbdStatus.LOCK_HELD_BY_ANOTHER
        assert client.steal_lock(thief).status is WsbdStatus.SUCCESS
        assert client.configuration(thief).metadata == {"imageWidth": "500"}
        client.close()


def test_a_sensor_without_finger_names_takes_any_finger():
    with service(knows_fingers=False) as running, opened(running, configuration={"imageWidth": 500}) as sensor:
        for _ in range(2):
            running.sensor.lay(FINGER)
            assert sensor.capture(Event(), FingerPosition.RIGHT_THUMB).image.shape == FINGER.shape
        assert running.sensor.settings == {"imageWidth": "500"}


def test_a_configuration_that_the_sensor_does_not_know_stops_the_opening_and_names_it():
    with service() as running, pytest.raises(DeviceError, match="colour"), opened(running, configuration={"colour": 1}):
        pass


def test_a_picture_of_another_finger_is_garbage():
    with service() as running, opened(running) as sensor:
        running.sensor.lay(FINGER)
        running.sensor.spoil = lambda answer: answer.replace(b"rightIndex", b"leftIndex")
        with pytest.raises(DeviceGarbage, match="another finger"):
            sensor.capture(Event(), FingerPosition.RIGHT_INDEX)


def test_a_second_client_cannot_open_a_locked_sensor_unless_told_to_steal():
    with service() as running, opened(running) as first:
        with pytest.raises(DeviceNotFound, match="another client"), opened(running):
            pass
        with opened(running, steal_lock=True) as second:
            running.sensor.lay(FINGER)
            assert second.capture(Event()).dpi == 500
            with pytest.raises(DeviceStalled, match="another client"):
                first.capture(Event())


def test_a_stolen_lock_ends_a_waiting_capture():
    with service() as running, opened(running) as first:
        thieves = []

        def steal():
            thief = WsbdSensor(DriverSettings({"url": running.url, "steal_lock": True}))
            thief.open()
            thieves.append(thief)

        stealing = Timer(0.3, steal)
        stealing.start()
        with pytest.raises(DeviceStalled, match="another client"):
            first.capture(Event())
        stealing.join()
        thieves[0].close()


@pytest.mark.parametrize("lost", ["sessions", "lock", "initialization"])
def test_what_the_service_forgets_is_told_again(lost):
    with service() as running, opened(running) as sensor:
        running.sensor.forget(**{lost: True})
        running.sensor.lay(FINGER)
        assert sensor.capture(Event(), FingerPosition.RIGHT_INDEX).dpi == 500


def test_a_sensor_that_gives_up_waiting_is_asked_again():
    with service(patience=0.2) as running, opened(running) as sensor:

        def lay() -> None:
            until(lambda: running.sensor.served.count("capture") >= 2)
            running.sensor.lay(FINGER)

        Thread(target=lay, daemon=True).start()
        assert sensor.capture(Event()).dpi == 500
        assert running.sensor.served.count("capture") >= 2


@pytest.mark.parametrize(
    ("operation", "status", "fault"),
    [
        ("capture", WsbdStatus.SENSOR_FAILURE, DeviceStalled),
        ("capture", WsbdStatus.FAILURE, DeviceStalled),
        ("capture", WsbdStatus.CANCELED_WITH_SENSOR_FAILURE, DeviceStalled),
        ("capture", WsbdStatus.UNSUPPORTED, DeviceError),
        ("download", WsbdStatus.INVALID_ID, DeviceGarbage),
        ("download", WsbdStatus.FAILURE, DeviceStalled),
        ("configure", WsbdStatus.SENSOR_FAILURE, DeviceStalled),
    ],
)
def test_a_failure_of_the_sensor_is_a_fault_of_its_kind(operation, status, fault):
    with service() as running, opened(running) as sensor:
        running.sensor.lay(FINGER)
        running.sensor.next_status[operation] = status
        with pytest.raises(fault):
            sensor.capture(Event(), FingerPosition.RIGHT_INDEX)


@pytest.mark.parametrize("status", [WsbdStatus.SENSOR_BUSY, WsbdStatus.SENSOR_TIMEOUT, WsbdStatus.CANCELED])
def test_a_capture_that_another_hand_ended_is_repeated(status):
    with service() as running, opened(running) as sensor:
        running.sensor.lay(FINGER)
        running.sensor.next_status["capture"] = status
        assert sensor.capture(Event()).dpi == 500


def test_a_picture_still_in_preparation_is_waited_for():
    with service() as running, opened(running) as sensor:
        running.sensor.preparing = 2
        running.sensor.lay(FINGER)
        assert sensor.capture(Event()).dpi == 500


def test_cancelling_ends_the_wait_here_and_at_the_sensor():
    with service() as running, opened(running) as sensor:
        cancel = Event()
        Timer(0.3, cancel.set).start()
        began = time.monotonic()
        with pytest.raises(CaptureCancelled):
            sensor.capture(cancel)
        assert time.monotonic() - began < 15  # of the 20 for which the service would answer nothing
        until(lambda: "cancel" in running.sensor.served)  # told, and not waited for
        running.sensor.lay(FINGER)
        assert sensor.capture(Event()).dpi == 500


@pytest.mark.parametrize("operation", ["configure", "download"])
def test_cancelling_ends_any_operation_that_the_service_is_slow_at(operation):
    with service() as running, opened(running) as sensor:
        running.sensor.lay(FINGER)
        cancel = Event()

        def fall_silent(answer: bytes) -> bytes:
            if running.sensor.served[-1] == operation:
                running.sensor.silent.set()
                Timer(0.2, cancel.set).start()
            return answer

        running.sensor.spoil = fall_silent
        began = time.monotonic()
        with pytest.raises(CaptureCancelled):
            sensor.capture(cancel, FingerPosition.RIGHT_INDEX)
        assert time.monotonic() - began < 15
        running.sensor.spoil = None
        running.sensor.silent.clear()


def test_a_service_that_goes_away_in_the_wait_is_unplugged_and_comes_back():
    with service() as running, opened(running) as sensor:
        Timer(0.3, running.stop).start()
        with pytest.raises(DeviceUnplugged):
            sensor.capture(Event())
        with pytest.raises(DeviceUnplugged):
            sensor.probe()
        sensor.close()
        with pytest.raises(DeviceNotFound):
            sensor.open()
        running.start()
        sensor.open()
        sensor.probe()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: b"",
        lambda answer: answer[: len(answer) // 2],
        lambda answer: b"<!DOCTYPE x []>" + answer,
        lambda answer: answer.replace(b"success", b"maybe"),
        lambda answer: b"<html>log in first</html>",
    ],
)
def test_an_answer_that_is_none_of_ws_bd_is_garbage(spoil):
    with service() as running, opened(running) as sensor:
        running.sensor.spoil = spoil
        with pytest.raises(DeviceGarbage):
            sensor.probe()


@pytest.mark.parametrize("picture", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n rubbish", b"\xff\xa0 no wavelet"])
def test_a_picture_that_cannot_be_decoded_is_garbage(picture):
    with service() as running, opened(running) as sensor:
        running.sensor.lay(FINGER)

        def spoil(answer: bytes) -> bytes:
            start = answer.find(b"<sensorData>")
            if start < 0:
                return answer
            end = answer.index(b"</sensorData>")
            return answer[: start + 12] + base64.b64encode(picture) + answer[end:]

        running.sensor.spoil = spoil
        with pytest.raises(DeviceGarbage):
            sensor.capture(Event())


def test_the_service_is_understood_by_a_client_that_shares_no_code_with_it():
    def call(method: str, path: str, body: str | None = None):
        answer = requests.request(method, f"{running.url}/{path}", data=body, timeout=30)
        return Tree.fromstring(answer.content)

    def text(root, path: str) -> str:
        return root.findtext(path, namespaces={"w": NAMESPACE})

    with service() as running:
        session = text(call("POST", "register"), "w:sessionId")
        assert text(call("POST", f"initialize/{session}"), "w:status") == "lockNotHeld"
        assert text(call("POST", f"lock/{session}"), "w:status") == "success"
        assert text(call("POST", f"initialize/{session}"), "w:status") == "success"
        wanted = "<item><key>submodality</key><value>leftMiddle</value></item>"
        assert text(
            call("POST", f"configure/{session}", f'<configuration xmlns="{NAMESPACE}">{wanted}</configuration>'),
            "w:status",
        ) == "success"  # fmt: skip
        assert text(call("GET", f"configure/{session}"), "w:metadata/w:item/w:value") == "leftMiddle"
        running.sensor.lay(FINGER)
        capture = text(call("POST", f"capture/{session}"), "w:captureIds/w:element")
        assert text(call("GET", f"download/{capture}/info"), "w:sensorData") is None
        whole = base64.b64decode(text(call("GET", f"download/{capture}"), "w:sensorData"))
        thrifty = base64.b64decode(text(call("GET", f"download/{capture}/100"), "w:sensorData"))
        assert whole.startswith(b"\x89PNG")
        assert int.from_bytes(thrifty[20:24], "big") <= 100
        assert text(call("DELETE", f"lock/{session}"), "w:status") == "success"
        assert text(call("DELETE", f"register/{session}"), "w:status") == "success"
        assert text(call("POST", f"lock/{session}"), "w:status") == "invalidId"
        assert requests.get(f"{running.url}/nothing", timeout=30).status_code == 404


@pytest.mark.parametrize(
    "settings", [{}, {"url": "ftp://x"}, {"url": "http://x", "configuration": {"a": []}}, {"url": "http://x", "uri": 1}]
)
def test_settings_that_are_wrong_are_refused_by_the_sensors_name(settings):
    with pytest.raises(ValueError, match="wsbd-sensor"):
        factory(DriverSettings(settings))


@pytest.mark.slow
def test_the_driver_keeps_every_rule_of_its_port_over_http():
    with factory.rehearsal() as (device, script):
        results = run_conformance(device, script)
    assert [f"{r.check}: {r.detail}" for r in results if r.outcome is Outcome.FAILED] == []
