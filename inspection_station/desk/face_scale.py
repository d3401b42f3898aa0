"""By what the station judges faces: the calibration installed on it, or the bounds that ship with it.

A calibration that is damaged, altered, of another model or past its time is not used: the shipped bounds stand, by
which no match is shown as one, and the log says why.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from inspection_station.matching.calibration import CalibrationRefused
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_installation import FaceScale, UnusableKey, is_calibrated, load_scale, station_key
from inspection_station.matching.gallery_pack import PackRefused
from inspection_station.matching.thresholds import FaceThresholds, MalformedThresholds, ThresholdStatus

log = logging.getLogger(__name__)

FACE_FOLDER = "faces"
"""Below the data folder: calibration, signers, cohort, groups."""


def face_scale(
    data_folder: Path, store_key: bytes, matcher: DlibFaceMatcher, shipped: FaceThresholds, now: datetime
) -> FaceScale:
    """The installed calibration where it holds, else ``shipped``. Drawn faces' figures never judge real ones."""
    folder = data_folder / FACE_FOLDER
    if not is_calibrated(folder):
        return FaceScale(shipped)
    try:
        found = load_scale(
            folder,
            key=station_key(store_key),
            model_id=matcher.model_id,
            model_sha256=matcher.model_sha256,
            now=now,
        )
    except (CalibrationRefused, PackRefused) as refused:
        log.error("the face calibration is not used: %s", refused.code.value)
        return FaceScale(shipped)
    except (UnusableKey, MalformedThresholds, OSError, ValueError) as fault:
        log.error("the face calibration is not used: %s", type(fault).__name__)
        return FaceScale(shipped)
    training = found.thresholds.status is ThresholdStatus.TRAINING
    if training is not (shipped.status is ThresholdStatus.TRAINING):
        log.error("the face calibration is not used: made of drawn faces or for them")
        return FaceScale(shipped)
    return found
