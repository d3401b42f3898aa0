"""What all training devices have in common: being open, being plugged in, taking time, and stalling."""

from __future__ import annotations

from threading import Event
from typing import Final

from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DeviceInfo, DeviceKind
from inspection_station.hardware.settings import SettingsReader
from inspection_station.training.devices.stage import DEFAULT_STAGE, TrainingStage, named_stage
from inspection_station.training.faults import LOST_SECONDS, SLOWNESS, Fault

POLL_SECONDS: Final = 0.05
STALL_SECONDS: Final = 3.0
"""Time after which a real driver of this kind gives a silent device up."""


class Backstage:
    """One device's share of the stage. ``pace`` scales simulated time: 1 as in life, 0 without waiting."""

    def __init__(self, info: DeviceInfo, stage: TrainingStage, pace: float) -> None:
        self.info = info
        self.stage = stage
        self.pace = pace
        self._open = False

    @property
    def kind(self) -> DeviceKind:
        return self.info.kind

    def open(self) -> None:
        if self.stage.faults.is_on(Fault.UNPLUG, self.kind):
            self._open = False
            raise DeviceNotFound(f"training {self.kind.value} is unplugged")
        self._open = True

    def close(self) -> None:
        self._open = False

    def check(self) -> None:
        """Raise DeviceError when closed, DeviceUnplugged when pulled out while open."""
        if not self._open:
            raise DeviceError(f"training {self.kind.value} is closed")
        if self.stage.faults.is_on(Fault.UNPLUG, self.kind):
            self._open = False
            raise DeviceUnplugged(f"training {self.kind.value} was unplugged")

    def struck_by(self, fault: Fault) -> bool:
        return self.stage.faults.strikes(fault, self.kind)

    def lost_if_told(self, fault: Fault) -> None:
        """A fault that unplugs the device in the middle of its work; after a while it is plugged in again."""
        if self.struck_by(fault):
            self.stage.faults.inject(Fault.UNPLUG, self.kind, seconds=LOST_SECONDS)
            self.check()

    def take_time(self, cancel: Event, seconds: float) -> None:
        """Let the device's own time pass; an unplugged or cancelled device does not finish it."""
        slow = SLOWNESS if self.stage.faults.is_on(Fault.SLOW, self.kind) else 1.0
        left = seconds * self.pace * slow
        while True:
            if cancel.is_set():
                raise CaptureCancelled(f"training {self.kind.value}: stopped")
            self.check()
            if left <= 0:
                return
            cancel.wait(min(left, POLL_SECONDS))
            left -= POLL_SECONDS

    def stall_if_told(self, cancel: Event) -> None:
        """The fault «stall»: nothing happens for the driver's time limit, then DeviceStalled."""
        if self.struck_by(Fault.STALL):
            self.take_time(cancel, STALL_SECONDS)
            raise DeviceStalled(f"training {self.kind.value} did not answer within {STALL_SECONDS:g} s")


def common_settings(reader: SettingsReader) -> tuple[TrainingStage, float]:
    """``stage`` (a name, or the stage itself from code) and ``pace``."""
    stage = reader.take_any("stage", DEFAULT_STAGE)
    if isinstance(stage, str):
        stage = named_stage(stage)
    if not isinstance(stage, TrainingStage):
        raise ValueError("training devices: setting 'stage' must be a name")
    return stage, reader.take("pace", 1.0, low=0.0, high=100.0)
