"""From an agency's files to the parts of a pack; a list that stations could not use is refused here already.

A control list or manifest becomes one part for each entry, so that a delta names only those that changed; of every
other kind a file is a part under its own name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from inspection_station.headquarters.packs import PackKind
from inspection_station.matching.manifest import manifest_parts
from inspection_station.matching.watchlist_lists import MalformedList, load_lists
from inspection_station.matching.watchlist_parts import parts_of

_MOST_FILE = 512 << 20


def content_of(kind: PackKind, files: Sequence[Path]) -> dict[str, bytes]:
    """The parts. Raises ValueError (MalformedList among them), OSError."""
    if kind is PackKind.CONTROL_LIST:
        lists = [one for path in files for one in load_lists(_text(path))]
        if not lists:
            raise MalformedList("files", "no list in them")
        if len({one.list_id for one in lists}) != len(lists):
            raise MalformedList("files", "two lists of one list_id")
        return parts_of(lists)
    if kind is PackKind.MANIFEST:
        if len(files) != 1:
            raise ValueError("a pack holds the manifest of one voyage")
        return manifest_parts(_text(files[0]))
    content: dict[str, bytes] = {}
    for path in files:
        if path.name in content:
            raise ValueError("two files of one name")
        content[path.name] = _bytes(path)
    return content


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("a list is not UTF-8") from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MOST_FILE + 1)
    if len(data) > _MOST_FILE:
        raise ValueError("a file is too large for a pack")
    return data
