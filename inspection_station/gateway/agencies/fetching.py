"""Lists and manifests from agencies' systems, as files that ``publish-pack`` takes: one a source, with its age."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from inspection_station.gateway.agencies.ports import (
    AgencyFault,
    Answering,
    EntryExitSystem,
    LostDocuments,
    WebApis,
)
from inspection_station.headquarters.questions import AgencySystem
from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.manifest import Manifest
from inspection_station.matching.watchlist_lists import ControlList
from inspection_station.matching.watchlist_parts import parts_of
from inspection_station.whole_file import replace_file

Files = list[dict[str, object]]


def fetch_lists(
    systems: Mapping[AgencySystem, Answering], folder: Path, within: float
) -> tuple[Files, list[dict[str, str]]]:
    """Write what every system gives into ``folder``; also the systems that gave nothing, with the code why. A source
    that does not answer leaves its older file in place, whose age tells. Raises OSError.
    """
    files: Files = []
    faults: list[dict[str, str]] = []

    def lists_of(system: AgencySystem) -> Sequence[ControlList]:
        adapter = systems[system]
        if system is AgencySystem.ENTRY_EXIT:
            return cast(EntryExitSystem, adapter).control_lists(within)
        return (cast(LostDocuments, adapter).control_list(within),)

    def attempt(system: AgencySystem, work: Callable[[], None]) -> None:
        try:
            work()
        except AgencyFault as fault:
            faults.append({"system": system.value, "code": fault.code})

    def write_lists(system: AgencySystem) -> None:
        for one in lists_of(system):
            path = folder / f"{_plain_name(one.list_id)}.json"
            replace_file(path, json.dumps([_list(one)], ensure_ascii=False).encode())
            files.append({"file": path.name, "kind": "control-list", "entries": len(one.entries), **_dates(one)})

    def write_manifests() -> None:
        adapter = cast(WebApis, systems[AgencySystem.WEBAPIS])
        for voyage in adapter.voyages(within):
            manifest = adapter.manifest(voyage, within)
            path = folder / f"manifest-{_plain_name(voyage)}.json"
            replace_file(path, json.dumps({"manifest": _manifest(manifest)}, ensure_ascii=False).encode())
            files.append({"file": path.name, "kind": "manifest", "entries": len(manifest), **_dates(manifest)})

    for system in (AgencySystem.ENTRY_EXIT, AgencySystem.LOST_ABROAD, AgencySystem.LOST_AT_HOME):
        if system in systems:
            attempt(system, lambda chosen=system: write_lists(chosen))  # type: ignore[misc]
    if AgencySystem.WEBAPIS in systems:
        attempt(AgencySystem.WEBAPIS, write_manifests)
    return files, faults


def _dates(one: ControlList | Manifest) -> dict[str, object]:
    return {
        "version": one.version,
        "issued_at": one.issued_at.isoformat(),
        "stale_after": one.stale_after.isoformat(),
    }


def _list(one: ControlList) -> dict[str, object]:
    return {
        "list_id": one.list_id,
        "kind": one.kind.value,
        **_dates(one),
        "entries": _entries(one),
    }


def _entries(one: ControlList) -> list[dict[str, object]]:
    parts = parts_of([one])
    return [json.loads(part) for name, part in parts.items() if not name.endswith("/head")]


def _manifest(one: Manifest) -> dict[str, object]:
    rows = [
        {**row, "pre_check": outcome.value}
        for outcome, entries in one.travellers.items()
        for row in _entries(ControlList("", ListKind.ALERT, one.version, one.issued_at, one.stale_after, entries))
    ]
    return {"voyage": one.voyage, **_dates(one), "travellers": rows}


def _plain_name(text: str) -> str:
    return "".join(mark if mark.isalnum() and mark.isascii() else "-" for mark in text).lower()[:60] or "list"
