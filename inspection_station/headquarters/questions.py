"""Questions that only an agency's own system can answer, asked through the gateway while there is a link.

station → gateway  ``Questions``: who asks, how long an answer is of use, up to eight questions
gateway → station  ``Answers``: one for each question and system asked; a system that did not answer says «not checked»

One shape for every system. Ids are drawn by the station: the same question again gets the same answer. Scores are
thousandths, times milliseconds since 1970 (UTC). Parsers raise ``WireError`` and nothing else.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from inspection_station.headquarters import wire

QUESTIONS_LIMIT = 8  # in one message
HITS_LIMIT = 100  # of one answer
SCOPES_LIMIT = 64
LONGEST_MS = 10_000
_FINGERS = 10
_TEMPLATE_LIMIT = 64 << 10
_PICTURE_LIMIT = 512 << 10
_LINE = 44  # characters of a zone's line (Doc 9303 part 4)
_M = TypeVar("_M", bound=StrEnum)


class AgencySystem(StrEnum):
    """The systems beyond the gateway (IF-01…IF-15); the value is the stable key."""

    ENTRY_EXIT = "entry-exit"  # 入出境查驗系統
    FOREIGNER_BIOMETRICS = "foreigner-biometrics"  # 外來人口個人生物特徵識別系統
    IDENTITY_CONFIRMATION = "identity-confirmation"  # 人別確認輔助系統
    EMERGENCY_IDENTITY = "emergency-identity"  # 緊急人別與影像平台
    WEBAPIS = "webapis"  # 船舶航前旅客資訊系統
    RMAS = "rmas"  # 區域移動警示系統
    LOST_ABROAD = "lost-documents-abroad"  # 外交部
    LOST_AT_HOME = "lost-documents-home"  # 警察


class Topic(StrEnum):
    """What is asked."""

    PERSON = "person"
    DOCUMENT = "document"
    PRE_CHECK = "pre-check"
    FINGERPRINTS = "fingerprints"
    FACE_PAIR = "face-pair"
    FACE_DESIGNATED = "face-designated"
    FACE_GROUPS = "face-groups"
    FACE_EMERGENCY = "face-emergency"


ASKED_OF: Final[Mapping[Topic, tuple[AgencySystem, ...]]] = {
    Topic.PERSON: (AgencySystem.ENTRY_EXIT,),
    Topic.DOCUMENT: (AgencySystem.RMAS, AgencySystem.LOST_ABROAD, AgencySystem.LOST_AT_HOME),
    Topic.PRE_CHECK: (AgencySystem.WEBAPIS,),
    Topic.FINGERPRINTS: (AgencySystem.FOREIGNER_BIOMETRICS,),
    Topic.FACE_PAIR: (AgencySystem.IDENTITY_CONFIRMATION,),
    Topic.FACE_DESIGNATED: (AgencySystem.IDENTITY_CONFIRMATION,),
    Topic.FACE_GROUPS: (AgencySystem.IDENTITY_CONFIRMATION,),
    Topic.FACE_EMERGENCY: (AgencySystem.EMERGENCY_IDENTITY,),
}
"""Which systems answer to a topic."""


SAME_DOCUMENT: Final = "document_number"
"""Among what agrees of a hit: the system knows it under the document that was shown."""


class Outcome(StrEnum):
    """What came of asking one system. Only an answer says «no hit»; everything else is «not checked»."""

    HIT = "hit"
    NO_HIT = "no hit"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Face:
    """A face to look for: a template of a named model (float32, little endian), or an encoded picture, or both."""

    model_id: str = ""
    vector: bytes = field(default=b"", repr=False)
    picture: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """One question. Of ``mrz``, ``number``, ``fingers`` and ``faces`` only what its topic needs leaves the station.

    ``mrz``: the zone's lines. ``number``, ``issuing_state``, ``document_code``: the document. ``fingers``: position
    code of ISO/IEC 19794-2 and a template record of that standard, asked with the document's number, so that its
    holder's own earlier fingers can be told from another person's. ``faces``: the probe, and for a pair its
    reference. ``groups``: ids of face groups, empty for all that the system may search.
    """

    question_id: str
    topic: Topic
    mrz: tuple[str, ...] = field(default=(), repr=False)
    number: str = field(default="", repr=False)
    issuing_state: str = ""
    document_code: str = ""
    fingers: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)
    faces: tuple[Face, ...] = field(default=(), repr=False)
    groups: tuple[str, ...] = ()

    def plain(self) -> wire.Plain:
        """On the wire."""
        return [
            uuid.UUID(self.question_id).bytes,
            self.topic.value,
            list(self.mrz),
            [self.number, self.issuing_state, self.document_code],
            [[position, template] for position, template in self.fingers],
            [[face.model_id, face.vector, face.picture] for face in self.faces],
            list(self.groups),
        ]

    @classmethod
    def of(cls, value: wire.Plain) -> Question:
        """Raises WireError."""
        name, topic, mrz, document, fingers, faces, groups = _parts(value, 7)
        number, state, code = _parts(document, 3)
        question = cls(
            str(uuid.UUID(bytes=wire.octets(name, 16))),
            _member(Topic, topic),
            tuple(wire.words(line, _LINE) for line in wire.items(mrz, 3)),
            wire.words(number, 40),
            wire.words(state, 3),
            wire.words(code, 2),
            tuple(_finger(finger) for finger in wire.items(fingers, _FINGERS)),
            tuple(_face(face) for face in wire.items(faces, 2)),
            tuple(wire.words(group, 64) for group in wire.items(groups, SCOPES_LIMIT)),
        )
        if not question.complete:
            raise wire.Malformed("a question lacks what its topic needs")
        return question

    @property
    def complete(self) -> bool:
        """Whether it says what its topic needs."""
        faces = len(self.faces)
        match self.topic:
            case Topic.PERSON:
                return len(self.mrz) in (2, 3)
            case Topic.DOCUMENT | Topic.PRE_CHECK:
                return bool(self.number)
            case Topic.FINGERPRINTS:
                return bool(self.fingers)
            case Topic.FACE_PAIR:
                return faces == 2
            case Topic.FACE_DESIGNATED:
                return faces == 1 and bool(self.number)
            case Topic.FACE_GROUPS | Topic.FACE_EMERGENCY:
                return faces == 1


@dataclass(frozen=True, slots=True)
class Scope:
    """What was searched: a list or group of a system as it was then. ``as_of``: of its data, None where it is asked
    live. ``stale``: the system itself no longer answers for it. ``bound``: thousandths; 0 where there is none.
    """

    name: str
    kind: str = ""
    version: str = ""
    count: int = 0
    as_of: int | None = None
    stale: bool = False
    bound: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A possible hit in a scope: a reference of the system, which identifiers agree and which differ."""

    scope: str
    reference: str
    score: int
    matching: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one system said to one question. ``code`` says why it was not checked; ``answered_at`` by the system's
    clock; ``age_seconds`` of its data, None where it asks live; ``took_ms`` as the gateway measured.
    """

    question_id: str
    system: AgencySystem
    outcome: Outcome
    code: str = ""
    answered_at: int | None = None
    age_seconds: int | None = None
    took_ms: int = 0
    scopes: tuple[Scope, ...] = ()
    hits: tuple[Hit, ...] = ()

    def plain(self) -> wire.Plain:
        """On the wire."""
        return [
            uuid.UUID(self.question_id).bytes,
            self.system.value,
            self.outcome.value,
            self.code,
            self.answered_at,
            self.age_seconds,
            self.took_ms,
            [[s.name, s.kind, s.version, s.count, s.as_of, s.stale, s.bound] for s in self.scopes],
            [[h.scope, h.reference, h.score, list(h.matching), list(h.differing)] for h in self.hits],
        ]

    @classmethod
    def of(cls, value: wire.Plain) -> Answer:
        """Raises WireError."""
        name, system, outcome, code, at, age, took, scopes, hits = _parts(value, 9)
        return cls(
            str(uuid.UUID(bytes=wire.octets(name, 16))),
            _member(AgencySystem, system),
            _member(Outcome, outcome),
            wire.words(code, 16),
            None if at is None else wire.number(at),
            None if age is None else wire.number(age),
            wire.number(took),
            tuple(_scope(scope) for scope in wire.items(scopes, SCOPES_LIMIT)),
            tuple(_hit(hit) for hit in wire.items(hits, HITS_LIMIT)),
        )

    @classmethod
    def not_checked(cls, question_id: str, system: AgencySystem, code: str, took_ms: int = 0) -> Answer:
        """Nobody looked."""
        return cls(question_id, system, Outcome.NOT_CHECKED, code, took_ms=took_ms)


@dataclass(frozen=True, slots=True)
class Questions:
    """What a station asks at once, and for how many milliseconds it waits."""

    station: str
    deadline_ms: int
    asked: tuple[Question, ...]

    def encode(self) -> bytes:
        """On the wire."""
        return wire.encode(["questions/1", self.station, self.deadline_ms, [one.plain() for one in self.asked]])

    @classmethod
    def decode(cls, data: bytes) -> Questions:
        """Raises WireError."""
        station, deadline, asked = wire.fields(wire.decode(data), "questions/1", 3)
        found = tuple(Question.of(one) for one in wire.items(asked, QUESTIONS_LIMIT))
        if not found or len({one.question_id for one in found}) != len(found):
            raise wire.Malformed("no question, or one id for two")
        return cls(wire.words(station), wire.number(deadline, LONGEST_MS), found)


@dataclass(frozen=True, slots=True)
class Answers:
    """The gateway's answer."""

    gateway: str
    given: tuple[Answer, ...]

    def encode(self) -> bytes:
        """On the wire."""
        return wire.encode(["answers/1", self.gateway, [one.plain() for one in self.given]])

    @classmethod
    def decode(cls, data: bytes) -> Answers:
        """Raises WireError."""
        gateway, given = wire.fields(wire.decode(data), "answers/1", 2)
        most = QUESTIONS_LIMIT * len(AgencySystem)
        return cls(wire.words(gateway), tuple(Answer.of(one) for one in wire.items(given, most)))


def _finger(value: wire.Plain) -> tuple[int, bytes]:
    position, template = _parts(value, 2)
    data = wire.octets(template)
    if len(data) > _TEMPLATE_LIMIT:
        raise wire.TooLarge("a template exceeds the limit")
    return wire.number(position, 10), data


def _face(value: wire.Plain) -> Face:
    model_id, vector, picture = _parts(value, 3)
    face = Face(wire.words(model_id, 80), wire.octets(vector), wire.octets(picture))
    if len(face.vector) > _TEMPLATE_LIMIT or len(face.picture) > _PICTURE_LIMIT:
        raise wire.TooLarge("a face exceeds the limit")
    if bool(face.vector) != bool(face.model_id) or not (face.vector or face.picture):
        raise wire.Malformed("a face without its model, or none")
    return face


def _scope(value: wire.Plain) -> Scope:
    name, kind, version, count, as_of, stale, bound = _parts(value, 7)
    if not isinstance(stale, bool):
        raise wire.Malformed("a field is neither true nor false")
    when = None if as_of is None else wire.number(as_of)
    texts = wire.words(name, 64), wire.words(kind, 64), wire.words(version, 64)
    return Scope(*texts, wire.number(count), when, stale, wire.number(bound))


def _hit(value: wire.Plain) -> Hit:
    scope, reference, score, matching, differing = _parts(value, 5)
    agree = tuple(wire.words(one, 40) for one in wire.items(matching, 16))
    differ = tuple(wire.words(one, 40) for one in wire.items(differing, 16))
    return Hit(wire.words(scope, 64), wire.words(reference, 64), wire.number(score), agree, differ)


def _member(kind: type[_M], value: wire.Plain) -> _M:
    try:
        return kind(wire.words(value, 40))
    except ValueError:
        raise wire.Malformed("a field has a value that is not in use") from None


def _parts(value: wire.Plain, count: int) -> list[wire.Plain]:
    parts = wire.items(value, count)
    if len(parts) != count:
        raise wire.Malformed("a message has too few fields")
    return parts
