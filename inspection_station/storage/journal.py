"""The journal: the events of inspections that are not sealed yet. What a crash leaves here is taken up again."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from inspection_station.inspection.codec import MalformedPlain, canonical_json, event_from_plain, parse_json, to_plain
from inspection_station.inspection.events import Event
from inspection_station.storage.connection import Connection
from inspection_station.storage.values import JournaledInspection


def event_text(event: Event) -> str:
    """An event as it is written. Raises MalformedPlain."""
    return canonical_json(to_plain(event)).decode()


def append_event(connection: Connection, inspection_id: str, at: str, text: str) -> None:
    """Add an event within the caller's transaction; a sealed inspection takes none any more."""
    connection.execute(
        "insert into journal (inspection_id, number, at, event)"
        " select ?1, coalesce((select max(number) from journal where inspection_id = ?1), 0) + 1, ?2, ?3"
        " where not exists (select 1 from inspection where inspection_id = ?1)",
        (inspection_id, at, text),
    )


def take_journal(connection: Connection, inspection_id: str) -> list[str]:
    """The events as written, in order, and their removal, within the caller's transaction."""
    rows = connection.execute(
        "select event from journal where inspection_id = ? order by number", (inspection_id,)
    ).fetchall()
    connection.execute("delete from journal where inspection_id = ?", (inspection_id,))
    return [text for (text,) in rows]


def unfinished(connection: Connection) -> tuple[JournaledInspection, ...]:
    """Every inspection in the journal, oldest first."""
    rows = connection.execute(
        "select journal.inspection_id, event from journal"
        " join (select inspection_id, min(at) as began from journal group by inspection_id) using (inspection_id)"
        " order by began, journal.inspection_id, number"
    ).fetchall()
    return tuple(_read(name, (text for _, text in group)) for name, group in groupby(rows, key=itemgetter(0)))


def _read(inspection_id: str, texts: Iterable[str]) -> JournaledInspection:
    events: list[Event] = []
    for text in texts:
        try:
            events.append(event_from_plain(parse_json(text.encode())))
        except MalformedPlain:
            return JournaledInspection(inspection_id, tuple(events), damaged=True)
    return JournaledInspection(inspection_id, tuple(events))
