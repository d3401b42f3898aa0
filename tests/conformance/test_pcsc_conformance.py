"""The PC/SC driver, and the training reader that goes through it, over the real daemon."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import pytest
from fakes.chip_material import chip as made_chip
from fakes.pcsc_daemon import READER, pcsc_daemon

from inspection_station.hardware.conformance import Ability, Outcome, run_conformance
from inspection_station.hardware.drivers import pcsc_chip
from inspection_station.hardware.ports import DriverSettings
from inspection_station.hardware.rehearsal import StillScript
from inspection_station.training.devices.chip import TrainingChipReader
from inspection_station.training.devices.daemon_slot import DaemonSlot
from inspection_station.training.devices.rehearsal import StageScript
from inspection_station.training.devices.stage import TrainingStage
from inspection_station.training.personas.traveller import traveller

pytestmark = pytest.mark.xdist_group("pcsc")


@pytest.fixture(scope="module")
def daemon() -> Iterator[None]:
    with pcsc_daemon():
        yield


class SlotScript(StillScript):
    """Lays a training passport on the daemon's virtual reader."""

    abilities = frozenset({Ability.PRESENT, Ability.LIFT})

    def __init__(self) -> None:
        self._slot = DaemonSlot()

    def reset(self) -> None:
        self._slot.lift()

    def present(self) -> None:
        self._slot.lay(made_chip())

    def lift(self) -> None:
        self._slot.lift()


class UnhurriedStage(StageScript):
    """Lets the daemon, which looks for cards in turns, see that one has gone before the next is laid: as hands do."""

    def reset(self) -> None:
        super().reset()
        time.sleep(0.6)


def complaints(results) -> list[str]:
    return [f"{r.check}: {r.detail}" for r in results if r.outcome is Outcome.FAILED]


@pytest.mark.slow
def test_the_pcsc_driver_keeps_every_rule_of_its_port(daemon: None) -> None:
    device = pcsc_chip.factory(DriverSettings({"reader": READER}))
    assert complaints(run_conformance(device, SlotScript())) == []


@pytest.mark.slow
def test_the_training_reader_over_the_daemon_keeps_every_rule_of_its_port(daemon: None) -> None:
    stage = TrainingStage()
    someone = traveller(11, today=date(2026, 6, 1))
    stage.prepare(someone)
    device = TrainingChipReader(DriverSettings({"stage": stage, "pace": 0.1, "via": "pcsc", "reader": READER}))
    assert complaints(run_conformance(device, UnhurriedStage(stage, device.info.kind, someone))) == []
