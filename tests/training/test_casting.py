"""Lessons by name: stories, chips and places in the queue; list hits and chips are as their seeds say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from inspection_station.documents import mrz
from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.watchlist_search import WatchlistSearch
from inspection_station.training.casting import Part, cast, part
from inspection_station.training.control_lists import training_lists
from inspection_station.training.passport_issue import AccessOffer, PassportFault
from inspection_station.training.personas.chip_habits import profiles_in_use
from inspection_station.training.personas.identity import PersonaKind, persona
from inspection_station.training.personas.listed import LISTED, Listing, listed_people
from inspection_station.training.personas.stories import Place, stories
from inspection_station.training.personas.traveller import lesson, traveller
from inspection_station.training.virtual_chip import PROFILES

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def hits(of_seed: int, fault: str | None):
    zone = mrz.parse(traveller(of_seed, today=TODAY, fault=fault).mrz_lines, today=TODAY)
    return WatchlistSearch(training_lists(NOW)).search(zone, NOW).hits


def test_a_part_names_a_story_a_chip_or_both_and_a_place() -> None:
    assert part("no_face") == Part("no_face")
    assert part("no_face@2") == Part("no_face", None, 2)
    assert part("pace-cam") == Part(None, "pace-cam")
    assert part("clone:aa-rsa@10") == Part("clone", "aa-rsa", 10)


@pytest.mark.parametrize(
    "written", ["", "levitation", "no_face@0", "no_face@", "clone:nothing", "bac-2008:clone", "a@b"]
)
def test_what_is_no_part_is_refused_with_what_there_is(written: str) -> None:
    with pytest.raises(ValueError, match=r"impostor.*pace-cam"):
        part(written)


def test_every_fault_and_every_profile_of_the_virtual_passport_can_be_asked_for() -> None:
    for name in (*(fault.value for fault in PassportFault), *PROFILES):
        asked = part(name)
        assert name in (asked.story, asked.chip)


def test_placed_parts_come_at_their_place_and_everybody_else_is_ordinary() -> None:
    people = cast(5, 4, [part("no_face@2"), part("clone:aa-rsa@4")], TODAY)
    assert [one.fault for one in people] == [None, "no_face", None, "clone"]
    assert people[3].chip == "aa-rsa"
    assert people == cast(5, 4, [part("no_face@2"), part("clone:aa-rsa@4")], TODAY)


def test_parts_without_a_place_come_in_turn_around_the_placed_ones() -> None:
    people = cast(5, 5, [part("impostor"), part("expired"), part("dark@2")], TODAY)
    assert [one.fault for one in people] == ["impostor", "dark", "expired", "impostor", "expired"]


def test_without_parts_it_is_a_mixed_lesson() -> None:
    assert cast(3, 10, [], TODAY) == lesson(3, 10, TODAY)


def test_chips_follow_the_state_and_the_year_and_all_kinds_occur() -> None:
    people = lesson(2, 300, TODAY)
    for one in people:
        assert PROFILES[one.chip].since <= one.persona.date_of_issue.year
    met = Counter(one.chip for one in people)
    assert set(met) == profiles_in_use()
    access = Counter(PROFILES[name].access for name in met.elements())
    assert min(access[AccessOffer.BAC], access[AccessOffer.BOTH]) > 60
    assert access[AccessOffer.PACE] > 0
    own = [one for one in people if one.persona.kind is PersonaKind.REGISTERED_NATIONAL]
    assert {PROFILES[one.chip].access for one in own} <= {AccessOffer.BOTH, AccessOffer.PACE}


def test_even_a_lesson_of_twenty_shows_several_ways_of_opening_and_proving_a_chip() -> None:
    for seed in range(5):
        chips = [PROFILES[one.chip] for one in lesson(seed, 20, TODAY)]
        assert any(chip.access is AccessOffer.BAC for chip in chips)
        assert any(chip.access is not AccessOffer.BAC for chip in chips)
        assert any(chip.signer for chip in chips)
        assert any(chip.agreement for chip in chips)
        assert any(not chip.limits.extended for chip in chips)


def test_a_chip_asked_for_by_name_is_the_one_that_comes() -> None:
    assert traveller(5, today=TODAY, chip="pace-only").chip == "pace-only"
    with pytest.raises(ValueError, match="pace-only"):
        traveller(5, today=TODAY, chip="levitation")


@pytest.mark.parametrize("seed", range(LISTED))
def test_a_wanted_traveller_is_hit_in_everything_that_is_known(seed: int) -> None:
    [hit] = hits(seed, "wanted")
    assert hit.kind is ListKind.WANTED
    assert {"name", "date_of_birth", "nationality", "sex"} <= set(hit.matching)
    assert hit.differing == ()


@pytest.mark.parametrize("seed", range(LISTED))
def test_a_lost_document_is_hit_by_its_number(seed: int) -> None:
    [hit] = hits(seed, "lost_document")
    assert hit.kind is ListKind.LOST_DOCUMENT
    assert "document_number" in hit.matching


@pytest.mark.parametrize("seed", range(LISTED))
def test_a_namesake_is_hit_and_two_identifiers_speak_against_it(seed: int) -> None:
    [hit] = hits(seed, "namesake")
    assert {"name", "date_of_birth_partly"} == set(hit.matching)
    assert {"nationality", "sex"} == set(hit.differing)


def test_ordinary_travellers_are_not_hit() -> None:
    assert [seed for seed in range(60) if hits(seed, None)] == []


def test_the_listed_are_the_same_people_on_any_day_and_meet_nobody_twice_in_a_lesson() -> None:
    later = date(2027, 3, 1)
    for listing in Listing:
        before, after = listed_people(listing, TODAY), listed_people(listing, later)
        assert [who.name for who in before] == [who.name for who in after]
        assert all(who.date_of_expiry > TODAY for who in before)
    assert persona(8_000_000, today=TODAY).name == persona(8_000_000, today=later).name
    told = {story.fault for story in stories() if story.place is Place.LIST}
    assert told == {listing.value for listing in Listing}
    assert told <= {one.fault for one in lesson(2, 400, TODAY)}
