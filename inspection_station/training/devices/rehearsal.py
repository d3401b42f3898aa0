"""The training devices' own rehearsal: a traveller of Utopia on a stage of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from inspection_station.hardware.conformance import Ability, DeviceScript
from inspection_station.hardware.ports import Device, DeviceKind, DriverFactory, DriverSettings
from inspection_station.hardware.rehearsal import StillScript
from inspection_station.training.devices.stage import TrainingStage
from inspection_station.training.faults import Fault

_SEED: Final = 9303
_ON: Final = date(2026, 1, 1)


class StageScript(StillScript):
    """Presents one traveller on a stage and injects faults into one kind of device."""

    def __init__(self, stage: TrainingStage, kind: DeviceKind, traveller: Any) -> None:
        self._stage = stage
        self._kind = kind
        self._traveller = traveller

    @property
    def abilities(self) -> frozenset[Ability]:
        lift = {Ability.LIFT} if self._kind is DeviceKind.CHIP_READER else set()
        return frozenset({Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE, Ability.STALL} | lift)

    @property
    def personal_data(self) -> tuple[str, ...]:
        lines = self._stage.props.lines(self._traveller)
        name = lines[0].strip("<").split("<")[-1] or lines[0]
        return (*lines, lines[-1][:9], name)

    def reset(self) -> None:
        self._stage.faults.clear()
        self._stage.remove()

    def present(self) -> None:
        self._stage.present(self._traveller)

    def unplug(self) -> None:
        self._stage.faults.inject(Fault.UNPLUG, self._kind)

    def replug(self) -> None:
        self._stage.faults.inject(Fault.REPLUG, self._kind)

    def garbage(self) -> None:
        self._stage.faults.inject(Fault.GARBAGE, self._kind)
        self._stage.present(self._traveller)

    def stall(self) -> None:
        self._stage.faults.inject(Fault.STALL, self._kind)
        self._stage.present(self._traveller)

    def lift(self) -> None:
        self._stage.remove()


@contextmanager
def stage_rehearsal(
    factory: DriverFactory, *, pace: float = 0.2, stage: TrainingStage | None = None, traveller: Any = None
) -> Iterator[tuple[Device, DeviceScript]]:
    """A training device with its script; without ``traveller`` one is made from a fixed seed."""
    shown = traveller if traveller is not None else _made()
    own = stage or TrainingStage()
    device = factory(DriverSettings({"stage": own, "pace": pace}))
    try:
        yield device, StageScript(own, factory.kind, shown)
    finally:
        device.close()
        own.remove()


def _made() -> Any:
    from inspection_station.training.personas.traveller import traveller

    return traveller(_SEED, today=_ON)
