"""A maker's library in a child process: a real shared library, compiled here, that crashes, hangs and lies."""

import shutil
import subprocess
import time
from pathlib import Path
from threading import Event, Timer

import pytest

from inspection_station.hardware.conformance import Ability, Outcome, run_conformance
from inspection_station.hardware.drivers.vendor_fingerprint import VendorFingerprintReader, factory
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DriverSettings
from inspection_station.hardware.rehearsal import StillScript
from inspection_station.inspection.biometrics import FingerPosition

ROOT = Path(__file__).resolve().parents[2]
COMPILER = shutil.which("gcc") or shutil.which("cc")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler to build a maker's library with")


def built(folder: Path, *more: str) -> Path:
    library = folder / "libreader.so"
    source = ROOT / "tests" / "fakes" / "vendor_fingerprint_reader.c"
    header = ROOT / "installer" / "vendor"
    command = [COMPILER, "-shared", "-fPIC", "-Wall", "-Wextra", "-I", header, *more, source, "-o", library]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return library


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    return built(tmp_path_factory.mktemp("maker"))


@pytest.fixture
def world(tmp_path) -> Path:
    return tmp_path


@pytest.fixture
def reader(library, world):
    device = VendorFingerprintReader(
        DriverSettings({"library": str(library), "options": str(world), "stall_seconds": 3.0})
    )
    yield device
    device.close()


class WorldScript(StillScript):
    abilities = frozenset({Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE, Ability.STALL})

    def __init__(self, world: Path) -> None:
        self._world = world

    def reset(self) -> None:
        for path in self._world.iterdir():
            path.unlink(missing_ok=True)

    def present(self) -> None:
        (self._world / "finger").touch()

    def unplug(self) -> None:
        (self._world / "unplugged").touch()

    def replug(self) -> None:
        (self._world / "unplugged").unlink(missing_ok=True)

    def garbage(self) -> None:
        (self._world / "garbage").touch()

    def stall(self) -> None:
        (self._world / "hang").touch()


def test_a_picture_comes_with_previews_and_the_finger_asked_for_reaches_the_library(reader, world):
    reader.open()
    (world / "preview").touch()
    (world / "finger").touch()
    previews = []
    taken = reader.capture(Event(), FingerPosition.LEFT_INDEX, previews.append)
    assert (taken.image.shape, taken.dpi, taken.image[0, 0]) == ((250, 200), 500, 7)
    assert [p.image.shape for p in previews] == [(250, 200)]


@pytest.mark.parametrize("bug", ["crash", "overrun"])
def test_a_crash_of_the_library_is_a_fault_of_the_device_and_it_can_be_opened_again(reader, world, bug):
    reader.open()
    first = reader.process_id
    (world / bug).touch()
    with pytest.raises(DeviceUnplugged, match="ended by itself"):
        reader.capture(Event())
    with pytest.raises(DeviceError):
        reader.probe()
    reader.close()
    reader.open()
    assert reader.process_id != first
    (world / "finger").touch()
    assert reader.capture(Event()).dpi == 500


def test_a_library_that_crashes_at_opening_is_a_fault_of_the_device(reader, world):
    (world / "crash at open").touch()
    with pytest.raises(DeviceUnplugged):
        reader.open()


def test_a_library_that_hangs_is_a_stall_and_its_process_is_ended(reader, world):
    reader.open()
    (world / "hang").touch()
    began = time.monotonic()
    with pytest.raises(DeviceStalled):
        reader.capture(Event())
    assert time.monotonic() - began < 30  # it would hang for ever
    assert reader.process_id is None


def test_cancelling_ends_even_a_hanging_library_in_time(reader, world):
    reader.open()
    (world / "hang").touch()
    cancel = Event()
    Timer(0.2, cancel.set).start()
    with pytest.raises(CaptureCancelled):
        reader.capture(cancel)


def test_a_failure_carries_the_librarys_code_and_text_on_one_line(reader, world):
    reader.open()
    (world / "broken").touch()
    with pytest.raises(DeviceStalled, match=r"code -3: lamp dark"):
        reader.capture(Event())


def test_a_picture_larger_than_the_buffer_is_garbage(reader, world):
    reader.open()
    (world / "garbage").touch()
    with pytest.raises(DeviceGarbage, match="70000"):
        reader.capture(Event())


@pytest.mark.parametrize("kind", ["missing", "relative", "no library", "other interface", "other functions"])
def test_a_file_that_is_no_such_library_is_not_found(kind, tmp_path):
    path = tmp_path / "libreader.so"
    if kind == "no library":
        path.write_bytes(b"not a library")
    elif kind == "other interface":
        built(tmp_path, "-DREPORTED_ABI=9")
    elif kind == "other functions":
        empty = tmp_path / "empty.c"
        empty.write_text("int nothing(void) { return 0; }\n")
        subprocess.run([COMPILER, "-shared", "-fPIC", empty, "-o", path], check=True, timeout=60)
    given = "libreader.so" if kind == "relative" else str(path)
    device = VendorFingerprintReader(DriverSettings({"library": given}))
    with pytest.raises(DeviceNotFound):
        device.open()
    device.close()


@pytest.mark.parametrize("settings", [{}, {"library": "/x", "dll": "y"}, {"library": 3}])
def test_settings_that_are_wrong_are_refused_by_the_drivers_name(settings):
    with pytest.raises(ValueError, match="vendor-fingerprint"):
        factory(DriverSettings(settings))


@pytest.mark.slow
def test_the_adapter_keeps_every_rule_of_its_port(reader, world):
    results = run_conformance(reader, WorldScript(world))
    assert [f"{r.check}: {r.detail}" for r in results if r.outcome is Outcome.FAILED] == []
