"""The voyage's list on the station: a whitelist, the station's own records, and never a wrong green."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))

from desk_bench import BenchClock
from pack_world import HOUR, STORE_KEY, Publisher, now, updated, vault_in
from store_stories import decided, picture, record

from inspection_station.desk.clearance_lists import ClearanceLists, names_of_voyage
from inspection_station.desk.ports import StepFault
from inspection_station.headquarters.packs import PackKind
from inspection_station.headquarters.packs_mission import MissionPack, mission_parts
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.inspection.clearance import ClearanceResult, ClearanceStatus
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.voyage import Mission
from inspection_station.matching.clearance_list import ClearanceList, ClearedDocument, clearance_parts
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

VOYAGE = "explorer-118"
NUMBER, STATE = "L898902C3", "UTO"  # of the records of ``store_stories``
KEY = bytes(range(32, 64))


class Landing:
    """A station at the quay: its store, its packs, and what it says of a document."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        mark_training_folder(folder / "store")
        keys = TrainingFolderKeys(folder / "store")
        self.store = StationStore.open(folder / "store", keys, station_id="B-1", clock=BenchClock())
        self.publisher = Publisher(folder / "repository")
        self.vault = vault_in(folder / "packs", self.publisher)
        self.names = frozenset({VOYAGE})
        self.lists = self.opened()

    def opened(self, vault: PackVault | None = None) -> ClearanceLists:
        return ClearanceLists(vault or self.vault, self.store, lambda: self.names, self.folder / "faces", KEY)

    def publish(
        self,
        outcome: ClearanceStatus = ClearanceStatus.CLEARED,
        *,
        number: str = NUMBER,
        mission: str = VOYAGE,
        at: datetime | None = None,
        inspection_id: str = "hq-1",
    ) -> None:
        """A whitelist of one document, with a portrait, installed."""
        document = ClearedDocument(number, STATE, outcome, inspection_id, at or now() - HOUR)
        cleared = ClearanceList(mission, "1", now(), (document,))
        parts = clearance_parts(cleared, [(document.identifier, b"a portrait")])
        self.publisher.publish(parts, PackKind.WHITELIST, "explorer-118")
        updated(self.vault, self.publisher.folder, self.folder)

    def seal(
        self,
        inspection_id: str,
        disposition: Disposition,
        scenario: str = "pre-clearance",
        *,
        mission: str = VOYAGE,
        at: datetime | None = None,
        supersedes: str | None = None,
    ) -> None:
        shown, data = picture(inspection_id)
        made = record(
            inspection_id,
            disposition=disposition,
            decided_at=(at or datetime.now(UTC)).isoformat(),
            pictures=(("portrait", shown),),
            supersedes=supersedes,
        )
        made = replace(made, scenario=scenario, mission_id=mission)
        self.store.seal(made, {shown.sha256: data}, decided(disposition)).result(60)

    def says(self, number: str = NUMBER, *, at: datetime | None = None) -> ClearanceResult:
        return self.lists.check(number, STATE, at or now(), with_portrait=False).result

    def refuses(self, number: str = NUMBER, *, at: datetime | None = None) -> str:
        with pytest.raises(StepFault) as fault:
            self.says(number, at=at)
        return fault.value.code


@pytest.fixture
def landing(tmp_path: Path) -> Iterator[Landing]:
    opened = Landing(tmp_path)
    yield opened
    opened.store.close()


def test_without_any_list_number_or_voyage_nothing_is_said(landing: Landing) -> None:
    assert landing.refuses() == "PRE-04"
    assert landing.refuses("<<<") == "PRE-03"
    landing.publish()
    landing.names = frozenset()
    assert landing.refuses() == "PRE-04"


def test_the_whitelist_of_the_voyage_answers_by_document_number_with_the_portrait(landing: Landing) -> None:
    landing.publish()
    found = landing.says("L898902C<3")
    assert (found.status, found.list_version, found.inspection_id) == (
        ClearanceStatus.CLEARED,
        "explorer-118 1",
        "hq-1",
    )
    assert landing.says("X0000000").status is ClearanceStatus.NOT_ON_LIST
    assert landing.lists.check(NUMBER, STATE, now(), with_portrait=True).portrait == b"a portrait"
    assert landing.lists.check(NUMBER, STATE, now(), with_portrait=False).portrait is None
    assert landing.lists.check(NUMBER, "JPN", now(), with_portrait=True).result.status is ClearanceStatus.NOT_ON_LIST


def test_portraits_lie_sealed_on_the_disk_and_of_the_newest_version_alone(landing: Landing) -> None:
    landing.publish()
    landing.says()
    landing.publish(ClearanceStatus.HELD)
    assert landing.says().status is ClearanceStatus.HELD
    files = [path for path in (landing.folder / "faces").rglob("*") if path.is_file()]
    assert len(files) == 1
    assert b"a portrait" not in files[0].read_bytes()
    assert landing.lists.check(NUMBER, STATE, now(), with_portrait=True).portrait == b"a portrait"


def test_another_voyages_list_says_nothing_of_this_one(landing: Landing) -> None:
    landing.publish(mission="explorer-117")
    assert landing.refuses() == "PRE-04"


def test_a_list_grows_old_then_is_not_used_but_still_stops_whom_it_stopped(landing: Landing) -> None:
    landing.publish()
    assert not landing.says().stale
    assert landing.says(at=now() + 25 * HOUR).stale
    assert landing.refuses(at=now() + 73 * HOUR) == "PRE-05"
    landing.publish(ClearanceStatus.REFUSED)
    assert landing.says(at=now() + 73 * HOUR).status is ClearanceStatus.REFUSED


def test_a_damaged_list_clears_nobody_not_even_by_the_stations_own_records(landing: Landing) -> None:
    landing.seal("i-1", Disposition.PC)
    landing.publish()
    assert landing.says().status is ClearanceStatus.CLEARED
    [pack] = landing.vault.state().packs.values()
    (landing.vault.folder / pack.file).write_bytes(b"torn")
    landing.lists = landing.opened(PackVault(landing.vault.folder, STORE_KEY))
    assert landing.refuses() == "PRE-05"


@pytest.mark.parametrize(
    ("disposition", "status"),
    [
        (Disposition.PC, ClearanceStatus.CLEARED),
        (Disposition.RF, ClearanceStatus.REFERRED),
        (Disposition.HD, ClearanceStatus.HELD),
        (Disposition.RE, ClearanceStatus.REFUSED),
    ],
)
def test_the_stations_own_pre_clearance_is_a_list_too(
    landing: Landing, disposition: Disposition, status: ClearanceStatus
) -> None:
    landing.seal("i-1", disposition)
    found = landing.says()
    assert (found.status, found.inspection_id, found.list_version) == (status, "i-1", "this station")
    answer = landing.lists.check(NUMBER, STATE, now(), with_portrait=True)
    assert answer.portrait == picture("i-1")[1]


def test_of_two_decisions_the_later_counts_and_of_two_about_one_the_stricter(landing: Landing) -> None:
    early, late = now() - 3 * HOUR, now() - HOUR
    landing.seal("i-1", Disposition.RF, at=early)
    assert landing.says().status is ClearanceStatus.REFERRED
    landing.seal("i-2", Disposition.PC, at=late)
    assert landing.says().status is ClearanceStatus.CLEARED
    landing.publish(ClearanceStatus.CLEARED, at=early)
    assert landing.says().inspection_id == "i-2"
    landing.publish(ClearanceStatus.HELD, at=late, inspection_id="i-2")  # a late hit on what was cleared
    assert landing.says().status is ClearanceStatus.HELD


def test_own_records_of_other_missions_and_scenarios_clear_nobody(landing: Landing) -> None:
    landing.seal("i-1", Disposition.PC, mission="explorer-117")
    landing.seal("i-2", Disposition.AD, "quayside")
    assert landing.refuses() == "PRE-04"


def test_an_own_clearance_stands_for_two_days(landing: Landing) -> None:
    landing.seal("i-1", Disposition.PC, at=now() - 49 * HOUR)
    assert landing.refuses() == "PRE-05"
    landing.seal("i-2", Disposition.PC)
    assert landing.says().status is ClearanceStatus.CLEARED


def test_who_has_landed_does_not_land_again_until_back_on_board(landing: Landing) -> None:
    landing.publish()
    landing.seal("i-1", Disposition.LN, "disembarkation")
    found = landing.says()
    assert (found.status, found.inspection_id) == (ClearanceStatus.ALREADY_LANDED, "i-1")
    landing.seal("i-2", Disposition.RB, "disembarkation")
    assert landing.says().status is ClearanceStatus.CLEARED


def test_a_decision_that_was_taken_back_does_not_count(landing: Landing) -> None:
    landing.seal("i-1", Disposition.PC)
    landing.seal("i-2", Disposition.LN, "disembarkation")
    assert landing.says().status is ClearanceStatus.ALREADY_LANDED
    landing.seal("i-3", Disposition.VD, "disembarkation", supersedes="i-2")
    assert landing.says().status is ClearanceStatus.CLEARED
    landing.seal("i-4", Disposition.VD, supersedes="i-1")
    assert landing.refuses() == "PRE-04"


def test_the_voyage_under_way_is_known_by_its_missions(landing: Landing) -> None:
    assert names_of_voyage(landing.vault, "disembarkation", now()) == frozenset()
    for mission_id, scenario in (("pre-118", "pre-clearance"), ("land-118", "disembarkation")):
        mission = Mission(mission_id, scenario)
        pack = MissionPack(mission, "explorer-118", now() - HOUR, now() + timedelta(days=2), ())
        landing.publisher.publish(mission_parts(pack), PackKind.MISSION, mission_id)
    updated(landing.vault, landing.publisher.folder, landing.folder)
    names = names_of_voyage(landing.vault, "disembarkation", now())
    assert names == {"explorer-118", "pre-118", "land-118"}
    assert names_of_voyage(landing.vault, "disembarkation", now() + timedelta(days=3)) == frozenset()
