"""From an agency's files to the parts of a pack; a list that stations could not use is refused here already.

A control list, manifest or list of permits becomes one part for each entry, so that a delta names only those that
changed; of every other kind a file is a part under its own name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from inspection_station.given_file import read_given
from inspection_station.headquarters.packs import PackKind
from inspection_station.headquarters.packs_release import release_parts
from inspection_station.matching.face_installation import pack_key
from inspection_station.matching.face_parts import HISTORY, group_parts, history_parts
from inspection_station.matching.gallery_pack import read_header, read_pack
from inspection_station.matching.manifest import manifest_parts
from inspection_station.matching.permits import permit_parts, require_rules
from inspection_station.matching.portrait_pack import SUFFIX as PHOTOGRAPHS
from inspection_station.matching.portrait_pack import open_portraits
from inspection_station.matching.watchlist_lists import MalformedList, load_lists
from inspection_station.matching.watchlist_parts import parts_of

_MOST_FILE = 512 << 20


def content_of(
    kind: PackKind, files: Sequence[Path], face_key: Path | None = None, release: str | None = None
) -> dict[str, bytes]:
    """The parts; ``face_key`` opens packs of faces as ``faces`` builds them; ``release``: the program's version.

    Raises ValueError (MalformedList and gallery_pack's PackRefused among them), OSError.
    """
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
    if kind is PackKind.PERMITS:
        if len(files) != 1:
            raise ValueError("a pack holds the permits of one issuer")
        return permit_parts(_text(files[0]))
    if kind in (PackKind.FACE_GROUP, PackKind.HISTORY_PHOTOGRAPHS):
        return _faces(kind, files, face_key)
    content: dict[str, bytes] = {}
    for path in files:
        if path.name in content:
            raise ValueError("two files of one name")
        content[path.name] = _bytes(path)
    if kind is PackKind.RULES:
        require_rules(content)
    if kind is PackKind.APPLICATION:
        if release is None:
            raise ValueError("name the version of the program with --release")
        return release_parts(release, content)
    return content


def _faces(kind: PackKind, files: Sequence[Path], face_key: Path | None) -> dict[str, bytes]:
    if face_key is None:
        raise ValueError("name the key of the packs of faces with --face-key")
    key, now = pack_key(face_key)[0], datetime.now(UTC)
    albums = [path for path in files if path.suffix == PHOTOGRAPHS]
    groups = [path for path in files if path.suffix != PHOTOGRAPHS]
    if len(albums) > 1 or len(groups) != (kind is PackKind.FACE_GROUP):
        raise ValueError("a pack holds one group, or the history photographs, of one station's making")
    name = HISTORY
    if groups:
        opened = read_pack(groups[0], key, model_id=read_header(groups[0], key).model_id, now=now)
        name = opened.header.group
    photographs = list(open_portraits(albums[0], key, name=name, now=now).pairs()) if albums else []
    return group_parts(opened, photographs) if groups else history_parts(photographs)


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("a list is not UTF-8") from None


def _bytes(path: Path) -> bytes:
    data = read_given(path, _MOST_FILE)
    if len(data) > _MOST_FILE:
        raise ValueError("a file is too large for a pack")
    return data
