"""Profiles: what is shipped loads; what nobody knows, or of the wrong kind, refuses to start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inspection_station.station_profile import (
    ProfileError,
    available_profiles,
    default_data_folder,
    load_profile,
    parse_profile,
)

PLAIN: dict[str, Any] = {
    "training": True,
    "scenario": "quayside",
    "station_id": "S-1",
    "station_name": "station",
    "language": "en",
    "face_thresholds": "synthetic",
    "devices": {"camera": {"driver": "training-camera", "pace": 0.5}},
}


@pytest.mark.parametrize("name", ["training", "laptop", "cart"])
def test_shipped_profiles_load(name: str, tmp_path: Path) -> None:
    profile = load_profile(name, data_folder=tmp_path)
    assert profile.name == name
    assert profile.training is name.startswith("training")
    assert name in available_profiles()


def test_an_empty_name_is_refused_rather_than_taken_for_training() -> None:
    with pytest.raises(ProfileError, match="is not the name of a profile"):
        load_profile("")


def test_training_is_what_is_started_when_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATION_PROFILE", raising=False)
    assert load_profile().name == "training"
    monkeypatch.setenv("STATION_PROFILE", "cart")
    assert load_profile().name == "cart"


def test_an_agencys_own_profile_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parents[1] / "resources" / "profiles" / "training.toml").read_text(encoding="utf-8")
    (tmp_path / "training.toml").write_text(text.replace("TRAINING-1", "OWN-1"), encoding="utf-8")
    monkeypatch.setenv("STATION_PROFILES", str(tmp_path))
    assert load_profile("training").station_id == "OWN-1"


def test_settings_of_a_device_are_everything_but_its_driver() -> None:
    profile = parse_profile("p", PLAIN)
    assert profile.devices["camera"].driver == "training-camera"
    assert profile.devices["camera"].settings == {"pace": 0.5}


def test_the_data_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATION_DATA", str(tmp_path))
    assert default_data_folder("cart") == tmp_path / "cart"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("training", "yes"),
        ("training", 1),
        ("kiosk", 0),
        ("scenario", 3),
        ("station_id", ""),
        ("language", None),
        ("devices", []),
        ("devices", {"camera": "training-camera"}),
        ("devices", {"camera": {"driver": 3}}),
        ("lists", "one.toml"),
        ("lists", [1]),
        ("pace", -1),
        ("pace", True),
        ("pace", "fast"),
        ("pace", float("nan")),
        ("chip_timeout_seconds", 0),
        ("undo_seconds", 1e9),
        ("touch_target", 3.5),
        ("touch_target", 2),
        ("retention_days", -1),
        ("retention_days", "month"),
        ("voyage_budget_megabytes", -5),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_key(key: str, value: object) -> None:
    with pytest.raises(ProfileError, match=key):
        parse_profile("p", {**PLAIN, key: value})


def test_records_stay_a_month_and_pictures_have_no_budget_unless_the_profile_says_so() -> None:
    plain = parse_profile("p", PLAIN)
    assert (plain.retention_days, plain.voyage_budget_megabytes) == (30.0, 0.0)
    told = parse_profile("p", {**PLAIN, "retention_days": 7, "voyage_budget_megabytes": 50})
    assert (told.retention_days, told.voyage_budget_megabytes) == (7, 50)


def test_an_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(ProfileError, match="undo_secnods"):
        parse_profile("p", {**PLAIN, "undo_secnods": 3})


@pytest.mark.parametrize("key", sorted(PLAIN))
def test_a_missing_key_is_refused_by_name(key: str) -> None:
    with pytest.raises(ProfileError, match=key):
        parse_profile("p", {k: v for k, v in PLAIN.items() if k != key})


@pytest.mark.parametrize("name", ["nowhere", "../training", "a/b", ".", "", "x\x00y"])
def test_a_name_that_is_none_is_refused_with_those_there_are(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATION_PROFILE", raising=False)
    if not name:
        monkeypatch.setenv("STATION_PROFILE", " ")
    with pytest.raises(ProfileError, match="training"):
        load_profile(name)


@pytest.mark.parametrize("content", [b"training = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.toml").write_bytes(content)
    monkeypatch.setenv("STATION_PROFILES", str(tmp_path))
    with pytest.raises(ProfileError, match="TOML"):
        load_profile("own")
