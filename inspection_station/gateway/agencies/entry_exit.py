"""入出境查驗系統 (IF-01) over HTTP: a person against its lists online, lists down, records up."""

from __future__ import annotations

from collections.abc import Sequence

from inspection_station.gateway.agencies.contracts import (
    ControlListsDown,
    PersonHit,
    PersonQuery,
    PersonReply,
    RecordSent,
)
from inspection_station.gateway.agencies.http import AgencyHttp
from inspection_station.gateway.agencies.ports import Acknowledged, Found, RecordUp, WrongAnswer
from inspection_station.gateway.agencies.translating import lists_from, milliseconds, once_each, record_sent
from inspection_station.headquarters.questions import AgencySystem, Hit, Question, Scope, Topic
from inspection_station.matching.watchlist_lists import ControlList


class EntryExitHttp:
    """Implements ``ports.EntryExitSystem``."""

    system = AgencySystem.ENTRY_EXIT
    topics = frozenset({Topic.PERSON})

    def __init__(self, http: AgencyHttp) -> None:
        self._http = http

    def answer(self, question: Question, within: float) -> Found:
        """Possible hits in the system's own lists as they are now."""
        query = PersonQuery(query_id=question.question_id, mrz=list(question.mrz))
        reply = self._http.ask("/persons/search", query, PersonReply, within)
        scopes = tuple(
            Scope(one.list_id, one.kind, one.version, one.entries, milliseconds(one.issued_at), one.stale)
            for one in once_each(reply.searched, lambda one: one.list_id)
        )
        return Found(reply.answered_at, reply.data_as_of, scopes, hits_of(reply.hits, {scope.name for scope in scopes}))

    def control_lists(self, within: float) -> Sequence[ControlList]:
        """Every list, whole: to be published as packs."""
        return lists_from(self._http.get("/control-lists", ControlListsDown, within))

    def take_record(self, record: RecordUp, within: float) -> Acknowledged:
        """Hand over an inspection; the same id once more changes nothing."""
        taken = self._http.put("/records", record.record_id, record.sha256, record_sent(record, RecordSent), within)
        return Acknowledged(taken.received_at, taken.duplicate)


def hits_of(found: Sequence[PersonHit], lists: set[str]) -> tuple[Hit, ...]:
    """Each entry once, the likeliest report of it. Raises WrongAnswer for a hit in a list that was not searched."""
    if any(one.list_id not in lists for one in found):
        raise WrongAnswer("a hit in a list that was not searched")
    ordered = sorted(found, key=lambda one: (-one.score, one.list_id, one.entry_id))
    return tuple(
        Hit(one.list_id, one.entry_id, round(one.score * 1000), tuple(one.matching), tuple(one.differing))
        for one in once_each(ordered, lambda one: (one.list_id, one.entry_id))
    )
