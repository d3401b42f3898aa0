"""A camera that was lost in the middle of a capture is back: the capture goes on without the officer's asking."""

from __future__ import annotations

from inspection_station.hardware.errors import DeviceError
from inspection_station.hardware.ports import DeviceKind, DeviceState
from inspection_station.hardware.supervisor import DeviceStatus
from inspection_station.inspection.events import StepRetried
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Step


def resumed(inspection: Inspection | None, status: DeviceStatus) -> StepRetried | None:
    """The event by which a lost capture begins anew, or None. Only what the device failed at is taken again."""
    if inspection is None or inspection.decision is not None:
        return None
    if status.kind is not DeviceKind.CAMERA or status.state is not DeviceState.READY:
        return None
    evidence = inspection.evidence.get(Step.FACE)
    if not isinstance(evidence, Missing) or evidence.code != DeviceError.code:
        return None
    return StepRetried(Step.FACE, inspection.officer_id)
