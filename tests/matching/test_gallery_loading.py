"""What lies on the station is opened; what must not be used is named and keeps nothing else from being searched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from inspection_station.matching.face_groups import built_in_groups
from inspection_station.matching.face_installation import FaceScale, group_file
from inspection_station.matching.gallery_loading import load_gallery, load_group
from inspection_station.matching.gallery_pack import subject_array, write_pack
from inspection_station.matching.ports import FaceTemplate
from inspection_station.matching.thresholds import FaceThresholds, ThresholdStatus

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEY = b"k" * 32
SCALE = FaceScale(FaceThresholds("m", ThresholdStatus.PROVISIONAL, 0.95, 0.93, ""))


def _pack(folder: Path, group: str, *, version: int = 2, model: str = "m", hours: int = 5) -> Path:
    path = group_file(folder, group)
    write_pack(
        path, KEY, group=group, version=version, model_id=model, vectors=np.eye(8, 16, dtype=np.float32),
        subjects=subject_array([f"s{row}" for row in range(8)]), made_at=NOW, expires_at=NOW + timedelta(hours=hours),
    )  # fmt: skip
    return path


def test_sound_packs_are_searched_and_the_others_named_with_their_code(tmp_path: Path) -> None:
    _pack(tmp_path, "foreign-wanted")
    _pack(tmp_path, "alert-persons", model="other")
    _pack(tmp_path, "controlled-foreigners", hours=0)
    _pack(tmp_path, "migrant-workers")
    torn = _pack(tmp_path, "voyage-whitelist")
    torn.write_bytes(torn.read_bytes()[:-5])
    loaded = load_gallery(tmp_path, KEY, SCALE, built_in_groups(), NOW)
    assert [group.policy.group_id for group in loaded.gallery.groups] == ["foreign-wanted"]
    assert dict(loaded.not_loaded) == {
        "application-cases": "absent",
        "absconded-overstayed": "absent",
        "alert-persons": "other-model",
        "controlled-foreigners": "expired",
        "migrant-workers": "not-allowed",
        "voyage-whitelist": "truncated",
    }
    probe = FaceTemplate(np.eye(8, 16, dtype=np.float32)[3], "m")
    found = loaded.gallery.search(probe, NOW, ["foreign-wanted", "voyage-whitelist"])
    assert found.answers[0].candidates[0].subject == "s3"
    assert found.not_searched == (("voyage-whitelist", "absent"),)


def test_a_newer_pack_takes_the_place_of_the_older_and_an_older_one_does_not_return(tmp_path: Path) -> None:
    policy = built_in_groups()["foreign-wanted"]
    _pack(tmp_path, "foreign-wanted")
    gallery = load_gallery(tmp_path, KEY, SCALE, built_in_groups(), NOW).gallery
    assert load_group(gallery, _pack(tmp_path, "foreign-wanted", version=3), KEY, SCALE, policy, NOW) == ""
    assert gallery.groups[0].version == 3
    path = _pack(tmp_path, "foreign-wanted", version=1)
    assert load_group(gallery, path, KEY, SCALE, policy, NOW) == "older-version"
    assert load_group(gallery, tmp_path, KEY, SCALE, policy, NOW) == "unreadable"
    assert gallery.groups[0].version == 3
