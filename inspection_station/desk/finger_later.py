"""A judge of fingers that is loaded while the station starts, so that no start waits for it: its machine code takes a
second to load, and half a minute where set-up has not made it. Whoever has fingers judged before that waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from concurrent.futures import TimeoutError as StillLoading
from typing import Final

from inspection_station.desk.finger_ports import FingerJudge, JudgedFinger
from inspection_station.desk.ports import StepFault
from inspection_station.documents.emrtd.finger_images import FingerImage as ChipFinger
from inspection_station.hardware.ports import FingerImage
from inspection_station.inspection.biometrics import ComparisonResult, FingerPosition

log = logging.getLogger(__name__)

_LOADING_SECONDS: Final = 60.0


class JudgeLater:
    """Implements ``finger_ports.FingerJudge``. ``load`` gives the judge, or None where it cannot be had (SYS-04)."""

    def __init__(self, load: Callable[[], FingerJudge | None], executor: Executor) -> None:
        self._loading = executor.submit(load)

    def judge(self, image: FingerImage) -> JudgedFinger:
        return self._loaded().judge(image)

    def compare(
        self, probes: Mapping[FingerPosition, object], chip: Sequence[ChipFinger]
    ) -> tuple[ComparisonResult, ...]:
        return self._loaded().compare(probes, chip)

    def _loaded(self) -> FingerJudge:
        try:
            judge = self._loading.result(_LOADING_SECONDS)
        except StillLoading:
            raise StepFault("SYS-04", "still being prepared") from None
        except Exception as fault:
            log.error("fingerprint comparison cannot be prepared: %s", type(fault).__name__, exc_info=fault)
            raise StepFault("SYS-04", type(fault).__name__) from fault
        if judge is None:
            raise StepFault("SYS-04")
        return judge
