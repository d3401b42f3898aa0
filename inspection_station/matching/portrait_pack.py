"""Photographs on disk, found by identifier: sealed packs beside the groups' templates, and of history photographs.

A pack is: magic, length of the header, header (JSON), its tag, the sealed index, the sealed pictures (AES-256-GCM). A
lookup opens one picture and no other. Identifiers do not lie in it: the index holds HMACs of them under a key of the
pack's own. Each picture's associated data are the header's digest and its place, so that none can stand in for another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from inspection_station.given_file import open_given
from inspection_station.matching.face_installation import group_file
from inspection_station.matching.gallery_pack import KEY_BYTES, SUBJECT_BYTES, PackFault, PackRefused
from inspection_station.whole_file import whole_file

SUFFIX: Final = ".portraits"
LARGEST_PICTURE: Final = 4 * 1024 * 1024
MOST_PICTURES: Final = 1_000_000

_MAGIC = b"ISPHOTO1"
_TAG, _SALT, _DIGEST = 16, 32, 16
_MOST_HEADER = 4096
_HEADER_NONCE = b"\xff" * 12
_ROW = struct.Struct(f">{_DIGEST}sQI")
_PURPOSE = b"inspection-station portrait pack 1"


def portraits_file(folder: Path, group_id: str) -> Path:
    """Where a group's photographs lie. ValueError for an id that is no plain name."""
    return group_file(folder, group_id).with_suffix(SUFFIX)


def history_file(folder: Path) -> Path:
    """Where the history photographs lie."""
    return folder / f"history{SUFFIX}"


def document_key(number: str) -> str:
    """A document's number as the packs know it: capitals, neither fillers nor spaces."""
    return "".join(mark for mark in number.upper() if mark.isalnum()) or "-"


@dataclass(frozen=True, slots=True)
class PortraitHeader:
    """What a pack says of itself. ``name``: the group, or ``history``."""

    name: str
    version: int
    pictures: int
    made_at: datetime
    expires_at: datetime
    salt: str


class PortraitPack:
    """An opened pack: the index in memory, the pictures on disk. Thread-safe."""

    def __init__(
        self, path: Path, header: PortraitHeader, encoded: bytes, keys: _Keys, rows: dict[bytes, tuple[int, int, int]]
    ) -> None:
        self.header = header
        self._path = path
        self._encoded = encoded
        self._keys = keys
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def picture(self, identifier: str) -> bytes | None:
        """The encoded picture of an identifier, None where there is none.

        Raises ``PackRefused`` (altered, exchanged since it was opened) and OSError.
        """
        row = self._rows.get(self._keys.digest(identifier))
        if row is None:
            return None
        owner, picture = self._pair(*row)
        return picture if owner == identifier else None

    def pairs(self) -> Iterator[tuple[str, bytes]]:
        """Every identifier with its picture. Raises as ``picture``."""
        return (self._pair(*row) for row in self._rows.values())

    def _pair(self, place: int, offset: int, length: int) -> tuple[str, bytes]:
        with self._path.open("rb") as file:
            if file.read(len(self._encoded)) != self._encoded:
                raise PackRefused(PackFault.ALTERED, "exchanged since it was opened")
            file.seek(offset)
            sealed = file.read(length)
        plain = self._keys.opened(sealed, place, self._encoded)
        named = 1 + plain[0]
        return plain[1:named].decode(), plain[named:]


def write_portraits(
    path: Path,
    key: bytes,
    *,
    name: str,
    version: int,
    made_at: datetime,
    expires_at: datetime,
    pictures: Iterable[tuple[str, bytes]],
) -> PortraitHeader:
    """Seal (identifier, encoded picture) pairs in place of the pack at ``path``; of an identifier given twice the last
    picture stays. Raises OSError, ValueError for an empty or too large picture.
    """
    if made_at.tzinfo is None or expires_at.tzinfo is None:
        raise ValueError("moments know their offset from UTC")
    kept = dict(pictures)
    if any(not 0 < len(identifier.encode()) <= SUBJECT_BYTES for identifier in kept):
        raise ValueError(f"an identifier has 1 to {SUBJECT_BYTES} bytes")
    if len(kept) > MOST_PICTURES or any(not 0 < len(one) <= LARGEST_PICTURE for one in kept.values()):
        raise ValueError(f"a picture has 1 to {LARGEST_PICTURE} bytes, a pack at most {MOST_PICTURES}")
    header = PortraitHeader(
        name, version, len(kept), made_at.astimezone(UTC), expires_at.astimezone(UTC), secrets.token_hex(_SALT)
    )
    keys = _Keys(key, header)
    plain = _encoded(header)
    start = _MAGIC + struct.pack(">I", len(plain)) + plain
    start += keys.sealing.encrypt(_HEADER_NONCE, b"", start)  # no plaintext: the tag alone
    at = len(start) + len(kept) * _ROW.size + _TAG
    index, sealed = [], []
    for place, (identifier, picture) in enumerate(kept.items(), 1):
        named = identifier.encode()
        sealed.append(keys.sealed(bytes((len(named),)) + named + picture, place, start))
        index.append(_ROW.pack(keys.digest(identifier), at, len(sealed[-1])))
        at += len(sealed[-1])
    _write(path, [start, keys.sealed(b"".join(index), 0, start), *sealed])
    return header


def open_portraits(path: Path, key: bytes, *, name: str, now: datetime, least_version: int = 0) -> PortraitPack:
    """Open a pack. Raises ``PackRefused`` and OSError."""
    with open_given(path) as file:
        header, start, keys = _opened_header(file, key)
        if header.name != name:
            raise PackRefused(PackFault.OTHER_GROUP, "the photographs of something else")
        if header.version < least_version:
            raise PackRefused(PackFault.OLDER_VERSION, f"version {header.version}, {least_version} was there before")
        if now >= header.expires_at:
            raise PackRefused(PackFault.EXPIRED, f"expired {header.expires_at.isoformat()}")
        sealed = file.read(header.pictures * _ROW.size + _TAG)
        if len(sealed) < header.pictures * _ROW.size + _TAG:
            raise PackRefused(PackFault.TRUNCATED, "the index is not whole")
        index = keys.opened(sealed, 0, start)
        size = os.fstat(file.fileno()).st_size
    rows: dict[bytes, tuple[int, int, int]] = {}
    end = len(start) + len(sealed)
    for place, (digest, offset, length) in enumerate(_ROW.iter_unpack(index), 1):
        rows[digest] = place, offset, length
        end = max(end, offset + length)
    if size != end:
        raise PackRefused(PackFault.TRUNCATED if size < end else PackFault.ALTERED, f"{size} bytes instead of {end}")
    return PortraitPack(path, header, start, keys, rows)


def seal_portraits_anew(path: Path, key: bytes, target: Path, own_key: bytes, *, now: datetime) -> PortraitHeader:
    """The same photographs under another key. Raises ``PackRefused`` and OSError."""
    with open_given(path) as file:
        header = _opened_header(file, key)[0]
    pack = open_portraits(path, key, name=header.name, now=now)
    return write_portraits(
        target,
        own_key,
        name=header.name,
        version=header.version,
        made_at=header.made_at,
        expires_at=header.expires_at,
        pictures=pack.pairs(),
    )


def install_portraits(source: Path, key: bytes, target: Path, own_key: bytes, *, now: datetime) -> list[str]:
    """Take over the photographs of a folder of face data: sealed anew under the station's key. What was taken.

    Raises ``PackRefused``, OSError.
    """
    taken = []
    found = [history_file(source)] if history_file(source).is_file() else []
    groups = source / "groups"
    found += sorted(groups.glob(f"*{SUFFIX}")) if groups.is_dir() else []
    for path in found:
        seal_portraits_anew(path, key, target / path.relative_to(source), own_key, now=now)
        taken.append(f"{path.name.removesuffix(SUFFIX)} photographs")
    return taken


class _Keys:
    """What is derived from the station's key and a pack's salt: one key to seal with, one for the index."""

    def __init__(self, key: bytes, header: PortraitHeader) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a pack's key has {KEY_BYTES} bytes")
        both = HKDF(SHA256(), 2 * KEY_BYTES, bytes.fromhex(header.salt), _PURPOSE).derive(key)
        self.sealing = AESGCM(both[:KEY_BYTES])
        self._index = both[KEY_BYTES:]

    def digest(self, identifier: str) -> bytes:
        return hmac.digest(self._index, identifier.encode(), "sha256")[:_DIGEST]

    def sealed(self, plain: bytes, place: int, start: bytes) -> bytes:
        return self.sealing.encrypt(place.to_bytes(12, "big"), plain, _associated(start, place))

    def opened(self, sealed: bytes, place: int, start: bytes) -> bytes:
        try:
            return self.sealing.decrypt(place.to_bytes(12, "big"), sealed, _associated(start, place))
        except InvalidTag:
            raise PackRefused(PackFault.ALTERED, "index" if place == 0 else f"picture {place}") from None


def _associated(start: bytes, place: int) -> bytes:
    return hashlib.sha256(start).digest() + struct.pack(">I", place)


def _opened_header(file: BinaryIO, key: bytes) -> tuple[PortraitHeader, bytes, _Keys]:
    head = file.read(len(_MAGIC) + 4)
    if head[: len(_MAGIC)] != _MAGIC[: len(head)]:
        raise PackRefused(PackFault.MALFORMED, "not a pack of photographs")
    if len(head) < len(_MAGIC) + 4:
        raise PackRefused(PackFault.TRUNCATED, "the header is not whole")
    (length,) = struct.unpack(">I", head[len(_MAGIC) :])
    if length > _MOST_HEADER:
        raise PackRefused(PackFault.MALFORMED, "a header of impossible length")
    encoded, tag = file.read(length), file.read(_TAG)
    if len(encoded) < length or len(tag) < _TAG:
        raise PackRefused(PackFault.TRUNCATED, "the header is not whole")
    header = _decoded(encoded)
    keys = _Keys(key, header)
    try:
        keys.sealing.decrypt(_HEADER_NONCE, tag, head + encoded)
    except InvalidTag:
        raise PackRefused(PackFault.ALTERED, "the header is altered, or the key is another pack's") from None
    return header, head + encoded + tag, keys


def _encoded(header: PortraitHeader) -> bytes:
    told: dict[str, Any] = {name: getattr(header, name) for name in PortraitHeader.__dataclass_fields__}
    for name in ("made_at", "expires_at"):
        told[name] = told[name].isoformat()
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _decoded(encoded: bytes) -> PortraitHeader:
    try:
        told = json.loads(encoded)
        for name in ("made_at", "expires_at"):
            told[name] = datetime.fromisoformat(told[name])
        header = PortraitHeader(**told)
        whole = all(type(count) is int and count >= 0 for count in (header.version, header.pictures))
        whole = whole and header.pictures <= MOST_PICTURES and isinstance(header.name, str)
        whole = whole and all(moment.tzinfo is not None for moment in (header.made_at, header.expires_at))
        whole = whole and len(bytes.fromhex(header.salt)) == _SALT
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    if not whole:
        raise PackRefused(PackFault.MALFORMED, "the header does not say what it must")
    return header


def _write(path: Path, parts: list[bytes]) -> None:
    with whole_file(path) as file:
        file.writelines(parts)
