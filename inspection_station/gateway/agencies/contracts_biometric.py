"""The contracts of the systems that compare and keep faces and fingers; see ``contracts``."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from inspection_station.gateway.agencies.contracts import (
    MOST,
    Base64,
    Count,
    Digest,
    Message,
    Name,
    Number,
    Octets,
    Query,
    Reply,
    Score,
    State,
    Version,
)

# 外來人口個人生物特徵識別系統


class Finger(Message):
    """One finger: position of ISO/IEC 19794-2 table 2 (0: unknown) and a record of that standard."""

    position: Annotated[int, Field(ge=0, le=10)]
    template: Octets


class FingerQuery(Query):
    """Fingers of one person to be found among all that are enrolled."""

    fingers: Annotated[list[Finger], Field(min_length=1, max_length=10)]


class FingerCandidate(Message):
    """Someone who may have these fingers. ``one_in``: one stranger in so many is as alike. ``document_number`` and
    ``issuing_state``: of the document under which they are kept, "" where the system does not know."""

    subject: Name
    group: Name
    position: Annotated[int, Field(ge=0, le=10)]
    score: Score
    one_in: Annotated[float, Field(ge=1)] | None = None
    document_number: Annotated[str, Field(max_length=40)] = ""
    issuing_state: State = ""


class FingerGroup(Message):
    """A group that was searched."""

    group: Name
    version: Version
    fingers: Count
    bound: Score


class FingerReply(Reply):
    """Candidates at or above the system's bound."""

    searched: Annotated[list[FingerGroup], Field(max_length=64)]
    candidates: Annotated[list[FingerCandidate], Field(max_length=MOST)]


class PictureSent(Message):
    """A picture with the document of whose holder it shows the face or finger."""

    sha256: Digest
    record_id: Name
    purpose: Name
    media_type: Name
    document_number: Annotated[str, Field(max_length=40)]
    issuing_state: State = ""
    picture: Octets


# 人別確認輔助系統 · 緊急人別與影像平台


class FaceShown(Message):
    """A face as a template of a named model (unit vector, float32, little endian), as a picture, or both."""

    model_id: Annotated[str, Field(max_length=80)] = ""
    template: Base64 | None = None
    picture: Base64 | None = None


class FacePairQuery(Query):
    """Two faces: of one person?"""

    probe: FaceShown
    reference: FaceShown


class FaceDesignatedQuery(Query):
    """A face and the document under whose number the system has a photograph."""

    probe: FaceShown
    document_number: Number


class FaceGroupsQuery(Query):
    """A face to be found in groups; none named: in all that may be searched."""

    probe: FaceShown
    groups: Annotated[list[Name], Field(max_length=64, default_factory=list)]


class FaceVerdict(Reply):
    """One to one. ``compared`` False: the system has no such photograph."""

    compared: bool
    same: bool | None = None
    score: Score | None = None
    bound: Score | None = None


class FaceGroupSearched(Message):
    """A group that was searched."""

    group: Name
    version: Version
    templates: Count
    bound: Score


class FaceCandidate(Message):
    """Someone of a group who may be the person."""

    group: Name
    subject: Name
    score: Score


class FaceGroupsReply(Reply):
    """Candidates at or above each group's bound, best first; groups that could not be searched are named."""

    searched: Annotated[list[FaceGroupSearched], Field(max_length=64)]
    candidates: Annotated[list[FaceCandidate], Field(max_length=MOST)]
    not_searched: Annotated[list[Name], Field(max_length=64, default_factory=list)]


class PortraitBatch(Message):
    """Chip portraits of cleared travellers, together."""

    sha256: Digest
    portraits: Annotated[list[PictureSent], Field(min_length=1, max_length=200)]


class GroupTemplate(Message):
    """A person of a group."""

    subject: Name
    template: Octets


class FaceGroupDown(Message):
    """A group, whole."""

    group: Name
    version: Annotated[int, Field(ge=1)]
    model_id: Name
    as_of: AwareDatetime
    templates: list[GroupTemplate]
