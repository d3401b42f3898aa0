"""What agencies say online, joined with what the station finds: named with system and time, never green by silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from inspection_station.desk.online_answers import RMAS, OnlineFingers, OnlineGroups, OnlineLists, joined
from inspection_station.desk.ports import GroupsAnswer
from inspection_station.documents.mrz import parse
from inspection_station.headquarters.questions import (
    ASKED_OF,
    AgencySystem,
    Answer,
    Hit,
    Outcome,
    Question,
    Scope,
    Topic,
)
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.inspection.document import MachineReadableZone
from inspection_station.inspection.face_search import (
    HEADQUARTERS_ONLY,
    FaceProbe,
    FaceSearchResult,
    GroupNotSearched,
    GroupSearched,
    GroupUse,
)
from inspection_station.inspection.watchlist import ListConsulted, ListKind, WatchlistHit, WatchlistResult
from inspection_station.matching.face_groups import built_in_groups
from inspection_station.matching.fingerprint.extraction import extract
from inspection_station.matching.ports import FaceTemplate
from inspection_station.training.personas.fingerprint import ImpressionCondition, finger_of, impression

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
AT = round(NOW.timestamp() * 1000)
ISO = "2026-05-04T03:02:01+00:00"
LINES = ("P<UTOSPECIMEN<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
WANTED = ListConsulted("wanted", ListKind.WANTED, "1", "2026-05-01T00:00:00Z", True)
LOST = ListConsulted("lost-documents", ListKind.LOST_DOCUMENT, "1", "2026-05-01T00:00:00Z", False)
HERE = WatchlistHit("wanted", ListKind.WANTED, "W-1", 0.9, ("name",), ("sex",))


class Answering:
    """Gives the same answers to whatever is asked; ``not checked`` for systems without one."""

    def __init__(self, *answers: Answer) -> None:
        self.given = {answer.system: answer for answer in answers}
        self.asked: list[Question] = []
        self._coming: list[tuple[Question, AgencySystem]] = []

    def ask(self, *questions: Question) -> Answering:
        self.asked += questions
        self._coming = [(one, system) for one in questions for system in ASKED_OF[one.topic]]
        return self

    def answers(self) -> tuple[Answer, ...]:
        return tuple(
            self.given.get(system) or Answer.not_checked(one.question_id, system, "NET-01")
            for one, system in self._coming
        )


class LocalLists:
    def __init__(self, result: WatchlistResult) -> None:
        self.result = result

    def search(self, mrz: MachineReadableZone, now: datetime) -> WatchlistResult:
        return self.result

    def lists(self, now: datetime) -> Sequence[tuple[ListConsulted, float]]:
        return [(one, 1.0) for one in self.result.consulted]


def zone() -> MachineReadableZone:
    return parse(LINES, today=NOW.date())


def answered(system: AgencySystem, *scopes: Scope, hits: tuple[Hit, ...] = ()) -> Answer:
    return Answer("q", system, Outcome.HIT if hits else Outcome.NO_HIT, "", AT, None, 5, scopes, hits)


RMAS_SAYS = answered(AgencySystem.RMAS, Scope("rmas", "lost document"))


def test_an_answer_takes_the_name_off_not_checked_and_says_who_and_when() -> None:
    local = WatchlistResult((WANTED, LOST), (), (RMAS,))
    result = OnlineLists(LocalLists(local), Answering(RMAS_SAYS)).search(zone(), NOW)
    assert result.not_consulted == ()
    (asked,) = (one for one in result.consulted if one.online_at)
    assert (asked.list_id, asked.system, asked.online_at, asked.issued_at) == (RMAS, "rmas", ISO, ISO)


def test_silence_leaves_everything_as_the_station_found_it() -> None:
    local = WatchlistResult((WANTED, LOST), (HERE,), (RMAS,))
    assert OnlineLists(LocalLists(local), Answering()).search(zone(), NOW) == local


def test_a_list_asked_online_stands_for_its_stale_copy_and_hits_of_both_count_once() -> None:
    scope = Scope("wanted", "wanted", "9", 100, AT, False)
    hits = (Hit("wanted", "W-1", 800, ("name",)), Hit("wanted", "W-2", 950, ("document_number",)))
    local = WatchlistResult((WANTED, LOST), (HERE,), (RMAS,))
    result = joined(local, [answered(AgencySystem.ENTRY_EXIT, scope, hits=hits)])
    assert [(hit.entry_id, hit.score) for hit in result.hits] == [("W-2", 0.95), ("W-1", 0.9)]
    assert {(one.list_id, one.stale, one.version) for one in result.consulted} == {
        ("wanted", False, "9"),
        ("lost-documents", False, "1"),
    }
    assert result.not_consulted == (RMAS,)


def test_a_stolen_document_is_a_hit_of_its_kind() -> None:
    answer = answered(AgencySystem.RMAS, Scope("rmas", "lost document"), hits=(Hit("rmas", "stolen", 1000),))
    (hit,) = joined(WatchlistResult((), (), (RMAS,)), [answer]).hits
    assert (hit.list_id, hit.kind, hit.entry_id, hit.score) == (RMAS, ListKind.LOST_DOCUMENT, "stolen", 1.0)


def test_systems_that_nothing_on_the_station_stands_for_are_named() -> None:
    result = OnlineLists(LocalLists(WatchlistResult((), (), (RMAS,))), Answering()).search(zone(), NOW)
    assert set(result.not_consulted) == {RMAS, "entry-exit", "lost-documents-abroad", "lost-documents-home"}


def test_the_document_is_asked_about_by_number_issuer_and_kind() -> None:
    asking = Answering()
    OnlineLists(LocalLists(WatchlistResult((), ())), asking).search(zone(), NOW)
    person, document = asking.asked
    assert (person.topic, person.mrz) == (Topic.PERSON, LINES)
    assert (document.number, document.issuing_state, document.document_code) == ("L898902C3", "UTO", "P")


@pytest.fixture(scope="module")
def probes() -> dict[FingerPosition, object]:
    grey = impression(finger_of(7, FingerPosition.RIGHT_INDEX), 1, ImpressionCondition(noise=0.1))
    return {FingerPosition.RIGHT_INDEX: extract(grey).template}


def test_fingers_are_searched_by_templates_and_the_result_names_system_and_time(
    probes: dict[FingerPosition, object],
) -> None:
    scope = Scope("controlled-foreigners", "fingerprints", "1", 4, AT, bound=500)
    hit = Hit("controlled-foreigners", "W-0", 700)
    asking = Answering(answered(AgencySystem.FOREIGNER_BIOMETRICS, scope, hits=(hit,)))
    found = OnlineFingers(asking).search(probes)
    assert (found.system, found.online_at, found.searched, found.code) == ("foreigner-biometrics", ISO, 4, "")
    assert [(one.group, one.reference, one.score) for one in found.candidates] == [
        ("controlled-foreigners", "W-0", 0.7)
    ]
    assert [position for position, _ in asking.asked[0].fingers] == [2]


def test_fingers_kept_under_the_document_that_is_shown_are_told_apart(probes: dict[FingerPosition, object]) -> None:
    scope = Scope("biometric-enrolled", "fingerprints", "1", 4, AT, bound=500)
    own = Hit("biometric-enrolled", "i-9", 700, ("finger 2", "document_number"))
    other = Hit("biometric-enrolled", "i-8", 600, ("finger 2",))
    asking = Answering(answered(AgencySystem.FOREIGNER_BIOMETRICS, scope, hits=(own, other)))
    found = OnlineFingers(asking).search(probes, "L898902C3", "UTO")
    assert [(one.reference, one.known) for one in found.candidates] == [("i-9", True), ("i-8", False)]
    assert (asking.asked[0].number, asking.asked[0].issuing_state) == ("L898902C3", "UTO")


def test_fingers_that_nobody_searched_bear_the_code_why(probes: dict[FingerPosition, object]) -> None:
    assert OnlineFingers(Answering()).search(probes).code == "NET-01"
    assert OnlineFingers(Answering()).search({FingerPosition.LEFT_INDEX: object()}).code == "BIO-06"


class LocalGroups:
    def search(self, picture: bytes, template: object | None, probe: FaceProbe, now: datetime) -> GroupsAnswer:
        here = GroupSearched("alert-persons", GroupUse.PROMPT, 1, 3, 0.5, True, "", None)
        away = tuple(GroupNotSearched(name, HEADQUARTERS_ONLY) for name in ("biometric-enrolled", "migrant-workers"))
        return GroupsAnswer(FaceSearchResult("model", probe, True, (here,), (), away))


def test_groups_that_headquarters_keeps_are_searched_there_and_named_with_system_and_time() -> None:
    scope = Scope("biometric-enrolled", "face group", "3", 900, AT, bound=430)
    asking = Answering(
        answered(AgencySystem.IDENTITY_CONFIRMATION, scope, hits=(Hit("biometric-enrolled", "B-7", 610),))
    )
    groups = OnlineGroups(LocalGroups(), built_in_groups(), asking)
    template = FaceTemplate(np.ones(4, np.float32) / 2, "model")
    result = groups.search(b"picture", template, FaceProbe.LIVE, NOW).result
    online = next(one for one in result.searched if one.group_id == "biometric-enrolled")
    assert (online.system, online.online_at, online.templates, online.version) == ("identity-confirmation", ISO, 900, 3)
    assert [(one.reference_id, one.use) for one in result.candidates] == [("B-7", GroupUse.PROMPT)]
    assert [one.group_id for one in result.not_searched] == ["migrant-workers"]
    (asked,) = asking.asked
    assert "alert-persons" not in asked.groups
    assert (asked.faces[0].picture, len(asked.faces[0].vector)) == (b"", 16)


def test_without_a_template_the_picture_goes_and_without_an_answer_groups_stay_unsearched() -> None:
    asking = Answering()
    result = OnlineGroups(LocalGroups(), built_in_groups(), asking).search(b"picture", None, FaceProbe.LIVE, NOW).result
    assert {one.reason for one in result.not_searched} == {HEADQUARTERS_ONLY}
    assert len(result.not_searched) == 2
    assert asking.asked[0].faces[0].picture == b"picture"
