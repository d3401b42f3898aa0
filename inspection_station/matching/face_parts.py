"""Face groups and history photographs as parts of a data pack: one part a person, so that deltas stay small.

``head`` tells group, model and dimension; ``t/…`` are templates, ``p/…`` photographs: length and bytes of the
identifier (UTF-8), then float32 numbers, little-endian, of one template after the other, or the encoded picture. Names
of parts are digests of the identifiers. On a station the parts become packs sealed under its own key.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from inspection_station.matching.face_installation import group_file
from inspection_station.matching.gallery_pack import SUBJECT_BYTES, Pack, subject_array, write_pack
from inspection_station.matching.portrait_pack import history_file, portraits_file, write_portraits

HISTORY: Final = "history"
_HEAD, _TEMPLATE, _PHOTOGRAPH = "head", "t/", "p/"
_MOST_DIMENSION = 4096


class MalformedFaces(ValueError):
    """Parts that are no group and no history photographs; identifiers are never in the text."""


def group_parts(pack: Pack, photographs: Iterable[tuple[str, bytes]] = ()) -> dict[str, bytes]:
    """The parts of an opened group, with photographs of its persons by identifier."""
    header = pack.header
    head = {"group": header.group, "model_id": header.model_id, "dimension": header.dimension}
    parts = {_HEAD: json.dumps(head, sort_keys=True).encode()}
    rows: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for subject, vector in zip(pack.subjects.tolist(), pack.vectors, strict=True):
        rows[subject].append(vector.astype("<f4").tobytes())
    for subject, vectors in rows.items():
        parts[_TEMPLATE + _digest(subject)] = _named(subject) + b"".join(vectors)
    return parts | _photograph_parts(photographs)


def history_parts(photographs: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """The parts of history photographs by document key (``portrait_pack.document_key``)."""
    return {_HEAD: json.dumps({"group": HISTORY}).encode()} | _photograph_parts(photographs)


def require_group(parts: Mapping[str, bytes]) -> None:
    """Raises ``MalformedFaces`` for what could not become a group."""
    _group(parts)


def require_history(parts: Mapping[str, bytes]) -> None:
    """Raises ``MalformedFaces`` for what could not become history photographs."""
    if _head(parts)["group"] != HISTORY:
        raise MalformedFaces("no history photographs")
    for _ in _photographs(parts):
        pass


def install_group(
    parts: Mapping[str, bytes], folder: Path, key: bytes, group: str, version: int, made_at: datetime, until: datetime
) -> None:
    """Seal a group under the station's key in place of the one at hand. Raises ``MalformedFaces``, OSError."""
    head, subjects, vectors = _group(parts)
    if head["group"] != group:
        raise MalformedFaces("the pack of another group")
    # The photographs first: a group that is there has its pictures beside it.
    pictures = list(_photographs(parts))
    if pictures:
        write_portraits(
            portraits_file(folder, group),
            key,
            name=group,
            version=version,
            made_at=made_at,
            expires_at=until,
            pictures=pictures,
        )
    else:
        portraits_file(folder, group).unlink(missing_ok=True)
    write_pack(
        group_file(folder, group),
        key,
        group=group,
        version=version,
        model_id=head["model_id"],
        vectors=vectors,
        subjects=subject_array(subjects),
        made_at=made_at,
        expires_at=until,
    )


def install_history(
    parts: Mapping[str, bytes], folder: Path, key: bytes, version: int, made_at: datetime, until: datetime
) -> None:
    """As ``install_group``, for the history photographs."""
    require_history(parts)
    write_portraits(
        history_file(folder),
        key,
        name=HISTORY,
        version=version,
        made_at=made_at,
        expires_at=until,
        pictures=_photographs(parts),
    )


def _group(parts: Mapping[str, bytes]) -> tuple[dict[str, Any], list[str], np.ndarray[Any, np.dtype[np.float32]]]:
    head = _head(parts)
    dimension = head.get("dimension")
    if type(dimension) is not int or not 0 < dimension <= _MOST_DIMENSION or not isinstance(head.get("model_id"), str):
        raise MalformedFaces("the head does not say what it must")
    subjects: list[str] = []
    numbers = bytearray()
    for name, part in parts.items():
        if name.startswith(_TEMPLATE):
            subject, data = _taken(part)
            if not data or len(data) % (4 * dimension):
                raise MalformedFaces("a template of another length")
            subjects += [subject] * (len(data) // (4 * dimension))
            numbers += data
    vectors = np.frombuffer(bytes(numbers), "<f4").reshape(-1, dimension)
    if not len(vectors) or not np.isfinite(vectors).all():
        raise MalformedFaces("no templates, or templates that are no numbers")
    for _ in _photographs(parts):
        pass
    return head, subjects, vectors


def _head(parts: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        head = json.loads(parts[_HEAD])
    except (KeyError, ValueError, RecursionError):
        raise MalformedFaces("no head") from None
    if not isinstance(head, dict) or not isinstance(head.get("group"), str):
        raise MalformedFaces("the head does not say what it must")
    return head


def _photographs(parts: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name, part in parts.items():
        if name.startswith(_PHOTOGRAPH):
            identifier, picture = _taken(part)
            if not picture:
                raise MalformedFaces("a photograph without a picture")
            yield identifier, picture


def _photograph_parts(photographs: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    return {
        _PHOTOGRAPH + _digest(identifier.encode()): _named(identifier.encode()) + picture
        for identifier, picture in photographs
    }


def _named(identifier: bytes) -> bytes:
    return bytes((len(identifier),)) + identifier


def _taken(part: bytes) -> tuple[str, bytes]:
    length = part[0] if part else 0
    try:
        identifier = part[1 : 1 + length].decode()
    except UnicodeDecodeError:
        identifier = ""
    if not identifier or not 0 < length <= SUBJECT_BYTES or len(part) < 1 + length or "\0" in identifier:
        raise MalformedFaces("a part without its identifier")
    return identifier, part[1 + length :]


def _digest(identifier: bytes) -> str:
    return hashlib.sha256(identifier).hexdigest()[:32]
