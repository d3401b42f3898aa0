"""The document in hand against every control list in the station, offline (WF-25, IF-01, IF-15).

A number is compared exactly and by characters that OCR takes for one another; a person by name together with date of
birth, nationality and sex. What is found is a possible hit with the identifiers that agree and that differ: a person
decides. 100,000 entries are searched in milliseconds; building the index takes some seconds, off the window's thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from inspection_station.inspection.document import MachineReadableZone, MrzDate
from inspection_station.inspection.watchlist import ListConsulted, WatchlistHit, WatchlistResult
from inspection_station.matching.names import NameForm, agreement, name_form, name_form_if_romanised
from inspection_station.matching.names_index import NameIndex
from inspection_station.matching.watchlist_births import BirthSieve
from inspection_station.matching.watchlist_lists import BirthRange, ControlList, ListedDocument, ListEntry
from inspection_station.matching.watchlist_rules import (
    Birth,
    birth_relation,
    hit_score,
    relation,
    suffices,
)

_SAME_CLASS: Final = str.maketrans("OQDILZSGB", "000112568")
_SHORTEST_NUMBER: Final = 5


@dataclass(frozen=True, slots=True)
class _Person:
    """What the traveller's document says, ready to be compared."""

    name: NameForm
    born: BirthRange | None
    nationality: str
    sex: str
    number: str
    issuing_state: str
    personal_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Filed:
    """A listed name and whose it is."""

    owner: int
    form: NameForm
    weak: bool


class WatchlistSearch:
    """An immutable index over lists. Build anew when a list arrives; safe to share between threads."""

    def __init__(self, lists: Iterable[ControlList]) -> None:
        self._lists = tuple(lists)
        self._owners: list[tuple[ControlList, ListEntry]] = []
        self._filed: list[_Filed] = []
        self._numbers: defaultdict[str, list[int]] = defaultdict(list)
        self._personal: defaultdict[str, list[int]] = defaultdict(list)
        self._index = NameIndex()
        for one in self._lists:
            for entry in one.entries:
                self._file(one, entry)
        self._index.close()
        self._births = BirthSieve([self._owners[filed.owner][1].born for filed in self._filed])

    @property
    def entries(self) -> int:
        """Entries in all lists."""
        return len(self._owners)

    def search(self, zone: MachineReadableZone, now: datetime, not_consulted: Sequence[str] = ()) -> WatchlistResult:
        """Possible hits, the likeliest first. ``now`` (aware) judges the lists' age; a stale list is still searched.

        ``not_consulted``: lists that should have been at hand and are not, passed through to the result.
        """
        person = _person(zone)
        hits: dict[int, WatchlistHit] = {}
        for filed in self._by_name(person):
            hit = self._name_hit(filed, person)
            if hit and (filed.owner not in hits or hit.score > hits[filed.owner].score):
                hits[filed.owner] = hit
        for owner in self._by_number(person):
            hit = self._number_hit(owner, person)
            if owner not in hits or hit.score > hits[owner].score:
                hits[owner] = hit
        ordered = sorted(hits.values(), key=lambda hit: (-hit.score, hit.list_id, hit.entry_id))
        return WatchlistResult(self._consulted(now), tuple(ordered), tuple(not_consulted))

    def _file(self, one: ControlList, entry: ListEntry) -> None:
        owner = len(self._owners)
        self._owners.append((one, entry))
        for document in entry.documents:
            self._numbers[_class_of(document.number)].append(owner)
        for number in entry.personal_numbers:
            self._personal[_class_of(number)].append(owner)
        for name in entry.names:
            if form := name_form_if_romanised(name.primary, name.secondary):
                self._filed.append(_Filed(owner, form, name.weak))
                self._index.add(form)

    def _by_name(self, person: _Person) -> list[_Filed]:
        if not person.name.words or not self._filed:
            return []
        found = self._index.candidates(person.name, self._births.share_of_name_needed(person.born))
        return [self._filed[number] for number in found]

    def _by_number(self, person: _Person) -> list[int]:
        found: set[int] = set()
        if len(person.number) >= _SHORTEST_NUMBER:
            found.update(self._numbers.get(_class_of(person.number), ()))
        for number in person.personal_numbers:
            found.update(self._personal.get(_class_of(number), ()))
        return sorted(found)

    def _name_hit(self, filed: _Filed, person: _Person) -> WatchlistHit | None:
        one, entry = self._owners[filed.owner]
        birth = birth_relation(person.born, entry.born)
        if birth is Birth.DIFFERS:
            return None
        nationality = relation(person.nationality, entry.nationalities)
        sex = relation(person.sex, (entry.sex,) if entry.sex else ())
        alike = agreement(person.name, filed.form)
        if not suffices(alike, birth, nationality, sex, filed.weak):
            return None
        score = hit_score(alike, birth, nationality, sex)
        return self._hit(one, entry, person, score, ["name" if alike.exact else "name_alike"], [])

    def _number_hit(self, owner: int, person: _Person) -> WatchlistHit:
        one, entry = self._owners[owner]
        matching: list[str] = []
        differing: list[str] = []
        score = 0.0
        for document in entry.documents:
            if _class_of(document.number) == _class_of(person.number):
                score = max(score, _number_score(document, person, matching, differing))
        for number in entry.personal_numbers:
            if any(_class_of(number) == _class_of(own) for own in person.personal_numbers):
                exact = number in person.personal_numbers
                matching.append("personal_number" if exact else "personal_number_alike")
                score = max(score, 1.0 if exact else 0.9)
        forms = [name_form_if_romanised(name.primary, name.secondary) for name in entry.names]
        found = [agreement(person.name, form) for form in forms if form is not None]
        alike = max(found, key=lambda one_name: one_name.score, default=None)
        if alike is not None:
            if alike.score >= 0.8:
                matching.append("name" if alike.exact else "name_alike")
            else:
                differing.append("name")
        return self._hit(one, entry, person, score, matching, differing)

    def _hit(
        self,
        one: ControlList,
        entry: ListEntry,
        person: _Person,
        score: float,
        matching: list[str],
        differing: list[str],
    ) -> WatchlistHit:
        birth = birth_relation(person.born, entry.born)
        if birth is Birth.SAME:
            matching.append("date_of_birth")
        elif birth is Birth.COMPATIBLE:
            matching.append("date_of_birth_partly")
        elif birth in (Birth.CLOSE, Birth.DIFFERS):
            differing.append("date_of_birth")
        for name, own, listed in (
            ("nationality", person.nationality, entry.nationalities),
            ("sex", person.sex, (entry.sex,) if entry.sex else ()),
        ):
            related = relation(own, listed)
            if related is not None:
                (matching if related else differing).append(name)
        unique = tuple(dict.fromkeys(matching)), tuple(dict.fromkeys(differing))
        return WatchlistHit(one.list_id, one.kind, entry.entry_id, round(score, 3), *unique)

    def _consulted(self, now: datetime) -> tuple[ListConsulted, ...]:
        return tuple(
            ListConsulted(
                one.list_id,
                one.kind,
                one.version,
                one.issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                one.stale(now),
            )
            for one in self._lists
        )


def _number_score(document: ListedDocument, person: _Person, matching: list[str], differing: list[str]) -> float:
    exact = document.number == person.number
    matching.append("document_number" if exact else "document_number_alike")
    if not document.issuing_state:
        return 0.95 if exact else 0.85
    if document.issuing_state == person.issuing_state:
        matching.append("issuing_state")
        return 1.0 if exact else 0.9
    differing.append("issuing_state")
    return 0.6 if exact else 0.5


def _class_of(number: str) -> str:
    """A number with characters that OCR takes for one another made one (SETUP: O/0, I/1, Z/2, S/5, G/6, B/8)."""
    return number.translate(_SAME_CLASS)


def _person(zone: MachineReadableZone) -> _Person:
    plain = zone.name.primary, zone.name.secondary
    name = NameForm(())
    if name_form_if_romanised(*plain):
        name = name_form(*plain, truncated=zone.name.truncated)
    optional = (_plain(zone.optional_data), _plain(zone.optional_data_2))
    return _Person(
        name=name,
        born=_born(zone.date_of_birth),
        nationality=zone.nationality,
        sex=zone.sex,
        number=_plain(zone.document_number),
        issuing_state=zone.issuing_state,
        personal_numbers=tuple(number for number in optional if len(number) >= _SHORTEST_NUMBER),
    )


def _born(printed: MrzDate) -> BirthRange | None:
    earliest, latest = printed.earliest(), printed.latest()
    return None if earliest is None or latest is None else BirthRange(earliest, latest)


def _plain(text: str) -> str:
    return "".join(character for character in text.upper() if character.isascii() and character.isalnum())
