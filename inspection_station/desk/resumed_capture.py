"""A camera or fingerprint reader that was lost in the middle of a capture is back: the capture goes on unasked."""

from __future__ import annotations

from typing import Final

from inspection_station.hardware.errors import DeviceError
from inspection_station.hardware.ports import DeviceKind, DeviceState
from inspection_station.hardware.supervisor import DeviceStatus
from inspection_station.inspection.events import StepRetried
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Step

_STEPS: Final = {DeviceKind.CAMERA: Step.FACE, DeviceKind.FINGERPRINT_READER: Step.FINGERPRINTS}
_MOST_ATTEMPTS: Final = 8
"""A device that fails again each time is left to the officer."""


def resumed(inspection: Inspection | None, status: DeviceStatus) -> StepRetried | None:
    """The event by which a lost capture begins anew, or None. Only what the device failed at is taken again."""
    if inspection is None or inspection.decision is not None:
        return None
    step = _STEPS.get(status.kind)
    if step is None or status.state is not DeviceState.READY or inspection.attempt(step) >= _MOST_ATTEMPTS:
        return None
    evidence = inspection.evidence.get(step)
    if not isinstance(evidence, Missing) or evidence.code != DeviceError.code:
        return None
    return StepRetried(step, inspection.officer_id)
