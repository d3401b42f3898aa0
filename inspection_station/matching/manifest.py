"""A voyage's passenger manifest (WebAPIS) with what headquarters' check before the voyage came to, as data.

Text form, TOML or JSON alike; a traveller is written as an entry of a control list (``watchlist_lists``)::

    [manifest]
    voyage = "EXPLORER-2026-118"          # stable name: letters, digits, hyphens
    version = "2"
    issued_at = "2026-11-23T02:00:00Z"    # ISO 8601 with its offset
    stale_after = "2026-11-24T02:00:00Z"
    [[manifest.travellers]]
    entry_id = "0001"
    documents = [{number = "X1234567", issuing_state = "UTO"}]
    names = [{primary = "MÜLLER", secondary = "ANNA MARIA"}]
    born = ["1971-05-02"]
    pre_check = "refer"                    # clear, refer, refuse

Who was not cleared becomes a control list of the voyage, so that search, record and screen treat it as any other.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.watchlist_lists import ControlList, ListEntry, MalformedList, load_lists

_VOYAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
_KEYS = {"voyage", "version", "issued_at", "stale_after", "travellers"}
_HEAD = "head"


class PreCheck(StrEnum):
    """What the check before the voyage came to."""

    CLEAR = "clear"
    REFER = "refer"
    REFUSE = "refuse"


_KINDS = {PreCheck.CLEAR: ListKind.ALERT, PreCheck.REFER: ListKind.ALERT, PreCheck.REFUSE: ListKind.REFUSED_ENTRY}


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everybody who was announced for a voyage."""

    voyage: str
    version: str
    issued_at: datetime
    stale_after: datetime
    travellers: Mapping[PreCheck, tuple[ListEntry, ...]]

    def __len__(self) -> int:
        return sum(map(len, self.travellers.values()))

    def announced(self, number: str, issuing_state: str) -> tuple[PreCheck, ListEntry] | None:
        """Who was announced with this document, None where nobody was; a state that is not known fits any."""
        plain = re.sub(r"[\s<-]", "", number).upper()
        for outcome, entries in self.travellers.items():
            for entry in entries:
                for document in entry.documents:
                    fits = not document.issuing_state or not issuing_state or document.issuing_state == issuing_state
                    if document.number == plain and fits:
                        return outcome, entry
        return None

    def lists(self) -> tuple[ControlList, ...]:
        """Those who were not cleared, as control lists: ``VOYAGE-refer`` and ``VOYAGE-refuse``."""
        return tuple(
            ControlList(
                f"{self.voyage}-{outcome.value}",
                _KINDS[outcome],
                self.version,
                self.issued_at,
                self.stale_after,
                self.travellers[outcome],
            )
            for outcome in (PreCheck.REFER, PreCheck.REFUSE)
        )


def load_manifest(text: str) -> Manifest:
    """From TOML or JSON text. Raises ``MalformedList``; travellers are never named in it."""
    try:
        told: Any = json.loads(text) if text.lstrip()[:1] == "{" else tomllib.loads(text)
    except (ValueError, RecursionError):
        raise MalformedList("manifest", "neither TOML nor JSON") from None
    head = told.get("manifest") if isinstance(told, dict) else None
    if not isinstance(head, dict):
        raise MalformedList("manifest", "no manifest in it")
    return _manifest(head)


def manifest_parts(text: str) -> dict[str, bytes]:
    """A manifest's parts for a data pack: a head, and one part a traveller. Raises ``MalformedList``."""
    issued = load_manifest(text)  # nothing leaves that a station could not read
    parts = {
        _HEAD: _json(
            {
                "voyage": issued.voyage,
                "version": issued.version,
                "issued_at": issued.issued_at.isoformat(),
                "stale_after": issued.stale_after.isoformat(),
            }
        )
    }
    told: Any = json.loads(text) if text.lstrip()[:1] == "{" else tomllib.loads(text)
    for row in told["manifest"].get("travellers", []):
        parts[hashlib.sha256(str(row["entry_id"]).encode()).hexdigest()[:32]] = _json(row)
    return parts


def manifest_of(parts: Mapping[str, bytes]) -> Manifest:
    """What ``manifest_parts`` took apart. Raises ``MalformedList``."""
    try:
        head = json.loads(parts[_HEAD])
        travellers = [json.loads(part) for name, part in sorted(parts.items()) if name != _HEAD]
    except (KeyError, ValueError, RecursionError):
        raise MalformedList("manifest", "a part that is missing or not JSON") from None
    if not isinstance(head, dict) or "travellers" in head:
        raise MalformedList("manifest", "a head that is none")
    return _manifest({**head, "travellers": travellers})


def require_manifest(parts: Mapping[str, bytes]) -> None:
    """Raises ``MalformedList`` for what ``manifest_of`` could not read."""
    manifest_of(parts)


def _manifest(head: dict[str, Any]) -> Manifest:
    if unknown := sorted(set(head) - _KEYS):
        raise MalformedList("manifest", f"unknown key {unknown[0][:40]!r}")
    voyage, rows = head.get("voyage"), head.get("travellers", [])
    if not isinstance(voyage, str) or not _VOYAGE.fullmatch(voyage):
        raise MalformedList("manifest", "voyage is no plain name")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MalformedList("manifest", "travellers is no array of tables")
    found: dict[PreCheck, list[dict[str, Any]]] = {outcome: [] for outcome in PreCheck}
    for row in rows:
        try:
            found[PreCheck(row.get("pre_check"))].append({key: row[key] for key in row if key != "pre_check"})
        except ValueError:
            raise MalformedList("manifest", "pre_check is clear, refer or refuse") from None
    if len({str(row.get("entry_id")) for row in rows}) != len(rows):
        raise MalformedList("manifest", "two travellers of one entry_id")
    common = {name: head.get(name) for name in ("version", "issued_at", "stale_after")}
    form = [
        {**common, "list_id": outcome.value, "kind": _KINDS[outcome].value, "entries": entries}
        for outcome, entries in found.items()
    ]
    lists = load_lists(json.dumps(form, default=_moment))
    first = lists[0]
    return Manifest(
        voyage,
        first.version,
        first.issued_at,
        first.stale_after,
        {PreCheck(one.list_id): one.entries for one in lists},
    )


def _moment(value: Any) -> str:
    """TOML's own dates and moments."""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise MalformedList("manifest", "a value that is none")


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_moment).encode()
