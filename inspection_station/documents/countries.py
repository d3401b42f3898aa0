"""State and organisation codes of the zone, named in Chinese and English (Doc 9303 part 3 §5, ISO 3166-1 alpha-3).

The table is data (`resources/tables/countries.toml`). A code it does not hold is no error: the document is shown amber.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from inspection_station.resource_path import resource


class CodeKind(StrEnum):
    """What a code stands for; the value is the section of the table."""

    STATE = "state"
    NATIONALITY_CLASS = "nationality_class"
    ORGANISATION = "organisation"
    NO_NATIONALITY = "no_nationality"
    OTHER_ISSUER = "other_issuer"
    SPECIMEN = "specimen"


@dataclass(frozen=True, slots=True)
class Country:
    """A code as printed without fillers, with its names."""

    code: str
    name_zh: str
    name_en: str
    kind: CodeKind


def country(code: str) -> Country | None:
    """What a code stands for, or None when the table does not hold it. Fillers behind the code do not matter."""
    return all_countries().get(code.rstrip("<"))


@cache
def all_countries() -> Mapping[str, Country]:
    """The whole table by code."""
    with resource("tables", "countries.toml").open("rb") as file:
        table = tomllib.load(file)
    found: dict[str, Country] = {}
    for section, rows in table.items():
        kind = CodeKind(section)
        for code, (name_zh, name_en) in rows.items():
            if code in found:
                raise ValueError(f"countries.toml holds {code} twice")
            found[code] = Country(code, name_zh, name_en, kind)
    return MappingProxyType(found)
