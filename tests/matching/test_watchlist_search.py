"""Lists are searched by number, name and birth; the result says what agrees, what differs, and how old the list is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.inspection.document import DocumentFormat, MachineReadableZone, MrzDate, Name
from inspection_station.inspection.watchlist import ListKind, WatchlistHit
from inspection_station.matching.watchlist_lists import (
    BirthRange,
    ControlList,
    ListedDocument,
    ListedName,
    ListEntry,
    MalformedList,
    birth_range,
    load_lists,
)
from inspection_station.matching.watchlist_rules import Birth, birth_relation
from inspection_station.matching.watchlist_search import WatchlistSearch

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def _zone(
    primary: str = "BRACKMERE",
    secondary: str = "CORWYN",
    born: tuple[int | None, int | None, int | None] = (1971, 5, 2),
    number: str = "X1234567",
    nationality: str = "UTO",
    sex: str = "M",
    truncated: bool = False,
) -> MachineReadableZone:
    return MachineReadableZone(
        format=DocumentFormat.TD3,
        lines=("", ""),
        document_code="P",
        issuing_state=nationality,
        nationality=nationality,
        name=Name(primary, secondary, truncated),
        document_number=number,
        date_of_birth=MrzDate("710502", *born),
        sex=sex,
        date_of_expiry=MrzDate("300101", 2030, 1, 1),
        optional_data="",
        optional_data_2="",
        checks=(),
    )


def _list(*entries: ListEntry, kind: ListKind = ListKind.WANTED) -> ControlList:
    return ControlList("wanted", kind, "7", NOW - timedelta(hours=2), NOW + timedelta(hours=22), entries)


def _entry(
    *names: ListedName,
    born: str = "1971-05-02",
    nationality: str = "UTO",
    sex: str = "M",
    document: ListedDocument | None = None,
) -> ListEntry:
    return ListEntry(
        "e1",
        names or (ListedName("Brackmere", "Corwyn"),),
        (document,) if document else (),
        (birth_range(born),) if born else (),
        (nationality,) if nationality else (),
        sex,
    )


def _hits(entry: ListEntry, zone: MachineReadableZone) -> tuple[WatchlistHit, ...]:
    return WatchlistSearch([_list(entry)]).search(zone, NOW).hits


def test_the_same_person_is_found_with_everything_that_agrees() -> None:
    (hit,) = _hits(_entry(), _zone())
    assert hit.matching == ("name", "date_of_birth", "nationality", "sex")
    assert hit.differing == ()
    assert hit.score > 0.99


@pytest.mark.parametrize(
    ("primary", "secondary", "truncated"),
    [
        ("CORWYN", "BRACKMERE", False),
        ("BRACKMERE", "CORVIN", False),
        ("BRACKMERE", "", False),
        ("BRACKMERE", "CORWYN ALDOUS", False),
        ("BRACKMERE", "CORW", True),
        ("BRAKMERE", "CORWYN", False),
    ],
)
def test_the_name_may_be_turned_misspelt_cut_or_incomplete_when_the_birth_date_agrees(
    primary: str, secondary: str, truncated: bool
) -> None:
    (hit,) = _hits(_entry(), _zone(primary, secondary, truncated=truncated))
    assert "date_of_birth" in hit.matching


@pytest.mark.parametrize("born", ["1971", "1971-05", "1970/1973"])
def test_a_partial_listed_birth_date_agrees_partly(born: str) -> None:
    (hit,) = _hits(_entry(born=born), _zone())
    assert "date_of_birth_partly" in hit.matching


def test_unknown_parts_of_the_printed_birth_date_agree_partly() -> None:
    (hit,) = _hits(_entry(), _zone(born=(1971, None, None)))
    assert "date_of_birth_partly" in hit.matching


def test_a_birth_date_nowhere_near_is_another_person_of_the_same_name() -> None:
    assert _hits(_entry(), _zone(born=(1995, 1, 9))) == ()


def test_swapped_day_and_month_still_hit_a_complete_name_and_are_shown_as_differing() -> None:
    (hit,) = _hits(_entry(), _zone(born=(1971, 2, 5)))
    assert hit.differing == ("date_of_birth",)


def test_a_name_without_any_birth_date_needs_two_words_and_nothing_against_it() -> None:
    assert _hits(_entry(born=""), _zone())
    assert not _hits(_entry(born=""), _zone(nationality="FRA"))
    assert not _hits(_entry(ListedName("Brackmere"), born=""), _zone())


def test_a_weak_alias_never_hits_by_itself() -> None:
    weak = ListedName("Brackmere", "Corwyn", weak=True)
    assert not _hits(_entry(weak, born=""), _zone())
    assert _hits(_entry(weak), _zone())


def test_a_listed_number_is_found_and_other_peoples_names_are_shown_as_differing() -> None:
    listed = _entry(ListedName("Elmstead", "Ysolde"), born="", document=ListedDocument("X1234567", "UTO"))
    (hit,) = _hits(listed, _zone())
    assert hit.matching[:2] == ("document_number", "issuing_state")
    assert "name" in hit.differing
    assert hit.score == 1.0


def test_characters_that_ocr_confuses_are_tolerated_in_a_number_and_named_so() -> None:
    listed = ListEntry("e1", documents=(ListedDocument("XI2E4S67O", "UTO"),))
    (hit,) = _hits(listed, _zone(number="X12E45670"))
    assert hit.matching == ("document_number_alike", "issuing_state")
    assert hit.score < 1.0


def test_the_same_number_of_another_state_is_shown_with_the_state_differing() -> None:
    (hit,) = _hits(ListEntry("e1", documents=(ListedDocument("X1234567", "FRA"),)), _zone())
    assert hit.differing == ("issuing_state",)


def test_a_personal_number_in_the_optional_data_is_found() -> None:
    zone = replace(_zone(), optional_data="A123456789")
    (hit,) = _hits(ListEntry("e1", personal_numbers=("A123456789",)), zone)
    assert hit.matching == ("personal_number",)


def test_age_is_judged_by_the_moment_given_and_a_stale_list_is_still_searched() -> None:
    search = WatchlistSearch([_list(_entry())])
    later = search.search(_zone(), NOW + timedelta(days=2), not_consulted=["RMAS"])
    assert search.search(_zone(), NOW).consulted[0].stale is False
    assert later.consulted[0].stale is True
    assert search.search(_zone(), NOW - timedelta(days=1)).consulted[0].stale is True  # issued in the future
    assert later.hits
    assert later.not_consulted == ("RMAS",)
    assert later.consulted[0].issued_at == "2026-11-23T04:00:00Z"


def test_an_unreadable_zone_finds_nothing_and_breaks_nothing() -> None:
    zone = _zone("", "", (None, None, None), "", "", "")
    assert _hits(_entry(), zone) == ()
    assert WatchlistSearch([]).search(_zone(), NOW).hits == ()


@given(st.dates(date(1930, 1, 1), date(2020, 1, 1)), st.dates(date(1930, 1, 1), date(2020, 1, 1)))
def test_the_sieve_over_births_never_hides_a_hit(own: date, listed: date) -> None:
    """What the rules call better than different is found by the index too."""
    relation = birth_relation(BirthRange(own, own), [BirthRange(listed, listed)])
    hits = _hits(_entry(born=listed.isoformat()), _zone(born=(own.year, own.month, own.day)))
    assert bool(hits) == (relation is not Birth.DIFFERS)


_WORDS = st.lists(st.text("ABCDEFGHIKLMNOPRSTUVWYZ", min_size=3, max_size=9), min_size=2, max_size=4)


@given(_WORDS, st.randoms(use_true_random=False))
def test_whoever_is_listed_is_found_in_any_order_of_words(words: list[str], chance: object) -> None:
    shuffled = list(words)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    listed = _entry(ListedName(words[0], " ".join(words[1:])))
    assert _hits(listed, _zone(shuffled[0], " ".join(shuffled[1:])))


TOML = """
[[list]]
list_id = "lost"
kind = "lost document"
version = "3"
issued_at = 2026-11-23T02:00:00Z
stale_after = "2026-11-24T02:00:00+00:00"
[[list.entries]]
entry_id = "a"
documents = ["X-123 4567", {number = "Y7654321", issuing_state = "UTO"}]
names = [{primary = "Müller", secondary = "Anna", weak = true}]
born = [1971-05-02, "1970/1973"]
nationalities = ["D"]
sex = "F"
"""


def test_lists_are_read_from_toml_and_json_alike() -> None:
    (from_toml,) = load_lists(TOML)
    (from_json,) = load_lists(
        '[{"list_id": "lost", "kind": "lost document", "version": "3", "issued_at": "2026-11-23T02:00:00Z",'
        '"stale_after": "2026-11-24T02:00:00Z", "entries": [{"entry_id": "a",'
        '"documents": ["X1234567", {"number": "Y7654321", "issuing_state": "UTO"}],'
        '"names": [{"primary": "Müller", "secondary": "Anna", "weak": true}],'
        '"born": ["1971-05-02", "1970/1973"], "nationalities": ["D"], "sex": "F"}]}]'
    )
    assert from_toml == from_json
    assert from_toml.kind is ListKind.LOST_DOCUMENT
    assert from_toml.entries[0].documents[0].number == "X1234567"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('list_id = "lost"', "", "list 1"),
        ('"lost document"', '"lost dog"', "list lost"),
        ("2026-11-23T02:00:00Z", "2026-11-23T02:00:00", "list lost"),
        ("2026-11-24T02", "2026-11-22T02", "list lost"),
        ('sex = "F"', 'sex = "female"', "list lost entry a"),
        ("1970/1973", "1973/1970", "list lost entry a"),
        ("1971-05-02", '"1971-02-30"', "list lost entry a"),
        ('nationalities = ["D"]', "nationalities = 4", "list lost entry a"),
        ('sex = "F"', 'colour = "red"', "list lost entry 1"),
        ("[[list]]", "[[list", "file"),
        ("[[list]]", "[[lists]]", "file"),
    ],
)
def test_a_malformed_list_is_refused_whole_with_the_place_and_without_the_name(old: str, new: str, where: str) -> None:
    with pytest.raises(MalformedList) as refused:
        load_lists(TOML.replace(old, new, 1))
    assert refused.value.where == where
    assert "ller" not in str(refused.value)


def test_an_entry_that_could_never_be_found_is_refused() -> None:
    with pytest.raises(MalformedList, match="never be found"):
        load_lists(TOML.replace("Müller", "王").replace("Anna", "").replace('documents = ["X-123', "documents = [] #"))


@given(st.text(max_size=80))
def test_any_text_is_lists_or_a_refusal(text: str) -> None:
    with pytest.raises(MalformedList):
        load_lists(text)
