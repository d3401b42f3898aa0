"""外來人口個人生物特徵識別系統 (IF-02) over HTTP: fingers one to many online, and fingers kept."""

from __future__ import annotations

from base64 import b64encode

from inspection_station.gateway.agencies.contracts_biometric import (
    Finger,
    FingerCandidate,
    FingerQuery,
    FingerReply,
)
from inspection_station.gateway.agencies.http import AgencyHttp
from inspection_station.gateway.agencies.ports import Acknowledged, Found, PictureUp, WrongAnswer
from inspection_station.gateway.agencies.translating import milliseconds, once_each, picture_sent
from inspection_station.headquarters.questions import SAME_DOCUMENT, AgencySystem, Hit, Question, Scope, Topic

KIND = "fingerprints"


class ForeignerBiometricsHttp:
    """Implements ``ports.ForeignerBiometrics``."""

    system = AgencySystem.FOREIGNER_BIOMETRICS
    topics = frozenset({Topic.FINGERPRINTS})

    def __init__(self, http: AgencyHttp) -> None:
        self._http = http

    def answer(self, question: Question, within: float) -> Found:
        """Persons whose fingers reach the system's bound; a person is one hit, however many fingers say so."""
        fingers = [Finger(position=position, template=b64encode(data)) for position, data in question.fingers]
        query = FingerQuery(query_id=question.question_id, fingers=fingers)
        reply = self._http.ask("/fingerprints/search", query, FingerReply, within)
        as_of = None if reply.data_as_of is None else milliseconds(reply.data_as_of)
        groups = {one.group: one for one in reply.searched}
        scopes = tuple(
            Scope(one.group, KIND, one.version, one.fingers, as_of, bound=thousandths(one.bound))
            for one in groups.values()
        )
        if not scopes or any(one.group not in groups for one in reply.candidates):
            raise WrongAnswer("candidates of a group that was not searched, or nothing searched")
        best = sorted(reply.candidates, key=lambda one: (-one.score, one.subject))
        hits = tuple(
            Hit(one.group, one.subject, thousandths(one.score), (f"finger {one.position}", *_same(question, one)))
            for one in once_each(best, lambda one: (one.group, one.subject))
            if one.score >= groups[one.group].bound
        )
        return Found(reply.answered_at, reply.data_as_of, scopes, hits)

    def keep_finger(self, picture: PictureUp, within: float) -> Acknowledged:
        """Hand a finger over to be kept."""
        name = picture.sha256.hex()
        taken = self._http.put("/fingers", name, picture.sha256, picture_sent(picture), within)
        return Acknowledged(taken.received_at, taken.duplicate)


def _same(question: Question, one: FingerCandidate) -> tuple[str, ...]:
    """Whether the fingers are kept under the very document that was shown now."""
    shown = question.number, question.issuing_state
    return (SAME_DOCUMENT,) if question.number and shown == (one.document_number, one.issuing_state) else ()


def thousandths(score: float) -> int:
    """A score on the wire of the exchange, never below 0."""
    return max(0, round(score * 1000))
