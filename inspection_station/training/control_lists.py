"""Control lists of invented people for training: a few hundred entries, and those whom lessons let be found.

Issued relative to the day of the lesson, so that their ages are what a trainer expects; one list is stale on request.
``personas.listed`` are on them always: wanted persons, lost documents, and namesakes, whom the officer must clear.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from functools import cache

from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.watchlist_lists import BirthRange, ControlList, ListedDocument, ListedName, ListEntry
from inspection_station.training.personas.identity import ISSUING_STATE, Persona, persona
from inspection_station.training.personas.listed import Listing, listed_people

_TAIPEI = timezone(timedelta(hours=8))  # lessons begin on the station's day, and birthdays follow from that
_ELSEWHERE = "XXA"  # stateless (Doc 9303 part 3 §5)
_FILLERS = 120  # strangers a list, so that a search has something to leave out
_FIRST_SEED = 9_000_000  # lessons draw their travellers from other seeds

_LISTS: tuple[tuple[str, ListKind, timedelta, timedelta], ...] = (
    # id, kind, age at the lesson, lifetime
    ("wanted", ListKind.WANTED, timedelta(hours=3), timedelta(hours=24)),
    ("tax-arrears", ListKind.TAX_ARREARS, timedelta(hours=20), timedelta(days=7)),
    ("lost-documents", ListKind.LOST_DOCUMENT, timedelta(hours=6), timedelta(hours=48)),
    ("smuggling", ListKind.SMUGGLING, timedelta(hours=30), timedelta(days=7)),
)


def training_lists(
    now: datetime, *, wanted: Iterable[Persona] = (), lost: Iterable[Persona] = (), stale: bool = False
) -> tuple[ControlList, ...]:
    """Lists as they would be at hand at ``now`` (aware). ``wanted`` are listed as persons, ``lost`` by document,
    besides the people of ``personas.listed``.
    """
    today = now.astimezone(_TAIPEI).date()
    made: list[ControlList] = []
    for place, (list_id, kind, age, lifetime) in enumerate(_LISTS):
        issued = now - (lifetime + timedelta(hours=5) if stale and place == 0 else age)
        entries = list(_fillers(place, kind))
        if kind is ListKind.WANTED:
            people = (*listed_people(Listing.WANTED, today), *wanted)
            entries.extend(_person(who, f"W-{number}") for number, who in enumerate(people))
            namesakes = listed_people(Listing.NAMESAKE, today)
            entries.extend(_namesake(who, f"N-{number}") for number, who in enumerate(namesakes))
        if kind is ListKind.LOST_DOCUMENT:
            papers = (*listed_people(Listing.LOST_DOCUMENT, today), *lost)
            entries.extend(_document(who, f"L-{number}") for number, who in enumerate(papers))
        version = issued.strftime("%Y%m%d%H")
        made.append(ControlList(list_id, kind, version, issued, issued + lifetime, tuple(entries)))
    return tuple(made)


@cache
def _fillers(place: int, kind: ListKind) -> tuple[ListEntry, ...]:
    first = _FIRST_SEED + place * 10_000
    today = datetime(2026, 1, 1).date()  # strangers need no fresh ages
    strangers = (persona(first + number, today=today) for number in range(_FILLERS))
    make = _document if kind is ListKind.LOST_DOCUMENT else _person
    return tuple(make(stranger, f"F-{number}") for number, stranger in enumerate(strangers))


def _person(who: Persona, entry_id: str) -> ListEntry:
    return ListEntry(
        entry_id,
        names=(ListedName(who.name.primary_zone, who.name.secondary_zone),),
        born=(BirthRange(who.date_of_birth, who.date_of_birth),),
        nationalities=(who.nationality,),
        sex=who.sex,
    )


def _document(who: Persona, entry_id: str) -> ListEntry:
    return ListEntry(entry_id, documents=(ListedDocument(who.document_number, who.issuing_state),))


def _namesake(who: Persona, entry_id: str) -> ListEntry:
    """Somebody else of that name: of the other sex and another nationality, of whom only the year of birth is known."""
    year = who.date_of_birth.year
    return ListEntry(
        entry_id,
        names=(ListedName(who.name.primary_zone, who.name.secondary_zone),),
        born=(BirthRange(date(year, 1, 1), date(year, 12, 31)),),
        nationalities=(ISSUING_STATE if who.nationality != ISSUING_STATE else _ELSEWHERE,),
        sex="M" if who.sex == "F" else "F",
    )
