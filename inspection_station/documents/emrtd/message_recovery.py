"""Signatures with message recovery, ISO/IEC 9796-2 scheme 1, as active authentication uses them (Doc 9303 part 11
§6.1.2.2).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from inspection_station.documents.emrtd.signatures import RsaKey

TRAILERS = {0x33: "sha1", 0x34: "sha256", 0x35: "sha512", 0x36: "sha384", 0x38: "sha224"}
"""Digest by the first byte of a two-byte trailer (ISO/IEC 10118-3)."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a representative holds: the digest's name, the recoverable part of the message, and the hash."""

    digest: str
    recoverable: bytes
    hashed: bytes

    def covers(self, rest: bytes) -> bool:
        """Whether the hash is that of the recoverable part and ``rest``."""
        return hashlib.new(self.digest, self.recoverable + rest).digest() == self.hashed


def representative(key: RsaKey, signature: bytes) -> bytes | None:
    """The signed block, as long as the modulus; None where the signature opens to none.

    Both ways of producing a signature count: s itself, and the smaller of s and n - s (paragraphs B.6 and B.4).
    """
    number, size = int.from_bytes(signature, "big"), (key.n.bit_length() + 7) // 8
    if len(signature) > size or number >= key.n:
        return None
    opened = pow(number, key.e, key.n)
    for candidate in (opened, key.n - opened):
        if candidate & 0x0F == 0x0C:
            return candidate.to_bytes(size, "big")
    return None


def recover(block: bytes) -> Recovered | None:
    """Takes a representative apart: header, padding to the first nibble A, message, hash, trailer. None for another
    format.
    """
    if len(block) < 24:
        return None
    if block[-1] == 0xBC:
        digest, trailer = "sha1", 1
    elif block[-1] == 0xCC and block[-2] in TRAILERS:
        digest, trailer = TRAILERS[block[-2]], 2
    else:
        return None
    start = _message_start(block)
    end = len(block) - trailer - hashlib.new(digest).digest_size
    if start is None or end < start:
        return None
    return Recovered(digest, block[start:end], block[end : len(block) - trailer])


def _message_start(block: bytes) -> int | None:
    """Behind the header 6 (part of the message is elsewhere) and its padding B … B A."""
    if block[0] == 0x6A:
        return 1
    if block[0] != 0x6B:
        return None
    rest = block[1:].lstrip(b"\xbb")
    return len(block) - len(rest) + 1 if rest[:1] == b"\xba" else None


def compose(key_bits: int, digest: str, recoverable: bytes, rest: bytes) -> bytes:
    """The representative for a key of that many bits (a multiple of 8): the signer's side, for virtual chips."""
    trailer = b"\xbc" if digest == "sha1" else bytes((_trailer_byte(digest), 0xCC))
    hashed = hashlib.new(digest, recoverable + rest).digest()
    return b"\x6a" + recoverable[: key_bits // 8 - 1 - len(hashed) - len(trailer)] + hashed + trailer


def capacity(key_bits: int, digest: str) -> int:
    """Bytes of message that fit into a representative."""
    return key_bits // 8 - 1 - hashlib.new(digest).digest_size - (1 if digest == "sha1" else 2)


def _trailer_byte(digest: str) -> int:
    return next(byte for byte, name in TRAILERS.items() if name == digest)
