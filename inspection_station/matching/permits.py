"""Permits to enter that headquarters sends along, and who needs one: both data, since law and lists change.

Permits (a pack of the kind ``permits``), TOML or JSON alike; a person is written as an entry of a control list::

    [permits]
    version = "2026-11-23.1"
    issued_at = "2026-11-23T02:00:00Z"     # ISO 8601 with its offset
    stale_after = "2026-11-24T02:00:00Z"
    [[permits.entries]]
    entry_id = "113000012345"               # the permit's number
    kind = "entry permit"                  # a name for people, 入臺許可證 …
    valid_from = "2026-11-01"               # both days included, Taipei's calendar
    valid_until = "2027-01-31"
    state = "issued"                       # issued (default), used, cancelled
    documents = [{number = "C12345678", issuing_state = "CHN"}]
    names = [{primary = "WANG", secondary = "MEI"}]
    born = ["1990-02-03"]

Who needs one (part ``permits.toml`` of a pack of rules; without it ``resources/tables/permit_rules.toml``)::

    version = "2026-11-1"
    [[needed]]
    classes = ["mainland", "hong kong or macao"]    # values of PersonClass
    [[needed]]
    classes = ["foreigner"]
    nationalities = ["UTO"]                          # codes of the zone; or all but those of except_nationalities
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from inspection_station.inspection.papers import PermitStatus
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.watchlist_lists import ControlList, MalformedList, load_lists
from inspection_station.resource_path import resource

RULES_PART: Final = "permits.toml"
_HEAD: Final = "head"
_OWN_KEYS: Final = frozenset({"kind", "valid_from", "valid_until", "state"})
_STATES: Final = {"issued": None, "used": PermitStatus.USED, "cancelled": PermitStatus.CANCELLED}
_MOST_TEXT: Final = 64


@dataclass(frozen=True, slots=True)
class PermitTerms:
    """What a permit says besides whose it is."""

    kind: str
    valid_from: date
    valid_until: date
    withdrawn: PermitStatus | None = None

    def status(self, today: date) -> PermitStatus:
        """``today``: Taipei's."""
        if self.withdrawn is not None:
            return self.withdrawn
        if today < self.valid_from:
            return PermitStatus.NOT_YET
        return PermitStatus.EXPIRED if today > self.valid_until else PermitStatus.VALID


@dataclass(frozen=True, slots=True)
class PermitList:
    """``holders``: whose the permits are, searched as a control list is; ``terms`` by ``entry_id``."""

    holders: ControlList
    terms: Mapping[str, PermitTerms]


@dataclass(frozen=True, slots=True)
class _Need:
    classes: frozenset[PersonClass]
    nationalities: frozenset[str] | None
    spared: frozenset[str]

    def covers(self, nationality: str) -> bool:
        named = self.nationalities is None or nationality in self.nationalities
        return named and nationality not in self.spared


@dataclass(frozen=True, slots=True)
class PermitRules:
    """Of whom a permit is asked."""

    version: str
    needs: tuple[_Need, ...]

    def needed_by(self, nationality: str) -> tuple[PersonClass, ...]:
        """The classes of whom a permit is asked where the document shows this nationality."""
        found = {one for need in self.needs if need.covers(nationality) for one in need.classes}
        return tuple(one for one in PersonClass if one in found)


def load_permits(text: str) -> PermitList:
    """From TOML or JSON text. Raises ``MalformedList``; persons are never named in it."""
    head, rows = _told(text)
    return _permits(head, rows)


def permit_parts(text: str) -> dict[str, bytes]:
    """A list's parts for a data pack: a head, and one part a permit. Raises ``MalformedList``."""
    load_permits(text)  # nothing leaves that a station could not read
    head, rows = _told(text)
    parts = {_HEAD: _json(head)}
    for row in rows:
        parts[hashlib.sha256(str(row["entry_id"]).encode()).hexdigest()[:32]] = _json(row)
    return parts


def permits_of(parts: Mapping[str, bytes]) -> PermitList:
    """What ``permit_parts`` took apart. Raises ``MalformedList``."""
    try:
        head = json.loads(parts[_HEAD])
        rows = [json.loads(part) for name, part in sorted(parts.items()) if name != _HEAD]
    except (KeyError, ValueError, RecursionError):
        raise MalformedList("permits", "a part that is missing or not JSON") from None
    if not isinstance(head, dict) or "entries" in head:
        raise MalformedList("permits", "a head that is none")
    return _permits(head, rows)


def require_permits(parts: Mapping[str, bytes]) -> None:
    """Raises ``MalformedList`` for what ``permits_of`` could not read."""
    permits_of(parts)


def load_rules(text: str) -> PermitRules:
    """Raises ``MalformedList`` for text that does not say of whom a permit is asked."""
    try:
        told: Any = tomllib.loads(text)
    except (ValueError, RecursionError):
        raise MalformedList("rules", "not TOML") from None
    if set(told) - {"version", "needed"} or not isinstance(told.get("needed"), list):
        raise MalformedList("rules", "version and needed")
    return PermitRules(_text(told.get("version"), "rules", "version"), tuple(_need(row) for row in told["needed"]))


def rules_of(parts: Mapping[str, bytes]) -> PermitRules | None:
    """The permits' part of a pack of rules, None where it has none. Raises ``MalformedList``."""
    if RULES_PART not in parts:
        return None
    try:
        return load_rules(parts[RULES_PART].decode("utf-8"))
    except UnicodeDecodeError:
        raise MalformedList("rules", "not UTF-8") from None


def require_rules(parts: Mapping[str, bytes]) -> None:
    """Raises ``MalformedList``: a pack of rules of which a station could use nothing."""
    if rules_of(parts) is None:
        raise MalformedList("rules", f"no part that a station reads: {RULES_PART}")


@cache
def shipped_rules() -> PermitRules:
    """What holds until headquarters sends rules."""
    return load_rules(resource("tables", "permit_rules.toml").read_text(encoding="utf-8"))


def _permits(head: dict[str, Any], rows: list[Any]) -> PermitList:
    if unknown := sorted(set(head) - {"version", "issued_at", "stale_after"}):
        raise MalformedList("permits", f"unknown key {unknown[0][:40]!r}")
    if not all(isinstance(row, dict) for row in rows):
        raise MalformedList("permits", "entries is no array of tables")
    holders = [{key: row[key] for key in row if key not in _OWN_KEYS} for row in rows]
    form = {**head, "list_id": "permits", "kind": ListKind.ALERT.value, "entries": holders}
    (listed,) = load_lists(json.dumps([form], default=_moment))
    terms = {one.entry_id: _terms(row) for one, row in zip(listed.entries, rows, strict=True)}
    return PermitList(listed, terms)


def _terms(row: dict[str, Any]) -> PermitTerms:
    where = f"permit {str(row.get('entry_id'))[:_MOST_TEXT]}"
    state = row.get("state", "issued")
    if not isinstance(state, str) or state not in _STATES:
        raise MalformedList(where, "state is issued, used or cancelled")
    first, last = (_day(row.get(name), where, name) for name in ("valid_from", "valid_until"))
    if last < first:
        raise MalformedList(where, "valid_until before valid_from")
    return PermitTerms(_text(row.get("kind"), where, "kind"), first, last, _STATES[state])


def _need(row: Any) -> _Need:
    if not isinstance(row, dict) or set(row) - {"classes", "nationalities", "except_nationalities"}:
        raise MalformedList("rules", "classes, nationalities, except_nationalities")
    try:
        classes = frozenset(PersonClass(one) for one in row["classes"])
    except (KeyError, TypeError, ValueError):
        raise MalformedList("rules", "an unknown class of persons") from None
    named = _codes(row["nationalities"]) if "nationalities" in row else None
    return _Need(classes, named, _codes(row.get("except_nationalities", [])))


def _codes(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and 1 <= len(one) <= 3 for one in value):
        raise MalformedList("rules", "nationalities are codes of the zone")
    return frozenset(one.upper() for one in value)


def _told(text: str) -> tuple[dict[str, Any], list[Any]]:
    try:
        told: Any = json.loads(text) if text.lstrip()[:1] == "{" else tomllib.loads(text)
    except (ValueError, RecursionError):
        raise MalformedList("permits", "neither TOML nor JSON") from None
    table = told.get("permits") if isinstance(told, dict) else None
    if not isinstance(table, dict):
        raise MalformedList("permits", "no permits in it")
    rows = table.get("entries", [])
    if not isinstance(rows, list):
        raise MalformedList("permits", "entries is no array of tables")
    return {key: value for key, value in table.items() if key != "entries"}, rows


def _day(value: Any, where: str, name: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise MalformedList(where, f"{name} is no day") from None


def _text(value: Any, where: str, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_TEXT or not value.isprintable():
        raise MalformedList(where, f"{name} is no text of at most {_MOST_TEXT} characters")
    return value


def _moment(value: Any) -> str:
    """TOML's own dates and moments."""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise MalformedList("permits", "a value that is none")


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_moment).encode()


def merged_needs(rules: Iterable[PermitRules]) -> PermitRules:
    """Several packs of rules at once: whoever needs a permit by any of them needs one."""
    found = tuple(rules)
    return PermitRules(" · ".join(one.version for one in found), tuple(need for one in found for need in one.needs))
