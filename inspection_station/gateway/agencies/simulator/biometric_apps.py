"""外來人口個人生物特徵識別系統, 人別確認輔助系統 and 緊急人別與影像平台, played; comparisons are real ones."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from fastapi import FastAPI, HTTPException

from inspection_station.gateway.agencies import contracts as c
from inspection_station.gateway.agencies import contracts_biometric as b
from inspection_station.gateway.agencies.simulator.kept import Kept
from inspection_station.gateway.agencies.simulator.world import ENROLLED_GROUP, FINGER_GROUP, Faces, Fingers
from inspection_station.matching.fingerprint.extraction import extract_from_file
from inspection_station.matching.fingerprint.faults import UnusableFingerprint
from inspection_station.matching.fingerprint.template_record import POSITION_CODES, read_template
from inspection_station.matching.ports import FaceTemplate

_NO_FACE = "no face that could be compared"


def foreigner_biometrics(fingers: Fingers, kept: Kept) -> FastAPI:
    """外來人口個人生物特徵識別系統."""
    app = FastAPI(title="外來人口個人生物特徵識別系統", version="1", docs_url=None, redoc_url=None)

    @app.post("/fingerprints/search")
    def search(query: b.FingerQuery) -> b.FingerReply:
        """Who of all enrolled persons may have these fingers."""
        candidates = []
        for finger in query.fingers:
            try:
                probe = read_template(finger.template)
            except UnusableFingerprint:
                raise HTTPException(422, "a template that cannot be compared") from None
            for one in fingers.search(probe):
                subject, _, position = one.identifier.rpartition("/")
                number, state = fingers.documents.get(subject, ("", ""))
                candidates.append(
                    b.FingerCandidate(
                        subject=subject,
                        group=one.group,
                        position=int(position),
                        score=float(one.comparison.score),
                        one_in=max(1.0, 1.0 / one.comparison.fmr),
                        document_number=number,
                        issuing_state=state,
                    )
                )
        candidates.sort(key=lambda one: (-one.score, one.subject))
        searched = [
            b.FingerGroup(group=group, version="1", fingers=fingers.kept[group], bound=fingers.bound)
            for group in (FINGER_GROUP, ENROLLED_GROUP)
        ]
        now = datetime.now(UTC)
        return b.FingerReply(
            query_id=query.query_id,
            answered_at=now,
            data_as_of=now,
            searched=searched,
            candidates=candidates[:100],
        )

    @app.put("/fingers/{name}")
    def keep(name: c.Digest, sent: b.PictureSent) -> c.Taken:
        """Keep a finger and enrol it; the same again changes nothing."""
        if hashlib.sha256(sent.picture).hexdigest() != sent.sha256 or sent.sha256 != name:
            raise HTTPException(422, "another picture than its digest says")
        taken = kept.take(name, sent.sha256)
        if not taken.duplicate:
            try:
                template = extract_from_file(sent.picture).template
            except UnusableFingerprint:
                return taken  # kept as it is; nobody can be found by it
            document = (sent.document_number, sent.issuing_state)
            fingers.enrol(sent.record_id, _position(sent.purpose), template, document)
        return taken

    return app


def identity_confirmation(faces: Faces, batches: Kept, started: datetime) -> FastAPI:
    """人別確認輔助系統."""
    app = FastAPI(title="人別確認輔助系統", version="1", docs_url=None, redoc_url=None)

    @app.post("/faces/compare")
    def pair(query: b.FacePairQuery) -> b.FaceVerdict:
        """Whether two faces are one person's."""
        score = faces.pair(_template(faces, query.probe), _template(faces, query.reference))
        return _verdict(query.query_id, faces, score, started)

    @app.post("/faces/designated")
    def designated(query: b.FaceDesignatedQuery) -> b.FaceVerdict:
        """Whether a face is that of the photograph under a document's number."""
        probe, reference = _template(faces, query.probe), faces.photograph(query.document_number)
        score = None if reference is None else faces.pair(probe, reference)
        return _verdict(query.query_id, faces, score, started)

    _add_search(app, faces, started)
    _add_groups(app, faces, started)

    @app.put("/portrait-batches/{batch_id}")
    def batch(batch_id: c.Digest, sent: b.PortraitBatch) -> c.Taken:
        """Keep a batch of portraits, whole or not at all; the same again changes nothing."""
        if any(hashlib.sha256(one.picture).hexdigest() != one.sha256 for one in sent.portraits):
            raise HTTPException(422, "another picture than its digest says")
        return batches.take(batch_id, sent.sha256)

    return app


def emergency_identity(faces: Faces, records: Kept, started: datetime) -> FastAPI:
    """緊急人別與影像平台."""
    app = FastAPI(title="緊急人別與影像平台", version="1", docs_url=None, redoc_url=None)
    _add_search(app, faces, started)
    _add_groups(app, faces, started)

    @app.put("/records/{record_id}")
    def record(record_id: c.Name, sent: c.RecordSent) -> c.Taken:
        """Keep an inspection that was made in emergency; the same again changes nothing."""
        return records.take(record_id, sent.sha256)

    return app


def _add_search(app: FastAPI, faces: Faces, started: datetime) -> None:
    @app.post("/faces/search")
    def search(query: b.FaceGroupsQuery) -> b.FaceGroupsReply:
        """Who of the groups may be the person; groups that cannot be searched are named."""
        answers, away = faces.search(_template(faces, query.probe), query.groups)
        candidates = [
            b.FaceCandidate(group=answer.group_id, subject=one.subject, score=one.score)
            for answer in answers
            for one in answer.candidates
            if one.above
        ]
        searched = [
            b.FaceGroupSearched(group=one.group_id, version=str(one.version), templates=one.searched, bound=one.bound)
            for one in answers
        ]
        return b.FaceGroupsReply(
            query_id=query.query_id,
            answered_at=datetime.now(UTC),
            data_as_of=started,
            searched=searched,
            candidates=candidates[:100],
            not_searched=list(away),
        )


def _add_groups(app: FastAPI, faces: Faces, started: datetime) -> None:
    @app.get("/groups/{group_id}")
    def group(group_id: c.Name) -> b.FaceGroupDown:
        """A group, whole."""
        found = faces.group(group_id)
        if found is None:
            raise HTTPException(404, "no such group")
        return b.FaceGroupDown.model_validate(
            {
                "group": group_id,
                "version": 1,
                "model_id": faces.model_id,
                "as_of": started,
                "templates": [
                    {"subject": subject, "template": _encoded(template)} for subject, template in found.items()
                ],
            }
        )


def _encoded(template: FaceTemplate) -> bytes:
    return c.PlainBase64.encode(template.vector.astype("<f4").tobytes())


def _template(faces: Faces, shown: b.FaceShown) -> FaceTemplate:
    try:
        return faces.template(shown.model_id, shown.template, shown.picture)
    except ValueError:  # FaceRejected and UnusablePicture are ones
        raise HTTPException(422, _NO_FACE) from None


def _verdict(query_id: str, faces: Faces, score: float | None, started: datetime) -> b.FaceVerdict:
    now = datetime.now(UTC)
    if score is None:
        return b.FaceVerdict(query_id=query_id, answered_at=now, data_as_of=started, compared=False)
    bound = faces.thresholds.match
    same = score >= bound
    return b.FaceVerdict(
        query_id=query_id, answered_at=now, data_as_of=started, compared=True, same=same, score=score, bound=bound
    )


def _position(purpose: str) -> int:
    """Of «finger right index»; 0 where it does not say."""
    named = {position.value: code for position, code in POSITION_CODES.items()}
    return named.get(purpose.partition(" ")[2], 0)
