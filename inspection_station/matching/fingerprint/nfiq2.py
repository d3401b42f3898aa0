"""NFIQ 2 where its library is installed (``nbis-py``, optional); the station's own score else, under its own name.

The library runs in this process and gets a PGM of the picture at 500 dpi; NFIQ 2 is defined for nothing else.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from functools import cache
from typing import Any

from inspection_station.matching.fingerprint.extraction import at_500_dpi
from inspection_station.matching.fingerprint.finger_pictures import png_with_dpi
from inspection_station.matching.fingerprint.segmentation import Grey

_LOG = logging.getLogger(__name__)

METHOD = "NFIQ 2"
_LIBRARY = "nbis"


def installed() -> bool:
    """Whether NFIQ 2 can be asked for."""
    return importlib.util.find_spec(_LIBRARY) is not None


@cache
def _extractor() -> Any:
    library = importlib.import_module(_LIBRARY)
    settings = library.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=True, ppi=None
    )
    return library.new_nbis_extractor(settings)


def nfiq2_score(grey: Grey, dpi: int) -> int | None:
    """0 to 100; None where the library is not installed or gives no score for this picture.

    Raises ``UnusableFingerprint`` for a size or resolution of no fingerprint reader.
    """
    normal = at_500_dpi(grey, dpi)
    if not installed():
        return None
    try:
        score = int(_extractor().extract_minutiae(png_with_dpi(normal, 500)).quality().score)
    except Exception as fault:  # the library's errors are generated and share no base; the own score stands in
        _LOG.warning("NFIQ 2 gave no score (%s)", type(fault).__name__)
        return None
    return score if 0 <= score <= 100 else None
