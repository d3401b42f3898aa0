"""The table of codes."""

from __future__ import annotations

import pytest

from inspection_station.documents.countries import CodeKind, all_countries, country


def test_every_iso_code_is_there_with_both_names() -> None:
    states = [c for c in all_countries().values() if c.kind is CodeKind.STATE]
    assert len(states) == 249
    assert all(len(c.code) == 3 and c.code.isalpha() and c.code.isupper() for c in states)
    assert all(c.name_zh and c.name_en for c in all_countries().values())


def test_no_two_codes_of_states_share_a_name() -> None:
    states = [c for c in all_countries().values() if c.kind is CodeKind.STATE]
    assert len({c.name_en for c in states}) == len(states)
    assert len({c.name_zh for c in states}) == len(states)


CLASSES_AND_PERSONS = ("D", "GBD", "GBN", "GBO", "GBP", "GBS", "RKS", "UTO", "XXA", "XXB", "XXC", "XXX")
ORGANISATIONS = (
    "EUE",
    "UNA",
    "UNK",
    "UNO",
    "XBA",
    "XCC",
    "XCE",
    "XCO",
    "XDC",
    "XEC",
    "XES",
    "XIM",
    "XMP",
    "XOM",
    "XPO",
)


@pytest.mark.parametrize("code", [*CLASSES_AND_PERSONS, *ORGANISATIONS, "XCT"])
def test_the_codes_of_part_3_are_there(code: str) -> None:
    found = country(code)
    assert found is not None
    assert found.kind is not CodeKind.STATE


def test_fillers_behind_a_code_do_not_matter() -> None:
    assert country("D<<") == country("D")


@pytest.mark.parametrize("code", ["", "<<<", "QQQ", "twn", "123", "TWNX"])
def test_an_unknown_code_is_none(code: str) -> None:
    assert country(code) is None


def test_taiwan_is_named_in_both_languages() -> None:
    found = country("TWN")
    assert found is not None
    assert (found.name_zh, found.name_en) == ("中華民國(臺灣)", "Republic of China (Taiwan)")
