"""Every driver that can run here passes every check that its far end can play."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes.camera_captures import PluggableCapture
from fakes.stage_props import PlainProps, PlainTraveller

from inspection_station.hardware import child
from inspection_station.hardware.child import ChildDocumentReader
from inspection_station.hardware.conformance import Ability, Outcome, run_conformance
from inspection_station.hardware.conformance_checks import CHECKS
from inspection_station.hardware.drivers import folder_document, keyboard_mrz, serial_mrz
from inspection_station.hardware.drivers.swipe_rehearsal import PtyScript
from inspection_station.hardware.drivers.uvc_camera import UvcCamera
from inspection_station.hardware.ports import DriverSettings
from inspection_station.hardware.registry import DriverRegistry
from inspection_station.hardware.rehearsal import StillScript
from inspection_station.training.devices import camera, chip, document
from inspection_station.training.devices.rehearsal import stage_rehearsal
from inspection_station.training.devices.stage import TrainingStage


class BusScript(StillScript):
    """A camera on a bus of the test's own."""

    abilities = frozenset({Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE, Ability.STALL})

    def __init__(self, capture: PluggableCapture) -> None:
        self._capture = capture
        self._picture = capture.picture

    def reset(self) -> None:
        self._capture.plugged, self._capture.picture = True, self._picture
        self._capture.hang_on_read.set()

    def unplug(self) -> None:
        self._capture.plugged = False

    def replug(self) -> None:
        self._capture.plugged = True

    def garbage(self) -> None:
        self._capture.picture = None

    def stall(self) -> None:
        self._capture.hang_on_read.clear()


@contextmanager
def uvc():
    capture = PluggableCapture()
    yield UvcCamera(DriverSettings({"frame_seconds": 1.0}), capture), BusScript(capture)


def staged(factory):
    return lambda: stage_rehearsal(factory, pace=0.05, stage=TrainingStage(PlainProps()), traveller=PlainTraveller())


@contextmanager
def serial_in_a_child(tmp_path):
    script = PtyScript(tmp_path / "port")
    settings = DriverSettings({"port": str(tmp_path / "port"), "quiet_seconds": 0.05})
    device = ChildDocumentReader("inspection_station.hardware.drivers.serial_mrz:factory", settings)
    try:
        yield device, script
    finally:
        device.close()
        script.unplug()


needs_pty = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
REHEARSALS = [
    pytest.param(serial_mrz.factory.rehearsal, 0, id="serial-mrz over a pseudo-terminal", marks=needs_pty),
    pytest.param(keyboard_mrz.factory.rehearsal, 4, id="keyboard-mrz"),
    pytest.param(folder_document.factory.rehearsal, 0, id="folder-document"),
    pytest.param(uvc, 1, id="uvc-camera"),
    pytest.param(staged(document.factory), 0, id="training-document"),
    pytest.param(staged(chip.factory), 0, id="training-chip"),
    pytest.param(staged(camera.factory), 0, id="training-camera"),
]


def complaints(results) -> list[str]:
    return [f"{r.check}: {r.detail}" for r in results if r.outcome is Outcome.FAILED]


@pytest.mark.parametrize(("rehearsal", "unplayable"), REHEARSALS)
def test_a_driver_keeps_every_rule_of_its_port(rehearsal, unplayable):
    with rehearsal() as (device, script):
        results = run_conformance(device, script)
    assert complaints(results) == []
    unplayed = [r.check for r in results if r.outcome is Outcome.NOT_RUN and r.check != "a stall is named"]
    assert len(unplayed) == unplayable


@needs_pty
@pytest.mark.slow
def test_a_driver_in_a_child_process_keeps_every_rule_of_its_port(tmp_path, monkeypatch):
    monkeypatch.setattr(child, "_STOP_PATIENCE", 10.0)  # a child that a busy machine keeps waiting is not ended
    with serial_in_a_child(tmp_path) as (device, script):
        results = run_conformance(device, script)
    assert complaints(results) == []


def test_every_check_has_a_name_of_its_own_and_a_rule():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.rule for check in CHECKS)


def test_the_documentation_lists_every_check_and_every_shipped_driver():
    text = (Path(__file__).resolve().parents[2] / "docs" / "drivers.md").read_text(encoding="utf-8")
    assert [c.name for c in CHECKS if f"| {c.name} | {c.rule} |" not in text] == []
    assert [name for name in DriverRegistry().names() if f"`{name}`" not in text] == []
