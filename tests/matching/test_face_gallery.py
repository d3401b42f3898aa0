"""Sealed packs and exact search: what is refused, what is found, what changes while the station runs."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.matching import gallery_pack
from inspection_station.matching.face_groups import GroupUse, MalformedGroups, built_in_groups, parse_groups
from inspection_station.matching.gallery import FaceGallery, GalleryGroup, GroupRefused
from inspection_station.matching.gallery_pack import (
    PackFault,
    PackRefused,
    read_header,
    read_pack,
    subject_array,
    write_pack,
)
from inspection_station.matching.gallery_rows import machine_scan, scan_in_blocks
from inspection_station.matching.ports import FaceTemplate, IncomparableTemplates
from inspection_station.matching.score_normalisation import Cohort
from inspection_station.matching.thresholds import FaceThresholds, ScoreScale, ThresholdStatus

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = b"k" * 32
MODEL = "m"
POLICY = built_in_groups()["foreign-wanted"]
BOUNDS = FaceThresholds(
    MODEL, ThresholdStatus.CALIBRATED, 4.4, 2.9, "test", ((1.0, 1e-2), (2.9, 1e-3), (4.4, 1e-4)), ScoreScale.NORMALISED
)
COSINES = FaceThresholds(MODEL, ThresholdStatus.PROVISIONAL, 0.95, 0.93, "test")


def _units(count: int, seed: int = 1) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(count, 32))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def _sealed(path: Path, rows: int = 300, **changes: object) -> np.ndarray:
    vectors = _units(rows)
    settings_ = {
        "group": POLICY.group_id,
        "version": 3,
        "model_id": MODEL,
        "vectors": vectors,
        "subjects": subject_array([f"person-{row}" for row in range(rows)]),
        "made_at": NOW,
        "expires_at": NOW + timedelta(hours=24),
        **changes,
    }
    write_pack(path, KEY, **settings_)  # type: ignore[arg-type]
    return vectors


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "wanted.faces"
    _sealed(path)
    return path


def _fault(path: Path, key: bytes = KEY, **changes: object) -> PackFault:
    wanted = {"model_id": MODEL, "now": NOW, "group": POLICY.group_id, **changes}
    with pytest.raises(PackRefused) as refused:
        read_pack(path, key, **wanted)  # type: ignore[arg-type]
    return refused.value.code


def test_a_pack_gives_back_what_was_sealed_with_its_statistics(tmp_path: Path) -> None:
    path = tmp_path / "x.faces"
    cohort = Cohort(_units(600, 2), MODEL)
    spread = cohort.spread(_units(300))
    vectors = _sealed(path, spread=spread, cohort_sha256=cohort.digest)
    opened = read_pack(path, KEY, model_id=MODEL, now=NOW)
    assert np.array_equal(opened.vectors, vectors)
    assert opened.subjects[17] == b"person-17"
    assert opened.spread is not None
    assert np.array_equal(opened.spread.mean, spread.mean)
    assert read_header(path, KEY).rows == 300


def test_a_pack_of_several_blocks_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_pack, "BLOCK_BYTES", 1000)
    path = tmp_path / "x.faces"
    vectors = _sealed(path)
    assert read_header(path, KEY).blocks > 30
    assert np.array_equal(read_pack(path, KEY, model_id=MODEL, now=NOW).vectors, vectors)
    data = bytearray(path.read_bytes())
    head = len(data) - read_header(path, KEY).stream_bytes - 16 * read_header(path, KEY).blocks
    first, second = data[head : head + 1016], data[head + 1016 : head + 2032]
    data[head : head + 2032] = second + first
    path.write_bytes(bytes(data))
    assert _fault(path) is PackFault.ALTERED  # blocks that changed places


def test_a_pack_that_must_not_be_used_says_why(pack: Path) -> None:
    assert _fault(pack, model_id="other") is PackFault.OTHER_MODEL
    assert _fault(pack, group="e-gate-foreigners") is PackFault.OTHER_GROUP
    assert _fault(pack, least_version=4) is PackFault.OLDER_VERSION
    assert _fault(pack, now=NOW + timedelta(hours=24)) is PackFault.EXPIRED
    assert _fault(pack, key=b"x" * 32) is PackFault.ALTERED


def test_a_pack_cut_off_anywhere_is_truncated_or_no_pack(pack: Path) -> None:
    data = pack.read_bytes()
    for length in (0, 5, 11, 40, 200, 500, len(data) // 2, len(data) - 1):
        pack.write_bytes(data[:length])
        assert _fault(pack) is PackFault.TRUNCATED
    pack.write_bytes(data + b"\0")
    assert _fault(pack) is PackFault.ALTERED
    pack.write_bytes(b"something else entirely")
    assert _fault(pack) is PackFault.MALFORMED


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_pack_with_any_byte_changed_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("pack") / "x.faces"
    _sealed(path, rows=20)
    sealed = bytearray(path.read_bytes())
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(sealed))
    _fault(path)


def test_nothing_readable_and_no_half_file_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.faces"
    vectors = _sealed(path)
    assert vectors[3].tobytes()[:12] not in path.read_bytes()
    assert b"person-3" not in path.read_bytes()
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(gallery_pack.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        _sealed(path, version=4)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("subject", ["", "x" * 65, "a\0b"])
def test_an_identifier_that_cannot_be_kept_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="identifier"):
        subject_array([subject])


def _gallery(cohort: Cohort | None, *groups: GalleryGroup) -> FaceGallery:
    gallery = FaceGallery(BOUNDS if cohort else COSINES, cohort)
    for group in groups:
        gallery.put(group)
    return gallery


def _group(rows: int = 300, cohort: Cohort | None = None, policy: object = POLICY, seed: int = 1) -> GalleryGroup:
    group = GalleryGroup(policy, MODEL, 1, NOW + timedelta(hours=1), cohort)  # type: ignore[arg-type]
    vectors = _units(rows, seed)
    group.add([FaceTemplate(vector, MODEL) for vector in vectors], [f"person-{row}" for row in range(rows)])
    return group


def test_the_search_is_exact_by_the_formula() -> None:
    cohort = Cohort(_units(600, 2), MODEL)
    gallery = _gallery(cohort, _group(20_000, cohort))
    vectors = _units(20_000)
    probe = FaceTemplate(_units(1, 77)[0], MODEL)
    own, theirs = cohort.spread(probe.vector), cohort.spread(vectors)
    cosines = vectors @ probe.vector
    z = 0.5 * ((cosines - own.mean[0]) / own.deviation[0] + (cosines - theirs.mean) / theirs.deviation)
    best = np.argsort(-z)[:6]
    answer = gallery.search(probe, NOW).answers[0]
    assert [candidate.subject for candidate in answer.candidates] == [f"person-{row}" for row in best[:5]]
    assert [candidate.score for candidate in answer.candidates] == pytest.approx(list(z[best[:5]]), abs=2e-3)
    assert answer.margin == pytest.approx(z[best[0]] - z[best[1]], abs=2e-3)
    single = cohort.normalised(probe, FaceTemplate(vectors[best[0]], MODEL), float(cosines[best[0]]))
    assert answer.candidates[0].score == pytest.approx(single, abs=2e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(8_180, 8_210), st.sets(st.integers(0, 8_209), max_size=60), st.integers(1, 40), st.data())
def test_the_search_is_exact_whatever_the_size_and_whoever_left(
    rows: int, gone: set[int], shown: int, data: st.DataObject
) -> None:
    vectors = _units(rows, 11)
    twin, other = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, rows - 1))
    vectors[twin] = vectors[other]
    policy = replace(POLICY, candidates=shown)
    group = GalleryGroup(policy, MODEL, 1, NOW + timedelta(hours=1))
    group.add([FaceTemplate(vector, MODEL) for vector in vectors], [f"person-{row}" for row in range(rows)])
    for row in gone:
        group.remove(f"person-{row}")
    probe = vectors[twin]
    cosines = vectors @ probe
    cosines[[row for row in gone if row < rows]] = -np.inf
    found = _gallery(None, group).search(FaceTemplate(probe, MODEL), NOW).answers[0].candidates
    assert [one.score for one in found] == pytest.approx(sorted(cosines, reverse=True)[:shown], abs=2e-5)
    places = [int(one.subject.removeprefix("person-")) for one in found]
    assert [float(cosines[place]) for place in places] == pytest.approx([one.score for one in found], abs=2e-5)
    assert len(set(places)) == shown


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40_000), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_with_and_without_machine_code_the_same_rows_are_found(size: int, count: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(size, 8)).astype(np.float32)
    gain, offset = chance.random((2, size), np.float32)
    offset[chance.random(size) < 0.3] = -np.inf
    exact = vectors.astype(np.float64) @ vectors[0].astype(np.float64) * (gain + 0.5) + offset
    present = min(count, int(np.isfinite(exact).sum()))
    for scan in (machine_scan(), scan_in_blocks):
        assert scan is not None
        scores, rows = np.full(count, -np.inf, np.float32), np.zeros(count, np.int64)
        scan(vectors, vectors[0].copy(), gain, np.float32(0.5), offset, scores, rows)
        found = np.isfinite(scores)
        assert found.sum() == len(set(rows[found])) == present
        assert scores[found] == pytest.approx(exact[rows[found]], abs=1e-4)  # each row's own score
        assert np.sort(scores[found]) == pytest.approx(np.sort(exact)[len(exact) - present :], abs=1e-4)  # and the best


def test_several_groups_are_searched_in_one_pass_and_absent_or_expired_ones_are_named() -> None:
    cohort = Cohort(_units(600, 2), MODEL)
    whitelist = built_in_groups()["voyage-whitelist"]
    expired = GalleryGroup(built_in_groups()["alert-persons"], MODEL, 1, NOW, cohort)
    gallery = _gallery(cohort, _group(50, cohort), _group(50, cohort, whitelist, seed=5), expired)
    probe = FaceTemplate(_units(50, 5)[7], MODEL)
    found = gallery.search(probe, NOW, ["foreign-wanted", "voyage-whitelist", "alert-persons", "migrant-workers"])
    assert [answer.group_id for answer in found.answers] == ["foreign-wanted", "voyage-whitelist"]
    assert found.answers[1].use is GroupUse.WHITELIST
    assert found.answers[1].candidates[0].subject == "person-7"
    assert found.answers[1].alarms
    assert dict(found.not_searched) == {"alert-persons": "expired", "migrant-workers": "absent"}


def test_the_bound_follows_from_the_groups_size_and_says_when_it_was_not_measured() -> None:
    cohort = Cohort(_units(600, 2), MODEL)
    few, many = replace(POLICY, false_alarms=0.02), replace(POLICY, false_alarms=0.01)
    probe = FaceTemplate(_units(1, 3)[0], MODEL)
    small = _gallery(cohort, _group(20, cohort, few)).search(probe, NOW).answers[0]
    assert small.bound == pytest.approx(2.9)
    assert small.bound_measured
    large = _gallery(cohort, _group(2_000, cohort, many)).search(probe, NOW).answers[0]
    assert large.bound == pytest.approx(4.4)
    assert not large.bound_measured
    fixed = _gallery(cohort, _group(20, cohort, replace(POLICY, threshold=3.3))).search(probe, NOW).answers[0]
    assert fixed.bound == 3.3


def test_without_a_cohort_the_cosine_orders_and_nothing_is_called_calibrated() -> None:
    found = _gallery(None, _group(100)).search(FaceTemplate(_units(100)[3], MODEL), NOW)
    best = found.answers[0].candidates[0]
    assert (best.subject, best.one_in, found.calibrated) == ("person-3", None, False)
    assert best.score == pytest.approx(best.similarity)


def test_somebody_taken_out_is_not_found_and_not_in_memory_any_more() -> None:
    group = _group(100)
    probe = FaceTemplate(_units(100)[3], MODEL)
    gallery = _gallery(None, group)
    assert group.remove("person-3") == 1
    assert group.remove("person-3") == 0
    assert len(group) == 99
    assert "person-3" not in {c.subject for c in gallery.search(probe, NOW).answers[0].candidates}
    vectors, subjects, _ = group.contents()
    assert b"person-3" not in set(subjects)
    assert float((vectors @ probe.vector).max()) < 0.99
    assert gallery.drop("foreign-wanted")
    assert not gallery.drop("foreign-wanted")
    assert gallery.search(probe, NOW).answers == ()


def test_several_templates_of_one_person_are_one_candidate_and_the_margin_is_to_the_next_person() -> None:
    group = _group(50)
    twice = _units(50)[9] + 0.05 * _units(1, 8)[0]
    group.add([FaceTemplate(twice / np.linalg.norm(twice), MODEL)], ["person-9"])
    answer = _gallery(None, group).search(FaceTemplate(_units(50)[9], MODEL), NOW).answers[0]
    assert [candidate.subject for candidate in answer.candidates].count("person-9") == 1
    assert answer.margin is not None
    assert answer.margin > 0.3


def test_policy_keeps_large_and_online_groups_off_a_station(pack: Path) -> None:
    opened = read_pack(pack, KEY, model_id=MODEL, now=NOW)
    assert len(GalleryGroup.of_pack(POLICY, opened)) == 300
    with pytest.raises(GroupRefused, match="station"):
        GalleryGroup.of_pack(replace(POLICY, offline=False), opened)
    with pytest.raises(GroupRefused, match="allowed"):
        GalleryGroup.of_pack(replace(POLICY, largest=299), opened)
    with pytest.raises(GroupRefused, match="another group"):
        GalleryGroup.of_pack(built_in_groups()["alert-persons"], opened)
    with pytest.raises(GroupRefused, match="full"):
        _group(10, policy=replace(POLICY, largest=9))


def test_other_models_stay_out() -> None:
    cohort = Cohort(_units(600, 2), MODEL)
    with pytest.raises(IncomparableTemplates):
        GalleryGroup(POLICY, "other", 1, NOW, cohort)
    with pytest.raises(IncomparableTemplates):
        _group(5).add([FaceTemplate(_units(1)[0], "other")], ["x"])
    with pytest.raises(IncomparableTemplates):
        _gallery(None).put(GalleryGroup(POLICY, "other", 1, NOW))
    with pytest.raises(IncomparableTemplates):
        _gallery(None).search(FaceTemplate(_units(1)[0], "other"), NOW)


def test_a_template_of_another_length_is_refused_whatever_its_model_says() -> None:
    for rows in (20, 9_000):
        with pytest.raises(IncomparableTemplates, match="length"):
            _gallery(None, _group(rows)).search(FaceTemplate(np.ones(16, np.float32) / 4, MODEL), NOW)


def test_people_are_added_while_others_search() -> None:
    group = _group(10)
    gallery = _gallery(None, group)
    stop = threading.Event()
    broken: list[BaseException] = []

    def search() -> None:
        probe = FaceTemplate(_units(1, 4)[0], MODEL)
        while not stop.is_set():
            try:
                gallery.search(probe, NOW)
            except BaseException as fault:  # handed to the test
                broken.append(fault)
                return

    worker = threading.Thread(target=search)
    worker.start()
    for number in range(400):
        group.add([FaceTemplate(_units(1, 100 + number)[0], MODEL)], [f"late-{number}"])
    stop.set()
    worker.join()
    assert not broken
    assert len(group) == 410
    last = gallery.search(FaceTemplate(_units(1, 499)[0], MODEL), NOW).answers[0].candidates[0]
    assert last.subject == "late-399"


def test_the_ten_groups_and_the_whitelist_are_data_in_both_languages() -> None:
    groups = built_in_groups()
    assert len(groups) == 11
    assert [g.group_id for g in groups.values() if g.use is GroupUse.WHITELIST] == ["voyage-whitelist"]
    assert all(group.name_zh and group.name_en for group in groups.values())
    assert all(group.largest <= 100_000 for group in groups.values() if group.offline)


@pytest.mark.parametrize(
    "change",
    ["", "[other]\n", "[group]\n", "[group.x]\nzh='a'", "x=[", "[group.x]\nzh=''\n"],
)
def test_a_damaged_table_of_groups_is_refused(change: str) -> None:
    with pytest.raises(MalformedGroups):
        parse_groups(change)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("use", '"clear"'),
        ("false_alarms", "2.0"),
        ("largest", "0"),
        ("offline", '"yes"'),
        ("valid_hours", "-1"),
        ("zz", "1"),
    ],
)
def test_a_group_with_a_wrong_value_is_refused(key: str, value: str) -> None:
    row = {
        "zh": '"甲"', "en": '"A"', "use": '"alert"', "false_alarms": "0.1", "largest": "9", "offline": "true",
        "valid_hours": "1", key: value,
    }  # fmt: skip
    with pytest.raises(MalformedGroups):
        parse_groups("[group.x]\n" + "\n".join(f"{name} = {text}" for name, text in row.items()))
