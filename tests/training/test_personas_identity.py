"""Who the training travellers are, through the station's own reading of their zones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.documents import mrz
from inspection_station.documents.taiwan_ids import holds_national_id
from inspection_station.inspection.document import DocumentFormat
from inspection_station.inspection.person_class import ClassEvidence, PersonClass, collection, propose
from inspection_station.training.personas import PersonaKind, persona

TODAY = date(2026, 11, 23)
seeds = st.integers(0, 10**12)
kinds = st.sampled_from(list(PersonaKind))


@settings(max_examples=150, deadline=None)
@given(seeds, kinds)
def test_every_zone_is_valid_and_says_what_the_persona_says(seed: int, kind: PersonaKind) -> None:
    who = persona(seed, kind=kind, today=TODAY)
    zone = mrz.parse(who.mrz_lines, today=TODAY)
    assert zone.valid
    assert not zone.unknown_codes
    assert zone.document_number == who.document_number
    assert zone.nationality == who.nationality
    assert zone.date_of_birth.as_date() == who.date_of_birth
    assert zone.date_of_expiry.as_date() == who.date_of_expiry
    assert zone.sex == who.sex


@settings(max_examples=100, deadline=None)
@given(seeds, kinds)
def test_the_law_sees_the_class_the_persona_was_made_for(seed: int, kind: PersonaKind) -> None:
    who = persona(seed, kind=kind, today=TODAY)
    zone = mrz.parse(who.mrz_lines, today=TODAY)
    assert propose(ClassEvidence.of(zone, holds_national_id(zone))) is who.person_class


def test_the_same_seed_is_the_same_person_and_another_seed_is_not() -> None:
    assert persona(7, today=TODAY) == persona(7, today=TODAY)
    assert persona(7, today=TODAY).mrz_lines != persona(8, today=TODAY).mrz_lines


def test_a_registered_national_is_never_collected_and_an_unregistered_one_waits_for_the_officer() -> None:
    for kind, allowed in (
        (PersonaKind.REGISTERED_NATIONAL, False),
        (PersonaKind.NATIONAL_WITHOUT_REGISTRATION, None),
        (PersonaKind.MINOR, False),
        (PersonaKind.DIPLOMAT, None),
        (PersonaKind.MAINLAND, True),
    ):
        zone = mrz.parse(persona(3, kind=kind, today=TODAY).mrz_lines, today=TODAY)
        assert collection(ClassEvidence.of(zone, holds_national_id(zone)), TODAY).allowed is allowed, kind


def test_minors_are_under_fourteen_and_grown_travellers_are_not() -> None:
    assert all(persona(s, kind=PersonaKind.MINOR, today=TODAY).age(TODAY) < 14 for s in range(300))
    assert all(persona(s, today=TODAY).age(TODAY) >= 18 for s in range(300))


def test_diplomats_carry_a_diplomatic_passport() -> None:
    assert persona(1, kind=PersonaKind.DIPLOMAT, today=TODAY).mrz_lines[0].startswith("PDUTO")


def test_hong_kong_and_macao_stand_in_the_zone_by_their_own_codes() -> None:
    codes = {persona(1, kind=k, today=TODAY).mrz_lines[1][10:13] for k in (PersonaKind.HONG_KONG, PersonaKind.MACAO)}
    assert codes == {"HKG", "MAC"}
    assert persona(1, kind=PersonaKind.HONG_KONG, today=TODAY).person_class is PersonClass.HONG_KONG_MACAO


def test_documents_are_in_force_unless_asked_to_have_run_out() -> None:
    for seed in range(200):
        fresh = persona(seed, today=TODAY)
        assert fresh.date_of_issue < TODAY < fresh.date_of_expiry - timedelta(days=180)
        assert persona(seed, today=TODAY, expired=True).date_of_expiry < TODAY


def test_among_many_there_are_single_names_cut_names_and_marked_letters() -> None:
    people = [persona(s, today=TODAY) for s in range(400)]
    zones = [mrz.parse(p.mrz_lines, today=TODAY) for p in people]
    assert any(not z.name.secondary for z in zones)
    assert any(z.name.truncated for z in zones)
    assert any(not p.name.primary.isascii() for p in people)
    assert len({p.name for p in people}) > 350


def test_document_numbers_of_two_thousand_travellers_all_differ() -> None:
    numbers = {persona(s, today=TODAY).document_number for s in range(2000)}
    assert len(numbers) == 2000


@pytest.mark.parametrize("layout", [DocumentFormat.TD1, DocumentFormat.TD2])
def test_cards_have_zones_of_their_own_layout(layout: DocumentFormat) -> None:
    zone = mrz.parse(persona(5, today=TODAY, format=layout).mrz_lines, today=TODAY)
    assert zone.format is layout
    assert zone.valid


def test_the_zone_spelling_of_a_name_has_letters_and_single_spaces_only() -> None:
    for seed in range(200):
        name = persona(seed, today=TODAY).name
        for part in (name.primary_zone, name.secondary_zone):
            assert set(part) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
            assert "  " not in part
