"""Compiles everything that comparison of fingerprints and the search of large face groups need, once, into the cache.

Run ``python -m inspection_station.matching.fingerprint.warm_up`` at installation (half a minute to two minutes);
afterwards a process loads the machine code in well under a second.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from inspection_station.matching.compiled import CACHE_FOLDER
from inspection_station.matching.fingerprint.extraction import extract
from inspection_station.matching.fingerprint.faults import UnusableFingerprint
from inspection_station.matching.fingerprint.matcher import compare
from inspection_station.matching.fingerprint.search import FingerprintGallery
from inspection_station.matching.fingerprint.segmentation import Grey
from inspection_station.matching.fingerprint.template_record import read_template, template_bytes
from inspection_station.matching.gallery_rows import machine_scan

PREPARED = CACHE_FOLDER / "prepared"
"""Is there once everything is compiled: from then on a process only loads."""


def main() -> int:
    """Exit code 0, or 3 when the machine code cannot be made."""
    began = time.perf_counter()
    try:
        warm_up()
        PREPARED.touch()
    except (UnusableFingerprint, RuntimeError, OSError) as failed:
        sys.stderr.write(f"fingerprint comparison cannot be prepared: {failed}\n")
        return 3
    sys.stdout.write(
        f"fingerprint comparison ready in {time.perf_counter() - began:.0f} s, kept in {CACHE_FOLDER.name}\n"
    )
    return 0


def warm_up() -> None:
    """Run every compiled function once, with the types it is called with."""
    found = extract(_drawn_pattern()).template
    again = read_template(template_bytes(found))
    compare(found, again)
    compare(found, read_template(template_bytes(found, with_flow=False)))
    gallery = FingerprintGallery()
    gallery.add("drawn", found)
    gallery.search(again)
    machine_scan()


def _drawn_pattern() -> Grey:
    """Ridges with dislocations: the phase of a wave plus a few turns round fixed points."""
    y, x = np.mgrid[0:320, 0:300].astype(np.float64)
    phase = 2 * np.pi * (y + 12 * np.sin(x / 60)) / 9.0
    for number in range(24):
        at_x, at_y = 60 + 37 * number % 180, 60 + 53 * number % 200
        phase += (1 if number % 2 else -1) * np.arctan2(y - at_y, x - at_x)
    inside = ((x - 150) / 130) ** 2 + ((y - 160) / 145) ** 2 < 1
    return np.where(inside, 128 + 100 * np.cos(phase), 235).astype(np.uint8)


if __name__ == "__main__":
    sys.exit(main())
