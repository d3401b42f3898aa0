"""DG3 of a training traveller: impressions of both index fingers, of the same invented fingers that the training
reader lays down.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.training.personas.fingerprint_flow import DPI
from inspection_station.training.virtual_chip.finger_record import FingerEntry, data_group_3

_ENROLLED: Final = {FingerPosition.RIGHT_INDEX: 2, FingerPosition.LEFT_INDEX: 7}
"""Position in ISO/IEC 19794-4, table 5. States store both index fingers (Regulation (EC) 2252/2004, art. 1)."""
_ENROLMENT: Final = 1_000_000
"""Number of the impression that the state took: none of the ones that a reader takes later."""


@lru_cache(maxsize=8)
def finger_group(seed: int) -> bytes:
    """The content of DG3 for the person with this seed, pictures in WSQ; the same for the same seed. Drawing a new
    person's fingers takes some seconds, so it is asked for only where a chip keeps fingers.
    """
    from inspection_station.matching.fingerprint.wsq_pictures import encode_wsq
    from inspection_station.training.personas.fingerprint import (
        IMAGE_HEIGHT,
        IMAGE_WIDTH,
        ImpressionCondition,
        finger_of,
        impression,
    )

    good = ImpressionCondition(noise=0.1)  # an officer watched over the enrolment
    entries = []
    for position, code in _ENROLLED.items():
        grey = impression(finger_of(seed, position), _ENROLMENT, good)
        entries.append(FingerEntry(code, IMAGE_WIDTH, IMAGE_HEIGHT, encode_wsq(grey)))
    return data_group_3(entries, pixels_per_inch=DPI)
