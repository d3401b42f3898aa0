"""Whole travellers and lessons: what is odd is as told, and the answer key fits."""

from __future__ import annotations

import io
from collections import Counter
from datetime import date

import pytest
from fakes.chip_material import read
from PIL import Image

from inspection_station.documents import mrz
from inspection_station.documents.emrtd.portrait_format import portrait_format
from inspection_station.inspection.chip import CheckResult
from inspection_station.inspection.disposition import Disposition
from inspection_station.training.faults import Fault
from inspection_station.training.passport_issue import PassportFault, issue_passport
from inspection_station.training.personas import PersonaKind, lesson, traveller
from inspection_station.training.personas.face_traits import traits
from inspection_station.training.personas.good_faces import good_faces
from inspection_station.training.personas.listed_faces import LISTED_FACES
from inspection_station.training.personas.stories import Place, stories
from inspection_station.training.specimen_passport import training_authority
from inspection_station.training.virtual_chip import VirtualChip

TODAY = date(2026, 11, 23)
LISTED = {face.seed for face in good_faces()}


def test_a_plain_traveller_is_themselves_and_is_admitted() -> None:
    plain = traveller(5, today=TODAY)
    assert plain.live_face == plain.face_seed
    assert plain.fault is plain.passport_fault is plain.device_fault is None
    assert plain.expected.accepts(Disposition.AD)
    assert not plain.expected.findings
    assert plain == traveller(5, today=TODAY)


def test_the_portrait_is_jpeg_2000_of_about_fifteen_kilobytes() -> None:
    coded = traveller(5, today=TODAY).portrait_jp2
    assert 11_000 <= len(coded) <= 16_000
    assert portrait_format(coded).media_type == "image/jp2"
    assert Image.open(io.BytesIO(coded)).size == (413, 531)


def test_the_film_before_the_camera_has_the_size_asked_for() -> None:
    assert traveller(5, today=TODAY).live(size=(640, 480)).frame(0).shape == (480, 640, 3)


def test_an_impostor_has_another_listed_face_and_must_not_pass() -> None:
    for seed in range(40):
        impostor = traveller(seed, today=TODAY, fault="impostor")
        holder = next(face for face in good_faces() if face.seed == impostor.face_seed)
        assert impostor.live_face in LISTED - {impostor.face_seed}
        assert impostor.live_face in holder.strangers
        assert not impostor.expected.accepts(Disposition.AD)
        assert "BIO-03" in impostor.expected.findings


def test_a_wrong_face_cannot_show_where_no_face_may_be_collected() -> None:
    impostor = traveller(1, kind=PersonaKind.REGISTERED_NATIONAL, today=TODAY, fault="impostor")
    assert "BIO-03" not in impostor.expected.findings
    assert "BIO-05" in impostor.expected.findings


def test_a_twin_has_a_face_of_their_own_that_is_no_seed() -> None:
    twin = traveller(3, today=TODAY, fault="twin")
    assert not isinstance(twin.live_face, int)
    assert hash(twin) == hash(traveller(3, today=TODAY, fault="twin"))


def test_an_expired_document_has_run_out_by_its_own_zone() -> None:
    late = traveller(9, today=TODAY, fault="expired")
    expiry = mrz.parse(late.mrz_lines, today=TODAY).date_of_expiry.as_date()
    assert expiry is not None
    assert expiry < TODAY
    assert late.expected.findings == ("DOC-03",)


def test_every_story_names_a_fault_that_the_passport_office_or_the_devices_know() -> None:
    passports, devices = {f.value for f in PassportFault}, {f.value for f in Fault}
    for story in stories():
        if story.place is Place.PASSPORT:
            assert story.fault in passports
            assert traveller(1, today=TODAY, fault=story.fault).passport_fault == story.fault
        if story.place is Place.DEVICE:
            assert story.fault in devices
            assert traveller(1, today=TODAY, fault=story.fault).device_fault == story.fault
        assert story.endings
        assert story.why
        assert story.why_zh


def test_an_unknown_story_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="impostor"):
        traveller(1, today=TODAY, fault="levitation")


def test_faces_fit_their_persona_by_sex_and_by_being_a_child() -> None:
    for one in lesson(11, 120, TODAY):
        listed = [f.seed for f in LISTED_FACES if one.fault == "listed_face"]
        assert one.face_seed in (listed or [f.seed for f in good_faces()])
        face = traits(one.face_seed)
        assert (face.age < 18) == (one.persona.age(TODAY) < 16)
        if face.age >= 18 and one.persona.sex:
            assert face.sex == one.persona.sex


def test_a_lesson_is_mostly_plain_mixed_in_kind_and_repeatable() -> None:
    first = lesson(2, 200, TODAY)
    assert first == lesson(2, 200, TODAY)
    assert first != lesson(3, 200, TODAY)
    odd = sum(one.fault is not None for one in first)
    assert 0.15 <= odd / len(first) <= 0.4
    kinds = Counter(one.persona.kind for one in first)
    assert kinds[PersonaKind.FOREIGNER] > 80
    assert len(kinds) >= 8
    assert len({one.persona.document_number for one in first}) == 200


def test_a_short_lesson_shows_no_face_twice() -> None:
    shown = [one.face_seed for one in lesson(4, 20, TODAY)]
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("kind", [PersonaKind.REGISTERED_NATIONAL, PersonaKind.FOREIGNER])
def test_a_chip_issued_for_a_traveller_verifies_whichever_state_issued_it(kind: PersonaKind) -> None:
    one = traveller(6, kind=kind, today=TODAY)
    authority = training_authority(TODAY)
    passport = issue_passport(one.mrz_lines, one.portrait_jp2, authority=authority, at=TODAY)
    outcome = read(
        VirtualChip(passport),
        key=passport.access_key,
        trust=authority.trust_store(),
        printed=one.mrz_lines,
        at=TODAY,
    )
    assert outcome.reading.overall is CheckResult.SUCCESSFUL
