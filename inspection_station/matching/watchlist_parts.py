"""Control lists as parts of a data pack: a head for each list and one part for each entry, so that deltas stay small.

Names of parts are digests of the ids; what is in a part is JSON in the form of ``watchlist_lists``.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from inspection_station.matching.watchlist_lists import BirthRange, ControlList, ListEntry, MalformedList, load_lists

_HEAD = "head"


def parts_of(lists: Iterable[ControlList]) -> dict[str, bytes]:
    """Parts of the lists by name."""
    parts: dict[str, bytes] = {}
    for one in lists:
        place = _digest(one.list_id)
        parts[f"{place}/{_HEAD}"] = _json(
            {
                "list_id": one.list_id,
                "kind": one.kind.value,
                "version": one.version,
                "issued_at": one.issued_at.isoformat(),
                "stale_after": one.stale_after.isoformat(),
            }
        )
        for entry in one.entries:
            parts[f"{place}/{_digest(entry.entry_id)}"] = _json(_told(entry))
    return parts


def lists_of(parts: Mapping[str, bytes]) -> tuple[ControlList, ...]:
    """The lists that ``parts_of`` took apart. Raises ``MalformedList``; they are taken whole or not at all."""
    heads: dict[str, Any] = {}
    entries: defaultdict[str, list[Any]] = defaultdict(list)
    for name, part in parts.items():
        place, _, rest = name.partition("/")
        try:
            value = json.loads(part)
        except (ValueError, RecursionError):
            raise MalformedList("pack", "a part that is not JSON") from None
        if rest == _HEAD:
            if not isinstance(value, dict) or "entries" in value:
                raise MalformedList("pack", "a head that is none")
            heads[place] = value
        else:
            entries[place].append(value)
    if entries.keys() - heads.keys():
        raise MalformedList("pack", "entries without their list")
    return load_lists(json.dumps([{**head, "entries": entries[place]} for place, head in heads.items()]))


def require_lists(parts: Mapping[str, bytes]) -> None:
    """Raises ``MalformedList`` for what ``lists_of`` could not read, or a pack without a list."""
    if not lists_of(parts):
        raise MalformedList("pack", "no list in it")


def _told(entry: ListEntry) -> dict[str, Any]:
    told: dict[str, Any] = {
        "entry_id": entry.entry_id,
        "names": [
            {"primary": name.primary, "secondary": name.secondary, **({"weak": True} if name.weak else {})}
            for name in entry.names
        ],
        "documents": [{"number": one.number, "issuing_state": one.issuing_state} for one in entry.documents],
        "born": [_period(born) for born in entry.born],
        "nationalities": list(entry.nationalities),
        "sex": entry.sex,
        "personal_numbers": list(entry.personal_numbers),
    }
    return {key: value for key, value in told.items() if value}


def _period(born: BirthRange) -> str:
    if born.whole_date:
        return born.earliest.isoformat()
    return f"{born.earliest.isoformat()}/{born.latest.isoformat()}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
