"""The protocol of the Fingerprint Verification Competitions: every genuine pair once, and every pair of impressions of
different fingers of one database.

Files are named ``finger_impression.extension``. A picture that cannot be enrolled counts as failure to enrol, and its
comparisons as made with the lowest score there is: a genuine one is then a false non-match.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inspection_station.matching.fingerprint.extraction import extract_from_file
from inspection_station.matching.fingerprint.faults import UnusableFingerprint
from inspection_station.matching.fingerprint.matcher import compare
from inspection_station.matching.fingerprint.scores import LOWEST
from inspection_station.matching.fingerprint.template import FingerprintTemplate

_NAME = re.compile(r"(\d+)_(\d+)\.(?:tiff?|png|bmp|pgm|jpe?g|jp2|wsq)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Shares, 0 to 1: equal error rate; false non-match rate where at most 1 in 100, 1 in 1000 and none of the
    impostor comparisons match.
    """

    eer: float
    fmr100: float
    fmr1000: float
    zero_fmr: float


@dataclass(frozen=True, slots=True)
class DatabaseResult:
    """One database: how it did and how long it took (milliseconds a picture, microseconds a comparison; processor
    time of this process).
    """

    name: str
    rates: ErrorRates
    pictures: int
    genuine: int
    impostor: int
    failed_to_enrol: int
    extraction_ms: float
    comparison_us: float


def databases_in(folder: Path) -> list[Path]:
    """The folder itself where it holds pictures named the FVC way, else those of its folders that do, by name."""
    if _pictures(folder):
        return [folder]
    return [child for child in sorted(folder.iterdir()) if child.is_dir() and _pictures(child)]


def _pictures(folder: Path) -> dict[tuple[int, int], Path]:
    found: dict[tuple[int, int], Path] = {}
    for path in sorted(folder.iterdir()):
        if (named := _NAME.fullmatch(path.name)) and path.is_file():
            found.setdefault((int(named[1]), int(named[2])), path)
    return dict(sorted(found.items()))


def run_database(
    folder: Path, dpi: int | None = None, told: Callable[[str], None] = lambda line: None
) -> DatabaseResult:
    """Enrol and compare everything in one folder. Raises ValueError where there are no genuine or impostor pairs."""
    pictures = _pictures(folder)
    templates: dict[tuple[int, int], FingerprintTemplate | None] = {}
    spent = 0.0
    for number, (key, path) in enumerate(pictures.items()):
        data = path.read_bytes()
        if number == 0:
            _try_enrolling(data, dpi)  # loads the compiled code, which is not the picture's time
        began = time.process_time()
        templates[key] = _try_enrolling(data, dpi)
        spent += time.process_time() - began
    told(f"{folder.name}: {len(pictures)} pictures enrolled")
    if first := next((template for template in templates.values() if template is not None), None):
        compare(first, first)  # as above
    began = time.process_time()
    genuine, impostor = _scores(templates)
    compared = time.process_time() - began
    if not genuine or not impostor:
        raise ValueError("no pair of one finger, or no pair of different fingers")
    failed = sum(template is None for template in templates.values())
    return DatabaseResult(
        folder.name,
        error_rates(np.array(genuine), np.array(impostor)),
        len(pictures),
        len(genuine),
        len(impostor),
        failed,
        spent * 1000 / len(pictures),
        compared * 1e6 / (len(genuine) + len(impostor)),
    )


def _try_enrolling(data: bytes, dpi: int | None) -> FingerprintTemplate | None:
    try:
        return extract_from_file(data, dpi).template
    except UnusableFingerprint:
        return None


def _scores(templates: dict[tuple[int, int], FingerprintTemplate | None]) -> tuple[list[float], list[float]]:
    genuine: list[float] = []
    impostor: list[float] = []
    keys = list(templates)
    for index, one in enumerate(keys):
        for other in keys[index + 1 :]:
            a, b = templates[one], templates[other]
            score = compare(a, b).score if a is not None and b is not None else LOWEST
            (genuine if one[0] == other[0] else impostor).append(score)
    return genuine, impostor


def error_rates(genuine: npt.NDArray[np.float64], impostor: npt.NDArray[np.float64]) -> ErrorRates:
    """Rates over all thresholds at which anything changes; the equal error rate is the mean of the two where they are
    nearest to each other.
    """
    genuine, impostor = np.sort(genuine), np.sort(impostor)
    bounds = np.append(np.unique(np.concatenate([genuine, impostor])), np.inf)
    false_match = 1.0 - np.searchsorted(impostor, bounds, "left") / len(impostor)
    false_non_match = np.searchsorted(genuine, bounds, "left") / len(genuine)
    nearest = int(np.argmin(np.abs(false_match - false_non_match)))

    def at(rate: float) -> float:
        return float(false_non_match[false_match <= rate].min())

    return ErrorRates(float(false_match[nearest] + false_non_match[nearest]) / 2, at(0.01), at(0.001), at(0.0))


def mean_rates(results: Sequence[DatabaseResult]) -> ErrorRates:
    """The competitions' summary: each rate averaged over the databases."""
    return ErrorRates(
        *(
            sum(getattr(result.rates, name) for result in results) / len(results)
            for name in ("eer", "fmr100", "fmr1000", "zero_fmr")
        )
    )
