"""Search, loading and whitelist at full size, held against this machine's memory in the same run.

Times are processor time of this process: the machine may be shared.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_groups import built_in_groups
from inspection_station.matching.face_whitelist import GroupBuilder, Portrait
from inspection_station.matching.gallery import FaceGallery, GalleryGroup
from inspection_station.matching.gallery_pack import read_pack, write_pack
from inspection_station.matching.ports import FaceTemplate
from inspection_station.matching.score_normalisation import Cohort, Spread
from inspection_station.matching.thresholds import FaceThresholds, ScoreScale, ThresholdStatus
from inspection_station.training.personas.face_live import LiveFace
from inspection_station.training.personas.face_pictures import portrait
from inspection_station.training.personas.good_faces import good_faces

pytestmark = pytest.mark.benchmark

MILLION = 1_000_000
NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEY = b"k" * 32


def _ms(*works: Callable[[], object], times: int = 15) -> list[tuple[float, float]]:
    """Best and median of each, after one run to warm up; in turn, so that other work on the machine meets all alike."""
    taken: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(times):
        for work, its in zip(works, taken, strict=True):
            started = time.process_time()
            work()
            its.append((time.process_time() - started) * 1000)
    return [(min(its), statistics.median(its)) for its in taken]


def _million() -> np.ndarray:
    chance = np.random.default_rng(0)
    vectors = np.empty((MILLION, 128), np.float32)
    for start in range(0, MILLION, 50_000):
        part = chance.standard_normal((50_000, 128), dtype=np.float32)
        vectors[start : start + 50_000] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def _bounds(model_id: str, cohort: Cohort) -> FaceThresholds:
    rates = ((2.9, 1e-3), (4.4, 1e-4))
    return FaceThresholds(
        model_id, ThresholdStatus.CALIBRATED, 4.4, 2.9, "", rates, ScoreScale.NORMALISED, cohort.digest
    )


def test_a_million_sealed_templates_load_within_a_second_and_are_searched_at_the_memorys_speed(tmp_path: Path) -> None:
    policy = replace(built_in_groups()["departed-foreigners"], offline=True)
    vectors = _million()
    cohort = Cohort(vectors[:1_600].copy(), "m")
    spread = Spread(np.full(MILLION, 0.3, np.float32), np.full(MILLION, 0.05, np.float32))
    path = tmp_path / "million.faces"
    write_pack(
        path, KEY, group=policy.group_id, version=1, model_id="m", vectors=vectors,
        subjects=np.array([b"%032x" % row for row in range(MILLION)]), made_at=NOW, expires_at=NOW + timedelta(days=1),
        spread=spread, cohort_sha256=cohort.digest,
    )  # fmt: skip
    probe = FaceTemplate(vectors[777_777].copy(), "m")
    del vectors
    loaded = []
    for _ in range(5):
        started = os.times()
        pack = read_pack(path, KEY, model_id="m", now=NOW)
        group = GalleryGroup.of_pack(policy, pack, cohort)
        ended = os.times()
        loaded.append(tuple(ended[place] - started[place] for place in (0, 1, 4)))
    gallery = FaceGallery(_bounds("m", cohort), cohort)
    gallery.put(group)
    flat = pack.vectors.reshape(-1)
    half = len(flat) // 2
    (straight, _), (bound, bound_median), (best, median) = _ms(
        lambda: np.dot(flat, flat), lambda: np.dot(flat[:half], flat[half:]), lambda: gallery.search(probe, NOW)
    )
    told = ", ".join(f"{user + system:.2f} s ({system:.2f} in the kernel; {wall:.2f} on the clock)"
                     for user, system, wall in loaded)  # fmt: skip
    print(f"\n1,000,000 sealed templates loaded: {told}")
    print(f"the same numbers read straight on: {straight:.1f} ms; in two halves side by side, the memory's bound: "
          f"best {bound:.1f} ms, median {bound_median:.1f} ms ({512 / bound:.0f} GB/s)")  # fmt: skip
    print(f"search: best {best:.1f} ms, median {median:.1f} ms: {best / bound:.2f} and {median / bound_median:.2f} x")
    assert gallery.search(probe, NOW).answers[0].candidates[0].subject == f"{777_777:032x}"
    assert best <= 1.3 * min(bound, straight)
    # The best of them: memory that a virtual machine's host hands out for the first time costs up to 1.4 s a load in
    # the kernel, whoever touches it, and next to nothing afterwards.
    assert min(user + system for user, system, _ in loaded) <= 1.0


def test_a_whole_frame_with_a_search_of_100000_takes_at_most_35_ms() -> None:
    matcher = DlibFaceMatcher()
    matcher.load()
    frame = LiveFace(good_faces()[0].seed, frame_seed=3).frame(0)
    vectors = _million()[:100_000].copy()
    cohort = Cohort(vectors[:1_600].copy(), matcher.model_id)
    policy = replace(built_in_groups()["controlled-foreigners"])
    group = GalleryGroup(policy, matcher.model_id, 1, NOW + timedelta(days=1), cohort)
    started = time.process_time()
    group.add([FaceTemplate(row, matcher.model_id) for row in vectors], [f"{row:032x}" for row in range(len(vectors))])
    imported = time.process_time() - started
    gallery = FaceGallery(_bounds(matcher.model_id, cohort), cohort)
    gallery.put(group)

    def whole() -> None:
        face, _ = matcher.assess(frame)
        assert face is not None
        gallery.search(matcher.template_of(frame, face), NOW)

    probe = FaceTemplate(vectors[5], matcher.model_id)
    (search, _), (best, median) = _ms(lambda: gallery.search(probe, NOW), whole)
    print(f"\n100,000: import with statistics {imported:.1f} s, search {search:.1f} ms")
    print(f"whole frame, judged, embedded, searched: best {best:.1f} ms, median {median:.1f} ms")
    assert best <= 35


def test_a_whitelist_of_3000_is_built_within_a_minute_on_two_cores(tmp_path: Path) -> None:
    """Measured on 300 portraits as chips hold them (240 x 320, JPEG 2000 of some 15 kB), told for 3,000."""
    matcher = DlibFaceMatcher()
    matcher.load()
    portraits = []
    for face in good_faces()[:30]:
        small = cv2.resize(portrait(face.seed), (240, 308), interpolation=cv2.INTER_AREA)
        for copy in range(10):
            shifted = np.roll(small, copy, axis=1)
            done, encoded = cv2.imencode(".jp2", shifted, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 70])
            assert done
            portraits.append(Portrait(f"entry-{len(portraits)}", encoded.tobytes()))
    cpu, wall = time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        builder = GroupBuilder(matcher, built_in_groups()["voyage-whitelist"], tmp_path / "w.faces", KEY, None, pool)
        built = builder.build(portraits, len(portraits), version=1, now=NOW)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    each = len(portraits[0].picture)
    print(f"\n{built.enrolled} portraits of {each} bytes: {wall:.1f} s on the clock, {cpu:.1f} s of processor")
    print(f"3,000 on two cores: {10 * cpu / 2:.0f} s of processor each, if both are free")
    assert built.enrolled >= 290
    assert 10 * cpu / 2 <= 60
