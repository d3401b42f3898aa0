"""Permits and manifests in use: who needs a permit and has none is seen, and what nobody looked at is never «none»."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from pack_world import HOUR, Publisher, now, updated, vault_in

from inspection_station.desk.desk_settings import TAIPEI
from inspection_station.desk.installed_packs import CHECKS
from inspection_station.desk.installed_papers import InstalledPapers
from inspection_station.desk.list_search import ListSearch
from inspection_station.documents.mrz import parse
from inspection_station.headquarters.packs import PackKind, PackLabel
from inspection_station.headquarters.packs_mission import MissionPack
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.inspection.document import MachineReadableZone
from inspection_station.inspection.papers import Announced, ManifestAnswer, PermitAnswer, PermitStatus
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.voyage import Mission
from inspection_station.matching.manifest import manifest_parts
from inspection_station.matching.permits import load_permits, permit_parts, permits_of, require_permits, require_rules
from inspection_station.matching.watchlist_lists import MalformedList

SPECIMEN = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F3204159ZE184226B<<<<<10"
HER = {
    "documents": [{"number": "L898902C3", "issuing_state": "UTO"}],
    "names": [{"primary": "ERIKSSON", "secondary": "ANNA MARIA"}],
    "born": ["1974-08-12"],
}
VISAS = b'version = "1"\n[[needed]]\nclasses = ["foreigner"]\nnationalities = ["UTO"]\n'


def zone(nationality: str = "CHN", **changes: Any) -> MachineReadableZone:
    return replace(parse(SPECIMEN, today=date(2026, 11, 23)), nationality=nationality, **changes)


def permits(*rows: dict[str, Any]) -> dict[str, bytes]:
    issued = now() - HOUR
    head = {"version": "1", "issued_at": issued.isoformat(), "stale_after": (issued + 90 * HOUR).isoformat()}
    return permit_parts(json.dumps({"permits": {**head, "entries": list(rows)}}))


def permit(number: str = "113000012345", first: int = -10, last: int = 10, **more: Any) -> dict[str, Any]:
    today = now().astimezone(TAIPEI).date()
    days = {name: (today + timedelta(days=n)).isoformat() for name, n in (("valid_from", first), ("valid_until", last))}
    return {"entry_id": number, "kind": "entry permit", **days, **HER, **more}


def manifest(voyage: str, *rows: dict[str, Any]) -> dict[str, bytes]:
    issued = now() - HOUR
    head = {
        "voyage": voyage,
        "version": "2",
        "issued_at": issued.isoformat(),
        "stale_after": (issued + 90 * HOUR).isoformat(),
    }
    return manifest_parts(json.dumps({"manifest": {**head, "travellers": list(rows)}}))


class Desk:
    """A station's vault beside a publisher, and what its lists answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.publisher = Publisher(folder / "repository")
        self.vault: PackVault = vault_in(folder / "packs", self.publisher)
        self.mission: MissionPack | None = None
        self.papers = InstalledPapers(ListSearch(), self.vault, lambda: self.mission)

    def install(self, kind: PackKind, content: dict[str, bytes], name: str = "one", **dates: Any) -> None:
        self.publisher.publish(content, kind, name, **dates)
        updated(self.vault, self.publisher.folder, self.folder)

    def permit(self, asked: MachineReadableZone | None = None, after: timedelta = timedelta(0)) -> PermitAnswer:
        found = self.papers.search(asked or zone(), now() + after).permit
        assert found is not None
        return found

    def listed(
        self, asked: MachineReadableZone | None = None, after: timedelta = timedelta(0)
    ) -> ManifestAnswer | None:
        return self.papers.search(asked or zone(), now() + after).manifest

    def under_way(self, voyage: str, *packs: PackLabel) -> None:
        mission = Mission("m-1", "pre-clearance", "Explorer", "Keelung", "entry")
        self.mission = MissionPack(mission, voyage, now() - HOUR, now() + 40 * HOUR, packs)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_who_has_a_permit_is_found_by_the_documents_number(desk: Desk) -> None:
    desk.install(PackKind.PERMITS, permits(permit()))
    answer = desk.permit()
    assert (answer.status, answer.number, answer.differing) == (PermitStatus.VALID, "113000012345", ())
    assert answer.version == "one 1"
    assert answer.needed_by == (PersonClass.MAINLAND, PersonClass.HONG_KONG_MACAO)


def test_nobody_is_without_a_permit_before_a_list_was_there(desk: Desk) -> None:
    assert desk.permit().status is PermitStatus.NOT_CHECKED


def test_who_is_on_no_list_has_none(desk: Desk) -> None:
    desk.install(PackKind.PERMITS, permits())
    assert desk.permit().status is PermitStatus.NONE


def test_a_list_that_ran_out_says_nothing_of_anybody(desk: Desk) -> None:
    desk.install(PackKind.PERMITS, permits(permit()), stale=HOUR, valid=2 * HOUR)
    assert desk.permit(after=HOUR * 1.5).stale
    gone = desk.permit(after=3 * HOUR)
    assert (gone.status, gone.number) == (PermitStatus.NOT_CHECKED, "")


def test_nobody_is_without_a_permit_while_one_of_two_lists_cannot_be_used(desk: Desk) -> None:
    desk.install(PackKind.PERMITS, permits(), "visas", valid=48 * HOUR)
    desk.install(PackKind.PERMITS, permits(), "mainland", stale=HOUR, valid=2 * HOUR)
    assert desk.permit().status is PermitStatus.NONE
    assert desk.permit(after=3 * HOUR).status is PermitStatus.NOT_CHECKED


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"first": -10, "last": 0}, PermitStatus.VALID),
        ({"first": 0, "last": 10}, PermitStatus.VALID),
        ({"first": -10, "last": -1}, PermitStatus.EXPIRED),
        ({"first": 1, "last": 10}, PermitStatus.NOT_YET),
        ({"state": "used"}, PermitStatus.USED),
        ({"state": "cancelled"}, PermitStatus.CANCELLED),
    ],
)
def test_a_permit_is_good_on_its_days_and_while_nobody_took_it_back(
    desk: Desk, changes: dict[str, Any], status: PermitStatus
) -> None:
    desk.install(PackKind.PERMITS, permits(permit(**changes)))
    assert desk.permit().status is status


def test_of_several_permits_the_one_that_is_good_counts(desk: Desk) -> None:
    old = permit("1", first=-90, last=-30)
    desk.install(PackKind.PERMITS, permits(old, permit("2"), permit("3", state="cancelled")))
    assert (desk.permit().status, desk.permit().number) == (PermitStatus.VALID, "2")


def test_a_permit_for_the_passport_before_is_found_and_told_to_differ(desk: Desk) -> None:
    desk.install(PackKind.PERMITS, permits(permit(documents=[{"number": "K111111", "issuing_state": "UTO"}])))
    answer = desk.permit()
    assert (answer.status, answer.differing) == (PermitStatus.VALID, ("document_number",))


def test_somebody_elses_permit_is_nobodys(desk: Desk) -> None:
    other = permit(documents=[{"number": "K111111", "issuing_state": "UTO"}], born=["1980-01-01"])
    desk.install(PackKind.PERMITS, permits(other))
    assert desk.permit().status is PermitStatus.NONE


def test_a_permit_of_another_persons_number_is_told_to_differ(desk: Desk) -> None:
    desk.install(PackKind.PERMITS, permits(permit(born=["1980-01-01"], names=[{"primary": "OTHER"}])))
    assert set(desk.permit().differing) == {"name", "date_of_birth"}


def test_rules_of_headquarters_say_who_needs_one(desk: Desk) -> None:
    assert PersonClass.FOREIGNER not in desk.permit(zone("UTO")).needed_by
    desk.install(PackKind.RULES, {"permits.toml": VISAS})
    assert desk.permit(zone("UTO")).needed_by == (PersonClass.FOREIGNER,)
    assert desk.permit(zone("JPN")).needed_by == ()


def test_rules_that_ran_out_spare_nobody(desk: Desk) -> None:
    desk.install(PackKind.RULES, {"permits.toml": VISAS}, stale=HOUR, valid=2 * HOUR)
    assert desk.permit(zone("CHN")).needed_by == ()  # the rules in force do not name them
    assert desk.permit(zone("CHN"), 3 * HOUR).needed_by == (PersonClass.MAINLAND, PersonClass.HONG_KONG_MACAO)
    assert PersonClass.FOREIGNER in desk.permit(zone("UTO"), 3 * HOUR).needed_by


def test_a_list_or_rules_that_cannot_be_read_never_take_the_place_of_those_that_can(desk: Desk) -> None:
    desk.install(PackKind.PERMITS, permits(permit()))
    for kind, content in ((PackKind.PERMITS, {"head": b"{"}), (PackKind.RULES, {"other.toml": b""})):
        with pytest.raises(MalformedList):
            CHECKS[kind](content)
    assert desk.permit().status is PermitStatus.VALID


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "lent"},
        {"valid_from": "soon"},
        {"valid_from": "2027-01-01", "valid_until": "2026-01-01"},
        {"kind": ""},
        {"kind": 7},
        {"documents": [], "names": [], "born": []},
        {"unknown": 1},
    ],
)
def test_a_permit_that_does_not_say_what_it_must_is_refused_without_its_holder(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedList) as refused:
        permits(permit(**changes))
    assert "ERIKSSON" not in str(refused.value)
    assert "L898902C3" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[permits]", "permits = 1", '{"permits": {"entries": 1}}', "[" * 5000])
def test_text_that_is_no_list_of_permits_is_refused(text: str) -> None:
    with pytest.raises(MalformedList):
        load_permits(text)


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff", b"version = 1\nneeded = []", b'version = "1"\n[[needed]]\nclasses = ["king"]', b"needed = [1]"],
)
def test_rules_that_say_nothing_a_station_understands_are_refused(text: bytes) -> None:
    with pytest.raises(MalformedList):
        require_rules({"permits.toml": text})


def test_permits_taken_apart_are_the_same_put_together() -> None:
    parts = permits(permit(), permit("2", state="used"))
    require_permits(parts)
    assert len(parts) == 3
    assert set(permits_of(parts).terms) == {"113000012345", "2"}


def test_who_was_announced_is_found_with_the_outcome_of_the_pre_check(desk: Desk) -> None:
    assert desk.listed() is None
    desk.install(PackKind.MANIFEST, manifest("EXPLORER-118", {"entry_id": "1", "pre_check": "refer", **HER}))
    found = desk.listed()
    assert found is not None
    assert (found.status, found.voyage, found.pre_check, found.differing) == (
        Announced.YES,
        "EXPLORER-118",
        "refer",
        (),
    )


def test_a_number_that_the_ship_mistyped_is_told_and_does_not_make_somebody_unannounced(desk: Desk) -> None:
    mistyped = {**HER, "documents": [{"number": "L898902CE", "issuing_state": "UTO"}]}
    desk.install(PackKind.MANIFEST, manifest("EXPLORER-118", {"entry_id": "1", "pre_check": "clear", **mistyped}))
    found = desk.listed()
    assert found is not None
    assert (found.status, found.differing) == (Announced.YES, ("document_number",))


def test_who_is_not_on_the_manifest_of_the_voyage_is_not_announced_by_another_voyages(desk: Desk) -> None:
    desk.install(PackKind.MANIFEST, manifest("EXPLORER-117", {"entry_id": "1", "pre_check": "clear", **HER}), "before")
    desk.install(PackKind.MANIFEST, manifest("EXPLORER-118"), "now")
    desk.under_way("EXPLORER-118")
    found = desk.listed()
    assert found is not None
    assert (found.status, found.version) == (Announced.NO, "now 1")


def test_a_manifest_that_the_mission_names_and_that_is_not_here_is_not_checked(desk: Desk) -> None:
    desk.install(PackKind.MANIFEST, manifest("EXPLORER-118"), valid=25 * HOUR)
    (label,) = desk.vault.labels(PackKind.MANIFEST)
    desk.under_way("EXPLORER-118", label)
    assert (desk.listed() or answered()).status is Announced.NO
    assert (desk.listed(after=30 * HOUR) or answered()).status is Announced.NOT_CHECKED
    desk.under_way("OTHER-1", label)
    assert (desk.listed() or answered()).status is Announced.NOT_CHECKED
    desk.under_way("OTHER-1")
    assert desk.listed() is None


def answered() -> ManifestAnswer:
    raise AssertionError("nobody asked the manifest")
