"""Every adapter against its played system over HTTP, and both against the recorded contracts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import jsonschema_rs
import numpy as np
import pytest
import requests
from agency_world import PlayedAgencies, about_document, about_face, about_person, lost, new_id, today, wanted

from inspection_station.gateway.agencies.biometrics import ForeignerBiometricsHttp
from inspection_station.gateway.agencies.documents import LostDocumentsHttp
from inspection_station.gateway.agencies.entry_exit import EntryExitHttp
from inspection_station.gateway.agencies.identity import EmergencyIdentityHttp, IdentityConfirmationHttp
from inspection_station.gateway.agencies.ports import CannotSay, Denied, NoAnswer, PictureUp, RecordUp, WrongAnswer
from inspection_station.gateway.agencies.webapis import WebApisHttp
from inspection_station.headquarters.questions import SAME_DOCUMENT, AgencySystem, Face, Question, Topic
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.fingerprint.extraction import extract
from inspection_station.matching.fingerprint.finger_pictures import png_with_dpi
from inspection_station.matching.fingerprint.template_record import template_bytes
from inspection_station.matching.manifest import PreCheck
from inspection_station.matching.pictures import decode_picture
from inspection_station.training.personas.fingerprint import ImpressionCondition, finger_of, impression
from inspection_station.training.personas.identity import persona
from inspection_station.training.personas.listed_faces import listed_portraits, people_of

CONTRACTS = Path(__file__).resolve().parents[2] / "docs" / "agencies"
WITHIN = 120.0  # faces are embedded for the first time there

pytestmark = pytest.mark.xdist_group("agencies")


@pytest.fixture(scope="module")
def agencies() -> Iterator[PlayedAgencies]:
    played = PlayedAgencies()
    played.start()
    yield played
    played.stop()


def record_up(name: str = "i-1") -> RecordUp:
    return RecordUp(
        name,
        hashlib.sha256(name.encode()).digest(),
        {
            "station": "station-1",
            "sequence": 7,
            "scenario": "quayside",
            "disposition": "AD",
            "reasons": [],
            "decided_at": "2026-05-04T03:02:01Z",
            "officer_id": "T-001",
            "person_class": "foreigner",
            "mrz": list(wanted().mrz_lines),
        },
    )


def finger_picture(number: int, seed: int = 40) -> np.ndarray[Any, np.dtype[np.uint8]]:
    finger = finger_of(seed, FingerPosition.RIGHT_INDEX)
    return impression(finger, number, ImpressionCondition(noise=0.1))


# 入出境查驗系統


def test_a_wanted_person_is_a_hit_that_says_what_agrees(agencies: PlayedAgencies) -> None:
    found = agencies.adapter(AgencySystem.ENTRY_EXIT).answer(about_person(wanted()), WITHIN)
    assert "wanted" in {hit.scope for hit in found.hits}
    assert {"name", "date_of_birth"} <= set(found.hits[0].matching)
    assert {scope.name for scope in found.scopes} == {"wanted", "tax-arrears", "lost-documents", "smuggling"}
    assert all(scope.as_of and scope.count for scope in found.scopes)


def test_nobodys_document_is_no_hit_and_names_the_lists_all_the_same(agencies: PlayedAgencies) -> None:
    stranger = persona(77, today=today())
    found = agencies.adapter(AgencySystem.ENTRY_EXIT).answer(about_person(stranger), WITHIN)
    assert not found.hits
    assert len(found.scopes) == 4


def test_control_lists_come_down_as_the_station_searches_them(agencies: PlayedAgencies) -> None:
    adapter = agencies.adapter(AgencySystem.ENTRY_EXIT)
    assert isinstance(adapter, EntryExitHttp)
    lists = adapter.control_lists(WITHIN)
    known = {one.list_id: one for one in agencies.played.known.control}
    assert {one.list_id: (one.entries, one.issued_at) for one in lists} == {
        name: (one.entries, one.issued_at) for name, one in known.items()
    }


def test_a_record_goes_up_once_whatever_is_sent_again_and_another_under_its_id_is_refused(
    agencies: PlayedAgencies,
) -> None:
    for system in (AgencySystem.ENTRY_EXIT, AgencySystem.EMERGENCY_IDENTITY):
        adapter = agencies.adapter(system)
        assert isinstance(adapter, EntryExitHttp | EmergencyIdentityHttp)
        first, again = (adapter.take_record(record_up(), WITHIN) for _ in range(2))
        assert (first.known, again.known, first.at) == (False, True, again.at)
        other = RecordUp("i-1", bytes(32), record_up().plain)
        with pytest.raises(Denied):
            adapter.take_record(other, WITHIN)


# RMAS, lost documents


def test_rmas_knows_a_stolen_document_and_an_economy_outside_is_not_checked(agencies: PlayedAgencies) -> None:
    rmas = agencies.adapter(AgencySystem.RMAS)
    assert len(rmas.answer(about_document(lost(0)), WITHIN).hits) == 1
    inside = Question(new_id(), Topic.DOCUMENT, number="ZZ0000001", issuing_state=lost(0).issuing_state)
    answer = rmas.answer(inside, WITHIN)
    assert (answer.hits, answer.as_of) == ((), None)
    outside = Question(new_id(), Topic.DOCUMENT, number="ZZ0000001", issuing_state="XXB")
    with pytest.raises(CannotSay):
        rmas.answer(outside, WITHIN)


def test_the_two_sources_of_lost_documents_have_ages_of_their_own(agencies: PlayedAgencies) -> None:
    ages = {}
    for system, who in ((AgencySystem.LOST_ABROAD, lost(0)), (AgencySystem.LOST_AT_HOME, lost(-1))):
        adapter = agencies.adapter(system)
        assert isinstance(adapter, LostDocumentsHttp)
        found = adapter.answer(about_document(who), WITHIN)
        assert len(found.hits) == 1
        assert found.as_of is not None
        ages[system] = found.as_of
        assert adapter.control_list(WITHIN).issued_at == found.as_of
        assert not adapter.answer(about_document(wanted()), WITHIN).hits
    assert ages[AgencySystem.LOST_ABROAD] < ages[AgencySystem.LOST_AT_HOME]


# WebAPIS


def test_manifests_come_down_with_pre_checks_and_one_document_is_asked_online(agencies: PlayedAgencies) -> None:
    adapter = agencies.adapter(AgencySystem.WEBAPIS)
    assert isinstance(adapter, WebApisHttp)
    (voyage,) = adapter.voyages(WITHIN)
    manifest = adapter.manifest(voyage, WITHIN)
    assert manifest == agencies.played.known.manifest
    assert manifest.travellers[PreCheck.REFUSE]
    refused = persona(12, today=today())
    cleared = persona(1, today=today())
    answer = adapter.answer(about_document(refused, Topic.PRE_CHECK), WITHIN)
    assert answer.hits[0].matching == ("document_number", "refuse")
    answer = adapter.answer(about_document(cleared, Topic.PRE_CHECK), WITHIN)
    assert (answer.hits, [scope.name for scope in answer.scopes]) == ((), [voyage])
    with pytest.raises(NoAnswer):
        adapter.manifest("ANOTHER", WITHIN)


def test_a_discrepancy_is_told_once(agencies: PlayedAgencies) -> None:
    adapter = agencies.adapter(AgencySystem.WEBAPIS)
    assert isinstance(adapter, WebApisHttp)
    voyage = agencies.played.known.manifest.voyage
    plain = {
        "sha256": hashlib.sha256(b"d").hexdigest(),
        "kind": "not on manifest",
        "seen_at": "2026-05-04T03:02:01Z",
        "station": "station-1",
    }
    told = [adapter.report_discrepancy(voyage, "d-1", plain, WITHIN).known for _ in range(2)]
    assert told == [False, True]
    with pytest.raises(Denied):
        adapter.report_discrepancy(voyage, "d-2", {**plain, "kind": "odd"}, WITHIN)


# Fingers


def test_a_finger_that_was_kept_is_found_by_another_impression_and_a_strangers_is_not(
    agencies: PlayedAgencies,
) -> None:
    adapter = agencies.adapter(AgencySystem.FOREIGNER_BIOMETRICS)
    assert isinstance(adapter, ForeignerBiometricsHttp)
    picture = png_with_dpi(finger_picture(1), 500)
    digest = hashlib.sha256(picture).digest()
    up = PictureUp("i-9", digest, "finger right index", "image/png", "X1234567", "UTO", picture)
    assert [adapter.keep_finger(up, WITHIN).known for _ in range(2)] == [False, True]
    for seed, expected in ((40, ["i-9"]), (41, [])):
        template = extract(finger_picture(2, seed)).template
        probe = template_bytes(template, position=FingerPosition.RIGHT_INDEX)
        for number, same in (("X1234567", True), ("", False), ("Y7654321", False)):
            question = Question(new_id(), Topic.FINGERPRINTS, number=number, issuing_state="UTO", fingers=((2, probe),))
            found = adapter.answer(question, WITHIN)
            assert [(hit.scope, hit.reference) for hit in found.hits] == [
                ("biometric-enrolled", one) for one in expected
            ]
            assert all((SAME_DOCUMENT in hit.matching) is same for hit in found.hits)
        assert {scope.name for scope in found.scopes} == {"biometric-enrolled", "controlled-foreigners"}
    with pytest.raises(Denied):
        adapter.answer(Question(new_id(), Topic.FINGERPRINTS, fingers=((2, b"no template"),)), WITHIN)


# Faces


@pytest.fixture(scope="module")
def faces() -> dict[str, Face]:
    matcher = DlibFaceMatcher()
    found = {}
    for name, data in listed_portraits().items():
        template = matcher.template(decode_picture(data))
        found[name] = Face(template.model_id, template.vector.astype("<f4").tobytes())
    return found


def test_a_listed_face_is_a_candidate_of_its_group_and_groups_are_named(
    agencies: PlayedAgencies, faces: dict[str, Face]
) -> None:
    adapter = agencies.adapter(AgencySystem.IDENTITY_CONFIRMATION)
    found = adapter.answer(
        about_face(Topic.FACE_GROUPS, faces["CF-0185"], groups=("controlled-foreigners", "migrant-workers")), WITHIN
    )
    assert ("controlled-foreigners", "CF-0185") in {(hit.scope, hit.reference) for hit in found.hits}
    assert {(scope.name, scope.count) for scope in found.scopes} == {
        ("controlled-foreigners", 5),
        ("migrant-workers", 0),
    }
    every = adapter.answer(about_face(Topic.FACE_GROUPS, faces["CF-0185"]), WITHIN)
    assert {"biometric-enrolled", "e-gate-foreigners"} <= {scope.name for scope in every.scopes}


def test_one_to_one_and_one_to_the_designated_person(agencies: PlayedAgencies, faces: dict[str, Face]) -> None:
    adapter = agencies.adapter(AgencySystem.IDENTITY_CONFIRMATION)
    own, other = faces["CF-0185"], faces["AP-0171"]
    assert not adapter.answer(about_face(Topic.FACE_PAIR, own, own), WITHIN).hits
    assert adapter.answer(about_face(Topic.FACE_PAIR, own, other), WITHIN).hits
    who, face = people_of("listed_face", today())[0]
    for probe, hits in ((faces[face.reference_id], 0), (other, 1)):
        question = about_face(Topic.FACE_DESIGNATED, probe, number=who.document_number)
        assert len(adapter.answer(question, WITHIN).hits) == hits
    nobody = adapter.answer(about_face(Topic.FACE_DESIGNATED, own, number="ZZ9999999"), WITHIN)
    assert (nobody.hits, nobody.scopes) == ((), ())


def test_a_picture_does_where_the_model_is_another(agencies: PlayedAgencies) -> None:
    drawn = cv2.imencode(".jpg", decode_picture(listed_portraits()["CF-0185"]))[1].tobytes()
    probe = Face("another-model", bytes(16), drawn)
    found = agencies.adapter(AgencySystem.EMERGENCY_IDENTITY).answer(
        about_face(Topic.FACE_EMERGENCY, probe, groups=("emergency",)), WITHIN
    )
    assert [hit.reference for hit in found.hits][:1] == ["CF-0185"]
    with pytest.raises(Denied):
        agencies.adapter(AgencySystem.EMERGENCY_IDENTITY).answer(
            about_face(Topic.FACE_EMERGENCY, Face("another-model", bytes(16))), WITHIN
        )


def test_groups_come_down_and_portraits_go_up(agencies: PlayedAgencies, faces: dict[str, Face]) -> None:
    adapter = agencies.adapter(AgencySystem.IDENTITY_CONFIRMATION)
    assert isinstance(adapter, IdentityConfirmationHttp)
    group = adapter.group("controlled-foreigners", WITHIN)
    assert dict(group.templates)["CF-0185"] == faces["CF-0185"].vector
    pictures = [
        PictureUp("i", hashlib.sha256(data).digest(), "portrait", "image/jp2", "X1234567", "UTO", data)
        for data in listed_portraits().values()
    ]
    assert [adapter.take_portraits(pictures, WITHIN).known for _ in range(2)] == [False, True]
    assert adapter.take_portraits(pictures[::-1], WITHIN).known  # the order makes no other batch


# The contracts


def documents(agencies: PlayedAgencies) -> dict[str, dict[str, Any]]:
    return {system.value: app.openapi() for system, app in agencies.played.systems.items()}


def test_the_recorded_contracts_are_what_is_played(agencies: PlayedAgencies) -> None:
    recorded = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in CONTRACTS.glob("*.json")}
    assert recorded == documents(agencies), "python tests/gateway/record_agency_contracts.py writes them"


def test_what_adapters_send_and_systems_answer_fits_the_recorded_contracts(
    agencies: PlayedAgencies, monkeypatch: pytest.MonkeyPatch, faces: dict[str, Face]
) -> None:
    exchanges: list[tuple[str, str, bytes | None, bytes]] = []
    plainly = requests.Session.request

    def noted(self: requests.Session, method: str, url: str, **kwargs: Any) -> requests.Response:
        answer = plainly(self, method, url, **kwargs)
        exchanges.append((method, url.removeprefix(agencies.url), kwargs.get("data"), answer.content))
        return answer

    monkeypatch.setattr(requests.Session, "request", noted)
    who = lost(0)
    agencies.adapter(AgencySystem.ENTRY_EXIT).answer(about_person(wanted()), WITHIN)
    for system in (AgencySystem.RMAS, AgencySystem.LOST_ABROAD, AgencySystem.LOST_AT_HOME):
        agencies.adapter(system).answer(about_document(who), WITHIN)
    agencies.adapter(AgencySystem.WEBAPIS).answer(about_document(who, Topic.PRE_CHECK), WITHIN)
    agencies.adapter(AgencySystem.IDENTITY_CONFIRMATION).answer(about_face(Topic.FACE_GROUPS, faces["CF-0185"]), WITHIN)
    adapter = agencies.adapter(AgencySystem.ENTRY_EXIT)
    assert isinstance(adapter, EntryExitHttp)
    adapter.take_record(record_up("i-2"), WITHIN)
    assert len(exchanges) == 7
    for method, path, sent, answer in exchanges:
        system, _, rest = path.strip("/").partition("/")
        contract = json.loads((CONTRACTS / f"{system}.json").read_text(encoding="utf-8"))
        route = next(
            name
            for name in contract["paths"]
            if name.count("/") == rest.count("/") + 1 and rest.startswith(name.strip("/").partition("{")[0])
        )
        operation = contract["paths"][route][method.lower()]
        asked = operation["requestBody"]["content"]["application/json"]["schema"]
        given = operation["responses"]["200"]["content"]["application/json"]["schema"]
        for schema, body in ((asked, sent), (given, answer)):
            whole = {**schema, "components": contract["components"]}
            jsonschema_rs.validator_for(whole).validate(json.loads(body or b"null"))


def test_an_answer_to_another_question_is_no_answer(agencies: PlayedAgencies) -> None:
    adapter = agencies.adapter(AgencySystem.RMAS)
    with agencies.wrong("rmas:wrong"):
        for _ in range(8):  # each kind of wrong answer, twice
            with pytest.raises(WrongAnswer):
                adapter.answer(about_document(lost(0)), WITHIN)
