"""The list that a lesson at disembarkation begins with, and answer keys that fit the scenario."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from inspection_station.headquarters.packs import PackKind
from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.scenario import SCENARIOS, Demand, Step
from inspection_station.matching.clearance_list import clearance_of, portraits_of, require_clearance
from inspection_station.matching.pictures import decode_picture
from inspection_station.training.personas.drawn_portraits import drawn_portrait
from inspection_station.training.personas.good_faces import good_faces
from inspection_station.training.personas.identity import PersonaKind
from inspection_station.training.personas.listed_faces import LISTED_FACES
from inspection_station.training.personas.stories import Place, stories
from inspection_station.training.personas.traveller import lesson, traveller
from inspection_station.training.voyage_list import VoyageList

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KEY = bytes(range(32))


@pytest.fixture
def voyage(tmp_path: Path) -> VoyageList:
    return VoyageList(tmp_path, KEY, lambda: NOW)


def listed(voyage: VoyageList) -> tuple[dict[str, ClearanceStatus], dict[str, bytes]]:
    [label] = voyage.vault.labels(PackKind.WHITELIST)
    parts = voyage.vault.content(label)
    require_clearance(parts)
    cleared = clearance_of(parts)
    assert cleared.mission == voyage.mission
    return {one.key: one.outcome for one in cleared.documents}, dict(portraits_of(parts))


def test_everybody_announced_is_on_it_as_the_pre_clearance_ended(voyage: VoyageList) -> None:
    told = {
        None: ClearanceStatus.CLEARED,
        "impostor": ClearanceStatus.CLEARED,  # nobody sees a face in a pile of passports
        "wrong_hash": ClearanceStatus.REFERRED,
        "expired": ClearanceStatus.REFUSED,
        "held_aboard": ClearanceStatus.HELD,
        "landed_twice": ClearanceStatus.ALREADY_LANDED,
        "no_chip": ClearanceStatus.CLEARED,
        "not_inspected": None,
    }
    people = [traveller(100 + place, today=TODAY, fault=fault) for place, fault in enumerate(told)]
    voyage.announce(people)
    outcomes, portraits = listed(voyage)
    for who, outcome in zip(people, told.values(), strict=True):
        assert outcomes.get(who.persona.document_number) is outcome, who.fault
        has = f"{who.persona.issuing_state}:{who.persona.document_number}" in portraits
        assert has is (outcome is not None and who.fault != "no_chip")


def test_of_those_whom_article_91_excludes_it_holds_no_portrait(voyage: VoyageList) -> None:
    people = [traveller(5, kind=kind, today=TODAY) for kind in (PersonaKind.REGISTERED_NATIONAL, PersonaKind.MINOR)]
    voyage.announce(people)
    outcomes, portraits = listed(voyage)
    assert set(outcomes.values()) == {ClearanceStatus.CLEARED}
    assert portraits == {}


def test_whoever_is_announced_later_comes_upon_the_next_version(voyage: VoyageList) -> None:
    people = lesson(3, 4, TODAY)
    voyage.announce(people[:2])
    voyage.announce(people)
    voyage.announce(people)
    assert all(voyage.knows(who) for who in people)
    assert len(listed(voyage)[0]) == 4
    assert voyage.vault.labels()[0].version == 2


def test_no_two_lessons_are_one_voyage(tmp_path: Path) -> None:
    assert VoyageList(tmp_path, KEY, lambda: NOW).mission != VoyageList(tmp_path, KEY, lambda: NOW).mission


def test_every_listed_face_has_a_portrait_that_opens() -> None:
    for seed in {face.seed for face in good_faces()} | {face.seed for face in LISTED_FACES}:
        picture = drawn_portrait(seed)
        assert picture is not None, seed
        assert len(picture) < 10_000
    assert decode_picture(picture).shape == (531, 413, 3)
    assert drawn_portrait(-1) is None


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("fault", [None, *(story.fault for story in stories())])
def test_an_answer_key_names_endings_that_the_scenario_has(scenario: str, fault: str | None) -> None:
    key = traveller(7, today=TODAY, fault=fault).expected_in(scenario)
    row = SCENARIOS[scenario]
    assert key.endings
    assert set(key.endings) <= set(row.dispositions)
    passing = next(one for one in row.dispositions if one.lets_pass)
    if fault is None:
        assert key.endings[0] is passing
    done = {code.split("-")[0] for code in key.findings}
    if row.demand(Step.CLEARANCE) is Demand.NOT_DONE:
        assert "PRE" not in done
    if row.demand(Step.CHIP) is Demand.NOT_DONE:
        assert "CHP" not in done


def test_what_cannot_be_seen_in_a_pile_of_passports_is_nobodys_fault() -> None:
    for fault in ("impostor", "twin", "no_face", "camera_lost"):
        assert traveller(7, today=TODAY, fault=fault).expected_in("pre-clearance").endings == (Disposition.PC,)


def test_stories_of_landing_show_nothing_anywhere_else() -> None:
    for story in stories():
        if story.place is Place.CLEARANCE:
            who = traveller(7, today=TODAY, fault=story.fault)
            assert who.expected.endings == (Disposition.AD,)
            assert who.expected_in("disembarkation").findings == story.findings
