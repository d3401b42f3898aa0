"""RMAS 區域移動警示系統 (IF-14) and the two sources of lost documents (IF-15), over HTTP.

RMAS asks the issuing economy live and can never be preloaded. The lists of documents lost abroad (外交部) and at home
(警察) are kept at different speeds, so every answer bears the age of its source.
"""

from __future__ import annotations

from inspection_station.gateway.agencies.contracts import (
    ControlListDown,
    ControlListsDown,
    DocumentQuery,
    DocumentStatusReply,
    LostReply,
)
from inspection_station.gateway.agencies.entry_exit import hits_of
from inspection_station.gateway.agencies.http import AgencyHttp
from inspection_station.gateway.agencies.ports import CannotSay, Found
from inspection_station.gateway.agencies.translating import lists_from, milliseconds
from inspection_station.headquarters.questions import AgencySystem, Hit, Question, Scope, Topic
from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.watchlist_lists import ControlList

_GOOD = frozenset({"valid", "not recorded"})


class RmasHttp:
    """Implements ``ports.Answering``."""

    system = AgencySystem.RMAS
    topics = frozenset({Topic.DOCUMENT})

    def __init__(self, http: AgencyHttp) -> None:
        self._http = http

    def answer(self, question: Question, within: float) -> Found:
        """Whether the issuer calls its document lost, stolen or cancelled. Raises CannotSay where the issuer did not
        say: nobody looked, so it is no «no hit».
        """
        reply = self._http.ask("/document-status", document_query(question), DocumentStatusReply, within)
        if reply.status == "unknown":
            raise CannotSay("the issuing economy did not answer")
        scope = Scope(self.system.value, ListKind.LOST_DOCUMENT.value, "", 0, None)
        if reply.status in _GOOD:
            return Found(reply.answered_at, None, (scope,))
        hit = Hit(scope.name, reply.reference or reply.status, 1000, ("document_number", "issuing_state"))
        return Found(reply.answered_at, None, (scope,), (hit,))


class LostDocumentsHttp:
    """Implements ``ports.LostDocuments`` for one of the two sources."""

    topics = frozenset({Topic.DOCUMENT})

    def __init__(self, system: AgencySystem, http: AgencyHttp) -> None:
        self.system = system
        self._http = http

    def answer(self, question: Question, within: float) -> Found:
        """Whether this source lists the document, and how old its list is."""
        reply = self._http.ask("/documents/search", document_query(question), LostReply, within)
        as_of = None if reply.data_as_of is None else milliseconds(reply.data_as_of)
        scope = Scope(reply.list_id, ListKind.LOST_DOCUMENT.value, reply.version, reply.entries, as_of)
        return Found(reply.answered_at, reply.data_as_of, (scope,), hits_of(reply.found, {reply.list_id}))

    def control_list(self, within: float) -> ControlList:
        """The list, whole: to be published as a pack under the source's own name and age."""
        down = self._http.get("/control-list", ControlListDown, within)
        return lists_from(ControlListsDown(lists=[down]))[0]


def document_query(question: Question) -> DocumentQuery:
    """A document as the contracts have it."""
    return DocumentQuery(
        query_id=question.question_id,
        document_number=question.number,
        issuing_state=question.issuing_state,
        document_code=question.document_code,
    )
