"""Drivers announce themselves; one that cannot be imported is named with its cause and holds up nobody."""

import pytest
from fakes.scripted_devices import TreacherousReader, treacherous

from inspection_station.hardware.errors import DeviceNotFound
from inspection_station.hardware.ports import DeviceKind
from inspection_station.hardware.registry import DriverRegistry, UnknownDriver


class Announced:
    def __init__(self, name, target) -> None:
        self.name, self._target, self.loads = name, target, 0

    def load(self):
        self.loads += 1
        if isinstance(self._target, Exception):
            raise self._target
        return self._target


def test_a_driver_is_loaded_only_when_asked_for_and_only_once():
    entry = Announced("good", treacherous)
    registry = DriverRegistry([entry])
    assert registry.names() == ("good",)
    assert entry.loads == 0
    assert isinstance(registry.make("good", {"deed": "scan"}), TreacherousReader)
    registry.make("good")
    assert entry.loads == 1


def test_a_driver_that_does_not_import_is_reported_and_the_others_work():
    registry = DriverRegistry(
        [Announced("bad", ImportError("no module named vendor_sdk")), Announced("good", treacherous)]
    )
    bad, good = registry.available()
    assert bad.kind is None
    assert bad.cause == "ImportError: no module named vendor_sdk"
    assert good.kind is DeviceKind.DOCUMENT_READER
    with pytest.raises(DeviceNotFound, match="vendor_sdk"):
        registry.make("bad")
    assert registry.of_kind(DeviceKind.DOCUMENT_READER) == ("good",)


def test_an_entry_point_that_is_no_factory_is_reported():
    registry = DriverRegistry([Announced("odd", object())])
    assert registry.available()[0].cause == "its entry point is not a driver factory"


def test_an_unknown_driver_is_refused_with_the_list_of_those_installed():
    with pytest.raises(UnknownDriver, match="installed: good"):
        DriverRegistry([Announced("good", treacherous)]).make("godo")


def test_a_driver_that_fails_while_listing_is_a_missing_device():
    class Broken:
        kind = DeviceKind.CAMERA

        def __call__(self, settings):
            raise AssertionError("not made in this test")

        def attached(self):
            raise OSError("bus error")

    with pytest.raises(DeviceNotFound, match="bus error"):
        DriverRegistry([Announced("broken", Broken())]).attached("broken")


def test_the_shipped_drivers_are_announced():
    assert {
        "serial-mrz",
        "keyboard-mrz",
        "folder-document",
        "uvc-camera",
        "camera-document",
        "pcsc-chip",
        "training-document",
        "training-chip",
        "training-camera",
    } <= set(DriverRegistry().names())
