"""What agencies' systems say online, joined with what the station finds by itself.

Only an answer takes a name off «not checked». Where a system did not answer, the station's own lists and groups stand
for it as they are, with their age; what they cannot stand for is named. Nothing here waits longer than the deadline.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from inspection_station.desk.ports import FaceGroups, GroupsAnswer, ListSearcher
from inspection_station.headquarters.questions import (
    SAME_DOCUMENT,
    AgencySystem,
    Answer,
    Face,
    Outcome,
    Question,
    Scope,
    Topic,
)
from inspection_station.inspection.biometrics import FingerCandidate, FingerPosition, FingerSearch
from inspection_station.inspection.document import MachineReadableZone
from inspection_station.inspection.face_search import (
    HEADQUARTERS_ONLY,
    FaceCandidate,
    FaceProbe,
    FaceSearchResult,
    GroupSearched,
    GroupUse,
)
from inspection_station.inspection.watchlist import ListConsulted, ListKind, WatchlistHit, WatchlistResult
from inspection_station.matching.face_groups import GroupPolicy
from inspection_station.matching.ports import FaceTemplate

RMAS = "RMAS"
"""How the result names the system that can never be preloaded (IF-14)."""
_KINDS = {kind.value: kind for kind in ListKind}
_USES = (GroupUse.ALERT, GroupUse.PROMPT, GroupUse.WHITELIST)


class Coming(Protocol):
    """Answers under way."""

    def answers(self) -> tuple[Answer, ...]: ...


class Asking(Protocol):
    """``headquarters.online_checks.OnlineChecks``."""

    def ask(self, *questions: Question) -> Coming: ...


class OnlineLists:
    """Implements ``ports.ListSearcher``: the lists at hand, and agencies' systems while they can be reached."""

    def __init__(self, local: ListSearcher, online: Asking) -> None:
        self._local = local
        self._online = online

    def search(self, mrz: MachineReadableZone, now: datetime) -> WatchlistResult:
        """Asks first and searches meanwhile."""
        coming = self._online.ask(*_questions(mrz))
        return joined(self._local.search(mrz, now), coming.answers())

    def lists(self, now: datetime) -> Sequence[tuple[ListConsulted, float]]:
        """The lists at hand."""
        return self._local.lists(now)


def joined(local: WatchlistResult, answers: Sequence[Answer]) -> WatchlistResult:
    """The station's own result with what was answered. A list that was asked online stands in place of its copy here;
    hits of both count, each once.
    """
    asked: dict[str, ListConsulted] = {}
    hits = {(hit.list_id, hit.entry_id): hit for hit in local.hits}
    answered: set[AgencySystem] = set()
    for answer in answers:
        if answer.outcome is Outcome.NOT_CHECKED:
            continue
        answered.add(answer.system)
        for scope in answer.scopes:
            asked[_list_id(scope)] = _consulted(scope, answer)
        kinds = {scope.name: _KINDS.get(scope.kind, ListKind.ALERT) for scope in answer.scopes}
        ids = {scope.name: _list_id(scope) for scope in answer.scopes}
        for hit in answer.hits:
            name = ids.get(hit.scope, hit.scope)
            found = WatchlistHit(
                name,
                kinds.get(hit.scope, ListKind.ALERT),
                hit.reference,
                hit.score / 1000,
                hit.matching,
                hit.differing,
            )
            hits.setdefault((name, hit.reference), found)
    here = tuple(one for one in local.consulted if one.list_id not in asked)
    silent = [answer.system for answer in answers if answer.outcome is Outcome.NOT_CHECKED]
    missing = [name for name in local.not_consulted if name not in asked and name != RMAS]
    missing += _not_stood_for(silent, local.consulted)
    if AgencySystem.RMAS not in answered:
        missing.append(RMAS)
    ordered = sorted(hits.values(), key=lambda hit: (-hit.score, hit.list_id, hit.entry_id))
    return WatchlistResult((*here, *asked.values()), tuple(ordered), tuple(dict.fromkeys(missing)))


def _not_stood_for(silent: Iterable[AgencySystem], at_hand: Sequence[ListConsulted]) -> list[str]:
    """Systems without an answer whose lists the station has no copy of."""
    has_lost = any(one.kind is ListKind.LOST_DOCUMENT for one in at_hand)
    away = []
    for system in silent:
        lost = system in (AgencySystem.LOST_ABROAD, AgencySystem.LOST_AT_HOME)
        if (lost and not has_lost) or (system is AgencySystem.ENTRY_EXIT and not at_hand):
            away.append(system.value)
    return away


def _list_id(scope: Scope) -> str:
    return RMAS if scope.name == AgencySystem.RMAS.value else scope.name


def _consulted(scope: Scope, answer: Answer) -> ListConsulted:
    at = _iso(answer.answered_at)
    issued = at if scope.as_of is None else _iso(scope.as_of)
    kind = _KINDS.get(scope.kind, ListKind.ALERT)
    return ListConsulted(_list_id(scope), kind, scope.version, issued, scope.stale, answer.system.value, at)


def _questions(mrz: MachineReadableZone) -> list[Question]:
    asked = [Question(_new_id(), Topic.PERSON, mrz=mrz.lines)]
    number = "".join(mark for mark in mrz.document_number.upper() if mark.isascii() and mark.isalnum())
    if number:
        code = mrz.document_code.replace("<", "")[:2]
        state = mrz.issuing_state.replace("<", "")
        asked.append(Question(_new_id(), Topic.DOCUMENT, number=number, issuing_state=state, document_code=code))
    return asked


class OnlineFingers:
    """Implements ``finger_ports.FingerSearcher``."""

    def __init__(self, online: Asking) -> None:
        self._online = online

    def search(
        self, probes: Mapping[FingerPosition, object], number: str = "", issuing_state: str = ""
    ) -> FingerSearch:
        """Templates leave the station and the document's number, no picture."""
        # Here, since a start must not wait for machine code that the first finger needs.
        from inspection_station.matching.fingerprint.template import FingerprintTemplate
        from inspection_station.matching.fingerprint.template_record import POSITION_CODES, template_bytes

        system = AgencySystem.FOREIGNER_BIOMETRICS
        fingers = tuple(
            (POSITION_CODES[position], template_bytes(template, position=position))
            for position, template in probes.items()
            if isinstance(template, FingerprintTemplate)
        )
        if not fingers:
            return FingerSearch(system.value, code="BIO-06")
        question = Question(_new_id(), Topic.FINGERPRINTS, number=number, issuing_state=issuing_state, fingers=fingers)
        (answer,) = self._online.ask(question).answers()
        if answer.outcome is Outcome.NOT_CHECKED:
            return FingerSearch(system.value, code=answer.code)
        return FingerSearch(
            system.value,
            _iso(answer.answered_at),
            sum(scope.count for scope in answer.scopes),
            tuple(
                FingerCandidate(hit.scope, hit.reference, hit.score / 1000, SAME_DOCUMENT in hit.matching)
                for hit in answer.hits
            ),
        )


class OnlineGroups:
    """Implements ``ports.FaceGroups``: the groups at hand, and those that headquarters alone may search."""

    def __init__(self, local: FaceGroups, policies: Mapping[str, GroupPolicy], online: Asking) -> None:
        self._local = local
        self._policies = policies
        self._online = online

    def search(self, picture: bytes, template: object | None, probe: FaceProbe, now: datetime) -> GroupsAnswer:
        """As the port. A template leaves the station; the picture does only where there is none."""
        away = tuple(name for name, policy in self._policies.items() if not policy.offline)
        if not away:
            return self._local.search(picture, template, probe, now)
        face = Face(picture=picture)
        if isinstance(template, FaceTemplate):
            face = Face(template.model_id, template.vector.astype("<f4").tobytes())
        coming = self._online.ask(Question(_new_id(), Topic.FACE_GROUPS, faces=(face,), groups=away))
        found = self._local.search(picture, template, probe, now)
        (answer,) = coming.answers()
        return found if answer.outcome is Outcome.NOT_CHECKED else replace(found, result=self._joined(found, answer))

    def _joined(self, found: GroupsAnswer, answer: Answer) -> FaceSearchResult:
        result = found.result
        at_hand = {group.group_id for group in result.searched}
        searched = {
            scope.name: GroupSearched(
                scope.name,
                self._policies[scope.name].use,
                int(scope.version) if scope.version.isdecimal() else 0,
                scope.count,
                scope.bound / 1000,
                True,
                "",
                None,
                answer.system.value,
                _iso(answer.answered_at),
            )
            for scope in answer.scopes
            if scope.name in self._policies and scope.name not in at_hand
        }
        ranks: dict[str, int] = {}
        candidates = list(result.candidates)
        for hit in answer.hits:
            group = searched.get(hit.scope)
            if group is not None:
                ranks[hit.scope] = rank = ranks.get(hit.scope, 0) + 1
                candidates.append(FaceCandidate(hit.scope, group.use, hit.reference, rank, hit.score / 1000, None))
        candidates.sort(key=lambda one: (_USES.index(one.use), one.rank, -one.score))
        return replace(
            result,
            searched=(*result.searched, *searched.values()),
            candidates=tuple(candidates),
            not_searched=tuple(
                one for one in result.not_searched if not (one.reason == HEADQUARTERS_ONLY and one.group_id in searched)
            ),
        )


def _new_id() -> str:
    return str(uuid.uuid4())


def _iso(moment: int | None) -> str:
    """ISO 8601, UTC, of milliseconds since 1970."""
    return "" if moment is None else datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="seconds")
