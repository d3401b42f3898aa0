"""Control lists as data: who and which documents are looked for, and until when the list may be relied on.

Text form, TOML or JSON alike::

    [[list]]
    list_id = "lost-documents"          # stable name
    kind = "lost document"              # a value of ListKind
    version = "2026-11-23.1"
    issued_at = "2026-11-23T02:00:00Z"  # ISO 8601 with its offset
    stale_after = "2026-11-24T02:00:00Z"
    [[list.entries]]
    entry_id = "0001"
    documents = [{number = "X1234567", issuing_state = "UTO"}]
    names = [{primary = "MÜLLER", secondary = "ANNA MARIA"}, {primary = "MILLER", weak = true}]
    born = ["1971-05-02", "1971-05", "1971", "1970/1973"]   # day, month, year, or years from/to
    nationalities = ["UTO"]
    sex = "F"
    personal_numbers = ["A123456789"]
"""

from __future__ import annotations

import calendar
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.names import name_form_if_romanised

_T = TypeVar("_T")
_LIST_KEYS = {"list_id", "kind", "version", "issued_at", "stale_after", "entries"}
_ENTRY_KEYS = {"entry_id", "documents", "names", "born", "nationalities", "sex", "personal_numbers"}


class MalformedList(ValueError):
    """A control list that cannot be used. ``where`` is list and entry by their ids; names are never repeated."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


@dataclass(frozen=True, slots=True)
class ListedName:
    """A name or alias. ``weak``: known to be loose (UN and INTERPOL "low quality" aliases); never enough by itself."""

    primary: str
    secondary: str = ""
    weak: bool = False


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document by number; ``issuing_state`` as in the zone, "" where the list does not know it."""

    number: str
    issuing_state: str = ""


@dataclass(frozen=True, slots=True)
class BirthRange:
    """Days the person may have been born on, both ends included."""

    earliest: date
    latest: date

    @property
    def whole_date(self) -> bool:
        return self.earliest == self.latest


@dataclass(frozen=True, slots=True)
class ListEntry:
    """Someone, or a document, looked for."""

    entry_id: str
    names: tuple[ListedName, ...] = ()
    documents: tuple[ListedDocument, ...] = ()
    born: tuple[BirthRange, ...] = ()
    nationalities: tuple[str, ...] = ()
    sex: str = ""
    personal_numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlList:
    """One list as issued. ``stale_after``: the moment from which the issuer no longer answers for it."""

    list_id: str
    kind: ListKind
    version: str
    issued_at: datetime
    stale_after: datetime
    entries: tuple[ListEntry, ...]

    def stale(self, now: datetime) -> bool:
        """Too old at ``now`` (aware) – or issued in the future, so that one of the two clocks is wrong."""
        return now >= self.stale_after or now < self.issued_at


def load_lists(text: str) -> tuple[ControlList, ...]:
    """Lists from TOML or JSON text. Raises ``MalformedList``; a list is taken whole or not at all."""
    try:
        data: Any = json.loads(text) if text.lstrip()[:1] in ("{", "[") and _is_json(text) else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise MalformedList("file", "neither TOML nor JSON") from None
    rows = data if isinstance(data, list) else data.get("list") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise MalformedList("file", "no lists in it")
    lists = tuple(_control_list(row, place) for place, row in enumerate(rows))
    if len({one.list_id for one in lists}) != len(lists):
        raise MalformedList("file", "two lists of one list_id")
    return lists


def birth_range(text: str) -> BirthRange:
    """Read ``1971-05-02``, ``1971-05``, ``1971`` or ``1970/1973``. Raises ValueError."""
    first, slash, second = text.partition("/")
    earliest, latest = _period(first)
    if slash:
        latest = _period(second)[1]
    if latest < earliest:
        raise ValueError("a range that ends before it begins")
    return BirthRange(earliest, latest)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _control_list(row: Any, place: int) -> ControlList:
    where = f"list {place + 1}"
    _only(row, _LIST_KEYS, where)
    list_id = _text(row, "list_id", where)
    where = f"list {list_id}"
    try:
        kind = ListKind(row.get("kind"))
    except ValueError:
        raise MalformedList(where, "unknown kind") from None
    entries = tuple(_entry(entry, where, number) for number, entry in enumerate(_rows(row, "entries", where)))
    if len({entry.entry_id for entry in entries}) != len(entries):
        raise MalformedList(where, "two entries of one entry_id")
    issued_at, stale_after = _moment(row, "issued_at", where), _moment(row, "stale_after", where)
    if stale_after <= issued_at:
        raise MalformedList(where, "stale before it was issued")
    return ControlList(list_id, kind, _text(row, "version", where), issued_at, stale_after, entries)


def _entry(row: Any, where: str, number: int) -> ListEntry:
    _only(row, _ENTRY_KEYS, f"{where} entry {number + 1}")
    entry_id = _text(row, "entry_id", f"{where} entry {number + 1}")
    where = f"{where} entry {entry_id}"
    entry = ListEntry(
        entry_id=entry_id,
        names=_each(row, "names", where, _name),
        documents=_each(row, "documents", where, _document),
        born=_each(row, "born", where, _born),
        nationalities=_each(row, "nationalities", where, _code),
        sex=_sex(row.get("sex", ""), where),
        personal_numbers=_each(row, "personal_numbers", where, _number),
    )
    searchable_name = any(name_form_if_romanised(name.primary, name.secondary) for name in entry.names)
    if not (searchable_name or entry.documents or entry.personal_numbers):
        raise MalformedList(where, "neither a name in letters of Doc 9303 nor a number: it could never be found")
    return entry


def _each(row: dict[str, Any], key: str, where: str, read: Callable[[Any], _T]) -> tuple[_T, ...]:
    values = []
    for value in _rows(row, key, where):
        try:
            values.append(read(value))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise MalformedList(where, f"unusable value in {key}") from None
    return tuple(values)


def _name(value: Any) -> ListedName:
    primary, secondary, weak = value["primary"], value.get("secondary", ""), value.get("weak", False)
    if not (isinstance(primary, str) and isinstance(secondary, str) and isinstance(weak, bool) and primary.strip()):
        raise ValueError("a name")
    return ListedName(primary, secondary, weak)


def _document(value: Any) -> ListedDocument:
    if isinstance(value, str):
        return ListedDocument(_number(value))
    state = value.get("issuing_state", "")
    return ListedDocument(_number(value["number"]), _code(state) if state else "")


def _born(value: Any) -> BirthRange:
    return birth_range(value.isoformat() if isinstance(value, date) else str(value))


def _number(value: Any) -> str:
    plain = re.sub(r"[\s<-]", "", value).upper()
    if not re.fullmatch(r"[A-Z0-9]{3,30}", plain):
        raise ValueError("a number")
    return plain


def _code(value: Any) -> str:
    if not re.fullmatch(r"[A-Z]{1,3}", value):
        raise ValueError("a state code")
    return str(value)


def _sex(value: Any, where: str) -> str:
    if value not in ("", "M", "F"):
        raise MalformedList(where, "sex is M, F or left out")
    return str(value)


def _period(text: str) -> tuple[date, date]:
    parts = re.fullmatch(r"\s*(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?\s*", text)
    if parts is None:
        raise ValueError("a date")
    year, month, day = int(parts[1]), parts[2], parts[3]
    if day is not None:
        whole = date(year, int(month), int(day))
        return whole, whole
    if month is not None:
        return date(year, int(month), 1), date(year, int(month), calendar.monthrange(year, int(month))[1])
    return date(year, 1, 1), date(year, 12, 31)


def _moment(row: dict[str, Any], key: str, where: str) -> datetime:
    value = row.get(key)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise MalformedList(where, f"{key} is no moment") from None
    if moment.tzinfo is None:
        raise MalformedList(where, f"{key} lacks its offset from UTC")
    return moment.astimezone(UTC)


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise MalformedList(where, f"{key} is missing")
    return value


def _rows(row: dict[str, Any], key: str, where: str) -> list[Any]:
    value = row.get(key, [])
    if not isinstance(value, list):
        raise MalformedList(where, f"{key} is no array")
    return value


def _only(row: Any, known: set[str], where: str) -> None:
    if not isinstance(row, dict):
        raise MalformedList(where, "not a table")
    if unknown := sorted(set(row) - known):
        raise MalformedList(where, f"unknown key {unknown[0][:40]!r}")
