"""Templates on disk: sealed packs. Nothing of a template ever lies there in the clear, nor in a temporary file.

A pack is: magic, length of the header, header (JSON), its tag, then AES-256-GCM blocks of 8 MiB of one stream: the
vectors, then mean and deviation of each by the station's cohort, then the identifiers. The key of a pack is derived
from the station's key and the pack's salt (HKDF-SHA256), so block numbers may serve as nonces. Each block's associated
data are the header's digest and the block's place: group, version, model and expiry cannot be exchanged, nor blocks
left out or moved.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from inspection_station.given_file import open_given
from inspection_station.matching.ports import Vector
from inspection_station.matching.score_normalisation import Spread
from inspection_station.whole_file import whole_file

BLOCK_BYTES: Final = 8 * 1024 * 1024
KEY_BYTES: Final = 32
SUBJECT_BYTES: Final = 64
SUFFIX: Final = ".faces"

_MAGIC = b"ISFACES1"
_TAG = 16
_SALT = 32
_MOST_HEADER = 4096
_MOST_ROWS = 20_000_000
_MOST_DIMENSION = 4096
_HEADER_NONCE = b"\xff" * 12
_PURPOSE = b"inspection-station face pack 1"

Subjects = npt.NDArray[np.bytes_]


class PackFault(StrEnum):
    """Why a pack is not used; the value is the stable code."""

    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    ALTERED = "altered"
    EXPIRED = "expired"
    OTHER_MODEL = "other-model"
    OTHER_GROUP = "other-group"
    OLDER_VERSION = "older-version"


class PackRefused(ValueError):
    """A pack that must not be used. ``ALTERED`` is also what the wrong key looks like."""

    def __init__(self, code: PackFault, detail: str) -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class PackHeader:
    """What a pack says of itself. ``cohort_sha256``: the cohort of its statistics, "" where it has none."""

    group: str
    version: int
    model_id: str
    dimension: int
    rows: int
    subject_bytes: int
    made_at: datetime
    expires_at: datetime
    cohort_sha256: str = ""
    salt: str = ""

    @property
    def stream_bytes(self) -> int:
        """Length of what is sealed."""
        statistics = 8 if self.cohort_sha256 else 0
        return self.rows * (4 * self.dimension + statistics + self.subject_bytes)

    @property
    def blocks(self) -> int:
        return -(-self.stream_bytes // BLOCK_BYTES)


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was opened. ``vectors`` rows x dimension float32, contiguous; ``subjects`` rows of bytes (UTF-8)."""

    header: PackHeader
    vectors: Vector
    subjects: Subjects
    spread: Spread | None


def subject_array(subjects: Sequence[str]) -> Subjects:
    """Identifiers as fixed-width bytes. Raises ValueError for an empty one, or one of more than 64 bytes."""
    encoded = [subject.encode() for subject in subjects]
    if any(not one or len(one) > SUBJECT_BYTES or b"\0" in one for one in encoded):
        raise ValueError(f"an identifier has 1 to {SUBJECT_BYTES} bytes")
    return np.array(encoded, dtype=f"S{max((len(one) for one in encoded), default=1)}")


def write_pack(
    path: Path,
    key: bytes,
    *,
    group: str,
    version: int,
    model_id: str,
    vectors: Vector,
    subjects: Subjects,
    made_at: datetime,
    expires_at: datetime,
    spread: Spread | None = None,
    cohort_sha256: str = "",
) -> PackHeader:
    """Seal a pack in place of the one at ``path``; the old one stays whole until the new one is. Raises OSError.

    ValueError for templates that are none, or statistics without their cohort.
    """
    kept = np.ascontiguousarray(vectors, dtype="<f4")
    if kept.ndim != 2 or len(kept) != len(subjects) or not np.isfinite(kept).all():
        raise ValueError("a template an identifier, and numbers only")
    if (spread is None) == bool(cohort_sha256):
        raise ValueError("statistics come with their cohort")
    if made_at.tzinfo is None or expires_at.tzinfo is None:
        raise ValueError("moments know their offset from UTC")
    header = PackHeader(
        group, version, model_id, int(kept.shape[1]), len(kept), max(int(subjects.dtype.itemsize), 1),
        made_at.astimezone(UTC), expires_at.astimezone(UTC), cohort_sha256, secrets.token_hex(_SALT),
    )  # fmt: skip
    parts: list[memoryview] = [kept.reshape(-1).view(np.uint8).data]
    if spread is not None:
        both = np.stack((spread.mean, spread.deviation)).astype("<f4")
        parts.append(both.reshape(-1).view(np.uint8).data)
    parts.append(memoryview(subjects.tobytes()))
    _write_sealed(path, key, header, parts)
    return header


def _write_sealed(path: Path, key: bytes, header: PackHeader, parts: list[memoryview]) -> None:
    encoded = _encoded(header)
    sealing = AESGCM(_pack_key(key, header))
    with whole_file(path) as file:
        file.write(_MAGIC + struct.pack(">I", len(encoded)) + encoded)
        file.write(sealing.encrypt(_HEADER_NONCE, b"", encoded))
        for place, block in enumerate(_blocks(parts)):
            file.write(sealing.encrypt(_nonce(place), block, _associated(encoded, place, header.blocks)))


def _blocks(parts: list[memoryview]) -> Any:
    """The parts as one stream, in blocks."""
    block = bytearray()
    for part in parts:
        for start in range(0, len(part), BLOCK_BYTES):
            piece = part[start : start + BLOCK_BYTES]
            room = BLOCK_BYTES - len(block)
            block += piece[:room]
            if len(block) == BLOCK_BYTES:
                yield bytes(block)
                block = bytearray(piece[room:])
    if block:
        yield bytes(block)


def read_pack(
    path: Path,
    key: bytes,
    *,
    model_id: str,
    now: datetime,
    group: str | None = None,
    least_version: int = 0,
) -> Pack:
    """Open a pack. Raises ``PackRefused`` and OSError. One million templates of 128 numbers take about half a second.

    ``group`` and ``least_version``: what is expected, so that a pack cannot stand in for another nor an older one
    return.
    """
    with open_given(path) as file:
        header, encoded, opening = _opened_header(file, key)
        _require(header, model_id, now, group, least_version)
        whole = len(_MAGIC) + 4 + len(encoded) + _TAG + header.stream_bytes + header.blocks * _TAG
        size = os.fstat(file.fileno()).st_size
        if size != whole:
            fault = PackFault.TRUNCATED if size < whole else PackFault.ALTERED
            raise PackRefused(fault, f"{size} bytes instead of {whole}")
        stream = np.empty(header.stream_bytes, np.uint8)
        sealed = bytearray(BLOCK_BYTES + _TAG)
        for place in range(header.blocks):
            part = stream.data[place * BLOCK_BYTES : (place + 1) * BLOCK_BYTES]
            piece = memoryview(sealed)[: len(part) + _TAG]
            if file.readinto(piece) != len(piece):
                raise PackRefused(PackFault.TRUNCATED, f"block {place} of {header.blocks} is not whole")
            try:
                opening.decrypt_into(_nonce(place), piece, _associated(encoded, place, header.blocks), part)
            except InvalidTag:
                raise PackRefused(PackFault.ALTERED, f"block {place} of {header.blocks}") from None
    return _pack(header, stream)


def read_header(path: Path, key: bytes) -> PackHeader:
    """What a pack says of itself, proved by its tag; nothing else is looked at. Raises ``PackRefused`` and OSError."""
    with open_given(path) as file:
        return _opened_header(file, key)[0]


def _opened_header(file: BufferedReader, key: bytes) -> tuple[PackHeader, bytes, AESGCM]:
    start = file.read(len(_MAGIC) + 4)
    if start[: len(_MAGIC)] != _MAGIC[: len(start)]:
        raise PackRefused(PackFault.MALFORMED, "not a face pack")
    if len(start) < len(_MAGIC) + 4:
        raise PackRefused(PackFault.TRUNCATED, "the header is not whole")
    (length,) = struct.unpack(">I", start[len(_MAGIC) :])
    if length > _MOST_HEADER:
        raise PackRefused(PackFault.MALFORMED, "a header of impossible length")
    encoded, tag = file.read(length), file.read(_TAG)
    if len(encoded) < length or len(tag) < _TAG:
        raise PackRefused(PackFault.TRUNCATED, "the header is not whole")
    header = _decoded(encoded)
    opening = AESGCM(_pack_key(key, header))
    try:
        opening.decrypt(_HEADER_NONCE, tag, encoded)
    except InvalidTag:
        raise PackRefused(PackFault.ALTERED, "the header is altered, or the key is another pack's") from None
    return header, encoded, opening


def _require(header: PackHeader, model_id: str, now: datetime, group: str | None, least_version: int) -> None:
    if header.model_id != model_id:
        raise PackRefused(PackFault.OTHER_MODEL, "enrolled with another face model: enrol again from the pictures")
    if group is not None and header.group != group:
        raise PackRefused(PackFault.OTHER_GROUP, "the pack of another group")
    if header.version < least_version:
        raise PackRefused(PackFault.OLDER_VERSION, f"version {header.version}, {least_version} was there before")
    if now >= header.expires_at:
        raise PackRefused(PackFault.EXPIRED, f"expired {header.expires_at.isoformat()}")


def _pack(header: PackHeader, stream: npt.NDArray[np.uint8]) -> Pack:
    rows, dimension = header.rows, header.dimension
    at = 4 * rows * dimension
    vectors = stream[:at].view("<f4").reshape(rows, dimension)
    spread = None
    if header.cohort_sha256:
        both = stream[at : at + 8 * rows].view("<f4").reshape(2, rows)
        spread = Spread(both[0], both[1])
        at += 8 * rows
    subjects = stream[at:].view(f"S{header.subject_bytes}")
    return Pack(header, vectors, subjects, spread)


def _pack_key(key: bytes, header: PackHeader) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a pack's key has {KEY_BYTES} bytes")
    return HKDF(SHA256(), KEY_BYTES, bytes.fromhex(header.salt), _PURPOSE).derive(key)


def _nonce(place: int) -> bytes:
    return place.to_bytes(12, "big")


def _associated(encoded: bytes, place: int, blocks: int) -> bytes:
    return hashlib.sha256(encoded).digest() + struct.pack(">II", place, blocks)


def _encoded(header: PackHeader) -> bytes:
    told: dict[str, Any] = {name: getattr(header, name) for name in PackHeader.__dataclass_fields__}
    for name in ("made_at", "expires_at"):
        told[name] = told[name].isoformat()
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _decoded(encoded: bytes) -> PackHeader:
    try:
        told = json.loads(encoded)
        for name in ("made_at", "expires_at"):
            told[name] = datetime.fromisoformat(told[name])
        header = PackHeader(**told)
        sizes = header.rows, header.dimension, header.subject_bytes, header.version
        whole = all(type(size) is int and size >= 0 for size in sizes)
        whole = whole and header.rows <= _MOST_ROWS and 0 < header.dimension <= _MOST_DIMENSION
        whole = whole and 0 < header.subject_bytes <= SUBJECT_BYTES
        whole = whole and all(moment.tzinfo is not None for moment in (header.made_at, header.expires_at))
        whole = whole and len(bytes.fromhex(header.salt)) == _SALT
        whole = whole and all(isinstance(text, str) for text in (header.group, header.model_id, header.cohort_sha256))
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    if not whole:
        raise PackRefused(PackFault.MALFORMED, "the header does not say what it must")
    return header
