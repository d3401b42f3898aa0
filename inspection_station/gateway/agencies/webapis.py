"""船舶航前旅客資訊系統 WebAPIS (IF-07) over HTTP: manifests with pre-checks down, documents
online, discrepancies up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from inspection_station.gateway.agencies.contracts import (
    Discrepancy,
    ManifestDown,
    PreCheckQuery,
    PreCheckReply,
    Voyages,
)
from inspection_station.gateway.agencies.http import AgencyHttp
from inspection_station.gateway.agencies.ports import Acknowledged, Denied, Found, WrongAnswer
from inspection_station.gateway.agencies.translating import manifest_from, milliseconds, once_each
from inspection_station.headquarters.questions import AgencySystem, Hit, Question, Scope, Topic
from inspection_station.matching.manifest import Manifest

_VOYAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


class WebApisHttp:
    """Implements ``ports.WebApis``."""

    system = AgencySystem.WEBAPIS
    topics = frozenset({Topic.PRE_CHECK})

    def __init__(self, http: AgencyHttp) -> None:
        self._http = http

    def answer(self, question: Question, within: float) -> Found:
        """Hits are voyages on which the document's holder was announced and not cleared."""
        query = PreCheckQuery(
            query_id=question.question_id, document_number=question.number, issuing_state=question.issuing_state
        )
        reply = self._http.ask("/pre-checks/search", query, PreCheckReply, within)
        if any(one.voyage not in reply.voyages for one in reply.announced):
            raise WrongAnswer("announced for a voyage that was not searched")
        as_of = None if reply.data_as_of is None else milliseconds(reply.data_as_of)
        scopes = tuple(Scope(voyage, "manifest", "", 0, as_of) for voyage in dict.fromkeys(reply.voyages))
        hits = tuple(
            Hit(one.voyage, one.entry_id, 1000, ("document_number", one.pre_check))
            for one in once_each(reply.announced, lambda one: (one.voyage, one.entry_id))
            if one.pre_check != "clear"
        )
        return Found(reply.answered_at, reply.data_as_of, scopes, hits)

    def voyages(self, within: float) -> Sequence[str]:
        """Voyages that have a manifest."""
        found = self._http.get("/voyages", Voyages, within).voyages
        if any(not _VOYAGE.fullmatch(voyage) for voyage in found):
            raise WrongAnswer("a voyage that is none")
        return tuple(dict.fromkeys(found))

    def manifest(self, voyage: str, within: float) -> Manifest:
        """The manifest of a voyage, whole: to be published as a pack."""
        down = self._http.get(f"/voyages/{voyage}/manifest", ManifestDown, within)
        if down.voyage != voyage:
            raise WrongAnswer("the manifest of another voyage")
        return manifest_from(down)

    def report_discrepancy(
        self, voyage: str, report_id: str, plain: Mapping[str, object], within: float
    ) -> Acknowledged:
        """Tell what is aboard and was not announced, or the other way round."""
        try:
            sent = Discrepancy.model_validate(plain)
        except ValidationError:
            raise Denied("what should be sent does not fit the contract") from None
        path = f"/voyages/{voyage}/discrepancies"
        taken = self._http.put(path, report_id, bytes.fromhex(sent.sha256), sent, within)
        return Acknowledged(taken.received_at, taken.duplicate)
