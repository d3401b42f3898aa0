"""Bodies under an inspection's own key: AES-256-GCM, so that destroying the key purges record and pictures at once."""

from __future__ import annotations

import secrets
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from inspection_station.storage.errors import StoreDamaged

_NONCE = 12


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(32)


def seal_body(key: bytes, purpose: str, plain: bytes, *, compress: bool = False) -> bytes:
    """Nonce, then ciphertext and tag. ``purpose`` binds the body to its place: it opens nowhere else."""
    nonce = secrets.token_bytes(_NONCE)
    packed = b"z" + zlib.compress(plain, 6) if compress else b"-" + plain
    return nonce + AESGCM(key).encrypt(nonce, packed, purpose.encode())


def open_body(key: bytes, purpose: str, body: bytes) -> bytes:
    """The plain bytes. Raises StoreDamaged when the body was changed or belongs elsewhere."""
    try:
        packed = AESGCM(key).decrypt(body[:_NONCE], body[_NONCE:], purpose.encode())
        return zlib.decompress(packed[1:]) if packed[:1] == b"z" else packed[1:]
    except (InvalidTag, ValueError, zlib.error) as error:
        raise StoreDamaged("a stored body does not open under its key") from error
