"""How fast a page without a zone is refused: ``pytest -m benchmark -s tests/benchmarks/test_mrz_refusing.py``."""

from __future__ import annotations

import os
import time
from datetime import date
from statistics import median

import cv2
import numpy as np
import pytest

from inspection_station.documents.mrz_image.reader import UnreadableImage, read_image
from inspection_station.inspection.document import DocumentFormat
from inspection_station.training.mrz_glyph_samples import random_style
from inspection_station.training.mrz_specimens import specimen
from inspection_station.training.page_renderer import mrz_box, render_page
from inspection_station.training.page_wear import Severity, random_wear, wear_page

pytestmark = pytest.mark.benchmark

TODAY = date(2026, 11, 23)
PAGES = int(os.environ.get("MRZ_PAGES", "24"))


def test_a_page_whose_zone_is_covered_is_refused_quickly():
    cv2.setNumThreads(1)
    seconds = []
    for index in range(PAGES):
        rng = np.random.default_rng([2028, index])
        severity = list(Severity)[index % 3]
        document, style = specimen(DocumentFormat.TD3, rng), random_style(rng)
        page = render_page(document.text, document.lines, style=style, seed=index)
        page[round(mrz_box(document.lines, style)[1]) - 12 :] = 200
        picture = wear_page(page, random_wear(severity, rng), seed=index)
        started = time.process_time()
        with pytest.raises(UnreadableImage, match="DOC-01"):
            read_image(picture, today=TODAY, ask_second=False)
        seconds.append(time.process_time() - started)
    print(f"\ncovered: {PAGES} pages refused; median {median(seconds):.2f} s of one core, slowest {max(seconds):.2f} s")
    assert median(seconds) <= 0.6
