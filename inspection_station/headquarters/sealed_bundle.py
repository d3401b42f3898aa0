"""One encrypted, signed file for mail and USB: the same messages that travel over a link.

``STATION-BUNDLE-1`` · length and header (CBOR: direction, sender, a content key sealed for each recipient, nonce
prefix) · segments of 1 MiB under AES-256-GCM, whose nonce counts them and marks the last, so none can be cut off,
swapped or moved into another bundle (the header's hash is authenticated with each) · inside: entries with their length,
the last of which is the sender's Ed25519 signature over header and entries. Reading is two passes: nothing of a bundle
is used before its signature was verified.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from inspection_station.durable_names import make_names_durable
from inspection_station.given_file import open_given
from inspection_station.headquarters import wire
from inspection_station.headquarters.messages import PICTURE_LIMIT
from inspection_station.headquarters.recipients import open_with, public_part, seal_for
from inspection_station.headquarters.wire import BadSignature, Malformed, TooLarge

MAGIC = b"STATION-BUNDLE-1"
TO_HEADQUARTERS, TO_STATION = "to headquarters", "to station"

_SEGMENT = 1 << 20
_TAG = 16
_HEADER_LIMIT = 64 << 10
_RECIPIENTS = 16
_ENTRY_LIMIT = PICTURE_LIMIT + 1024
_SEGMENTS = 1 << 16  # 64 GiB
_PURPOSE = b"bundle content key"


class NotForUs(wire.WireError):
    """The bundle was sealed for somebody else."""

    code = "SYN-08"


@dataclass(frozen=True, slots=True)
class Header:
    """What can be read of a bundle without a key."""

    direction: str
    sender: str
    recipients: tuple[tuple[bytes, bytes], ...]  # first 8 bytes of the public key's SHA-256, sealed content key
    prefix: bytes
    digest: bytes


def write_bundle(
    target: Path,
    direction: str,
    sender: str,
    signer: Ed25519PrivateKey,
    recipients: Sequence[bytes],
    entries: Iterable[bytes],
) -> int:
    """Seal ``entries`` for the holders of the public keys; returns how many there were. Appears whole or not at all.

    Raises OSError, Malformed for a recipient's key that is none.
    """
    key, prefix = secrets.token_bytes(32), secrets.token_bytes(7)
    sealed: list[wire.Plain] = [[_key_id(public), seal_for(public, key, _PURPOSE)] for public in recipients]
    header = wire.encode(["bundle/1", direction, sender, sealed, prefix])
    digest = hashlib.sha256(header).digest()
    unfinished = target.with_name(target.name + ".unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(MAGIC + len(header).to_bytes(4, "big") + header)
            segments = _Sealing(file, AESGCM(key), prefix, digest)
            running, count = hashlib.sha256(digest), 0
            for entry in entries:
                for part in (len(entry).to_bytes(4, "big"), entry):
                    running.update(part)
                    segments.write(part)
                count += 1
            signature = signer.sign(_end_statement(running.digest(), count))
            end = wire.encode(["end/1", count, signature])
            segments.write(len(end).to_bytes(4, "big") + end)
            segments.finish()
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
        make_names_durable(target.parent)  # a stick may be pulled out as soon as the officer is told
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def read_header(source: Path) -> Header:
    """What anybody can read. Raises Malformed, UnknownVersion, TooLarge, OSError."""
    with open_given(source) as file:
        return _header(file)


def read_bundle(source: Path, direction: str, private: bytes, sender_key: Ed25519PublicKey) -> Iterator[bytes]:
    """The entries, once the whole bundle was verified. Raises WireError (NotForUs, BadSignature …), OSError.

    The second pass need not hash again: whoever could write other segments between the two under the same key, nonces
    and header is the sender.
    """
    with open_given(source) as file:
        header = _header(file)
        if header.direction != direction:
            raise Malformed("the bundle goes the other way")
        cipher = AESGCM(_content_key(header, private))
        count = _verified_count(_Opening(file, cipher, header), header, sender_key)
    return _entries(source, header, cipher, count)


def _verified_count(plain: _Opening, header: Header, sender_key: Ed25519PublicKey) -> int:
    running, count = hashlib.sha256(header.digest), 0
    while True:
        framed = plain.read(4)
        entry = _entry(plain, framed)
        if wire.name_of(entry) == "end/1":
            _require_end(entry, running.digest(), count, sender_key)
            plain.require_end()
            return count
        running.update(framed)
        running.update(entry)
        count += 1


def _entries(source: Path, header: Header, cipher: AESGCM, count: int) -> Iterator[bytes]:
    with open_given(source) as file:
        if _header(file).digest != header.digest:
            raise Malformed("a bundle was exchanged for another while it was read")
        plain = _Opening(file, cipher, header)
        for _ in range(count):
            yield _entry(plain, plain.read(4))


def _entry(plain: _Opening, framed: bytes) -> bytes:
    size = int.from_bytes(framed, "big")
    if size > _ENTRY_LIMIT:
        raise TooLarge("an entry of a bundle exceeds the limit")
    return plain.read(size)


def _require_end(entry: bytes, running: bytes, count: int, sender_key: Ed25519PublicKey) -> None:
    said, signature = wire.fields(wire.decode(entry), "end/1", 2)
    if wire.number(said) != count:
        raise Malformed("a bundle holds another number of entries than it says")
    try:
        sender_key.verify(wire.octets(signature, 64), _end_statement(running, count))
    except InvalidSignature as error:
        raise BadSignature("a bundle is not signed by its sender") from error


def _end_statement(running: bytes, count: int) -> bytes:
    return wire.encode(["bundle-end/1", running, count])


def _header(file: BinaryIO) -> Header:
    if file.read(len(MAGIC)) != MAGIC:
        raise Malformed("not a bundle of ours")
    size = int.from_bytes(file.read(4), "big")
    if size > _HEADER_LIMIT:
        raise TooLarge("a bundle's header exceeds the limit")
    data = file.read(size)
    direction, sender, recipients, prefix = wire.fields(wire.decode(data), "bundle/1", 4)
    sealed = []
    for recipient in wire.items(recipients, _RECIPIENTS):
        pair = wire.items(recipient, 2)
        if len(pair) != 2:
            raise Malformed("a recipient of a bundle is incomplete")
        sealed.append((wire.octets(pair[0], 8), wire.octets(pair[1])))
    return Header(
        wire.words(direction, 20),
        wire.words(sender, 64),
        tuple(sealed),
        wire.octets(prefix, 7),
        hashlib.sha256(data).digest(),
    )


def _content_key(header: Header, private: bytes) -> bytes:
    ours = _key_id(public_part(private))
    for key_id, sealed in header.recipients:
        if key_id == ours and (key := open_with(private, sealed, _PURPOSE)) is not None and len(key) == 32:
            return key
    raise NotForUs("the bundle was sealed for somebody else")


def _key_id(public: bytes) -> bytes:
    return hashlib.sha256(public).digest()[:8]


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


class _Sealing:
    """Cuts what is written into segments and seals each."""

    def __init__(self, file: BinaryIO, cipher: AESGCM, prefix: bytes, digest: bytes) -> None:
        self._file, self._cipher, self._prefix, self._digest = file, cipher, prefix, digest
        self._waiting, self._number = bytearray(), 0

    def write(self, data: bytes) -> None:
        self._waiting += data
        while len(self._waiting) > _SEGMENT:
            self._seal(bytes(self._waiting[:_SEGMENT]), last=False)
            del self._waiting[:_SEGMENT]

    def finish(self) -> None:
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, plain: bytes, *, last: bool) -> None:
        if self._number >= _SEGMENTS:
            raise TooLarge("too much for one bundle")
        self._file.write(self._cipher.encrypt(_nonce(self._prefix, self._number, last), plain, self._digest))
        self._number += 1


class _Opening:
    """Gives back what was written, segment by segment. A segment that does not open ends it with Malformed."""

    def __init__(self, file: BinaryIO, cipher: AESGCM, header: Header) -> None:
        self._file, self._cipher, self._header = file, cipher, header
        self._next = file.read(_SEGMENT + _TAG)
        self._plain, self._at, self._number = b"", 0, 0
        self._last = False

    def read(self, count: int) -> bytes:
        parts, missing = [], count
        while missing:
            if self._at == len(self._plain):
                self._open()
            part = self._plain[self._at : self._at + missing]
            parts.append(part)
            self._at += len(part)
            missing -= len(part)
        return b"".join(parts)

    def require_end(self) -> None:
        if not self._last or self._at != len(self._plain):
            raise Malformed("bytes follow the end of a bundle")

    def _open(self) -> None:
        if self._last or not self._next:
            raise Malformed("a bundle ends too soon")
        here, self._next = self._next, self._file.read(_SEGMENT + _TAG)
        self._last = not self._next
        nonce = _nonce(self._header.prefix, self._number, self._last)
        try:
            self._plain = self._cipher.decrypt(nonce, here, self._header.digest)
        except (InvalidTag, ValueError) as error:
            raise Malformed("a bundle was cut or changed") from error
        if not self._plain:
            raise Malformed("a bundle holds an empty segment")
        self._at, self._number = 0, self._number + 1
