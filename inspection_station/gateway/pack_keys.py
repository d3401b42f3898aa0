"""Keys of the pack repository, in files: one PEM a key (PKCS #8, Ed25519), encrypted where a passphrase is given.

Three keys of the root, of which two sign, and the key of the list of roles belong offline; a kind's key belongs to
whoever answers for the kind; snapshot and timestamp are signed by the gateway itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner

from inspection_station.durable_names import make_names_durable
from inspection_station.given_file import read_given

_MOST_BYTES = 16 << 10


class PackKeyUnusable(ValueError):
    """A key's file that is missing or cannot be opened. The text names the file, never what is in it."""


def draw_key(path: Path, passphrase: bytes | None) -> CryptoSigner:
    """A new key in a new file, readable by its owner alone. Raises FileExistsError, OSError."""
    key = Ed25519PrivateKey.generate()
    how: KeySerializationEncryption = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
        file.flush()
        os.fsync(file.fileno())
    make_names_durable(path.parent)
    return CryptoSigner(key)


def load_key(path: Path, passphrase: bytes | None) -> CryptoSigner:
    """The key in a file; one that is not encrypted opens with any passphrase. Raises PackKeyUnusable."""
    try:
        pem = read_given(path, _MOST_BYTES)
    except OSError as error:
        raise PackKeyUnusable(f"{path.name}: {error.strerror or type(error).__name__}") from None
    key = None
    for attempt in (None, passphrase):
        try:
            key = load_pem_private_key(pem, attempt)
            break
        except (ValueError, TypeError):
            continue
    if not isinstance(key, Ed25519PrivateKey):
        raise PackKeyUnusable(f"{path.name}: no Ed25519 key that opens with this passphrase")
    return CryptoSigner(key)


def load_keys(paths: Sequence[Path], passphrase: bytes | None) -> list[CryptoSigner]:
    """As ``load_key``, each."""
    return [load_key(path, passphrase) for path in paths]
