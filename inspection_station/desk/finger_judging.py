"""Fingers for the desk: quality, template and comparison by ``matching.fingerprint``. Keeps nothing of anybody.

Its machine code is made by a process of its own where set-up has not done so: compiling takes a minute and would hold
up the screen. In this process it is only loaded.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from inspection_station.desk.finger_ports import JudgedFinger
from inspection_station.desk.ports import StepFault
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.finger_images import FingerImage as ChipFinger
from inspection_station.documents.emrtd.finger_pictures import finger_pictures
from inspection_station.hardware.ports import FingerImage
from inspection_station.inspection.biometrics import (
    ComparisonBand,
    ComparisonResult,
    FingerPosition,
    Modality,
    ReferenceKind,
)
from inspection_station.matching.fingerprint.extraction import extract
from inspection_station.matching.fingerprint.faults import UnusableFingerprint
from inspection_station.matching.fingerprint.finger_capture import judged
from inspection_station.matching.fingerprint.finger_pictures import png_with_dpi
from inspection_station.matching.fingerprint.matcher import compare
from inspection_station.matching.fingerprint.template import FingerprintTemplate
from inspection_station.matching.fingerprint.warm_up import PREPARED, warm_up

log = logging.getLogger(__name__)

_INCONCLUSIVE_ABOVE: Final = 0.01
"""False-match rate up to which a finger below the bound is inconclusive rather than another one."""
_COMPILING_SECONDS: Final = 600.0

_POSITION_OF_CODE: Final = {
    1: FingerPosition.RIGHT_THUMB,
    2: FingerPosition.RIGHT_INDEX,
    3: FingerPosition.RIGHT_MIDDLE,
    4: FingerPosition.RIGHT_RING,
    5: FingerPosition.RIGHT_LITTLE,
    6: FingerPosition.LEFT_THUMB,
    7: FingerPosition.LEFT_INDEX,
    8: FingerPosition.LEFT_MIDDLE,
    9: FingerPosition.LEFT_RING,
    10: FingerPosition.LEFT_LITTLE,
}
"""ISO/IEC 19794-4:2005 table 5."""


def prepared_judge() -> FingerJudging | None:
    """The judge, ready to work at once; None, with a line in the log, where its machine code cannot be made."""
    try:
        if not PREPARED.exists():
            made = subprocess.run(
                (sys.executable, "-m", "inspection_station.matching.fingerprint.warm_up"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_COMPILING_SECONDS,
                check=False,
            )
            if made.returncode != 0:
                log.error("fingerprint comparison cannot be prepared", extra={"exit_code": made.returncode})
                return None
        warm_up()  # from the cache: well under a second
    except (OSError, subprocess.SubprocessError, UnusableFingerprint, RuntimeError) as fault:
        log.error("fingerprint comparison cannot be prepared: %s", type(fault).__name__)
        return None
    return FingerJudging()


class FingerJudging:
    """Implements ``finger_ports.FingerJudge``. Get it by ``prepared_judge``."""

    def judge(self, image: FingerImage) -> JudgedFinger:
        """Raises StepFault (BIO-06) for a picture that no finger could mend."""
        try:
            frame = judged(image.image, image.dpi)
            picture = png_with_dpi(image.image, image.dpi)
        except UnusableFingerprint as refused:
            raise StepFault("BIO-06", refused.code.value) from refused
        quality = frame.quality
        template = frame.extraction.template if frame.extraction is not None else None
        return JudgedFinger(quality.prompt, quality.score, quality.method, picture, template=template)

    def compare(
        self, probes: Mapping[FingerPosition, object], chip: Sequence[ChipFinger]
    ) -> tuple[ComparisonResult, ...]:
        """One result a finger that both have; of several views in the chip the most alike."""
        results: dict[FingerPosition, ComparisonResult] = {}
        wanted = [one for one in chip if _POSITION_OF_CODE.get(one.position) in probes]
        for position, reference in self._references(wanted):
            probe = probes[position]
            if not isinstance(probe, FingerprintTemplate):
                continue
            found = compare(probe, reference)
            band = ComparisonBand.MATCH if found.match else ComparisonBand.NO_MATCH
            if not found.match and found.fmr <= _INCONCLUSIVE_ABOVE:
                band = ComparisonBand.INCONCLUSIVE
            result = ComparisonResult(
                Modality.FINGERPRINT,
                ReferenceKind.CHIP_FINGER,
                float(found.score),
                float(found.threshold),
                band,
                found.model_id,
                one_in=1.0 / found.fmr,
            )
            if position not in results or result.score > results[position].score:
                results[position] = result
        return tuple(results.values())

    def _references(self, chip: Sequence[ChipFinger]) -> list[tuple[FingerPosition, FingerprintTemplate]]:
        found = []
        for one in chip:
            try:
                (picture,) = finger_pictures((one,))
                template = extract(picture.pixels, round(one.pixels_per_inch) or 500).template
            except (MalformedChipData, UnusableFingerprint) as fault:
                log.warning("a finger of the chip cannot be compared with: %s", type(fault).__name__)
                continue
            found.append((_POSITION_OF_CODE[one.position], template))
        return found
