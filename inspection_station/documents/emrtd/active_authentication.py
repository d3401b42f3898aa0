"""Active authentication (Doc 9303 part 11 §6.1): the chip signs a challenge with a key that a copy does not have."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.apdu import Channel, Command
from inspection_station.documents.emrtd.errors import ChipRefused, MalformedChipData
from inspection_station.documents.emrtd.message_recovery import recover, representative
from inspection_station.documents.emrtd.signatures import (
    ECDSA_DIGESTS,
    AlgorithmUnknown,
    DsaKey,
    EcKey,
    RsaKey,
    parse_public_key,
    verify_ecdsa,
)

CHALLENGE_BYTES = 8
_GUESSES = ("sha256", "sha1", "sha224", "sha384", "sha512")
_SHORT_ROOM = 223
"""Data that fits into a short answer under secure messaging (§6.1.4 says extended lengths serve beyond)."""


@dataclass(frozen=True, slots=True)
class AuthenticationVerdict:
    """Whether the signature is the key's over the challenge, and how it was made."""

    holds: bool
    evidence: str


SigningKey = RsaKey | EcKey


def public_key(dg15: bytes) -> SigningKey:
    """The key in DG15 (§6.1.5). MalformedChipData, or AlgorithmUnknown for a kind of key that is not spoken here."""
    key = parse_public_key(tlv.read(tlv.only(tlv.to_definite(dg15), 0x6F).value)[0])
    if isinstance(key, DsaKey):
        raise AlgorithmUnknown("active authentication with a DSA key")
    return key


def needs_extended_length(key: SigningKey) -> bool:
    """Whether a signature of the key is too long for a short answer."""
    bits = key.n.bit_length() if isinstance(key, RsaKey) else 2 * key.curve.n.bit_length() + 16
    return (bits + 7) // 8 > _SHORT_ROOM


def sign_challenge(channel: Channel, key: SigningKey, challenge: bytes) -> bytes:
    """INTERNAL AUTHENTICATE (§6.1.3). ChipRefused for any error status."""
    response = channel.send(Command(0x88, data=challenge, le=65_536 if needs_extended_length(key) else 256))
    if not response.ok:
        raise ChipRefused("INTERNAL AUTHENTICATE", response.status)
    return response.data


def verify(key: SigningKey, challenge: bytes, signature: bytes, announced: str | None = None) -> AuthenticationVerdict:
    """``announced`` is the signature algorithm of DG14 (§9.2.4); without it, ECDSA is tried with every digest."""
    if isinstance(key, RsaKey):
        block = representative(key, signature)
        recovered = recover(block) if block is not None else None
        if recovered is None:
            return AuthenticationVerdict(False, f"{key.description}: the signature opens to no message")
        how = f"{key.description}, ISO/IEC 9796-2 with {recovered.digest.upper()}"
        if not recovered.covers(challenge):
            return AuthenticationVerdict(False, f"{how}: not a signature over this challenge")
        return AuthenticationVerdict(True, how)
    known = ECDSA_DIGESTS.get(announced) if announced is not None else None
    if announced is not None and known is None:
        return AuthenticationVerdict(False, f"DG14 announces {announced}, which is no way to sign with this key")
    for numbers, form in _pairs(signature):
        for digest in (known,) if known is not None else _GUESSES:
            if verify_ecdsa(key, numbers, digest, hashlib.new(digest, challenge).digest()):
                how = f"{key.description}, ECDSA{form} with {digest.upper()}"
                return AuthenticationVerdict(True, how if known else f"{how}, which DG14 does not announce")
    return AuthenticationVerdict(False, f"{key.description}: not a signature over this challenge")


def _pairs(signature: bytes) -> list[tuple[tuple[int, int], str]]:
    """The two numbers of a signature: plain as §6.1.2.3 asks, and in DER as some chips answer."""
    half = len(signature) // 2
    found = [((int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")), "")]
    try:
        body = asn1.sequence(tlv.only(signature, asn1.SEQUENCE))
        found.append(((asn1.integer(body.any()), asn1.integer(body.any())), " in DER"))
    except MalformedChipData:
        return found
    return found
