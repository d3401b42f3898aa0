"""The two cipher suites of secure messaging (Doc 9303 part 11 §9.7, §9.8): 3DES with the retail MAC, AES with CMAC.

``pad`` is ISO/IEC 9797-1 padding method 2. A checksum is always eight bytes.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from inspection_station.documents.emrtd.errors import MalformedChipData

ENCRYPTION, AUTHENTICATION, PASSWORD = 1, 2, 3
"""The counters of key derivation (Doc 9303 part 11 §9.7.1)."""


def pad(data: bytes, block: int) -> bytes:
    """Adds 80 and zeros up to a whole block."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    """Takes padding off; MalformedChipData when there is none."""
    stripped = data.rstrip(b"\0")
    if not stripped.endswith(b"\x80"):
        raise MalformedChipData("decrypted bytes without their padding")
    return stripped[:-1]


class CipherSuite(Protocol):
    """Encryption and checksum under one pair of session keys. ``counter`` is the send sequence counter, ``block``
    long.
    """

    @property
    def block(self) -> int: ...
    def encrypt(self, counter: bytes, padded: bytes) -> bytes: ...
    def decrypt(self, counter: bytes, data: bytes) -> bytes: ...
    def checksum(self, padded: bytes) -> bytes: ...


def odd_parity(key: bytes) -> bytes:
    """DES parity bits set (Doc 9303 part 11 §9.7.1.1)."""
    return bytes(octet & 0xFE | ((octet & 0xFE).bit_count() + 1) % 2 for octet in key)


def derive_key(shared: bytes, counter: int, *, key_bytes: int = 16, des: bool = True) -> bytes:
    """KDF(K, c) of Doc 9303 part 11 §9.7.1; SHA-1 up to 128 bits, SHA-256 above."""
    digest = hashlib.sha1 if key_bytes <= 16 else hashlib.sha256
    key = digest(shared + counter.to_bytes(4, "big")).digest()[:key_bytes]
    return odd_parity(key) if des else key


def equal(one: bytes, other: bytes) -> bool:
    """Comparison in constant time."""
    return hmac.compare_digest(one, other)


@dataclass(frozen=True, slots=True)
class TripleDesSuite:
    """Two-key 3DES in CBC with a zero vector; ISO/IEC 9797-1 MAC algorithm 3."""

    encryption_key: bytes
    mac_key: bytes

    @property
    def block(self) -> int:
        """Eight bytes."""
        return 8

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:
        """Of whole blocks; the counter plays no part."""
        del counter
        context = Cipher(_triple(self.encryption_key), modes.CBC(bytes(8))).encryptor()
        return context.update(padded) + context.finalize()

    def decrypt(self, counter: bytes, data: bytes) -> bytes:
        """Of whole blocks."""
        del counter
        context = Cipher(_triple(self.encryption_key), modes.CBC(bytes(8))).decryptor()
        return context.update(data) + context.finalize()

    def checksum(self, padded: bytes) -> bytes:
        """Single DES in CBC with the first half of the key, the last block finished with both halves."""
        left, right = self.mac_key[:8], self.mac_key[8:]
        chain = Cipher(TripleDES(left * 3), modes.CBC(bytes(8))).encryptor()
        last = (chain.update(padded) + chain.finalize())[-8:]
        inner = Cipher(TripleDES(right * 3), modes.ECB()).decryptor()
        last = inner.update(last) + inner.finalize()
        outer = Cipher(TripleDES(left * 3), modes.ECB()).encryptor()
        return outer.update(last) + outer.finalize()


@dataclass(frozen=True, slots=True)
class AesSuite:
    """AES-128, -192 or -256 in CBC, its vector the encrypted counter; CMAC cut to eight bytes."""

    encryption_key: bytes
    mac_key: bytes

    @property
    def block(self) -> int:
        """Sixteen bytes."""
        return 16

    def _vector(self, counter: bytes) -> bytes:
        context = Cipher(algorithms.AES(self.encryption_key), modes.ECB()).encryptor()
        return context.update(counter) + context.finalize()

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:
        """Of whole blocks."""
        context = Cipher(algorithms.AES(self.encryption_key), modes.CBC(self._vector(counter))).encryptor()
        return context.update(padded) + context.finalize()

    def decrypt(self, counter: bytes, data: bytes) -> bytes:
        """Of whole blocks."""
        context = Cipher(algorithms.AES(self.encryption_key), modes.CBC(self._vector(counter))).decryptor()
        return context.update(data) + context.finalize()

    def checksum(self, padded: bytes) -> bytes:
        """Over bytes that secure messaging has padded already."""
        mac = CMAC(algorithms.AES(self.mac_key))
        mac.update(padded)
        return mac.finalize()[:8]


CIPHER_NAMES = {1: "3DES", 2: "AES-128", 3: "AES-192", 4: "AES-256"}
"""By the last arc of a protocol's object identifier (Doc 9303 part 11 §9.2.3, §9.2.7)."""
KEY_BYTES = {1: 16, 2: 16, 3: 24, 4: 32}


def agreed_suite(cipher: int, secret: bytes) -> CipherSuite:
    """Session keys of an agreed secret (Doc 9303 part 11 §9.7.4); ``cipher`` as in ``CIPHER_NAMES``."""
    size, des = KEY_BYTES[cipher], cipher == 1
    keys = [derive_key(secret, counter, key_bytes=size, des=des) for counter in (ENCRYPTION, AUTHENTICATION)]
    return TripleDesSuite(*keys) if des else AesSuite(*keys)


def _triple(key: bytes) -> TripleDES:
    return TripleDES(key + key[:8])
