"""Missions as packs: what one voyage needs, how much of it is on the station, and in how good a state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_world import HOUR, Publisher, now, updated, vault_in

from inspection_station.desk.installed_missions import InstalledMissions
from inspection_station.desk.installed_packs import CHECKS
from inspection_station.headquarters.packs import PackFault, PackKind, PackLabel
from inspection_station.headquarters.packs_mission import (
    MalformedMission,
    MissionPack,
    Standing,
    is_complete,
    mission_now,
    mission_of,
    mission_parts,
    missions_on,
    needs_of,
)
from inspection_station.headquarters.packs_source import FolderSource
from inspection_station.headquarters.packs_update import update_packs
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.inspection.voyage import Mission


def pack(*labels: PackLabel, name: str = "voyage-118", scenario: str = "pre-clearance") -> MissionPack:
    mission = Mission(name, scenario, "Explorer", "Keelung")
    return MissionPack(mission, "EXPLORER-2026-118", now() - HOUR, now() + 48 * HOUR, labels)


def publish(publisher: Publisher, mission: MissionPack, at: datetime | None = None) -> PackLabel:
    name = mission.mission.mission_id
    return publisher.publish(mission_parts(mission), PackKind.MISSION, name, at=at).label


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "repository")


@pytest.fixture
def vault(tmp_path: Path, publisher: Publisher) -> PackVault:
    return vault_in(tmp_path / "packs", publisher)


def test_a_mission_reads_as_it_was_written(publisher: Publisher) -> None:
    labels = publisher.publish({"a": b"1"}).label, publisher.publish({"r": b"1"}, PackKind.RULES, "rules").label
    mission = pack(*labels)
    assert mission_of(mission_parts(mission)) == mission


def test_a_mission_is_complete_once_everything_it_names_is_installed(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    wanted = publisher.publish({"a": b"1"}).label
    anchors = publisher.publish({"c.cer": b"1"}, PackKind.TRUST_ANCHORS, "anchors").label
    mission = pack(wanted, anchors)
    publish(publisher, mission)
    assert [one.standing for one in needs_of(mission, vault.labels(), now())] == [Standing.MISSING, Standing.MISSING]
    updated(vault, publisher.folder, tmp_path)
    ((label, found),) = missions_on(vault)
    assert (label.name, found) == ("voyage-118", mission)
    assert is_complete(needs_of(found, vault.labels(), now()))


def test_an_older_version_or_one_that_ran_out_is_told_apart(publisher: Publisher) -> None:
    first = publisher.publish({"a": b"1"}).label
    second = publisher.publish({"a": b"2"}).label
    standings = [
        needs_of(pack(second), here, moment)[0].standing
        for here, moment in (
            ([first], now()),
            ([second], now()),
            ([replace(second, version=3)], now()),
            ([second], now() + 100 * HOUR),
            ([], now()),
        )
    ]
    assert standings == [Standing.OLDER, Standing.THERE, Standing.THERE, Standing.NOT_USED, Standing.MISSING]


def test_inspections_belong_to_the_mission_of_their_scenario_that_is_under_way(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    publish(publisher, pack(name="voyage-118"))
    publish(publisher, pack(name="landing-118", scenario="disembarkation"))
    publish(publisher, replace(pack(name="voyage-119"), begins_at=now() + HOUR, ends_at=now() + 2 * HOUR))
    publish(publisher, replace(pack(name="voyage-117"), ends_at=now() - timedelta(minutes=1)))
    updated(vault, publisher.folder, tmp_path)
    named = [
        InstalledMissions(vault, scenario, "unassigned", now).mission_id()
        for scenario in ("pre-clearance", "disembarkation", "quayside")
    ]
    assert named == ["voyage-118", "landing-118", "unassigned"]


def test_of_two_missions_under_way_the_one_issued_last_counts(publisher: Publisher) -> None:
    older = publish(publisher, pack(name="one"), at=now() - HOUR), pack(name="one")
    newer = publish(publisher, pack(name="two")), pack(name="two")
    assert mission_now([newer, older], "pre-clearance", now()) == newer


def test_the_record_names_the_packs_that_may_be_used(publisher: Publisher, vault: PackVault, tmp_path: Path) -> None:
    missions = InstalledMissions(vault, "pre-clearance", "unassigned", now)
    assert missions.versions() == ()
    publisher.publish({"a": b"1"})
    publisher.publish({"a": b"2"})
    publish(publisher, pack())
    publisher.publish({"r": b"1"}, PackKind.RULES, "rules", stale=HOUR, valid=HOUR)
    updated(vault, publisher.folder, tmp_path)
    assert missions.versions() == ("control-list/wanted 2", "mission/voyage-118 1", "rules/rules 1")
    later = InstalledMissions(vault, "pre-clearance", "unassigned", lambda: now() + 2 * HOUR)
    assert later.versions() == ("control-list/wanted 2", "mission/voyage-118 1")


def test_a_mission_that_cannot_be_read_is_not_installed(publisher: Publisher, vault: PackVault, tmp_path: Path) -> None:
    publisher.publish({"mission": b"{}"}, PackKind.MISSION, "torn")
    report = update_packs(vault, FolderSource(publisher.folder), tmp_path, now(), CHECKS)
    assert [refused.fault for _, _, refused in report.refused] == [PackFault.UNUSABLE]


@pytest.mark.parametrize(
    "change",
    [
        {"scenario": "no such"},
        {"direction": "sideways"},
        {"mission_id": ""},
        {"vessel": "x" * 65},
        {"ends_at": "2020-01-01T00:00:00+00:00"},
        {"begins_at": "2020-01-01T00:00:00"},
        {"packs": [1]},
        {"packs": {}},
        {"voyage": 7},
    ],
)
def test_what_says_of_no_mission_what_it_must_is_refused(change: dict[str, object]) -> None:
    import json

    told = json.loads(mission_parts(pack())["mission"])
    with pytest.raises(MalformedMission):
        mission_of({"mission": json.dumps({**told, **change}).encode()})


def test_a_mission_names_a_pack_once_and_no_other_mission(publisher: Publisher) -> None:
    label = publisher.publish({"a": b"1"}).label
    with pytest.raises(MalformedMission):
        pack(label, label)
    with pytest.raises(MalformedMission):
        pack(publish(publisher, pack()))


@given(st.binary(max_size=60))
def test_noise_is_refused_with_a_typed_error(noise: bytes) -> None:
    with pytest.raises(MalformedMission):
        mission_of({"mission": noise})
