"""Far ends for the fingerprint readers' rehearsals, and the drawn finger they show."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image as Pictures

from inspection_station.hardware.conformance import Ability, DeviceScript
from inspection_station.hardware.drivers.uru4000_protocol import Grey
from inspection_station.hardware.drivers.uru4000_simulator import SimulatedUru4000
from inspection_station.hardware.drivers.wsbd_simulator import SensorService, SimulatedSensor
from inspection_station.hardware.ports import Device, DriverFactory, DriverSettings
from inspection_station.hardware.rehearsal import SPECIMEN_PERSONAL, StillScript


def drawn_finger(height: int = 260, width: int = 220) -> Grey:
    """Rings as ridges nine pixels apart, dark, on a light platen: nobody's finger, and no minutiae in it."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    distance = np.hypot(x - width / 2, (y - height / 2) * 0.8)
    ridges = 128 + 90 * np.cos(distance * 2 * np.pi / 9)
    inside = ((x - width / 2) / (width * 0.48)) ** 2 + ((y - height / 2) / (height * 0.48)) ** 2 < 1
    return np.where(inside, ridges, 235).astype(np.uint8)


class SimulatedReaderScript(StillScript):
    """A simulated U.are.U, its cable and a finger."""

    abilities = frozenset({Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE, Ability.STALL})

    def __init__(self, reader: SimulatedUru4000, finger: Grey) -> None:
        self._reader = reader
        self._finger = finger

    def reset(self) -> None:
        self.replug()
        self._reader.fall_silent(False)
        self._reader.tear_pictures(False)
        self._reader.lift()

    def present(self) -> None:
        self._reader.lay(self._finger)

    def unplug(self) -> None:
        self._reader.unplug()

    def replug(self) -> None:
        if not self._reader.plugged:
            self._reader.plug_in()

    def garbage(self) -> None:
        self._reader.tear_pictures()
        self.present()

    def stall(self) -> None:
        self._reader.fall_silent()
        self.present()


@contextmanager
def uru4000_rehearsal(factory: DriverFactory) -> Iterator[tuple[Device, DeviceScript]]:
    """The driver on a simulated 4500 that scrambles its pictures."""
    simulated = SimulatedUru4000()
    reader = factory(DriverSettings({"backend": simulated}))
    with contextlib.closing(reader):
        yield reader, SimulatedReaderScript(simulated, drawn_finger())


class ServiceScript(StillScript):
    """A simulated WS-BD service; its cable is its socket."""

    abilities = frozenset({Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE, Ability.STALL})

    def __init__(self, service: SensorService, finger: Grey) -> None:
        self._service = service
        self._finger = finger

    def reset(self) -> None:
        self._service.sensor.silent.clear()
        self._service.sensor.forget(lock=True)
        self._service.sensor.spoil = None
        self._service.sensor.lift()
        self.replug()

    def present(self) -> None:
        self._service.sensor.lay(self._finger)

    def unplug(self) -> None:
        self._service.stop()
        self._service.sensor.forget(sessions=True)

    def replug(self) -> None:
        self._service.start()

    def garbage(self) -> None:
        self._service.sensor.spoil = lambda answer: answer[: len(answer) // 2]
        self.present()

    def stall(self) -> None:
        self._service.sensor.silent.set()
        self.present()


@contextmanager
def wsbd_rehearsal(factory: DriverFactory) -> Iterator[tuple[Device, DeviceScript]]:
    """The driver and a service on the loopback interface."""
    service = SensorService(SimulatedSensor(patience=1.5))
    sensor = factory(DriverSettings({"url": service.url, "answer_seconds": 3.0}))
    try:
        with contextlib.closing(sensor):
            yield sensor, ServiceScript(service, drawn_finger())
    finally:
        service.stop()


class SavingScript(StillScript):
    """Another program that saves fingers, under names that must not come back in an error."""

    abilities = frozenset({Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE})
    personal_data = SPECIMEN_PERSONAL

    def __init__(self, folder: Path, finger: Grey) -> None:
        self._folder = folder
        encoded = io.BytesIO()
        Pictures.fromarray(finger).save(encoded, "PNG", dpi=(500, 500))
        self._encoded = encoded.getvalue()

    def reset(self) -> None:
        self._folder.mkdir(exist_ok=True)

    def present(self) -> None:
        (self._folder / f"{SPECIMEN_PERSONAL[0]}.png").write_bytes(self._encoded)

    def garbage(self) -> None:
        (self._folder / f"{SPECIMEN_PERSONAL[1]}.bmp").write_bytes(SPECIMEN_PERSONAL[2].encode("ascii"))

    def unplug(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def replug(self) -> None:
        self._folder.mkdir(exist_ok=True)


@contextmanager
def folder_finger_rehearsal(factory: DriverFactory) -> Iterator[tuple[Device, DeviceScript]]:
    """The driver and a folder of its own."""
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer) / "fingers"
        folder.mkdir()
        settings = DriverSettings({"folder": str(folder), "settle_seconds": 0.05})
        yield factory(settings), SavingScript(folder, drawn_finger())
