"""Basic Access Control (Doc 9303 part 11 §4.3): mutual authentication with keys made from the zone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command, Status
from inspection_station.documents.emrtd.ciphers import (
    AUTHENTICATION,
    ENCRYPTION,
    TripleDesSuite,
    derive_key,
    equal,
    pad,
)
from inspection_station.documents.emrtd.errors import AccessDenied, AccessNotSpoken, ChipRefused, MalformedChipData
from inspection_station.documents.emrtd.secure_messaging import SecureMessaging

Random = Callable[[int], bytes]
_NOT_THERE = (Status.INSTRUCTION_UNKNOWN, Status.NOT_SUPPORTED, Status.CLASS_UNKNOWN)
_REFUSED = (
    Status.SECURITY_NOT_SATISFIED,
    Status.METHOD_BLOCKED,
    Status.CONDITIONS_NOT_SATISFIED,
    Status.SM_OBJECTS_WRONG,
    Status.WRONG_DATA,
    Status.REFERENCED_DATA_NOT_FOUND,
)


def suite_of(seed: bytes) -> TripleDesSuite:
    """The 3DES keys of a seed: document basic access keys, or session keys (§9.7.2, §4.3.3)."""
    return TripleDesSuite(derive_key(seed, ENCRYPTION), derive_key(seed, AUTHENTICATION))


def document_seed(key: MrzKey) -> bytes:
    """K_seed of §4.3.2."""
    return hashlib.sha1(key.information, usedforsecurity=False).digest()[:16]


def session(k_ifd: bytes, k_ic: bytes, rnd_ifd: bytes, rnd_ic: bytes) -> tuple[TripleDesSuite, bytes]:
    """Session keys and the first send sequence counter (§4.3.3, §9.8.6.3)."""
    seed = bytes(a ^ b for a, b in zip(k_ifd, k_ic, strict=True))
    return suite_of(seed), rnd_ic[-4:] + rnd_ifd[-4:]


def authenticate(channel: Channel, key: MrzKey, random: Random) -> SecureMessaging:
    """Opens the chip and returns its secure messaging.

    AccessDenied: the chip does not accept the key (a misread zone, as a rule). AccessNotSpoken: it knows no Basic
    Access Control. ChipRefused: any other error status.
    """
    challenge = channel.send(Command(0x84, le=8))
    if challenge.status in _NOT_THERE:
        raise AccessNotSpoken("the chip does not know Basic Access Control")
    if not challenge.ok:
        raise ChipRefused("GET CHALLENGE", challenge.status)
    if len(challenge.data) != 8:
        raise MalformedChipData(f"a challenge of {len(challenge.data)} bytes instead of 8")
    static = suite_of(document_seed(key))
    rnd_ic, rnd_ifd, k_ifd = challenge.data, random(8), random(16)
    zero = bytes(8)
    cryptogram = static.encrypt(zero, rnd_ifd + rnd_ic + k_ifd)
    sealed = cryptogram + static.checksum(pad(cryptogram, 8))
    answer = channel.send(Command(0x82, data=sealed, le=40))
    if answer.status >> 8 == 0x63 or answer.status in _REFUSED:
        raise AccessDenied("the chip refused the key made from the zone")
    if not answer.ok:
        raise ChipRefused("EXTERNAL AUTHENTICATE", answer.status)
    if len(answer.data) != 40:
        raise MalformedChipData(f"an authentication answer of {len(answer.data)} bytes instead of 40")
    if not equal(static.checksum(pad(answer.data[:32], 8)), answer.data[32:]):
        raise AccessDenied("the chip's proof of the key has a wrong checksum")
    clear = static.decrypt(zero, answer.data[:32])
    if clear[:8] != rnd_ic or clear[8:16] != rnd_ifd:
        raise AccessDenied("the chip's proof of the key answers another challenge")
    suite, counter = session(k_ifd, clear[16:], rnd_ifd, rnd_ic)
    return SecureMessaging(suite, counter)
