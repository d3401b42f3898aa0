"""The chip reader's driver against the rules of its port, its far end the real PC/SC daemon."""

from __future__ import annotations

import time
from threading import Event, Thread

import pytest
from fakes.chip_material import chip, passport
from fakes.pcsc_daemon import PATIENCE_SECONDS, READER, Daemon, pcsc_daemon

from inspection_station.hardware.conformance import Ability, Outcome, run_conformance
from inspection_station.hardware.drivers.pcsc_chip import factory
from inspection_station.hardware.ports import DriverSettings
from inspection_station.hardware.rehearsal import SPECIMEN_PERSONAL, StillScript
from inspection_station.training import vpcd
from inspection_station.training.virtual_chip import VirtualChip

pytestmark = [pytest.mark.xdist_group("pcsc"), pytest.mark.slow]


class MutteringChip(VirtualChip):
    """Answers single bytes, which no chip may."""

    def process(self, command: bytes) -> bytes:
        return b"\x90"


class DaemonScript(StillScript):
    """Lays a virtual chip on the daemon's reader and lifts it; pulls the reader out by ending the daemon."""

    personal_data = SPECIMEN_PERSONAL

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._lying: tuple[Event, Thread] | None = None
        self._lifted_at = 0.0

    @property
    def abilities(self) -> frozenset[Ability]:
        own = frozenset({Ability.UNPLUG}) if self._daemon.ours else frozenset()
        return own | {Ability.PRESENT, Ability.GARBAGE, Ability.LIFT}

    def reset(self) -> None:
        self.lift()
        self.replug()
        time.sleep(max(0.0, self._lifted_at + 0.9 - time.monotonic()))  # the daemon looks every 0.4 s

    def present(self) -> None:
        self._lay(chip())

    def garbage(self) -> None:
        self._lay(MutteringChip(passport()))

    def lift(self) -> None:
        lying, self._lying = self._lying, None
        if lying is not None:
            lying[0].set()
            lying[1].join(PATIENCE_SECONDS)
            self._lifted_at = time.monotonic()

    def unplug(self) -> None:
        self.lift()
        self._daemon.stop()

    def replug(self) -> None:
        self._daemon.start()

    def _lay(self, card: VirtualChip) -> None:
        self.lift()
        time.sleep(max(0.0, self._lifted_at + 0.9 - time.monotonic()))
        stop, inserted = Event(), Event()
        thread = Thread(
            target=vpcd.serve,
            args=(card,),
            kwargs={"stop": stop, "inserted": inserted.set, "patience": PATIENCE_SECONDS},
        )
        thread.start()
        inserted.wait(PATIENCE_SECONDS)
        self._lying = stop, thread


def test_the_driver_keeps_every_rule_of_its_port() -> None:
    with pcsc_daemon() as daemon:
        script = DaemonScript(daemon)
        device = factory(DriverSettings({"reader": READER}))
        try:
            results = run_conformance(device, script)
        finally:
            device.close()
            script.lift()
            daemon.start()
    assert [f"{r.check}: {r.detail}" for r in results if r.outcome is Outcome.FAILED] == []
    assert [r.check for r in results if r.outcome is Outcome.NOT_RUN] == ["a stall is named"] or not daemon.ours
