"""Keys that bundles are sealed for: HPKE (RFC 9180) with ML-KEM-768 and X25519 combined, so that a bundle copied today
stays closed when one of the two falls. Private keys are 96 bytes (ML-KEM seed, X25519), public ones 1,216.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from inspection_station.headquarters.wire import Malformed

_SEED, _PUBLIC = 64, 1184
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def new_recipient_key() -> bytes:
    """A fresh private key."""
    return MLKEM768PrivateKey.generate().private_bytes_raw() + X25519PrivateKey.generate().private_bytes_raw()


def public_part(private: bytes) -> bytes:
    """The public key of a private one. Raises Malformed."""
    lattice, curve = _parts(private)
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def require_public(public: bytes) -> None:
    """Raises Malformed for what is no public key."""
    _public(public)


def seal_for(public: bytes, secret: bytes, purpose: bytes) -> bytes:
    """Sealed so that only the holder of the private key opens it. Raises Malformed for a key that is none."""
    return _SUITE.encrypt(secret, _public(public), purpose)


def open_with(private: bytes, sealed: bytes, purpose: bytes) -> bytes | None:
    """The secret, or None when it was sealed for somebody else. Raises Malformed for a key that is none."""
    lattice, curve = _parts(private)
    try:
        return _SUITE.decrypt(sealed, hpke.MLKEM768X25519PrivateKey(lattice, curve), purpose)
    except (InvalidTag, ValueError):
        return None


def _parts(private: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    try:
        return MLKEM768PrivateKey.from_seed_bytes(private[:_SEED]), X25519PrivateKey.from_private_bytes(private[_SEED:])
    except ValueError as error:
        raise Malformed("not a private key for bundles") from error


def _public(public: bytes) -> hpke.MLKEM768X25519PublicKey:
    try:
        return hpke.MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:_PUBLIC]), X25519PublicKey.from_public_bytes(public[_PUBLIC:])
        )
    except ValueError as error:
        raise Malformed("not a public key for bundles") from error
