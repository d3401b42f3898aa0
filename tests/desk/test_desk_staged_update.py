"""An update travels as a pack: what was signed is laid ready, whole, and nothing else; the station runs on as it is."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from pack_world import HOUR, Publisher, now, updated, vault_in

from inspection_station.desk.installed_packs import CHECKS
from inspection_station.desk.staged_update import UPDATES, StagedUpdate
from inspection_station.headquarters.packs import PackKind
from inspection_station.headquarters.packs_release import MalformedRelease, Release, release_of, release_parts

WHEEL = {"station-0.2.0-py3-none-any.whl": b"wheel" * 100, "requirements.lock": b"lock"}


class Station:
    def __init__(self, folder: Path) -> None:
        self.folder, self.ahead = folder, timedelta(0)
        self.publisher = Publisher(folder / "repository")
        self.vault = vault_in(folder / "packs", self.publisher)
        self.update = StagedUpdate(self.vault, folder, "0.1.0", lambda: now() + self.ahead)

    def publish(self, version: str, files: dict[str, bytes] | None = None) -> None:
        self.publisher.publish(release_parts(version, files or WHEEL), PackKind.APPLICATION, "station")
        updated(self.vault, self.publisher.folder, self.folder)

    def ready(self) -> dict[str, set[str]]:
        place = self.folder / UPDATES
        return {one.name: {file.name for file in one.iterdir()} for one in place.iterdir()} if place.is_dir() else {}


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def test_a_newer_version_lies_ready_whole(station: Station) -> None:
    assert station.update.look() == ""
    station.publish("0.2.0")
    assert station.update.look() == "0.2.0"
    assert station.ready() == {"0.2.0": set(WHEEL)}
    assert (station.folder / UPDATES / "0.2.0" / "requirements.lock").read_bytes() == b"lock"


def test_the_next_version_takes_its_place_and_the_one_that_runs_is_none(station: Station) -> None:
    station.publish("0.2.0")
    station.update.look()
    station.publish("0.10.0", {"b.whl": b"b"})
    assert station.update.look() == "0.10.0"
    assert station.ready() == {"0.10.0": {"b.whl"}}
    arrived = StagedUpdate(station.vault, station.folder, "0.10.0", now)
    assert (arrived.look(), station.ready()) == ("", {})


def test_an_update_whose_time_has_ended_is_taken_away(station: Station) -> None:
    station.publish("0.2.0")
    station.update.look()
    station.ahead = 100 * HOUR
    assert (station.update.look(), station.ready()) == ("", {})


def test_looking_again_changes_nothing(station: Station) -> None:
    station.publish("0.2.0")
    station.update.look()
    file = station.folder / UPDATES / "0.2.0" / "requirements.lock"
    before = file.stat().st_mtime_ns
    assert station.update.look() == "0.2.0"
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("version", "running", "newer"),
    [
        ("0.2.0", "0.1.0", True),
        ("0.1.0", "0.1.0", False),
        ("0.1", "0.1.0", False),
        ("0.10.0", "0.9.9", True),
        ("1.0", "0.99.99.99", True),
        ("2.0", "0.1.0.dev3", False),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, running: str, newer: bool) -> None:
    assert Release(version, {"a": ""}).newer_than(running) is newer


@pytest.mark.parametrize("version", ["", "1", "1.2.x", "01.2", "1.2.3.4.5", "../1.2", "1.2\n"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(MalformedRelease):
        release_parts(version, WHEEL)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "release.json", "a b"])
def test_a_file_that_could_land_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(MalformedRelease):
        release_of({**release_parts("1.0", WHEEL), name: b"x"} if name == "a/b" else release_parts("1.0", {name: b"x"}))


def test_a_release_with_another_file_one_more_or_one_less_is_never_installed() -> None:
    parts = release_parts("0.2.0", WHEEL)
    for changed in (
        {**parts, "requirements.lock": b"other"},
        {**parts, "more.whl": b"m"},
        {name: data for name, data in parts.items() if name != "requirements.lock"},
        {"release.json": b"[]"},
        {},
    ):
        with pytest.raises(MalformedRelease):
            CHECKS[PackKind.APPLICATION](changed)
