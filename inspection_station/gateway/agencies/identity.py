"""人別確認輔助系統 (IF-03) and 緊急人別與影像平台 (IF-04) over HTTP: faces one to one, to a designated
person, to groups; portraits and records up, groups down.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from inspection_station.gateway.agencies.biometrics import thousandths
from inspection_station.gateway.agencies.contracts import RecordSent
from inspection_station.gateway.agencies.contracts_biometric import (
    FaceDesignatedQuery,
    FaceGroupDown,
    FaceGroupsQuery,
    FaceGroupsReply,
    FacePairQuery,
    FaceShown,
    FaceVerdict,
    PortraitBatch,
)
from inspection_station.gateway.agencies.http import AgencyHttp
from inspection_station.gateway.agencies.ports import Acknowledged, Found, GroupDown, PictureUp, RecordUp, WrongAnswer
from inspection_station.gateway.agencies.translating import milliseconds, once_each, picture_sent, record_sent
from inspection_station.headquarters.questions import AgencySystem, Face, Hit, Question, Scope, Topic

_PAIR, _DESIGNATED = "pair", "designated person"
_VECTOR_UNIT = 4  # bytes a float32


class IdentityConfirmationHttp:
    """Implements ``ports.IdentityConfirmation``."""

    system = AgencySystem.IDENTITY_CONFIRMATION
    topics = frozenset({Topic.FACE_PAIR, Topic.FACE_DESIGNATED, Topic.FACE_GROUPS})

    def __init__(self, http: AgencyHttp) -> None:
        self._http = http

    def answer(self, question: Question, within: float) -> Found:
        """One to one, one to the designated person, or one to groups, as the topic says."""
        name, probe = question.question_id, shown(question.faces[0])
        if question.topic is Topic.FACE_PAIR:
            pair = FacePairQuery(query_id=name, probe=probe, reference=shown(question.faces[1]))
            return _verdict(self._http.ask("/faces/compare", pair, FaceVerdict, within), _PAIR)
        if question.topic is Topic.FACE_DESIGNATED:
            one = FaceDesignatedQuery(query_id=name, probe=probe, document_number=question.number)
            return _verdict(self._http.ask("/faces/designated", one, FaceVerdict, within), _DESIGNATED)
        return search(self._http, question, within)

    def take_portraits(self, pictures: Sequence[PictureUp], within: float) -> Acknowledged:
        """Hand portraits over in one batch, which is taken whole or not at all. Its id follows from what is in it; a
        portrait in two batches is told by its own digest.
        """
        digest = sha256(b"".join(sorted(one.sha256 for one in pictures))).digest()
        batch_id = digest.hex()
        sent = PortraitBatch(sha256=batch_id, portraits=[picture_sent(one) for one in pictures])
        taken = self._http.put("/portrait-batches", batch_id, digest, sent, within)
        return Acknowledged(taken.received_at, taken.duplicate)

    def group(self, group_id: str, within: float) -> GroupDown:
        """A group, whole."""
        return group_down(self._http.get(f"/groups/{group_id}", FaceGroupDown, within), group_id)


class EmergencyIdentityHttp:
    """Implements ``ports.EmergencyIdentity``."""

    system = AgencySystem.EMERGENCY_IDENTITY
    topics = frozenset({Topic.FACE_EMERGENCY})

    def __init__(self, http: AgencyHttp) -> None:
        self._http = http

    def answer(self, question: Question, within: float) -> Found:
        """The face in the emergency set."""
        return search(self._http, question, within)

    def group(self, group_id: str, within: float) -> GroupDown:
        """The emergency set, whole."""
        return group_down(self._http.get(f"/groups/{group_id}", FaceGroupDown, within), group_id)

    def take_record(self, record: RecordUp, within: float) -> Acknowledged:
        """Hand over an inspection that was made in emergency."""
        taken = self._http.put("/records", record.record_id, record.sha256, record_sent(record, RecordSent), within)
        return Acknowledged(taken.received_at, taken.duplicate)


def search(http: AgencyHttp, question: Question, within: float) -> Found:
    """Candidates at or above each group's bound. Raises AgencyFault; WrongAnswer for a group nobody searched."""
    query = FaceGroupsQuery(query_id=question.question_id, probe=shown(question.faces[0]), groups=list(question.groups))
    reply = http.ask("/faces/search", query, FaceGroupsReply, within)
    as_of = None if reply.data_as_of is None else milliseconds(reply.data_as_of)
    groups = {one.group: one for one in reply.searched}
    if any(one.group not in groups for one in reply.candidates) or not groups.keys().isdisjoint(reply.not_searched):
        raise WrongAnswer("candidates of a group that was not searched")
    if not groups:
        raise WrongAnswer("nothing was searched")
    scopes = tuple(
        Scope(one.group, "face group", one.version, one.templates, as_of, bound=thousandths(one.bound))
        for one in groups.values()
    )
    best = sorted(reply.candidates, key=lambda one: (-one.score, one.subject))
    hits = tuple(
        Hit(one.group, one.subject, thousandths(one.score), ("face",))
        for one in once_each(best, lambda one: (one.group, one.subject))
        if one.score >= groups[one.group].bound
    )
    return Found(reply.answered_at, reply.data_as_of, scopes, hits)


def shown(face: Face) -> FaceShown:
    """A face as the contract has it."""
    return FaceShown(
        model_id=face.model_id,
        template=b64encode(face.vector) if face.vector else None,
        picture=b64encode(face.picture) if face.picture else None,
    )


def group_down(down: FaceGroupDown, group_id: str) -> GroupDown:
    """Raises WrongAnswer for another group, or templates of different lengths."""
    templates = tuple((one.subject, one.template) for one in once_each(down.templates, lambda one: one.subject))
    lengths = {len(template) for _, template in templates}
    if down.group != group_id or len(lengths) > 1 or any(length % _VECTOR_UNIT for length in lengths):
        raise WrongAnswer("another group, or one that contradicts itself")
    return GroupDown(group_id, down.version, down.model_id, down.as_of, templates)


def _verdict(reply: FaceVerdict, kind: str) -> Found:
    """A hit is somebody else's face: what an officer must look at."""
    if not reply.compared:
        return Found(reply.answered_at, reply.data_as_of)
    if reply.same is None or reply.score is None or reply.bound is None:
        raise WrongAnswer("a comparison without its outcome")
    as_of = None if reply.data_as_of is None else milliseconds(reply.data_as_of)
    scope = Scope(kind, "face", "", 1, as_of, bound=thousandths(reply.bound))
    hits = () if reply.same else (Hit(kind, "other", thousandths(reply.score), (), ("face",)),)
    return Found(reply.answered_at, reply.data_as_of, (scope,), hits)
