"""Who was inspected before landing, as data: what the pre-clearance of a voyage came to, document by document.

Text form, TOML or JSON alike::

    [clearance]
    mission = "EXPLORER-2026-118"          # of the pre-clearance, or the voyage's name
    version = "3"
    made_at = "2026-11-23T02:00:00Z"       # ISO 8601 with its offset
    [[clearance.documents]]
    number = "X1234567"
    issuing_state = "UTO"
    outcome = "cleared"                    # cleared, referred, refused, held, already landed
    inspection_id = "0199…"                # of the record that says so
    decided_at = "2026-11-22T22:10:00Z"

Who is not on it was not inspected. As a pack (``whitelist``): a head, one part a document, one a portrait, so that a
delta names only those that changed. Portraits are the chips', of those alone whom article 91 does not exclude.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.matching.portrait_pack import LARGEST_PICTURE, document_key

_HEAD, _DOCUMENT, _PORTRAIT = "head", "d/", "p/"
_MOST: Final = 100_000
_MOST_TEXT: Final = 64
OUTCOMES: Final = tuple(one for one in ClearanceStatus if one is not ClearanceStatus.NOT_ON_LIST)
"""What a list can say of a document that is on it."""


class MalformedClearance(ValueError):
    """Not a list of a pre-clearance; documents are never named in the text."""


@dataclass(frozen=True, slots=True)
class ClearedDocument:
    """One document. ``key``: its number without fillers (``portrait_pack.document_key``)."""

    key: str
    issuing_state: str
    outcome: ClearanceStatus
    inspection_id: str
    decided_at: datetime

    @property
    def identifier(self) -> str:
        """Under which its portrait lies."""
        return f"{self.issuing_state}:{self.key}"

    def fits(self, key: str, issuing_state: str) -> bool:
        """A state that is not known fits any."""
        known = self.issuing_state and issuing_state
        return self.key == key and (not known or self.issuing_state == issuing_state)


@dataclass(frozen=True, slots=True)
class ClearanceList:
    """The list of one mission."""

    mission: str
    version: str
    made_at: datetime
    documents: tuple[ClearedDocument, ...]

    def __len__(self) -> int:
        return len(self.documents)


def load_clearance(text: str) -> ClearanceList:
    """From TOML or JSON text. Raises ``MalformedClearance``."""
    try:
        told: Any = json.loads(text) if text.lstrip()[:1] == "{" else tomllib.loads(text)
        head = dict(told["clearance"])
        return _list(head, head.pop("documents", []))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refusal(error) from None


def clearance_parts(cleared: ClearanceList, portraits: Iterable[tuple[str, bytes]] = ()) -> dict[str, bytes]:
    """The parts of a pack; ``portraits`` by ``ClearedDocument.identifier``."""
    head = {"mission": cleared.mission, "version": cleared.version, "made_at": cleared.made_at.isoformat()}
    parts = {_HEAD: _json(head)}
    for one in cleared.documents:
        row = {
            "number": one.key,
            "issuing_state": one.issuing_state,
            "outcome": one.outcome.value,
            "inspection_id": one.inspection_id,
            "decided_at": one.decided_at.isoformat(),
        }
        parts[_DOCUMENT + _digest(one.identifier)] = _json(row)
    for identifier, picture in portraits:
        named = identifier.encode()
        parts[_PORTRAIT + _digest(identifier)] = bytes((len(named),)) + named + picture
    return parts


def clearance_of(parts: Mapping[str, bytes]) -> ClearanceList:
    """What ``clearance_parts`` wrote. Raises ``MalformedClearance``."""
    try:
        rows = [json.loads(part) for name, part in sorted(parts.items()) if name.startswith(_DOCUMENT)]
        return _list(json.loads(parts[_HEAD]), rows)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refusal(error) from None


def portraits_of(parts: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The portraits by identifier. Raises ``MalformedClearance``."""
    for name, part in parts.items():
        if not name.startswith(_PORTRAIT):
            continue
        length = part[0] if part else 0
        try:
            identifier, picture = part[1 : 1 + length].decode(), part[1 + length :]
        except UnicodeDecodeError:
            identifier, picture = "", b""
        if not identifier or not 0 < len(picture) <= LARGEST_PICTURE:
            raise MalformedClearance("a portrait without its document or picture")
        yield identifier, picture


def require_clearance(parts: Mapping[str, bytes]) -> None:
    """Raises ``MalformedClearance`` for what ``clearance_of`` and ``portraits_of`` could not read."""
    clearance_of(parts)
    for _ in portraits_of(parts):
        pass


def _list(head: Any, rows: Any) -> ClearanceList:
    if not isinstance(head, dict) or set(head) != {"mission", "version", "made_at"} or not isinstance(rows, list):
        raise MalformedClearance("mission, version, made_at and documents")
    if len(rows) > _MOST:
        raise MalformedClearance("too many documents")
    documents = tuple(_document(row) for row in rows)
    if len({one.identifier for one in documents}) != len(documents):
        raise MalformedClearance("two rows of one document")
    return ClearanceList(_text(head["mission"]), _text(head["version"]), _moment(head["made_at"]), documents)


def _document(row: Any) -> ClearedDocument:
    if not isinstance(row, dict) or set(row) != {"number", "issuing_state", "outcome", "inspection_id", "decided_at"}:
        raise MalformedClearance("a document that does not say what it must")
    key, state, outcome = document_key(_text(row["number"])), row["issuing_state"], ClearanceStatus(row["outcome"])
    if key == "-" or not isinstance(state, str) or len(state) > 3 or outcome not in OUTCOMES:
        raise MalformedClearance("a document's number, state or outcome")
    return ClearedDocument(key, state, outcome, _text(row["inspection_id"]), _moment(row["decided_at"]))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_TEXT or not value.isprintable():
        raise MalformedClearance("a text that is none")
    return value


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise MalformedClearance("a moment without its offset from UTC")
    return moment


def _refusal(error: Exception) -> MalformedClearance:
    """An unknown outcome or a torn text is told without its content."""
    return error if isinstance(error, MalformedClearance) else MalformedClearance("not a list of a pre-clearance")


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(identifier: str) -> str:
    return hashlib.sha256(identifier.encode()).hexdigest()[:32]
