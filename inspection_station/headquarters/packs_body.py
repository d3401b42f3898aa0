"""A pack's content as bytes: a snapshot, or a delta from one content to another.

``STATION-PACK-1`` · length and header (CBOR: kind, name, version, base digest or null, result digest, entries, bytes
when unpacked) · one zstd frame of entries: operation (0 put, 1 drop), length and name of the part, for a put also
length and bytes. Names are in order and come once, so a content has one form. Nothing of the claimed size is allocated
before that many bytes came out of the frame.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping

import zstandard

from inspection_station.headquarters import wire
from inspection_station.headquarters.packs import PackFault, PackKind, PackRefused

Content = Mapping[str, bytes]

PLAIN_LIMIT = 1 << 30  # bytes of a content when unpacked
PACKED_LIMIT = 256 << 20  # bytes of a file in the repository
PART_LIMIT = 4_000_000  # parts of a content
_MAGIC = b"STATION-PACK-1"
_HEADER_LIMIT = 1024
_NAME_BYTES = 200
_PUT, _DROP = 0, 1
_PIECE = 1024  # packed bytes at a time: they cannot become more than 32 MiB
_NO_BASE = b""


def content_digest(content: Content) -> bytes:
    """SHA-256 over the parts in order of their names, each name and part with its length."""
    running = hashlib.sha256(b"station pack content 1")
    for name in sorted(content):
        encoded = name.encode()
        running.update(struct.pack(">HI", len(encoded), len(content[name])) + encoded)
        running.update(hashlib.sha256(content[name]).digest())
    return running.digest()


def write_snapshot(kind: PackKind, name: str, version: int, content: Content) -> bytes:
    """The whole content. Raises PackRefused (OVERSIZED), ValueError for a part's name that is none."""
    return _written(kind, name, version, _NO_BASE, content_digest(content), {}, content)


def write_delta(kind: PackKind, name: str, version: int, base: Content, content: Content) -> bytes:
    """What leads from ``base`` to ``content``. Raises as ``write_snapshot``."""
    return _written(kind, name, version, content_digest(base), content_digest(content), base, content)


def read_snapshot(data: bytes, kind: PackKind, name: str, version: int, digest: bytes) -> dict[str, bytes]:
    """The content, which is what ``digest`` says. Raises PackRefused."""
    return _read(data, kind, name, version, _NO_BASE, digest, {})


def read_delta(
    data: bytes, kind: PackKind, name: str, version: int, base: Content, base_digest: bytes, digest: bytes
) -> dict[str, bytes]:
    """What a delta makes of ``base``, whose digest is ``base_digest``. Raises PackRefused (OTHER_BASE …)."""
    return _read(data, kind, name, version, base_digest, digest, base)


def _written(
    kind: PackKind, name: str, version: int, base_digest: bytes, digest: bytes, base: Content, content: Content
) -> bytes:
    plain = bytearray()
    count = 0
    for part in sorted({*base, *content}):
        if part not in content:
            plain += _name(_DROP, part)
        elif base.get(part) != content[part]:
            plain += _name(_PUT, part) + struct.pack(">I", len(content[part])) + content[part]
        else:
            continue
        count += 1
        if len(plain) > PLAIN_LIMIT or count > PART_LIMIT:
            raise PackRefused(PackFault.OVERSIZED, "more than a pack may hold")
    header = wire.encode(["pack/1", kind.value, name, version, base_digest, digest, count, len(plain)])
    packed = zstandard.ZstdCompressor(level=10).compress(bytes(plain))
    data = _MAGIC + struct.pack(">I", len(header)) + header + packed
    if len(data) > PACKED_LIMIT:
        raise PackRefused(PackFault.OVERSIZED, "more than a pack may hold")
    return data


def _name(operation: int, part: str) -> bytes:
    encoded = part.encode()
    if not 0 < len(encoded) <= _NAME_BYTES:
        raise ValueError(f"a part's name has 1 to {_NAME_BYTES} bytes")
    return struct.pack(">BH", operation, len(encoded)) + encoded


def _read(
    data: bytes, kind: PackKind, name: str, version: int, base_digest: bytes, digest: bytes, base: Content
) -> dict[str, bytes]:
    count, size, at = _header(data, kind, name, version, base_digest, digest)
    content = _Entries(_unpacked(data, at, size)).applied(base, count)
    if content_digest(content) != digest:
        raise PackRefused(PackFault.ALTERED, "the content is not the one that was signed")
    return content


def _header(
    data: bytes, kind: PackKind, name: str, version: int, base_digest: bytes, digest: bytes
) -> tuple[int, int, int]:
    start = len(_MAGIC) + 4
    if data[: len(_MAGIC)] != _MAGIC[: len(data)]:
        raise PackRefused(PackFault.MALFORMED, "not a pack")
    if len(data) < start:
        raise PackRefused(PackFault.TRUNCATED, "the header is not whole")
    length = int.from_bytes(data[len(_MAGIC) : start], "big")
    if length > _HEADER_LIMIT:
        raise PackRefused(PackFault.OVERSIZED, "a header of impossible length")
    if len(data) < start + length:
        raise PackRefused(PackFault.TRUNCATED, "the header is not whole")
    try:
        said = wire.fields(wire.decode(data[start : start + length]), "pack/1", 7)
        whose = (wire.words(said[0]), wire.words(said[1]), wire.number(said[2]))
        said_base, said_digest = wire.octets(said[3]), wire.octets(said[4], 32)
        count, size = wire.number(said[5], PART_LIMIT), wire.number(said[6], PLAIN_LIMIT)
    except wire.UnknownVersion:
        raise PackRefused(PackFault.UNKNOWN_VERSION, "a pack of a later program") from None
    except wire.TooLarge as error:
        raise PackRefused(PackFault.OVERSIZED, str(error)) from None
    except wire.WireError as error:
        raise PackRefused(PackFault.MALFORMED, str(error)) from None
    if whose != (kind.value, name, version):
        raise PackRefused(PackFault.OTHER_ROLE, "another pack than it is said to be")
    if said_base != base_digest:
        raise PackRefused(PackFault.OTHER_BASE, "a delta for another content than the one at hand")
    if said_digest != digest:
        raise PackRefused(PackFault.ALTERED, "the content is not the one that was signed")
    return count, size, start + length


def _unpacked(data: bytes, at: int, size: int) -> bytes:
    """The frame's bytes: ``size`` of them, and never many more than that are unpacked."""
    gathered = bytearray()
    opening = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    try:
        for start in range(at, len(data), _PIECE):
            if opening.eof:
                raise PackRefused(PackFault.MALFORMED, "bytes follow the end of a pack")
            gathered += opening.decompress(data[start : start + _PIECE])
            if len(gathered) > size:
                raise PackRefused(PackFault.OVERSIZED, "a pack unpacks to more than it says")
    except zstandard.ZstdError:
        raise PackRefused(PackFault.ALTERED, "a pack does not unpack") from None
    if not opening.eof or len(gathered) < size:
        raise PackRefused(PackFault.TRUNCATED, "a pack ends too soon")
    if opening.unused_data:
        raise PackRefused(PackFault.MALFORMED, "bytes follow the end of a pack")
    return bytes(gathered)


class _Entries:
    """Entries from first to last; every length is held against what is there."""

    def __init__(self, plain: bytes) -> None:
        self._plain, self._at = plain, 0

    def applied(self, base: Content, count: int) -> dict[str, bytes]:
        content, before = dict(base), b""
        for _ in range(count):
            operation, length = struct.unpack(">BH", self._take(3))
            encoded = self._take(length)
            if not 0 < length <= _NAME_BYTES or encoded <= before or operation not in (_PUT, _DROP):
                raise PackRefused(PackFault.MALFORMED, "an entry that is none")
            before, part = encoded, self._text(encoded)
            if operation == _PUT:
                content[part] = self._take(int.from_bytes(self._take(4), "big"))
            elif content.pop(part, None) is None:
                raise PackRefused(PackFault.OTHER_BASE, "a delta takes away what is not there")
        if self._at != len(self._plain):
            raise PackRefused(PackFault.MALFORMED, "bytes follow the end of a pack")
        return content

    def _take(self, count: int) -> bytes:
        taken = self._plain[self._at : self._at + count]
        if len(taken) < count:
            raise PackRefused(PackFault.TRUNCATED, "an entry is not whole")
        self._at += count
        return taken

    def _text(self, encoded: bytes) -> str:
        try:
            return encoded.decode()
        except UnicodeDecodeError:
            raise PackRefused(PackFault.MALFORMED, "a part's name is not UTF-8") from None
